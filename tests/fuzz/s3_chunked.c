/* s3_chunked.c: aws-chunked bodies as the server decodes them. The first byte chooses: signed or not, trailer, piece size. */
#include <stdint.h>
#include <string.h>

#include "server/s3/wire/chunked.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* The decoder may never pass on more than its limit. */
static int count(void *ctx, const void *data, size_t len, nl_error *err)
{
    uint64_t *left = ctx;
    (void)data, (void)err;
    if (len > *left)
        __builtin_trap();
    *left -= len;
    return NL_OK;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    nl_arena arena = {0};
    s3_chunk_chain chain;
    s3_chunked c;
    const s3_scope scope = {"20261122", "us-east-1", "s3"};
    static const uint8_t key[32] = {1};
    if (size < 1)
        return 0;
    uint64_t left = data[0] & 0x3f;
    size_t piece = 1 + (data[0] >> 4);
    s3_chunk_chain_init(&chain, key, &scope, "20261122T154909Z", S3_EMPTY_SHA256);
    s3_chunked_open(&c, &arena, data[0] & 0x80 ? &chain : NULL, data[0] & 0x40, left);
    int rc = NL_OK;
    for (size_t at = 1; at < size && !rc; at += piece)
        rc = s3_chunked_feed(&c, data + at, size - at < piece ? size - at : piece, count, &left, NULL);
    if (!rc)
        rc = s3_chunked_end(&c, NULL);
    if (!rc && left != 0)
        __builtin_trap();
    nl_arena_free(&arena);
    return 0;
}
