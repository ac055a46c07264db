/* aws_ini.c: a settings file, and an endpoint taken from it. */
#include <stdint.h>
#include <string.h>

#include "store/ini.h"
#include "store/s3/endpoint.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(void *ctx, const char *section, const char *key, const char *sub, const char *value, nl_error *err)
{
    struct store_settings s = {.endpoint_url = value, .region = key};
    struct store_endpoint e;
    (void)ctx, (void)err;
    if (!*section || (!*key && !*sub))
        __builtin_trap();
    nl_buf host = {0}, path = {0};
    if (!store_endpoint_parse(&s, &e, NULL) && store_endpoint_address(&e, "bucket", sub, &host, &path, NULL))
        __builtin_trap();
    nl_buf_free(&host);
    nl_buf_free(&path);
    return NL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    store_ini_parse("file", (const char *)data, size, take, NULL, NULL);
    return 0;
}
