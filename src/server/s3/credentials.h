/* credentials.h: who may sign requests.
 *
 * The file is YAML, a list:
 *
 *     - access_key: AKIAEXAMPLE        3 to 128 characters, no spaces, nor any of "/,=;
 *       secret_key: …                  8 to 128 characters, no spaces
 *       name: nightly job              optional, for people
 *
 * Threads  Never changes after loading, but for the cache of signing keys, which guards itself.
 */
#ifndef NL_SERVER_S3_CREDENTIALS_H
#define NL_SERVER_S3_CREDENTIALS_H

#include <pthread.h>

#include "base/error.h"
#include "s3proto/sigv4.h"

typedef struct s3_credential {
    char *access_key, *secret_key, *name;
    pthread_mutex_t mutex; /* guards cache */
    s3_key_cache cache;
} s3_credential;

typedef struct s3_credentials {
    s3_credential *list;
    size_t n;
} s3_credentials;

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
