/* list.h: one page of a listing: plain files and overflow keys merged, grouped by a delimiter.
 *
 * L1  Keys and common prefixes come together in the order of bytes; a page holds at most max of both.
 * L2  All keys below one common prefix cost one look into its folder, never a walk through it (with "/").
 * L3  A page costs what it shows, and one binary search to where it starts.
 */
#ifndef NL_SERVER_S3_DISK_LIST_H
#define NL_SERVER_S3_DISK_LIST_H

#include "server/s3/disk/meta.h"
#include "server/s3/disk/walk.h"

typedef struct s3_list_query {
    s3_slice prefix;
    s3_slice delimiter; /* empty: none */
    s3_slice from;      /* only what is behind this one, a key or a common prefix; empty: all */
    size_t max;
} s3_list_query;

/* What is found: a key with its metadata, or a common prefix (meta is NULL). Valid during the call. Not NL_OK ends it. */
typedef int (*s3_list_fn)(void *ctx, s3_slice name, const s3_meta *meta, nl_error *err);

/* *more: there is another page, behind what was given last. */
int s3_list(s3_bucket *b, const s3_list_query *q, s3_list_fn fn, void *ctx, bool *more, nl_error *err);

#endif
