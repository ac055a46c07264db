/* auth.c: what a request says of its own signature, out of the Authorization header or the presigned query. Everything here
 * comes from strangers: each part has its length and its characters checked before it is kept. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/sigv4.h"
#include "s3proto/time.h"

/* Copy a part that must fit and be printable ASCII. */
static bool take(char *out, size_t cap, const char *text, size_t len)
{
    if (!len || len >= cap)
        return false;
    for (size_t i = 0; i < len; i++)
        if (text[i] <= ' ' || text[i] > '~')
            return false;
    memcpy(out, text, len);
    out[len] = 0;
    return true;
}

/* "KEY/20261122/region/s3/aws4_request"; the key itself may hold "/", so it is read from the end. */
static int parse_credential(const char *text, size_t len, s3_auth *out, nl_error *err)
{
    const char *start[5], *end = text + len;
    size_t part_len[5];
    for (int i = 4; i >= 0; i--) {
        const char *p = end;
        while (p > text && (i == 0 || p[-1] != '/'))
            p--;
        start[i] = p;
        part_len[i] = (size_t)(end - p);
        if (i && p == text)
            return nl_fail(err, NL_INVALID, "Credential is not of the form KEY/DATE/REGION/SERVICE/aws4_request");
        end = i ? p - 1 : p;
    }
    if (!take(out->access_key, sizeof out->access_key, start[0], part_len[0]))
        return nl_fail(err, NL_INVALID, "Credential: bad access key");
    if (part_len[1] != 8 || strspn(start[1], "0123456789") < 8 ||
        !take(out->scope.date, sizeof out->scope.date, start[1], 8))
        return nl_fail(err, NL_INVALID, "Credential: the date is not of the form 20261122");
    if (!take(out->scope.region, sizeof out->scope.region, start[2], part_len[2]))
        return nl_fail(err, NL_INVALID, "Credential: bad region");
    if (!take(out->scope.service, sizeof out->scope.service, start[3], part_len[3]))
        return nl_fail(err, NL_INVALID, "Credential: bad service");
    if (part_len[4] != 12 || memcmp(start[4], "aws4_request", 12) != 0)
        return nl_fail(err, NL_INVALID, "Credential does not end in aws4_request");
    return NL_OK;
}

static bool token_char(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '_' || c == '.';
}

static int compare_names(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* "host;x-amz-date": the order that the client used is the order that it signed, so unsorted lists are refused, as are
 * names in capitals and names that come twice. */
static int parse_signed_headers(nl_arena *arena, const char *text, size_t len, s3_auth *out, nl_error *err)
{
    char *list = nl_arena_strndup(arena, text, len);
    if (!list)
        return nl_fail_memory(err);
    const char *before = NULL;
    for (char *p = list;;) {
        size_t n = 0;
        while (token_char(p[n]))
            n++;
        if (!n || (p[n] && p[n] != ';'))
            return nl_fail(err, NL_INVALID, "SignedHeaders is not a list of lower-case names joined by \";\"");
        bool last = !p[n];
        p[n] = 0;
        if (before && compare_names(&before, &(const char *){p}) >= 0)
            return nl_fail(err, NL_INVALID, "SignedHeaders are not in alphabetical order");
        before = p;
        if (last)
            break;
        p += n + 1;
    }
    out->signed_headers = nl_arena_strndup(arena, text, len);
    return out->signed_headers ? NL_OK : nl_fail_memory(err);
}

static int parse_signature(const char *text, size_t len, s3_auth *out, nl_error *err)
{
    if (len != 64 || strspn(text, "0123456789abcdef") < 64)
        return nl_fail(err, NL_INVALID, "Signature is not 64 lower-case hexadecimal digits");
    memcpy(out->signature, text, 64);
    out->signature[64] = 0;
    return NL_OK;
}

/* The request's time, which must lie on the credential's day. */
static int parse_time(const char *amz_date, const char *date, s3_auth *out, nl_error *err)
{
    const char *text = amz_date ? amz_date : date;
    int64_t seconds;
    if (!text)
        return nl_fail(err, NL_INVALID, "neither X-Amz-Date nor Date is there");
    if (!s3_time_parse_basic(text, &seconds) && (amz_date || !s3_time_parse_http(text, &seconds)))
        return nl_fail(err, NL_INVALID, "%s is not a time of the form 20261122T154909Z",
                       amz_date ? "X-Amz-Date" : "Date");
    s3_time_basic(seconds, out->time);
    if (strncmp(out->time, out->scope.date, 8) != 0)
        return nl_fail(err, NL_INVALID, "the date of the Credential is not that of the request");
    return NL_OK;
}

/* One "Name=value" of the header; seen collects which ones were there. */
static int parse_part(nl_arena *arena, const char *text, size_t len, s3_auth *out, unsigned *seen, nl_error *err)
{
    static const char *const names[] = {"Credential", "SignedHeaders", "Signature"};
    for (unsigned i = 0; i < NL_LEN(names); i++) {
        size_t n = strlen(names[i]);
        if (len <= n || text[n] != '=' || memcmp(text, names[i], n) != 0)
            continue;
        if (*seen & 1u << i)
            return nl_fail(err, NL_INVALID, "%s comes twice", names[i]);
        *seen |= 1u << i;
        text += n + 1;
        len -= n + 1;
        return i == 0   ? parse_credential(text, len, out, err)
               : i == 1 ? parse_signed_headers(arena, text, len, out, err)
                        : parse_signature(text, len, out, err);
    }
    return nl_fail(err, NL_INVALID, "\"%.*s\" is none of Credential, SignedHeaders, Signature",
                   (int)(len < 40 ? len : 40), text);
}

static int parse_header(nl_arena *arena, const char *authorization, s3_auth *out, nl_error *err)
{
    size_t algorithm = strcspn(authorization, " ");
    if (algorithm != strlen(S3_ALGORITHM) || strncmp(authorization, S3_ALGORITHM, algorithm) != 0)
        return nl_fail(err, NL_UNSUPPORTED, "algorithm \"%.*s\": only " S3_ALGORITHM " is taken",
                       (int)(algorithm < 40 ? algorithm : 40), authorization);
    unsigned seen = 0;
    int rc = NL_OK;
    for (const char *p = authorization + algorithm; !rc && *p;) {
        p += strspn(p, " ,");
        size_t len = strcspn(p, ", ");
        if (len)
            rc = parse_part(arena, p, len, out, &seen, err);
        p += len;
    }
    if (!rc && seen != 7)
        return nl_fail(err, NL_INVALID, "%s is missing",
                       !(seen & 1)   ? "Credential"
                       : !(seen & 2) ? "SignedHeaders"
                                     : "Signature");
    return rc;
}

int s3_auth_parse_header(nl_arena *arena, const char *authorization, const char *amz_date, const char *date,
                         s3_auth *out, nl_error *err)
{
    *out = (s3_auth){0};
    int rc = parse_header(arena, authorization, out, err);
    if (!rc)
        rc = parse_time(amz_date, date, out, err);
    if (rc)
        nl_note(err, "Authorization");
    return rc;
}

bool s3_auth_in_query(const s3_pair *query, size_t n)
{
    return s3_query_get(query, n, "X-Amz-Algorithm") || s3_query_get(query, n, "X-Amz-Signature");
}

/* The value of a pair that must be there exactly once. */
static int required(const s3_pair *query, size_t n, const char *name, const char **out, nl_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < n; i++) {
        if (strcmp(query[i].name, name) != 0)
            continue;
        if (*out)
            return nl_fail(err, NL_INVALID, "%s comes twice", name);
        *out = query[i].value;
    }
    return *out ? NL_OK : nl_fail(err, NL_INVALID, "%s is missing", name);
}

static int parse_query(nl_arena *arena, const s3_pair *query, size_t n, s3_auth *out, nl_error *err)
{
    static const char *const names[] = {"X-Amz-Algorithm", "X-Amz-Credential",    "X-Amz-Date",
                                        "X-Amz-Expires",   "X-Amz-SignedHeaders", "X-Amz-Signature"};
    const char *values[NL_LEN(names)];
    int rc = NL_OK;
    for (size_t i = 0; !rc && i < NL_LEN(names); i++)
        rc = required(query, n, names[i], &values[i], err);
    if (rc)
        return rc;
    if (strcmp(values[0], S3_ALGORITHM) != 0)
        return nl_fail(err, NL_UNSUPPORTED, "X-Amz-Algorithm: only " S3_ALGORITHM " is taken");
    if (!nl_parse_i64(values[3], &out->expires) || out->expires < 0 || out->expires > S3_PRESIGN_MAX_SECONDS)
        return nl_fail(err, NL_INVALID, "X-Amz-Expires is not a number of seconds in 0..%d", S3_PRESIGN_MAX_SECONDS);
    rc = parse_credential(values[1], strlen(values[1]), out, err);
    if (!rc)
        rc = parse_time(values[2], NULL, out, err);
    if (!rc)
        rc = parse_signed_headers(arena, values[4], strlen(values[4]), out, err);
    return rc ? rc : parse_signature(values[5], strlen(values[5]), out, err);
}

int s3_auth_parse_query(nl_arena *arena, const s3_pair *query, size_t n, s3_auth *out, nl_error *err)
{
    *out = (s3_auth){.presigned = true};
    int rc = parse_query(arena, query, n, out, err);
    if (rc)
        nl_note(err, "presigned query");
    return rc;
}
