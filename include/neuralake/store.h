/* neuralake/store.h: objects in S3, files in folders, behind one set of calls.
 *
 *     s3://bucket/key            an object; settings from the standard AWS environment and files
 *     https://host/path          a file of the web, also http://; read only, asked without credentials, not listed
 *     file:///abs/path, path     a local file
 *
 * Threads  A store may be shared by threads.
 * Errors   As in neuralake/error.h. Messages name the URI, the endpoint, the HTTP status, the S3 code and the request id.
 */
#ifndef NEURALAKE_STORE_H
#define NEURALAKE_STORE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <neuralake/io.h>

typedef struct nl_store nl_store;

/* A zeroed structure takes everything from where AWS programs look, in their order: the environment (AWS_ACCESS_KEY_ID and
 * the others), the profile in the shared files (a role, SSO, keys, a process), a web identity token, the container's and
 * the instance's endpoint; docs/how-to/credentials.md. Keys that end are refreshed before. Strings are copied. */
typedef struct nl_store_options {
    const char *endpoint_url;
    const char *region; /* where nothing is known of the bucket; its own answer corrects it */
    const char *profile;
    const char *access_key, *secret_key, *session_token;
    size_t max_in_flight;     /* requests at the same time, up to 4096; 0: as the settings say, or 64 */
    const char *checksum;     /* "CRC64NVME" (NULL too), "CRC32", "CRC32C", "SHA256", "SHA1": sent with what is
                               * written; "none": neither sent nor verified */
    unsigned request_seconds; /* for one request with all its retries; 0: 900 */
    bool anonymous;           /* sign nothing, look for no keys; also AWS_NO_SIGN_REQUEST=true */
    bool requester_pays;      /* we agree to pay for what we ask; also AWS_REQUEST_PAYER=requester */
    /* What is read is kept in this folder and read from there again while the object is the same: docs/how-to/cache-and-web.md.
     * NULL: NEURALAKE_CACHE_DIR, where that is set; "": none. */
    const char *cache_dir;
    uint64_t cache_bytes; /* that the folder may take; 0: NEURALAKE_CACHE_SIZE, or 10 GiB; at least 1 MiB */
} nl_store_options;

typedef struct nl_object_info {
    uint64_t size;
    int64_t modified; /* seconds since 1970, UTC */
    char etag[72];    /* without quotes; "" where the store has none */
} nl_object_info;

/* What was asked of the network so far, and what of the cache. */
typedef struct nl_store_stats {
    uint64_t requests, retries, bytes_received, bytes_sent, connections;
    uint64_t cache_hits;     /* ranges that came from the cache */
    uint64_t cache_bytes;    /* their bytes */
    uint64_t cache_failures; /* files of the cache that were damaged, and writes that failed */
} nl_store_stats;

/* options may be NULL; its strings are copied. *out is yours: nl_store_free(). Sends nothing and reads no file yet: errors of
 * settings come with the first use. NL_INVALID: an option has no meaning; NL_NO_MEMORY. */
NL_API int nl_store_new(const nl_store_options *options, nl_store **out, nl_error *err);
/* Sources and sinks of the store must be closed before. NULL is fine. */
NL_API void nl_store_free(nl_store *s);
/* The counts since nl_store_new(), into *out. Local files count nothing. Any thread, also while requests are under way. */
NL_API void nl_store_get_stats(const nl_store *s, nl_store_stats *out);

/* End what is under way, as at Ctrl-C: requests that were sent or wait to be fail with NL_CANCELLED. Later ones are served, so
 * that an upload that was cut off still takes its parts away. From any thread. */
NL_API void nl_store_interrupt(nl_store *s);

/* Open for reading; uri is copied, *out is yours: nl_source_close(). For S3 no request is sent yet: a missing object shows at the first read. info, where known from a
 * listing, saves requests; NULL otherwise. */
NL_API int nl_store_open(nl_store *s, const char *uri, const nl_object_info *info, nl_source **out, nl_error *err);

typedef struct nl_put_options {
    const char *if_match;     /* commit answers NL_CONFLICT where the object has another ETag than this, and
                               * NL_NOT_FOUND where there is none (S3 only; NL_UNSUPPORTED locally) */
    bool if_absent;           /* commit answers NL_CONFLICT where the object exists (If-None-Match: *) */
    const char *content_type; /* NULL: application/octet-stream */
    /* What else is kept with the object: name, value, name, value, …, NULL. Cache-Control, Content-Disposition,
     * Content-Encoding, Content-Language, Expires, x-amz-meta-NAME; NL_INVALID for others. Files keep none of it. */
    const char *const *headers;
    uint64_t size_hint; /* the size where known: chooses the part size; 0: unknown */
    bool not_synced;    /* a local file: whole under its name at once, but a power cut may lose it (as with cp) */
} nl_put_options;
/* Open for writing; *out is yours: end it with nl_sink_commit() or nl_sink_abort(). The object appears at commit, whole. Small objects are one PUT, large ones a multipart upload, aborted
 * on failure. options may be NULL. */
NL_API int nl_store_create(nl_store *s, const char *uri, const nl_put_options *options, nl_sink **out, nl_error *err);

/* What the store knows of an object or file. NL_NOT_FOUND: there is none. */
NL_API int nl_store_head(nl_store *s, const char *uri, nl_object_info *out, nl_error *err);
/* Deleting what is not there: NL_OK in S3 (as S3 has it), NL_NOT_FOUND locally. */
NL_API int nl_store_delete(nl_store *s, const char *uri, nl_error *err);
/* Told of each of the keys, in their order: failed is NULL where it was deleted. Another answer than NL_OK ends it all. */
typedef int (*nl_delete_fn)(void *ctx, const char *uri, const nl_error *failed, nl_error *err);
/* Delete n objects, in S3 a thousand with one request. Returns NL_OK where fn was told of all, also of failures. */
NL_API int nl_store_delete_many(nl_store *s, const char *const *uris, size_t n, nl_delete_fn fn, void *ctx,
                                nl_error *err);
/* Inside one store: server-side for S3 to S3; read and written otherwise. */
NL_API int nl_store_copy(nl_store *s, const char *from, const char *to, nl_error *err);

/* The same; info, where known from a listing, saves requests for large objects. NULL otherwise. options may be NULL; a
 * content type or headers in them are the copy's instead of what the source has; a condition is NL_UNSUPPORTED. */
NL_API int nl_store_copy_known(nl_store *s, const char *from, const nl_object_info *info, const char *to,
                               const nl_put_options *options, nl_error *err);

/* A URL that whoever has it may use for so many seconds (1 to 604,800), with the rights of these keys. method: "GET", "PUT", …
 * *out is yours: free(). Asks nothing of the store. */
NL_API int nl_store_presign(nl_store *s, const char *method, const char *uri, int64_t seconds, char **out,
                            nl_error *err);

/* One entry of a listing, told on the thread that lists. uri is valid during the call only. is_prefix: a "folder" (info is zero). */
typedef int (*nl_list_fn)(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err);
/* List what begins with uri, in the order of the keys' bytes. recursive false stops at the next "/". Locally uri is a folder
 * (or a file). fn returning other than NL_OK ends the listing with that. */
NL_API int nl_store_list(nl_store *s, const char *uri, bool recursive, nl_list_fn fn, void *ctx, nl_error *err);

/* S3 only. NL_CONFLICT: the bucket exists (and is yours). */
NL_API int nl_store_make_bucket(nl_store *s, const char *bucket, nl_error *err);
/* S3 only. NL_CONFLICT: it holds objects. */
NL_API int nl_store_remove_bucket(nl_store *s, const char *bucket, nl_error *err);
/* The buckets of these keys, by name; created is seconds since 1970, UTC. fn returning other than NL_OK ends the listing with
 * that; name is valid during the call only. */
NL_API int nl_store_list_buckets(nl_store *s, int (*fn)(void *ctx, const char *name, int64_t created, nl_error *err),
                                 void *ctx, nl_error *err);

#endif
