/* checksum.c: see checksum.h. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "store/s3/client.h"

static bool when_required(const char *variable)
{
    const char *value = getenv(variable);
    return value && !strcasecmp(value, "when_required");
}

int store_checksum_choose(struct store_client *c, const char *name, nl_error *err)
{
    c->checksum = S3_CRC64NVME;
    c->send_checksums = !when_required("AWS_REQUEST_CHECKSUM_CALCULATION");
    c->verify_checksums = !when_required("AWS_RESPONSE_CHECKSUM_VALIDATION");
    if (name && !strcasecmp(name, "none")) {
        c->send_checksums = c->verify_checksums = false;
        return NL_OK;
    }
    if (!name)
        return NL_OK;
    c->send_checksums = true;
    if (!s3_digest_find(name, &c->checksum) || c->checksum == S3_MD5)
        return nl_fail(err, NL_INVALID, "checksum \"%s\": none of CRC64NVME, CRC32, CRC32C, SHA256, SHA1, none", name);
    return NL_OK;
}

static struct store_checksum checksum_of(enum s3_digest_kind kind, const void *data, size_t len)
{
    struct store_checksum sum = {.kind = kind};
    s3_digest d;
    s3_digest_open(&d, kind);
    if (len)
        s3_digest_update(&d, data, len);
    sum.len = s3_digest_final(&d, sum.value);
    return sum;
}

struct store_checksum store_checksum_of(const struct store_client *c, const void *data, size_t len)
{
    return c->send_checksums ? checksum_of(c->checksum, data, len) : (struct store_checksum){0};
}

void store_checksum_text(const struct store_checksum *sum, char out[static STORE_CHECKSUM_TEXT])
{
    s3_base64_text(sum->value, sum->len, out);
}

bool store_checksum_combines(enum s3_digest_kind kind)
{
    return kind == S3_CRC32 || kind == S3_CRC32C || kind == S3_CRC64NVME;
}

void store_checksum_append(struct store_checksum *first, const struct store_checksum *next, uint64_t len)
{
    if (first->len)
        s3_crc_combine(next->kind, first->value, next->value, len);
    else
        *first = *next;
}

bool store_checksum_parse(const char *header, const char *value, struct store_checksum *out)
{
    struct store_checksum sum = {0};
    if (!nl_starts_with(header, "x-amz-checksum-") || !s3_digest_find(header, &sum.kind))
        return false;
    if (!s3_unbase64(value, strlen(value), sum.value, sizeof sum.value, &sum.len))
        return false;
    if (sum.len != s3_digest_size(sum.kind))
        return false;
    *out = sum;
    return true;
}

int store_checksum_verify(const struct store_checksum *sum, const void *data, size_t len, nl_error *err)
{
    if (!sum->len)
        return NL_OK;
    struct store_checksum real = checksum_of(sum->kind, data, len);
    return store_checksum_compare(sum, &real, err);
}

int store_checksum_compare(const struct store_checksum *sum, const struct store_checksum *found, nl_error *err)
{
    if (!memcmp(found->value, sum->value, sum->len))
        return NL_OK;
    char want[STORE_CHECKSUM_TEXT], got[STORE_CHECKSUM_TEXT];
    store_checksum_text(sum, want);
    store_checksum_text(found, got);
    return nl_fail(err, NL_CORRUPT, "the bytes were damaged on their way: their %s is %s, the store says %s",
                   s3_digest_name(sum->kind), got, want);
}
