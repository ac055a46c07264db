/* answer.h: what services answer, from bytes that cannot be trusted to keys. Pure.
 *
 *     JSON   container, instance   {"AccessKeyId", "SecretAccessKey", "Token", "Expiration"}; "Code", "Message" on failure
 *            a program             {"Version": 1, "AccessKeyId", "SecretAccessKey", "SessionToken", "Expiration"}
 *            SSO portal            {"roleCredentials": {"accessKeyId", "secretAccessKey", "sessionToken", "expiration": ms}}
 *     XML    STS                   <Credentials><AccessKeyId>, <SecretAccessKey>, <SessionToken>, <Expiration>
 *
 * N1  Keys are printable ASCII without blanks, at most 4 KiB (a token 32 KiB): they become header lines.
 * N2  What is refused is named by its field, never shown.
 */
#ifndef STORE_CREDENTIALS_ANSWER_H
#define STORE_CREDENTIALS_ANSWER_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"

/* Strings live in the arena that was given. */
struct store_answer {
    const char *access, *secret;
    const char *token; /* NULL: none */
    int64_t expires;   /* seconds since 1970; 0: never */
};

enum store_answer_kind { STORE_ANSWER_CONTAINER, STORE_ANSWER_INSTANCE, STORE_ANSWER_PROCESS, STORE_ANSWER_SSO };

/* NL_IO: not JSON, a field is missing or no string, a date that is none, another version. NL_DENIED: it says no. */
int store_answer_json(nl_arena *arena, enum store_answer_kind kind, const char *text, size_t len,
                      struct store_answer *out, nl_error *err);
/* root: "AssumeRoleResponse" or "AssumeRoleWithWebIdentityResponse"; its ...Result holds <Credentials>. */
int store_answer_sts(nl_arena *arena, const char *root, const char *text, size_t len, struct store_answer *out,
                     nl_error *err);
/* "AccessDenied: not allowed" out of an error of STS, of SSO or of a container, in printable form; "" where there is
 * none. */
void store_answer_refusal(const char *text, size_t len, char out[static 400]);
/* Does it fit N1? */
bool store_key_ok(const char *text, size_t most);
/* Dates as AWS writes them: ISO 8601 with "Z", "+00:00", a fraction, or (old SSO caches) "UTC". */
bool store_answer_date(const char *text, int64_t *seconds);

#endif
