/* places.c: keys that lie here: in the environment and in the two files. */
#include <string.h>

#include "store/credentials/sources.h"

int store_take_pair(const char *where, const char *access, const char *secret, const char *token,
                    struct store_answer *out, nl_error *err)
{
    *out = (struct store_answer){0};
    if (!access && !secret)
        return NL_OK;
    if (!access || !secret) {
        int rc = nl_fail(err, NL_DENIED, "%s: the %s is set, and the %s is not", where,
                         access ? "access key" : "secret key", access ? "secret key" : "access key");
        nl_hint(err, "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY together");
        return rc;
    }
    const char *bad = !store_key_ok(access, 4096)               ? "access key"
                      : !store_key_ok(secret, 4096)             ? "secret key"
                      : token && !store_key_ok(token, 32 << 10) ? "session token"
                                                                : NULL;
    if (bad) {
        int rc =
            nl_fail(err, NL_DENIED, "%s: the %s has blanks, control characters or other letters in it", where, bad);
        nl_hint(err, "was it pasted with a line end?");
        return rc;
    }
    *out = (struct store_answer){.access = access, .secret = secret, .token = token};
    return NL_OK;
}

int store_from_environment(struct store_resolution *x, struct store_found *out, nl_error *err)
{
    const struct store_environment *e = x->env;
    out->source = "environment";
    return store_take_pair("environment", e->AWS_ACCESS_KEY_ID, e->AWS_SECRET_ACCESS_KEY, e->AWS_SESSION_TOKEN,
                           &out->keys, err);
}

int store_from_file(struct store_resolution *x, enum store_file file, const char *profile, struct store_found *out,
                    nl_error *err)
{
    const struct store_profiles *p = &x->profiles;
    const char *where = nl_arena_printf(&x->arena, "profile \"%s\" in %s", profile,
                                        file == STORE_CREDENTIALS ? "the credentials file" : "the config file");
    if (!where)
        return nl_fail_memory(err);
    out->source = where;
    return store_take_pair(where, store_profile_from(p, file, profile, "aws_access_key_id"),
                           store_profile_from(p, file, profile, "aws_secret_access_key"),
                           store_profile_from(p, file, profile, "aws_session_token"), &out->keys, err);
}
