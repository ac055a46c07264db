/* settings.h: where the S3 client takes its settings from, in this order:
 *
 *     the caller's options ─▶ the environment ─▶ the profile in the shared files ─▶ the default
 *
 *     endpoint     AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL; endpoint_url of s3 in the profile's services, endpoint_url
 *     region       AWS_REGION, AWS_DEFAULT_REGION; region; us-east-1
 *     credentials  AWS_ACCESS_KEY_ID with AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN; aws_access_key_id, …
 *     profile      AWS_PROFILE, AWS_DEFAULT_PROFILE, "default"
 *     files        AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE; ~/.aws/config, ~/.aws/credentials
 *     certificates AWS_CA_BUNDLE; ca_bundle; the system's
 *
 * E1  A profile that the caller names beats credentials in the environment; AWS_PROFILE does not (as in the AWS SDKs).
 * E2  Credentials come whole from one place, never a key from one and its secret from another.
 */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include <neuralake/store.h>

#include "base/arena.h"

enum store_addressing { STORE_ADDRESS_AUTO, STORE_ADDRESS_PATH, STORE_ADDRESS_VIRTUAL };

/* Strings live in the arena. */
struct store_settings {
    nl_arena arena;
    const char *endpoint_url;                            /* NULL: AWS itself */
    const char *region;                                  /* never NULL */
    const char *access_key, *secret_key, *session_token; /* the token may be NULL */
    const char *ca_bundle;                               /* NULL: the system's */
    enum store_addressing addressing;
};

/* Read everything. NL_DENIED: no credentials (the hint says where to put them), or half of them; NL_INVALID: a file does not
 * parse (file and line), a profile is missing; NL_UNSUPPORTED: the profile needs a role, SSO or a process. On failure out
 * holds nothing. Reads the environment: no thread may change it meanwhile. */
int store_settings_read(const nl_store_options *options, struct store_settings *out, nl_error *err);
void store_settings_free(struct store_settings *s);

#endif
