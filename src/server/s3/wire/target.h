/* target.h: the request target, taken apart: which bucket, which key, which query.
 *
 *     /bucket/key%20with%2Fslash?list-type=2        by path
 *     /key                                          by host: Host: bucket.localhost
 *
 * T1  Everything is decoded exactly once; an encoded NUL, or "%" without two digits, is refused.
 */
#ifndef NL_SERVER_S3_WIRE_TARGET_H
#define NL_SERVER_S3_WIRE_TARGET_H

#include "s3proto/uri.h"

typedef struct s3_target {
    const char *path;        /* raw, without the query: what is signed */
    const char *bucket_name; /* NULL: the service itself */
    const char *key;         /* NULL: the bucket itself */
    s3_pair *query;
    size_t n_query;
} s3_target;

/* host_label: the bucket that the host names, "" where it names none. Names are not checked. NL_INVALID, NL_NO_MEMORY; then
 * *out is zeroed. */
int s3_target_parse(nl_arena *arena, const char *target, const char *host_label, s3_target *out, nl_error *err);

#endif
