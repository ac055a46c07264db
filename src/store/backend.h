/* backend.h: what a kind of storage offers; the calls of store.h choose one by the URI's scheme.
 *
 *     nl_store ─┬─▶ store_local   paths and file:///…
 *               └─▶ store_s3      s3://bucket/key        made at its first use
 */
#ifndef STORE_BACKEND_H
#define STORE_BACKEND_H

#include <neuralake/store.h>

#include "base/io/sink.h"
#include "base/io/source.h"

/* Sizes and delays that tests make small; zero: the default. */
struct store_tuning {
    size_t part_size;       /* of a multipart upload, and the largest single PUT; 8 MiB */
    size_t part_buffers;    /* parts of one upload in memory; 4 */
    uint64_t max_gap;       /* ranges nearer than this share a request; 0: as the link is, 64 KiB at first */
    uint64_t max_request;   /* a merged request's size, and the pieces of a larger one; 0: so too, 8 MiB */
    uint64_t split_above;   /* a range larger than this is read in pieces, side by side; 0: so too, 16 MiB */
    uint64_t ahead;         /* bytes of one source that are asked for before their use; 128 MiB */
    unsigned max_attempts;  /* of one request; 6 */
    unsigned retry_base_ms; /* the first retry waits up to this long, each later one twice as long; 100 */
    unsigned retry_most_ms; /* no wait is longer; 20,000 */
    unsigned stall_seconds; /* without a byte: the attempt has failed; 60 */
    unsigned deadline_ms;   /* of one request with all its attempts; 900,000 */
    unsigned retry_tokens;  /* of the budget for retries; 500 */
    uint64_t copy_max;      /* the largest object that is copied by one request; 5 GiB */
    uint64_t copy_part;     /* the parts of a larger one; 256 MiB */
    unsigned list_page;     /* max-keys of a listing; 1,000 */
    unsigned list_split;    /* pages of a listing before it is cut and listed in several places at once; 4 */
};

typedef struct store_backend store_backend;

/* Each call as its namesake in store.h. uri is the whole URI. */
struct store_backend_ops {
    int (*open)(store_backend *b, const char *uri, const nl_object_info *info, nl_source **out, nl_error *err);
    int (*create)(store_backend *b, const char *uri, const nl_put_options *options, nl_sink **out, nl_error *err);
    int (*head)(store_backend *b, const char *uri, nl_object_info *out, nl_error *err);
    int (*remove)(store_backend *b, const char *uri, nl_error *err);
    /* Inside this backend; NULL: it is read and written. */
    int (*copy)(store_backend *b, const char *from, const nl_object_info *info, const char *to,
                const nl_put_options *options, nl_error *err);
    /* NULL: one by one. */
    int (*remove_many)(store_backend *b, const char *const *uris, size_t n, nl_delete_fn fn, void *ctx, nl_error *err);
    int (*list)(store_backend *b, const char *uri, bool recursive, nl_list_fn fn, void *ctx, nl_error *err);
    void (*stats)(const store_backend *b, nl_store_stats *out); /* adds; may be NULL */
    void (*interrupt)(store_backend *b);                        /* may be NULL */
    void (*free)(store_backend *b);
};

/* What every backend embeds first. */
struct store_backend {
    const struct store_backend_ops *ops;
};

/* Local files; static, nothing to release. */
store_backend *store_local_backend(void);
/* S3; options' strings are copied; nothing is sent and no file is read before the first call. */
int store_s3_backend(const nl_store_options *options, const struct store_tuning *tuning, store_backend **out,
                     nl_error *err);
int store_s3_make_bucket(store_backend *b, const char *bucket, nl_error *err);
int store_s3_presign(store_backend *b, const char *method, const char *uri, int64_t seconds, char **out, nl_error *err);
int store_s3_remove_bucket(store_backend *b, const char *bucket, nl_error *err);
int store_s3_list_buckets(store_backend *b, int (*fn)(void *ctx, const char *name, int64_t created, nl_error *err),
                          void *ctx, nl_error *err);

/* nl_store_new() with other sizes: for tests. tuning may be NULL. */
int store_new_tuned(const nl_store_options *options, const struct store_tuning *tuning, nl_store **out, nl_error *err);

#endif
