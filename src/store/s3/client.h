/* client.h: an S3 client: settings, signing keys, the I/O thread and its queue.
 *
 *     callers ──submit──▶ queue ──▶ I/O thread: libcurl multi, at most max_in_flight at a time ──signal──▶ waiters
 *                                        │  ▲
 *                                        └──┘ delayed: attempts that wait for their retry
 *
 * The I/O thread moves bytes and wakes waiters. It does not hash, but for the few lines of a signature that has grown old.
 *
 * L1  `mutex` guards the queue, the calls' (M) fields and the life of the thread; it is never held while libcurl runs.
 * L2  `setup` guards settings, endpoint, signing keys, places and pool. Lock order: a cancel token, setup, mutex.
 */
#ifndef STORE_S3_CLIENT_H
#define STORE_S3_CLIENT_H

#include "base/pool.h"
#include "s3proto/sigv4.h"
#include "store/backend.h"
#include "store/s3/call.h"
#include "store/s3/endpoint.h"
#include "store/s3/schedule.h"

/* A queue of calls, linked by next. */
struct store_queue {
    struct store_call *first, *last;
};

/* A bucket whose answers told its region. Never changed, and kept for the store's life. */
struct store_place {
    struct store_place *next;
    const char *bucket;
    char region[64];
    struct store_endpoint endpoint;
};

struct store_client {
    store_backend base;
    struct store_tuning tuning;
    nl_store_options options; /* strings in the arena */
    nl_arena arena;

    pthread_mutex_t setup; /* L2 */
    bool resolved;
    struct store_settings settings;
    struct store_endpoint endpoint;
    struct store_resolver
        *resolver; /* of credentials; NULL before the settings were read, and for anonymous requests */
    struct store_place *places;
    s3_key_cache keys;
    uint64_t keys_serial;         /* of the credentials that the cache is for */
    enum s3_digest_kind checksum; /* fixed at the making, as the next two */
    bool send_checksums, verify_checksums;
    nl_pool *pool;

    pthread_mutex_t mutex; /* L1 */
    struct store_queue queue;
    bool running, stopping;
    bool sweep;                      /* some call was cancelled: look for it */
    struct store_link link;          /* as it was measured; zero: not yet */
    size_t max_in_flight;            /* settled before the first request */
    uint64_t submitted, interrupted; /* calls so far; those before this one were cancelled all at once */
    pthread_t thread;
    CURLM *multi;

    /* The I/O thread's own. */
    struct store_call **active; /* max_in_flight of them */
    size_t n_active;
    CURL **idle; /* handles to use again */
    size_t n_idle;
    struct store_queue delayed;
    uint64_t random;
    struct store_meter meter;
    struct store_budget budget;

    _Atomic uint64_t requests, retries, bytes_received, bytes_sent, connections;
};

/* Settings and endpoint, read at the first call; a failure is not kept. */
int store_client_resolve(struct store_client *c, nl_error *err);
/* How ranges become requests on this link, as far as tests do not say it. Any thread. */
struct store_limits store_client_limits(struct store_client *c);
/* Keys that hold: *out is your reference, NULL where requests are anonymous. Resolves the settings. As
 * store_resolver_get(). */
int store_client_keys(struct store_client *c, struct store_keys **out, nl_error *err);
/* Today's signing key of these keys for a region; time is "20261122T154909Z". scope gets what the key is for. */
int store_client_signing_key(struct store_client *c, const struct store_keys *keys, const char *region,
                             const char *time, s3_scope *scope, uint8_t key[static 32], nl_error *err);
/* Where a bucket (NULL: none) is, as far as is known. Resolve first. */
void store_client_place(struct store_client *c, const char *bucket, const struct store_endpoint **endpoint,
                        const char **region);
/* The pool that hashes, made at the first call. */
int store_client_pool(struct store_client *c, nl_pool **out, nl_error *err);
/* Is the hash of a body left out (UNSIGNED-PAYLOAD)? Where TLS protects it, or nobody is on the way (loopback). */
bool store_client_unsigned(const struct store_client *c);
/* End the thread; cancels what is on its way. */
void store_client_stop(struct store_client *c);

/* Start the I/O thread where it is not running; under mutex. */
int store_io_start(struct store_client *c, nl_error *err);

/* ── the operations, as in backend.h ── */

/* GET by ranges: source.c. */
int store_s3_open(store_backend *b, const char *uri, const nl_object_info *info, nl_source **out, nl_error *err);
/* The same of an address of the web, by a client without keys; name is what messages call it: with NL_OK it is the
 * source's. Its rules: web/web.h. */
int store_source_of_url(struct store_client *c, const char *url, char *name, const nl_object_info *info,
                        nl_source **out, nl_error *err);
/* PUT or a multipart upload: sink.c. */
int store_s3_create(store_backend *b, const char *uri, const nl_put_options *options, nl_sink **out, nl_error *err);
/* HEAD. */
int store_s3_head(store_backend *b, const char *uri, nl_object_info *out, nl_error *err);
/* DELETE. */
int store_s3_remove(store_backend *b, const char *uri, nl_error *err);
/* PUT with x-amz-copy-source, or parts: copy.c. */
int store_s3_copy(store_backend *b, const char *from, const nl_object_info *info, const char *to,
                  const nl_put_options *options, nl_error *err);
/* DeleteObjects: batch.c. */
int store_s3_remove_many(store_backend *b, const char *const *uris, size_t n, nl_delete_fn fn, void *ctx,
                         nl_error *err);
/* ListObjectsV2, page by page. */
int store_s3_list(store_backend *b, const char *uri, bool recursive, nl_list_fn fn, void *ctx, nl_error *err);

/* HEAD; write_id, where not NULL, gets the mark that our own conditional PUT left. */
int store_s3_head_call(struct store_client *c, const char *bucket, const char *key, nl_object_info *out,
                       char write_id[40], nl_error *err);
/* Content-Type (type_needed: also where the options name none) and the headers of the options, checked and copied, with
 * room for `spare` more behind them. They live in the arena. */
int store_s3_object_headers(nl_arena *arena, const nl_put_options *o, bool type_needed, size_t spare, s3_pair **out,
                            size_t *n, nl_error *err);
/* Split a URI that must name an object. */
int store_s3_object_uri(const char *uri, char bucket[static 64], const char **key, nl_error *err);

#endif
