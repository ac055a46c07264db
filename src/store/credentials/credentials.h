/* credentials.h: whose keys sign a request. The first place that has some is used; the order is aws-cli's:
 *
 *     1  the caller's options
 *     2  AWS_ACCESS_KEY_ID …                    unless the caller names a profile
 *     3  the profile: role_arn                  with source_profile or credential_source      ─▶ STS
 *     4  AWS_WEB_IDENTITY_TOKEN_FILE …          or web_identity_token_file in the profile     ─▶ STS
 *     5  the profile: SSO                       sso_session, or sso_start_url                 ─▶ the SSO portal
 *     6  the profile in the credentials file
 *     7  the profile: credential_process        a program
 *     8  the profile in the config file
 *     9  AWS_CONTAINER_CREDENTIALS_…_URI        ECS, EKS                                      ─▶ the container's endpoint
 *    10  the instance                           EC2                                           ─▶ the metadata service, v2
 *
 *              full life
 *     ├───────────────────────────┬──────────────┬───────┤ expires
 *      used as they are            R2: one thread  R3: all wait
 *
 * R1  One resolution at a time, whoever asks; on the thread of a caller, never on the I/O thread.
 * R2  From a quarter of the life on (at most 15 minutes before the end) one thread renews, the others go on with the old.
 * R3  From a twelfth on (at most 5 minutes) the others wait for it. A renewal that fails keeps keys that still hold; it is
 *     not tried again for a while.
 * R4  Keys come whole from one place, never a key from one and its secret from another; half a pair is an error.
 * R5  A place that is configured and fails is an error: the next one is not tried. The instance alone may be absent.
 * R6  No message and no log line holds a secret, a token, or an answer that may hold one.
 * R7  An interrupt ends what is under way, for all who wait for it, with NL_CANCELLED; later ones are served.
 */
#ifndef STORE_CREDENTIALS_H
#define STORE_CREDENTIALS_H

#include <stdatomic.h>

#include "store/settings.h"

/* Keys; never changed once they are handed out, shared by reference. */
struct store_keys {
    atomic_size_t references;
    nl_arena arena;
    const char *access, *secret; /* never NULL */
    const char *token;           /* NULL: none */
    int64_t expires;             /* seconds since 1970; 0: never */
    int64_t made;                /* when they came */
    const char *source;          /* for messages: "environment", "role arn:…" */
    uint64_t serial;             /* of one resolver: no two are the same */
};

/* Another reference; NULL gives NULL. */
struct store_keys *store_keys_ref(struct store_keys *k);
/* Wipes them with the last reference. NULL is fine. */
void store_keys_unref(struct store_keys *k);

/* Sizes, times and places that tests change; zero: the default. */
struct store_credentials_tuning {
    const char *container_base; /* http://169.254.170.2 */
    unsigned connect_ms;        /* to services of AWS: 3,000; the container: at most 2,000; the instance: 1,000 */
    unsigned total_ms;          /* a whole exchange: 10,000, 2,000, 1,000 */
    unsigned process_ms;        /* a program: 60,000 */
    unsigned retry_ms;          /* the first wait between tries, each later one twice as long: 100 */
};

struct store_resolver;

/* settings and the tuning's strings are borrowed until store_resolver_free(); tuning may be NULL. *out is yours. Nothing
 * is read or asked yet. NL_NO_MEMORY only. */
int store_resolver_new(const struct store_settings *settings, const struct store_credentials_tuning *tuning,
                       struct store_resolver **out, nl_error *err);
/* No thread may be inside. NULL is fine. */
void store_resolver_free(struct store_resolver *r);

/* Keys that hold; *out is your reference. May ask services, and wait for another thread that does: not for the I/O thread.
 * NL_DENIED: there are none (the message says what was looked at), or a service refuses; NL_INVALID: settings that make no
 * sense; NL_UNSUPPORTED: MFA; NL_IO: a service does not answer. Any thread. */
int store_resolver_get(struct store_resolver *r, struct store_keys **out, nl_error *err);
/* The store says that `old` has ended: others, where there are any (*out is your reference), made by one thread however
 * many ask. *out is NULL, with NL_OK, where the place has no others. Any thread but the I/O thread. */
int store_resolver_renew(struct store_resolver *r, const struct store_keys *old, struct store_keys **out,
                         nl_error *err);
/* As nl_store_interrupt(). Any thread. */
void store_resolver_interrupt(struct store_resolver *r);
/* What is known now, your reference; NULL: nothing yet. Never waits. */
struct store_keys *store_resolver_peek(struct store_resolver *r);

#endif
