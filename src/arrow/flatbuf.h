/* flatbuf.h: as much of FlatBuffers as Arrow's schemas need: tables, vectors of tables, strings.
 *
 *     table   int32: how far back its vtable lies │ fields inline, scalars or offsets
 *     vtable  uint16 bytes of the vtable │ uint16 bytes of the table │ uint16 a field: where in the table, 0: absent
 *     offset  uint32, from its own place forward to a table, a vector (uint32 n │ elements) or a string (uint32 n │ bytes │ NUL)
 *
 * Written forward: a table first, with its offsets open; what they point to behind it, then they are closed. Everything is
 * little-endian, tables begin 4 bytes before a multiple of 8, so that their widest field is aligned.
 *
 * F1  A read never leaves the bytes: each place is checked when it is read, whatever pointed to it.
 */
#ifndef NL_ARROW_FLATBUF_H
#define NL_ARROW_FLATBUF_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/error.h"

enum { FLATBUF_SLOTS = 7 };

/* ── writing ── */

/* A field of a table: 1, 2, 4 or 8 bytes; 0: absent. */
struct flatbuf_slot {
    uint8_t size;
    uint64_t value;
};

/* A table of up to FLATBUF_SLOTS fields, at the buffer's end. places[i] is where field i went. Returns where the table begins
 * by *table. */
int flatbuf_put_table(nl_buf *b, const struct flatbuf_slot *slots, size_t n, size_t *table,
                      size_t places[static FLATBUF_SLOTS], nl_error *err);
/* A string, whose place closes the offset at `offset`. */
int flatbuf_put_string(nl_buf *b, size_t offset, const char *s, size_t len, nl_error *err);
/* A vector of n open offsets, whose place closes the one at `offset`; *first is where the first of them is. */
int flatbuf_put_vector(nl_buf *b, size_t offset, size_t n, size_t *first, nl_error *err);
/* Let the offset at `offset` point to `target`. */
void flatbuf_close(nl_buf *b, size_t offset, size_t target);

/* ── reading ── */

struct flatbuf {
    const uint8_t *data;
    size_t len;
};
struct flatbuf_table {
    const struct flatbuf *in;
    size_t at, vtable, fields;
};
struct flatbuf_vector {
    const struct flatbuf *in;
    size_t at, n; /* of elements of 4 bytes, which lie inside */
};

/* The table that the offset at `offset` points to. NL_CORRUPT. */
int flatbuf_table_at(const struct flatbuf *in, size_t offset, struct flatbuf_table *out, nl_error *err);
/* A scalar field of 1, 2, 4 or 8 bytes, sign-extended where it is signed; absent is what the schema says it then is. */
int flatbuf_get(const struct flatbuf_table *t, size_t field, size_t size, int64_t absent, int64_t *out, nl_error *err);
/* The table that a field points to; *found false: it is absent. */
int flatbuf_get_table(const struct flatbuf_table *t, size_t field, bool *found, struct flatbuf_table *out,
                      nl_error *err);
/* A vector of offsets; absent: no elements. */
int flatbuf_get_vector(const struct flatbuf_table *t, size_t field, struct flatbuf_vector *out, nl_error *err);
/* A string, borrowed; absent: empty. */
int flatbuf_get_string(const struct flatbuf_table *t, size_t field, const char **s, size_t *len, nl_error *err);

#endif
