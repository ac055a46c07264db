/* environment.h: the variables of the AWS settings, and our own, read once, so that later readers (a refresh on some
 * thread, an hour from now) do not race with a setenv() of the program. A field has the variable's name; NULL: not set, or empty.
 */
#ifndef STORE_ENVIRONMENT_H
#define STORE_ENVIRONMENT_H

#include "base/arena.h"

#define STORE_ENVIRONMENT(X)                                                                                           \
    X(HOME)                                                                                                            \
    X(AWS_ACCESS_KEY_ID)                                                                                               \
    X(AWS_SECRET_ACCESS_KEY)                                                                                           \
    X(AWS_SESSION_TOKEN)                                                                                               \
    X(AWS_REGION)                                                                                                      \
    X(AWS_DEFAULT_REGION)                                                                                              \
    X(AWS_PROFILE)                                                                                                     \
    X(AWS_DEFAULT_PROFILE)                                                                                             \
    X(AWS_CONFIG_FILE)                                                                                                 \
    X(AWS_SHARED_CREDENTIALS_FILE)                                                                                     \
    X(AWS_CA_BUNDLE)                                                                                                   \
    X(AWS_IGNORE_CONFIGURED_ENDPOINT_URLS)                                                                             \
    X(AWS_ENDPOINT_URL)                                                                                                \
    X(AWS_ENDPOINT_URL_S3)                                                                                             \
    X(AWS_ENDPOINT_URL_STS)                                                                                            \
    X(AWS_ENDPOINT_URL_SSO)                                                                                            \
    X(AWS_ENDPOINT_URL_SSO_OIDC)                                                                                       \
    X(AWS_STS_REGIONAL_ENDPOINTS)                                                                                      \
    X(AWS_NO_SIGN_REQUEST)                                                                                             \
    X(AWS_REQUEST_PAYER)                                                                                               \
    X(AWS_ROLE_ARN)                                                                                                    \
    X(AWS_ROLE_SESSION_NAME)                                                                                           \
    X(AWS_WEB_IDENTITY_TOKEN_FILE)                                                                                     \
    X(AWS_CONTAINER_CREDENTIALS_RELATIVE_URI)                                                                          \
    X(AWS_CONTAINER_CREDENTIALS_FULL_URI)                                                                              \
    X(AWS_CONTAINER_AUTHORIZATION_TOKEN)                                                                               \
    X(AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE)                                                                          \
    X(AWS_EC2_METADATA_DISABLED)                                                                                       \
    X(AWS_EC2_METADATA_SERVICE_ENDPOINT)                                                                               \
    X(AWS_EC2_METADATA_SERVICE_ENDPOINT_MODE)                                                                          \
    X(AWS_METADATA_SERVICE_TIMEOUT)                                                                                    \
    X(AWS_METADATA_SERVICE_NUM_ATTEMPTS)                                                                               \
    X(NEURALAKE_CACHE_DIR)                                                                                             \
    X(NEURALAKE_CACHE_SIZE)                                                                                            \
    X(NEURALAKE_MAX_IN_FLIGHT)

#define STORE_ENVIRONMENT_FIELD(name) const char *name;
struct store_environment {
    STORE_ENVIRONMENT(STORE_ENVIRONMENT_FIELD)
};
#undef STORE_ENVIRONMENT_FIELD

/* Copy what is set into the arena. NL_NO_MEMORY is the only failure. No thread may change the environment meanwhile. */
int store_environment_read(nl_arena *arena, struct store_environment *out, nl_error *err);
/* "~/x" is below HOME. NULL: no memory. Other paths come back as they are. */
const char *store_expand_home(nl_arena *arena, const struct store_environment *env, const char *path);

#endif
