/* uri.h: percent-encoding as S3 has it, and query strings.
 *
 * U1  Unreserved are A-Z a-z 0-9 - . _ ~; every other byte becomes %XX with upper-case digits. "/" stays where asked.
 * U2  Decoding happens once. "%" without two hexadecimal digits, and an encoded NUL, are NL_INVALID.
 * U3  In a query (not in a path) "+" is a space.
 */
#ifndef S3PROTO_URI_H
#define S3PROTO_URI_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

/* A name and its value: of a query, or of a header. Both decoded; value is "" where there was none. */
typedef struct s3_pair {
    const char *name;
    const char *value;
} s3_pair;

/* Append the encoding of len bytes. */
int s3_uri_encode(nl_buf *out, const char *text, size_t len, bool keep_slash, nl_error *err);
/* Append the decoding of len bytes (U2). plus_is_space: U3. On failure out is as it was. */
int s3_uri_decode(nl_buf *out, const char *text, size_t len, bool plus_is_space, nl_error *err);

/* Parse "a=1&b&c=%20" (without "?") into pairs in the order of the text; empty pieces ("&&") are left out. Memory comes
 * from the arena. More than 256 pairs: NL_INVALID. */
int s3_query_parse(nl_arena *arena, const char *raw, size_t len, s3_pair **out, size_t *n, nl_error *err);
/* The value of the first pair of that name (case matters), or NULL. */
const char *s3_query_get(const s3_pair *pairs, size_t n, const char *name);
/* Append the canonical form: encoded "name=value" joined by "&", sorted by encoded name, then by encoded value. skip: a
 * name that is left out, or NULL. It is also what our client sends. */
int s3_query_canonical(nl_buf *out, const s3_pair *pairs, size_t n, const char *skip, nl_error *err);

/* Split a raw request target "/path?query": the lengths of the path, and where the query starts (NULL: none). */
void s3_target_split(const char *target, size_t *path_len, const char **query);

#endif
