/* services.h: one stand-in for all the services that hand out keys: STS, SSO portal and OIDC, container, instance.
 *
 *     services_start(&s);              every AWS_… variable is unset, HOME is a new folder, the stand-in listens
 *     services_say(&s, SERVICE_STS, 403, …)     what one says instead of the good answer
 *     services_file(&s, ".aws/config", "[default]\n…")
 *     services_keys(&s, NULL, &keys, &err)      resolve once
 *     services_stop(&s);
 */
#ifndef TEST_STORE_CREDENTIALS_SERVICES_H
#define TEST_STORE_CREDENTIALS_SERVICES_H

#include <pthread.h>

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
    pthread_mutex_t mutex; /* guards the next two */
    struct standin_answer answers[SERVICES];
    bool given[SERVICES]; /* answers[i] is sent instead of the good one */
    atomic_size_t counts[SERVICES];
    atomic_llong life; /* seconds that keys of good answers hold; 0: an hour */
    char bodies[64][2048];
    size_t n_bodies;
};

void services_start(struct services *s);
void services_stop(struct services *s);
/* Answer with this status and body from now on; status 0: the good answer again. */
void services_say(struct services *s, enum service which, int status, const char *body);
/* The same with all that a stand-in can do. */
void services_give(struct services *s, enum service which, const struct standin_answer *a);
/* Write ~/.aws/config, ~/.aws/credentials, any other file below HOME. */
void services_file(const struct services *s, const char *name, const char *text);
/* Read the settings and resolve once. *out is the caller's. */
int services_keys(const struct services *s, const nl_store_options *o, struct store_keys **out, nl_error *err);
/* The tuning that goes with the stand-in: short times. */
struct store_credentials_tuning services_tuning(const struct services *s);

#endif
