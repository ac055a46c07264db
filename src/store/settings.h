/* settings.h: where the S3 client takes its settings from, in this order:
 *
 *     the caller's options ─▶ the environment ─▶ the profile in the shared files ─▶ the default
 *
 *     endpoint     AWS_ENDPOINT_URL_S3, AWS_ENDPOINT_URL; endpoint_url of s3 in the profile's services, endpoint_url
 *     region       AWS_REGION, AWS_DEFAULT_REGION; region; us-east-1
 *     profile      AWS_PROFILE, AWS_DEFAULT_PROFILE, "default"
 *     files        AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE; ~/.aws/config, ~/.aws/credentials
 *     certificates AWS_CA_BUNDLE; ca_bundle; the system's
 *     in flight    NEURALAKE_MAX_IN_FLIGHT; max_concurrent_requests below "s3 ="; 64
 *     unsigned     AWS_NO_SIGN_REQUEST; who pays: AWS_REQUEST_PAYER
 *
 * Credentials come from more places, and from other services: credentials/credentials.h.
 */
#ifndef STORE_SETTINGS_H
#define STORE_SETTINGS_H

#include <neuralake/store.h>

#include "store/profiles.h"

enum { STORE_IN_FLIGHT = 64, STORE_MAX_IN_FLIGHT = 4096 };
enum store_addressing { STORE_ADDRESS_AUTO, STORE_ADDRESS_PATH, STORE_ADDRESS_VIRTUAL };

/* Strings live in the arena. */
struct store_settings {
    nl_arena arena;
    struct store_environment env;
    const char *profile;                                 /* never NULL */
    bool profile_given;                                  /* by the caller's options */
    const char *access_key, *secret_key, *session_token; /* of the caller's options; NULL: none */
    const char *endpoint_url;                            /* NULL: AWS itself */
    const char *region;                                  /* never NULL */
    const char *ca_bundle;                               /* NULL: the system's */
    enum store_addressing addressing;
    size_t max_in_flight; /* requests at the same time; 1 to STORE_MAX_IN_FLIGHT */
    bool anonymous, requester_pays;
};

/* Read everything. NL_INVALID: a file does not parse (file and line), a profile is missing. On failure out holds nothing.
 * Reads the environment: no thread may change it meanwhile. */
int store_settings_read(const nl_store_options *options, struct store_settings *out, nl_error *err);
void store_settings_free(struct store_settings *s);

/* Of the cache; the folder lives in the arena, NULL: there is none. */
struct store_cache_settings {
    const char *dir;
    uint64_t bytes;
};
/* The caller's options, then NEURALAKE_CACHE_DIR and NEURALAKE_CACHE_SIZE. NL_INVALID: no size. Reads the environment. */
int store_cache_settings_read(nl_arena *arena, const nl_store_options *options, struct store_cache_settings *out,
                              nl_error *err);

/* Where a service ("STS", "SSO", "SSO_OIDC") is, for a profile: as the endpoint above. NULL: at AWS. */
const char *store_service_endpoint(const struct store_environment *env, const struct store_profiles *p,
                                   const char *profile, const char *service);

#endif
