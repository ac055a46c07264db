/* sources.h: the places that have keys, one function each; chain.c asks them in their order.
 *
 *     places.c  what lies here: keys in settings, AWS_WEB_IDENTITY_TOKEN_FILE's text
 *     sts.c     AssumeRole, AssumeRoleWithWebIdentity      sso.c      the portal, and the token's cache
 *     process.c a program                                  metadata.c the container's endpoint, the instance's
 *
 * A source that finds keys puts them into *out (strings in x->arena) with a text that says where they are from; where
 * it is not configured it leaves out->access NULL and says NL_OK.
 */
#ifndef STORE_CREDENTIALS_SOURCES_H
#define STORE_CREDENTIALS_SOURCES_H

#include "store/credentials/answer.h"
#include "store/credentials/credentials.h"
#include "store/credentials/http.h"

/* One resolution: what it reads, and where its strings live. */
struct store_resolution {
    const struct store_settings *settings;
    const struct store_environment *env;
    struct store_profiles profiles;                /* read afresh */
    const struct store_credentials_tuning *tuning; /* no zeros */
    nl_arena arena;
    nl_cancel *cancel;  /* may be NULL */
    const char *absent; /* why the instance gave none, for the last message */
};

/* Keys and where they are from. */
struct store_found {
    struct store_answer keys; /* access NULL: none */
    const char *source;
};

/* Half a pair is NL_DENIED (R4); neither: out->access is NULL. The strings are borrowed. where: "environment". */
int store_take_pair(const char *where, const char *access, const char *secret, const char *token,
                    struct store_answer *out, nl_error *err);
/* The keys of AWS_ACCESS_KEY_ID and the others. */
int store_from_environment(struct store_resolution *x, struct store_found *out, nl_error *err);
/* The keys of a profile in one of the files. */
int store_from_file(struct store_resolution *x, enum store_file file, const char *profile, struct store_found *out,
                    nl_error *err);

/* AssumeRole as the profile says, signed by `by`. NL_UNSUPPORTED: mfa_serial. */
int store_assume_role(struct store_resolution *x, const char *profile, const struct store_answer *by,
                      struct store_found *out, nl_error *err);
/* AssumeRoleWithWebIdentity with the token in a file; session may be NULL. what: for messages. */
int store_assume_with_token(struct store_resolution *x, const char *profile, const char *role_arn,
                            const char *token_file, const char *session, struct store_found *out, nl_error *err);

/* SSO, where the profile speaks of it. */
int store_from_sso(struct store_resolution *x, const char *profile, struct store_found *out, nl_error *err);

/* credential_process, where the profile has one. */
int store_from_process(struct store_resolution *x, const char *profile, struct store_found *out, nl_error *err);
/* Cut a command line up as a POSIX shell would, without expanding anything: blanks, quotes, backslashes. argv ends in
 * NULL. NL_INVALID: a quote that does not end, nothing at all, more than 256 words. */
int store_split_command(nl_arena *arena, const char *text, char ***argv, nl_error *err);

/* The container's endpoint, where the environment names it. */
int store_from_container(struct store_resolution *x, struct store_found *out, nl_error *err);
/* May the container's token go to this URL? https, this machine, ECS's and EKS's own addresses. */
bool store_container_host_ok(const char *url);
/* The instance's metadata service. None where it is switched off, or does not answer (x->absent says so). */
int store_from_instance(struct store_resolution *x, struct store_found *out, nl_error *err);

/* A request to a service of AWS with the tuning's times. */
struct store_http_request store_service_request(const struct store_resolution *x, const char *method, const char *url);

/* All of them in their order (credentials.h). NL_DENIED where there is none. chain.c */
int store_resolve_chain(struct store_resolution *x, struct store_found *out, nl_error *err);

#endif
