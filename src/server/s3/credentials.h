/* credentials.h: who may sign requests.
 *
 * The file is YAML, a list:
 *
 *     - access_key: AKIAEXAMPLE        3 to 128 characters, no spaces, nor any of "/,=;
 *       secret_key: …                  8 to 128 characters, no spaces
 *       name: nightly job              optional, for people and the access log
 *       access: read-only              optional: read-only, or read-write (which it is without)
 *       buckets: [lake]                optional: these buckets alone
 *       prefixes: [raw/]               optional: keys that begin with one of these alone
 *     - anonymous: read-only           unsigned requests may read …
 *       buckets: [public]              … these buckets (must be said)
 *
 * R3  What a key may do holds for every operation: for the source of a copy, for each key of DeleteObjects, for a listing
 *     (whose prefix must begin with one of prefixes). With prefixes, nothing that concerns a bucket as a whole is changed.
 *
 * Threads  Never changes after loading, but for the cache of signing keys, which guards itself.
 */
#ifndef NL_SERVER_S3_CREDENTIALS_H
#define NL_SERVER_S3_CREDENTIALS_H

#include <pthread.h>

#include <stdbool.h>

#include "base/error.h"
#include "s3proto/sigv4.h"

typedef struct s3_credential {
    char *access_key, *secret_key, *name; /* the keys are NULL for unsigned requests */
    bool read_only, anonymous;
    char **buckets, **prefixes; /* NULL-terminated; NULL: all */
    pthread_mutex_t mutex;      /* guards cache */
    s3_key_cache cache;
} s3_credential;

typedef struct s3_credentials {
    s3_credential *list;
    size_t n;
    size_t refs; /* of who shares it: counted by the server */
} s3_credentials;

/* May it see, or (write) change, this bucket? */
bool s3_may_bucket(const s3_credential *c, const char *bucket, bool write);
/* … this key of it? */
bool s3_may_key(const s3_credential *c, const char *bucket, const char *key, bool write);
/* … list the keys with this prefix? NULL is "". */
bool s3_may_list(const s3_credential *c, const char *bucket, const char *prefix);

/* NL_INVALID: with path, line and column. On failure there is nothing to free. */
int s3_credentials_load(const char *path, s3_credentials *out, nl_error *err);
/* Make a random pair and write it to path (mode 0600), unless that file is there already. */
int s3_credentials_make(const char *path, nl_error *err);
void s3_credentials_free(s3_credentials *c);
/* NULL: nobody has that access key. */
s3_credential *s3_credentials_find(const s3_credentials *c, const char *access_key);
/* The signing key of a scope. */
int s3_credential_key(s3_credential *c, const s3_scope *scope, uint8_t key[static 32], nl_error *err);

#endif
