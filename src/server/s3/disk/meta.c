/* meta.c: packing and unpacking of metadata. */
#include "server/s3/disk/meta.h"

#include <stdio.h>
#include <string.h>

#include "base/str.h"
#include "s3proto/hash.h"
#include "server/s3/disk/compact.h"
#include "server/s3/disk/le.h"
#include "server/s3/disk/leb.h"

static const char magic[4] = {'N', 'L', 'M', '1'};

static int put_record(nl_buf *out, char tag, const void *data, size_t len, nl_error *err)
{
    if (len > UINT16_MAX)
        return nl_fail(err, NL_INVALID, "metadata of %zu bytes in one record", len);
    uint8_t head[3] = {(uint8_t)tag, (uint8_t)len, (uint8_t)(len >> 8)};
    int rc = nl_buf_append(out, head, sizeof(head), err);
    return rc ? rc : nl_buf_append(out, data, len, err);
}

static int put_u64(nl_buf *out, char tag, uint64_t v, nl_error *err)
{
    uint8_t bytes[8];
    s3_put_le(bytes, v, 8);
    return put_record(out, tag, bytes, sizeof(bytes), err);
}

/* n strings, each but the last with its NUL. */
static int put_strings(nl_buf *out, char tag, const char *const *strings, size_t n, nl_error *err)
{
    nl_buf joined = {0};
    int rc = NL_OK;
    for (size_t i = 0; i < n && !rc; i++)
        rc = nl_buf_append(&joined, strings[i], strlen(strings[i]) + (i + 1 < n), err);
    if (!rc)
        rc = put_record(out, tag, joined.data, joined.len, err);
    nl_buf_free(&joined);
    return rc;
}

static int put_runs(nl_buf *out, const s3_meta *m, nl_error *err)
{
    nl_buf bytes = {0};
    int rc = NL_OK;
    for (size_t i = 0; i < m->n_runs && !rc; i++) {
        uint8_t pair[2 * S3_LEB_MAX];
        size_t n = s3_leb_put(pair, m->runs[i].count);
        n += s3_leb_put(pair + n, m->runs[i].size);
        rc = nl_buf_append(&bytes, pair, n, err);
    }
    if (!rc && m->n_runs)
        rc = put_record(out, 'p', bytes.data, bytes.len, err);
    nl_buf_free(&bytes);
    return rc;
}

static int put_numbers(nl_buf *out, const s3_meta *m, nl_error *err)
{
    nl_buf bytes = {0};
    int rc = NL_OK;
    for (size_t i = 0; i < m->n_numbers && !rc; i++) {
        uint8_t pair[2 * S3_LEB_MAX];
        size_t n = s3_leb_put(pair, m->numbers[i].gap);
        n += s3_leb_put(pair + n, m->numbers[i].count);
        rc = nl_buf_append(&bytes, pair, n, err);
    }
    if (!rc && m->n_numbers)
        rc = put_record(out, 'n', bytes.data, bytes.len, err);
    nl_buf_free(&bytes);
    return rc;
}

/* ETag, size and time: short where they can be. */
static int put_facts(nl_buf *out, const s3_meta *m, nl_error *err)
{
    uint8_t bytes[S3_COMPACT_MAX];
    size_t n = s3_compact_etag(m, bytes);
    int rc = n ? put_record(out, 'E', bytes, n, err) : put_record(out, 'e', m->etag, strlen(m->etag), err);
    if (rc)
        return rc;
    if ((n = s3_compact_facts(m, bytes)) > 0)
        return put_record(out, 'F', bytes, n, err);
    rc = put_u64(out, 's', m->size, err);
    return rc ? rc : put_u64(out, 't', (uint64_t)m->mtime_ns, err);
}

static int put_object_header(nl_buf *out, const s3_pair *h, nl_error *err)
{
    uint8_t bytes[S3_COMPACT_MAX];
    size_t n = s3_compact_header(h, bytes);
    return n ? put_record(out, 'T', bytes, n, err) : put_strings(out, 'h', (const char *[]){h->name, h->value}, 2, err);
}

static int put_checksum(nl_buf *out, const s3_meta *m, nl_error *err)
{
    uint8_t bytes[S3_COMPACT_MAX];
    size_t n = s3_compact_checksum(m, bytes);
    return n ? put_record(out, 'C', bytes, n, err)
             : put_strings(out, 'c', (const char *[]){m->checksum_header, m->checksum, m->checksum_type}, 3, err);
}

int s3_meta_pack(const s3_meta *m, nl_buf *out, nl_error *err)
{
    int rc = nl_buf_append(out, magic, sizeof(magic), err);
    if (!rc)
        rc = put_facts(out, m, err);
    for (size_t i = 0; i < m->n_headers && !rc; i++)
        rc = put_object_header(out, &m->headers[i], err);
    if (!rc && m->checksum)
        rc = put_checksum(out, m, err);
    if (!rc && m->upload_id)
        rc = put_record(out, 'u', m->upload_id, strlen(m->upload_id), err);
    for (size_t i = 0; i < m->n_tags && !rc; i++)
        rc = put_strings(out, 'g', (const char *[]){m->tags[i].name, m->tags[i].value}, 2, err);
    if (!rc)
        rc = put_runs(out, m, err);
    if (!rc)
        rc = put_numbers(out, m, err);
    return rc || !m->part_sums ? rc : put_record(out, 'k', m->part_sums, m->part_sums_len, err);
}

/* Split a copy of the record at its NULs into exactly n strings. */
static int get_strings(nl_arena *arena, const uint8_t *p, size_t len, const char **out[], size_t n, nl_error *err)
{
    char *copy = nl_arena_strndup(arena, (const char *)p, len);
    if (!copy)
        return nl_fail_memory(err);
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        if (at > len)
            return nl_fail(err, NL_CORRUPT, "metadata: a record has too few strings");
        *out[i] = copy + at;
        at += strlen(copy + at) + 1;
    }
    return NL_OK;
}

/* The next two numbers. */
static bool get_pair(const uint8_t **p, const uint8_t *end, uint64_t *a, uint64_t *b)
{
    size_t n = s3_leb_get(*p, (size_t)(end - *p), a);
    size_t more = n ? s3_leb_get(*p + n, (size_t)(end - *p) - n, b) : 0;
    *p += n + more;
    return more > 0;
}

/* Runs whose sizes add up are believed; the sum is compared with the size when a part is asked for. */
static int get_runs(nl_arena *arena, s3_meta *m, const uint8_t *p, size_t len, nl_error *err)
{
    const uint8_t *end = p + len;
    m->n_runs = 0;
    m->runs = nl_arena_array(arena, len / 2, sizeof(*m->runs));
    if (!m->runs)
        return nl_fail_memory(err);
    while (p < end) {
        s3_part_run r;
        if (!get_pair(&p, end, &r.count, &r.size) || r.count == 0)
            return nl_fail(err, NL_CORRUPT, "metadata: damaged sizes of parts");
        m->runs[m->n_runs++] = r;
    }
    return NL_OK;
}

static int get_numbers(nl_arena *arena, s3_meta *m, const uint8_t *p, size_t len, nl_error *err)
{
    const uint8_t *end = p + len;
    m->n_numbers = 0;
    m->numbers = nl_arena_array(arena, len / 2, sizeof(*m->numbers));
    if (!m->numbers)
        return nl_fail_memory(err);
    while (p < end) {
        s3_number_run r;
        if (!get_pair(&p, end, &r.gap, &r.count) || r.count == 0)
            return nl_fail(err, NL_CORRUPT, "metadata: damaged numbers of parts");
        m->numbers[m->n_numbers++] = r;
    }
    return NL_OK;
}

static int get_bytes(nl_arena *arena, s3_meta *m, const uint8_t *p, size_t len, nl_error *err)
{
    uint8_t *copy = nl_arena_alloc(arena, len);
    if (!copy)
        return nl_fail_memory(err);
    memcpy(copy, p, len);
    m->part_sums = copy;
    m->part_sums_len = len;
    return NL_OK;
}

/* One record into m; m->headers and m->tags have room. */
static int get_record(nl_arena *arena, s3_meta *m, uint8_t tag, const uint8_t *p, size_t len, nl_error *err)
{
    if (s3_compact_is(tag))
        return s3_compact_read(arena, m, tag, p, len, err);
    switch (tag) {
    case 'e':
        if (len >= sizeof(m->etag))
            return nl_fail(err, NL_CORRUPT, "metadata: an ETag of %zu bytes", len);
        memcpy(m->etag, p, len);
        m->etag[len] = '\0';
        return NL_OK;
    case 's':
    case 't':
        if (len != 8)
            return nl_fail(err, NL_CORRUPT, "metadata: a number of %zu bytes", len);
        if (tag == 's')
            m->size = s3_get_le(p, 8);
        else
            m->mtime_ns = (int64_t)s3_get_le(p, 8);
        return NL_OK;
    case 'h': {
        s3_pair *h = &m->headers[m->n_headers++];
        return get_strings(arena, p, len, (const char **[]){&h->name, &h->value}, 2, err);
    }
    case 'c':
        return get_strings(arena, p, len, (const char **[]){&m->checksum_header, &m->checksum, &m->checksum_type}, 3,
                           err);
    case 'g': {
        s3_pair *t = &m->tags[m->n_tags++];
        return get_strings(arena, p, len, (const char **[]){&t->name, &t->value}, 2, err);
    }
    case 'p':
        return get_runs(arena, m, p, len, err);
    case 'n':
        return get_numbers(arena, m, p, len, err);
    case 'k':
        return get_bytes(arena, m, p, len, err);
    case 'u':
        return get_strings(arena, p, len, (const char **[]){&m->upload_id}, 1, err);
    default:
        return NL_OK;
    }
}

int s3_meta_unpack(nl_arena *arena, const void *data, size_t len, s3_meta *out, nl_error *err)
{
    const uint8_t *p = data, *end = p + len;
    *out = (s3_meta){0};
    if (len < sizeof(magic) || memcmp(p, magic, sizeof(magic)))
        return nl_fail(err, NL_CORRUPT, "metadata does not begin with NLM1");
    size_t headers = 0, tags = 0;
    for (const uint8_t *q = p + 4; q < end; q += 3 + (q[1] | (size_t)q[2] << 8)) {
        if (end - q < 3 || (size_t)(end - q) - 3 < (q[1] | (size_t)q[2] << 8))
            return nl_fail(err, NL_CORRUPT, "metadata is cut at byte %td", q - p);
        headers += *q == 'h' || *q == 'T';
        tags += *q == 'g';
    }
    out->headers = nl_arena_array(arena, headers, sizeof(*out->headers));
    out->tags = nl_arena_array(arena, tags, sizeof(*out->tags));
    if (!out->headers || !out->tags)
        return nl_fail_memory(err);
    for (const uint8_t *q = p + 4; q < end; q += 3 + (q[1] | (size_t)q[2] << 8)) {
        int rc = get_record(arena, out, *q, q + 3, q[1] | (size_t)q[2] << 8, err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

void s3_meta_settle(s3_meta *m, const struct stat *st)
{
    int64_t mtime = (int64_t)st->st_mtim.tv_sec * 1000000000 + st->st_mtim.tv_nsec;
    bool ours = m->etag[0] && m->size == (uint64_t)st->st_size && m->mtime_ns == mtime;
    m->size = (uint64_t)st->st_size;
    m->mtime_ns = mtime;
    if (ours)
        return;
    m->checksum_header = m->checksum = m->checksum_type = m->upload_id = NULL;
    m->part_sums = NULL;
    m->n_runs = m->n_numbers = m->part_sums_len = 0;
    char text[96];
    uint8_t digest[32];
    int n = snprintf(text, sizeof(text), "%llu %llu %lld", (unsigned long long)st->st_ino, (unsigned long long)m->size,
                     (long long)mtime);
    s3_sha256(text, (size_t)n, digest);
    nl_hex(digest, 16, m->etag);
    memcpy(m->etag + 32, "-1", 3);
}

const char *s3_meta_header(const s3_meta *m, const char *name)
{
    return s3_query_get(m->headers, m->n_headers, name);
}

uint64_t s3_meta_parts(const s3_meta *m)
{
    uint64_t n = 0;
    for (size_t i = 0; i < m->n_runs; i++)
        n += m->runs[i].count;
    return n;
}

bool s3_meta_part(const s3_meta *m, uint64_t n, uint64_t *offset, uint64_t *size)
{
    uint64_t at = 0;
    if (n == 0)
        return false;
    n--;
    for (size_t i = 0; i < m->n_runs; i++) {
        const s3_part_run *r = &m->runs[i];
        uint64_t whole;
        if (n < r->count) {
            if (__builtin_mul_overflow(n, r->size, &whole) || __builtin_add_overflow(at, whole, offset))
                return false;
            *size = r->size;
            return *offset <= m->size && *size <= m->size - *offset;
        }
        n -= r->count;
        if (__builtin_mul_overflow(r->count, r->size, &whole) || __builtin_add_overflow(at, whole, &at))
            return false;
    }
    return false;
}

/* The number of the i-th part. */
static uint64_t number_of(const s3_meta *m, uint64_t i)
{
    uint64_t number = 0, left = i;
    for (size_t k = 0; k < m->n_numbers; k++) {
        number += m->numbers[k].gap;
        if (left <= m->numbers[k].count)
            return number + left;
        number += m->numbers[k].count;
        left -= m->numbers[k].count;
    }
    return number + left;
}

bool s3_meta_piece_at(const s3_meta *m, uint64_t i, s3_meta_piece *out)
{
    enum s3_digest_kind kind;
    if (!s3_meta_part(m, i, &out->offset, &out->size))
        return false;
    out->number = number_of(m, i);
    out->sum = NULL;
    if (m->part_sums && m->checksum_header && s3_digest_find(m->checksum_header, &kind) &&
        i <= m->part_sums_len / s3_digest_size(kind))
        out->sum = m->part_sums + (i - 1) * s3_digest_size(kind);
    return true;
}

bool s3_meta_piece_of(const s3_meta *m, uint64_t number, s3_meta_piece *out)
{
    uint64_t at = 0, i = 0;
    for (size_t k = 0; k < m->n_numbers; k++) {
        at += m->numbers[k].gap;
        if (number <= at)
            return false;
        if (number - at <= m->numbers[k].count)
            return s3_meta_piece_at(m, i + (number - at), out);
        at += m->numbers[k].count;
        i += m->numbers[k].count;
    }
    return m->n_numbers == 0 && s3_meta_piece_at(m, number, out);
}
