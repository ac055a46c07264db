/* sigv4_auth.c: an Authorization header, or a presigned query, from a stranger; and the canonical request made of its parts. */
#include <stdint.h>
#include <string.h>

#include "s3proto/sigv4.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* What parsed must be within its limits, and must be usable: the verification ends with a verdict. */
static void use(const s3_auth *auth, const s3_pair *query, size_t n, const char *path)
{
    static const s3_pair headers[] = {{"Host", "h"}, {"x-amz-date", "20130524T000000Z"}};
    static const uint8_t key[32];
    s3_sign_request r = {"GET", path, query, n, headers, 2, S3_UNSIGNED_PAYLOAD};
    int64_t age;
    if (strlen(auth->signature) != 64 || !*auth->access_key || !*auth->signed_headers ||
        s3_auth_age(auth, 0, &age, NULL))
        __builtin_trap();
    if (s3_verify(&r, auth, key, NULL) == NL_OK)
        __builtin_trap(); /* a signature was found by chance */
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nl_arena arena = {0};
    char *text = nl_arena_strndup(&arena, (const char *)data, size);
    s3_pair *pairs;
    size_t n;
    s3_auth auth;
    if (text && !s3_auth_parse_header(&arena, text, "20130524T000000Z", NULL, &auth, NULL))
        use(&auth, NULL, 0, text);
    if (text && !s3_query_parse(&arena, text, strlen(text), &pairs, &n, NULL)) {
        s3_auth_in_query(pairs, n);
        if (!s3_auth_parse_query(&arena, pairs, n, &auth, NULL))
            use(&auth, pairs, n, "/");
    }
    nl_arena_free(&arena);
    return 0;
}
