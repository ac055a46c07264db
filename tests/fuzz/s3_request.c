/* s3_request.c: what a stranger may send before a signature is checked: target, Host, Range, copy range, names of files. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "server/http/host.h"
#include "server/s3/disk/keypath.h"
#include "server/s3/disk/meta.h"
#include "server/s3/op/range.h"
#include "server/s3/wire/target.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* M1: what decodes is encoded to the same again; what encodes decodes to the same. */
static void names(const char *text, size_t len)
{
    char name[S3_NAME_MAX + 1], back[S3_NAME_MAX + 1];
    size_t n;
    if (!memchr(text, '/', len) && nl_utf8_valid((const uint8_t *)text, len) &&
        s3_name_encode((s3_slice){text, len}, name) &&
        (!s3_name_decode(name, back, &n) || n != len || memcmp(back, text, len)))
        __builtin_trap();
    if (s3_name_decode(text, back, &n) && (!s3_name_encode((s3_slice){back, n}, name) || strcmp(name, text)))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nl_arena arena = {0};
    char host[HTTP_HOST_MAX + 1];
    static const char *const known[] = {"localhost", "127.0.0.1"};
    s3_target target;
    s3_range range;
    s3_meta meta;
    size_t label;
    char *text = malloc(size + 1);
    if (!text)
        return 0;
    memcpy(text, data, size);
    text[size] = '\0';
    if (s3_target_parse(&arena, text, size & 1 ? "" : "label", &target, NULL) == NL_OK && target.key &&
        !s3_key_is_plain((s3_slice){target.key, strlen(target.key)}) && strlen(target.key) < 85)
        __builtin_trap();
    if (http_host_name(text, host))
        http_host_known(host, known, 2, &label);
    if (s3_range_parse(text, size, &range) == S3_RANGE_PARTIAL &&
        (range.length == 0 || range.offset + range.length > size))
        __builtin_trap();
    s3_copy_range_parse(text, size, &range);
    names(text, strlen(text));
    s3_meta_unpack(&arena, data, size, &meta, NULL);
    free(text);
    nl_arena_free(&arena);
    return 0;
}
