/* xml.h: write S3's XML, and read it into a small tree.
 *
 * X1  Text is escaped; bytes that XML 1.0 has no way to carry are written as &#xN; as S3 does.
 * X2  Reading refuses a DOCTYPE (so no entities of its own), more than depth 16, and more bytes than the caller allows.
 * X3  Prefixes of names are dropped: <s3:Key> is "Key". Attributes are ignored.
 */
#ifndef S3PROTO_XML_H
#define S3PROTO_XML_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

#define S3_XMLNS "http://s3.amazonaws.com/doc/2006-03-01/"

/* ── writing: calls cannot fail one by one; the first failure is kept and s3_xml_finish() returns it ── */
typedef struct s3_xml_writer {
    nl_buf *out; /* borrowed */
    int status;
} s3_xml_writer;

/* Start a document: the declaration. */
void s3_xml_start(s3_xml_writer *w, nl_buf *out);
/* <name>; the root element with S3's namespace: s3_xml_open_root(). */
void s3_xml_open(s3_xml_writer *w, const char *name);
void s3_xml_open_root(s3_xml_writer *w, const char *name);
void s3_xml_close(s3_xml_writer *w, const char *name);
/* <name>text</name>; NULL writes nothing at all, "" writes <name/>'s long form. */
void s3_xml_text(s3_xml_writer *w, const char *name, const char *text);
void s3_xml_textn(s3_xml_writer *w, const char *name, const char *text, size_t len);
void s3_xml_u64(s3_xml_writer *w, const char *name, uint64_t value);
void s3_xml_bool(s3_xml_writer *w, const char *name, bool value);
/* NL_OK or NL_NO_MEMORY. */
int s3_xml_finish(s3_xml_writer *w, nl_error *err);

/* ── reading ── */

/* An element. text is its own character data (all pieces joined; white space alone between children is left out). */
typedef struct s3_xml_node {
    const char *name;
    const char *text; /* never NULL */
    size_t text_len;
    struct s3_xml_node *first, *next;
} s3_xml_node;

/* Parse a whole document; the tree lives in the arena. NL_INVALID: not well formed, or X2 (the message gives the line;
 * callers whose peer sent it turn that into what they mean). */
int s3_xml_parse(nl_arena *arena, const char *data, size_t len, size_t max_len, s3_xml_node **root, nl_error *err);
/* The first child of that name, or NULL. n may be NULL. */
const s3_xml_node *s3_xml_child(const s3_xml_node *n, const char *name);
/* The next sibling of the same name, or NULL. */
const s3_xml_node *s3_xml_again(const s3_xml_node *n);
/* The text of the first child of that name; NULL: there is none. */
const char *s3_xml_child_text(const s3_xml_node *n, const char *name);

#endif
