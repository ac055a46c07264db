/* services.h: one stand-in for all the services that hand out keys: STS, SSO portal and OIDC, container, instance.
 *
 *     services_start(&s);              every AWS_… variable is unset, HOME is a new folder, the stand-in listens
 *     s.answers[SERVICE_STS] = …       what each says; NULL: the good answer
 *     services_config("[default]\n…"); services_credentials(…)
 *     services_keys(&s, NULL, &keys, &err)      resolve once
 *     services_stop(&s);
 */
#ifndef TEST_STORE_CREDENTIALS_SERVICES_H
#define TEST_STORE_CREDENTIALS_SERVICES_H

#include "store/credentials/credentials.h"
#include "support/standin.h"

enum service {
    SERVICE_STS,
    SERVICE_PORTAL,
    SERVICE_OIDC,
    SERVICE_CONTAINER,
    SERVICE_TOKEN,
    SERVICE_ROLE,
    SERVICE_KEYS,
    SERVICE_OTHER,
    SERVICES
};

struct services {
    struct standin *standin;
    char *folder;
    struct standin_answer answers[SERVICES];
    bool given[SERVICES]; /* answers[i] is sent instead of the good one */
    size_t counts[SERVICES];
    int64_t life; /* seconds that keys of good answers hold; 0: an hour */
    char bodies[64][2048];
    size_t n_bodies;
};

void services_start(struct services *s);
void services_stop(struct services *s);
/* Answer with this status and body from now on; status 0: the good answer again. */
void services_say(struct services *s, enum service which, int status, const char *body);
/* Write ~/.aws/config, ~/.aws/credentials, any other file below HOME. */
void services_file(const struct services *s, const char *name, const char *text);
/* Read the settings and resolve once. *out is the caller's. */
int services_keys(const struct services *s, const nl_store_options *o, struct store_keys **out, nl_error *err);
/* The tuning that goes with the stand-in: short times. */
struct store_credentials_tuning services_tuning(const struct services *s);

#endif
