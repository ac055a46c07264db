/* auth.c: is this request signed by somebody we know, and now? What is not signed at all has only the
 * rights that the keys' file, or the bucket's policy, gives to everybody (access.c). */
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/s3/internal.h"

/* Where the signature is, parsed. False: answered. */
static bool parse(s3_request *rq, nl_error *err)
{
    const char *authorization = s3_header(rq, "Authorization");
    bool in_query = s3_auth_in_query(rq->query, rq->n_query);
    if (authorization && in_query) {
        s3_refuse(rq, "InvalidArgument",
                  "Only one auth mechanism allowed; the Authorization header and a signature in "
                  "the query were both specified.");
        return false;
    }
    if (!authorization && !in_query) {
        bool old = s3_query(rq, "Signature") && s3_query(rq, "AWSAccessKeyId");
        s3_refuse(rq, old ? "InvalidRequest" : "AccessDenied",
                  old ? "Please use AWS4-HMAC-SHA256." : "Requests must be signed: there is no anonymous access.");
        return false;
    }
    int rc = in_query ? s3_auth_parse_query(rq->arena, rq->query, rq->n_query, &rq->auth, err)
                      : s3_auth_parse_header(rq->arena, authorization, s3_header(rq, "x-amz-date"),
                                             s3_header(rq, "Date"), &rq->auth, err);
    if (rc == NL_UNSUPPORTED)
        s3_refuse(rq, "InvalidRequest",
                  "The authorization mechanism you have provided is not supported. Please use "
                  "AWS4-HMAC-SHA256.");
    else if (rc)
        s3_refuse(rq, in_query ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed", err->message);
    return rc == NL_OK;
}

/* The clock: 15 minutes either way; a presigned request has its own end. */
static bool is_timely(s3_request *rq, nl_error *err)
{
    int64_t age;
    if (s3_auth_age(&rq->auth, nl_wall_ns() / 1000000000, &age, err)) {
        s3_refuse(rq, "AccessDenied", err->message);
        return false;
    }
    if (rq->auth.presigned) {
        if (age >= -S3_CLOCK_WINDOW_SECONDS && age < rq->auth.expires)
            return true;
        s3_refuse(rq, "AccessDenied", age < 0 ? "Request is not valid yet" : "Request has expired");
        return false;
    }
    if (age >= -S3_CLOCK_WINDOW_SECONDS && age <= S3_CLOCK_WINDOW_SECONDS)
        return true;
    s3_refuse(rq, "RequestTimeTooSkewed", NULL);
    return false;
}

static bool scope_fits(s3_request *rq)
{
    const s3_auth *a = &rq->auth;
    if (!strcmp(a->scope.service, "s3") && !strncmp(a->scope.date, a->time, 8))
        return true;
    s3_refuse(rq, a->presigned ? "AuthorizationQueryParametersError" : "AuthorizationHeaderMalformed",
              strcmp(a->scope.service, "s3") ? "The credential's scope must be for the service \"s3\"."
                                             : "The credential's scope must be for the date of the request.");
    return false;
}

/* The hash that the signature covers; NULL: answered. */
static const char *payload_of(s3_request *rq)
{
    const char *payload = s3_header(rq, "x-amz-content-sha256");
    if (rq->auth.presigned)
        return payload ? payload : S3_UNSIGNED_PAYLOAD;
    if (!payload)
        s3_refuse(rq, "InvalidRequest", "Missing required header for this request: x-amz-content-sha256");
    return payload;
}

/* Not signed, to a bucket that everybody may read? Whether the operation is one that reads is decided later. */
static bool is_open(s3_request *rq)
{
    if (s3_header(rq, "Authorization") || s3_auth_in_query(rq->query, rq->n_query) || s3_query(rq, "Signature"))
        return false;
    return s3_is_open(rq);
}

bool s3_may_try(s3_request *rq, const s3_credential *c)
{
    char address[64], seconds[16];
    int64_t now = nl_monotonic_ns();
    if (!s3_tries_owed(&rq->server->tries, now))
        return true;
    http_request_peer(rq->http, address);
    unsigned wait = s3_tries_wait(&rq->server->tries, address, c->access_key, now);
    if (wait == 0)
        return true;
    snprintf(seconds, sizeof(seconds), "%u", wait);
    http_add_header(rq->http, "Retry-After", seconds);
    s3_refuse(rq, "SlowDown", "Too many requests of this access key had a wrong secret key. Please try again later.");
    return false;
}

void s3_tried_in_vain(s3_request *rq, const s3_credential *c)
{
    char address[64];
    http_request_peer(rq->http, address);
    s3_tries_failed(&rq->server->tries, address, c->access_key, nl_monotonic_ns());
}

bool s3_authenticate(s3_request *rq)
{
    nl_error err = {0};
    uint8_t key[32];
    if (is_open(rq))
        return true;
    if (!parse(rq, &err))
        return false;
    s3_credential *c = s3_credentials_find(rq->keys, rq->auth.access_key);
    if (!c) {
        s3_refuse(rq, "InvalidAccessKeyId", NULL);
        return false;
    }
    if (s3_header(rq, "x-amz-security-token") || s3_query(rq, "X-Amz-Security-Token")) {
        s3_refuse(rq, "InvalidToken", "This server gives no session tokens: unset AWS_SESSION_TOKEN.");
        return false;
    }
    if (!s3_may_try(rq, c))
        return false;
    const char *payload = scope_fits(rq) && is_timely(rq, &err) ? payload_of(rq) : NULL;
    if (!payload)
        return false;
    const s3_sign_request sign = {.method = rq->method,
                                  .path = rq->path,
                                  .query = rq->query,
                                  .n_query = rq->n_query,
                                  .headers = rq->headers,
                                  .n_headers = rq->n_headers,
                                  .payload = payload};
    int rc = s3_credential_key(c, &rq->auth.scope, key, &err);
    if (!rc)
        rc = s3_verify(&sign, &rq->auth, key, &err);
    if (!rc) {
        rq->who = c;
        s3_chunk_chain_init(&rq->chain, key, &rq->auth.scope, rq->auth.time, rq->auth.signature);
        return true;
    }
    nl_log("server/s3", NL_LOG_DEBUG, "%s: %s", http_request_id(rq->http), err.message);
    if (rc == NL_DENIED) {
        s3_tried_in_vain(rq, c);
        s3_refuse(rq, "SignatureDoesNotMatch", NULL);
    } else if (rc == NL_INVALID)
        s3_refuse(rq, "AccessDenied", err.message);
    else
        s3_refuse_error(rq, &err, NULL);
    return false;
}
