/* compact.c: the short records, there and back. */
#include "server/s3/disk/compact.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "s3proto/hash.h"
#include "server/s3/disk/le.h"
#include "server/s3/disk/leb.h"
#include "server/s3/disk/partlog.h"

/* C1: kinds and content types are known by their place; new ones go to the end. */
static const enum s3_digest_kind kinds[] = {S3_CRC32, S3_CRC32C, S3_CRC64NVME, S3_SHA1, S3_SHA256};
static const char *const check_types[] = {"", "FULL_OBJECT", "COMPOSITE"};
static const char *const content_types[] = {
    "application/octet-stream",
    "binary/octet-stream",
    "text/plain",
    "text/plain; charset=utf-8",
    "text/csv",
    "text/html",
    "application/json",
    "application/xml",
    "application/gzip",
    "application/zip",
    "application/vnd.apache.parquet",
    "application/x-www-form-urlencoded",
    "application/pdf",
    "image/jpeg",
    "image/png",
};

/* ── writing ── */

size_t s3_compact_etag(const s3_meta *m, uint8_t out[static S3_COMPACT_MAX])
{
    int64_t parts = 0;
    char again[sizeof(m->etag)];
    size_t len = strlen(m->etag), n = 16;
    if (len < 32 || !nl_unhex(m->etag, 32, out))
        return 0;
    if (len > 32) {
        if (m->etag[32] != '-' || !nl_parse_i64(m->etag + 33, &parts) || parts < 1 || parts > S3_PARTS_MAX)
            return 0;
        n += s3_leb_put(out + n, (uint64_t)parts);
    }
    nl_hex(out, 16, again);
    if (len > 32)
        snprintf(again + 32, sizeof(again) - 32, "-%" PRId64, parts);
    return strcmp(again, m->etag) ? 0 : n; /* capital digits, zeros in front */
}

size_t s3_compact_facts(const s3_meta *m, uint8_t out[static S3_COMPACT_MAX])
{
    if (m->size > INT64_MAX)
        return 0;
    size_t n = s3_leb_put(out, m->size);
    s3_put_le(out + n, (uint64_t)m->mtime_ns, 8);
    return n + 8;
}

size_t s3_compact_checksum(const s3_meta *m, uint8_t out[static S3_COMPACT_MAX])
{
    size_t kind = 0, type = 1, n;
    while (kind < NL_LEN(kinds) && strcmp(s3_digest_header(kinds[kind]), m->checksum_header))
        kind++;
    while (type < NL_LEN(check_types) && strcmp(check_types[type], m->checksum_type))
        type++;
    if (kind == NL_LEN(kinds) || type == NL_LEN(check_types) ||
        !s3_unbase64(m->checksum, strlen(m->checksum), out + 2, S3_DIGEST_MAX, &n) || n != s3_digest_size(kinds[kind]))
        return 0;
    out[0] = (uint8_t)kind;
    out[1] = (uint8_t)type;
    return n + 2;
}

size_t s3_compact_header(const s3_pair *header, uint8_t out[static S3_COMPACT_MAX])
{
    if (strcmp(header->name, "content-type"))
        return 0;
    for (size_t i = 0; i < NL_LEN(content_types); i++)
        if (!strcmp(header->value, content_types[i])) {
            out[0] = (uint8_t)i;
            return 1;
        }
    return 0;
}

/* ── reading ── */

static int damaged(uint8_t tag, nl_error *err)
{
    return nl_fail(err, NL_CORRUPT, "metadata: the record '%c' is damaged", tag);
}

static int read_etag(s3_meta *m, const uint8_t *p, size_t len, nl_error *err)
{
    uint64_t parts = 0;
    if (len < 16 || (len > 16 && (s3_leb_get(p + 16, len - 16, &parts) != len - 16 || parts > S3_PARTS_MAX)))
        return damaged('E', err);
    nl_hex(p, 16, m->etag);
    if (len > 16)
        snprintf(m->etag + 32, sizeof(m->etag) - 32, "-%u", (unsigned)parts);
    return NL_OK;
}

static int read_facts(s3_meta *m, const uint8_t *p, size_t len, nl_error *err)
{
    size_t n = s3_leb_get(p, len, &m->size);
    if (!n || len - n != 8)
        return damaged('F', err);
    m->mtime_ns = (int64_t)s3_get_le(p + n, 8);
    return NL_OK;
}

/* A kind or type that a later version added is as a record that is not known (A1). */
static int read_checksum(nl_arena *arena, s3_meta *m, const uint8_t *p, size_t len, nl_error *err)
{
    char text[4 * ((S3_DIGEST_MAX + 2) / 3) + 1];
    if (len < 2)
        return damaged('C', err);
    if (p[0] >= NL_LEN(kinds) || p[1] == 0 || p[1] >= NL_LEN(check_types))
        return NL_OK;
    if (len - 2 != s3_digest_size(kinds[p[0]]))
        return damaged('C', err);
    s3_base64_text(p + 2, len - 2, text);
    m->checksum = nl_arena_strdup(arena, text);
    m->checksum_header = s3_digest_header(kinds[p[0]]);
    m->checksum_type = check_types[p[1]];
    return m->checksum ? NL_OK : nl_fail_memory(err);
}

bool s3_compact_is(uint8_t tag)
{
    return tag == 'E' || tag == 'F' || tag == 'C' || tag == 'T';
}

int s3_compact_read(nl_arena *arena, s3_meta *m, uint8_t tag, const uint8_t *p, size_t len, nl_error *err)
{
    switch (tag) {
    case 'E':
        return read_etag(m, p, len, err);
    case 'F':
        return read_facts(m, p, len, err);
    case 'C':
        return read_checksum(arena, m, p, len, err);
    default:
        if (len != 1)
            return damaged(tag, err);
        if (p[0] < NL_LEN(content_types))
            m->headers[m->n_headers++] = (s3_pair){"content-type", content_types[p[0]]};
        return NL_OK;
    }
}
