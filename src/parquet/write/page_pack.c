/* page_pack.c: a page's levels and values become bytes. See page.h, which draws them. */
#include <string.h>

#include "base/str.h"
#include "parquet/encoding/delta_encode.h"
#include "parquet/encoding/rle_encode.h"
#include "parquet/encoding/split_encode.h"
#include "parquet/write/page.h"

/* ── levels ── */

/* Begin something whose length goes in front of it: 4 bytes, filled in by end_length(). */
static int begin_length(nl_buf *out, size_t *at, nl_error *err)
{
    *at = out->len;
    return nl_buf_append(out, "\0\0\0", 4, err);
}

static void end_length(nl_buf *out, size_t at)
{
    uint32_t len = (uint32_t)(out->len - at - 4);
    memcpy(out->data + at, &len, 4);
}

/* Levels of one byte each as the hybrid. */
static int put_bytes(const nl_buf *levels, unsigned width, struct pq_packer *k, nl_buf *out, nl_error *err)
{
    nl_buf_clear(&k->wide);
    int rc = nl_buf_reserve(&k->wide, levels->len * 4, err);
    if (rc)
        return rc;
    uint32_t *wide = (uint32_t *)(void *)k->wide.data;
    for (size_t i = 0; i < levels->len; i++)
        wide[i] = (uint8_t)levels->data[i];
    return pq_rle_encode(wide, levels->len, width, out, err);
}

/* The definition levels of a flat column are its validity. */
static int put_validity(const struct pq_page *p, nl_buf *out, nl_error *err)
{
    if (p->valid.n)
        return pq_rle_encode_bits((const uint8_t *)p->valid.bytes.data, p->rows, out, err);
    return pq_rle_encode_run(1, p->rows, 1, out, err);
}

static int put_repetition(const struct pq_page *p, const struct pq_write_leaf *leaf, struct pq_packer *k, nl_buf *out,
                          nl_error *err)
{
    return leaf->max_repetition ? put_bytes(&p->repetition, pq_bit_width(leaf->max_repetition), k, out, err) : NL_OK;
}

static int put_definition(const struct pq_page *p, const struct pq_write_leaf *leaf, struct pq_packer *k, nl_buf *out,
                          nl_error *err)
{
    if (!leaf->n_steps)
        return put_validity(p, out, err);
    return put_bytes(&p->definition, pq_bit_width(leaf->max_definition), k, out, err);
}

/* Both kinds of levels, those that the leaf has: v1 behind their lengths; v2 says them in the header. */
static int put_levels(const struct pq_page *p, const struct pq_write_leaf *leaf, struct pq_packer *k,
                      struct pq_page_header *h, nl_buf *out, nl_error *err)
{
    int rc = NL_OK;
    size_t at = 0, start = out->len;
    if (leaf->max_repetition) {
        rc = k->v2 ? NL_OK : begin_length(out, &at, err);
        if (!rc)
            rc = put_repetition(p, leaf, k, out, err);
        if (!rc && !k->v2)
            end_length(out, at);
    }
    h->repetition_bytes = (int32_t)(out->len - start);
    start = out->len;
    if (!rc && leaf->max_definition) {
        rc = k->v2 ? NL_OK : begin_length(out, &at, err);
        if (!rc)
            rc = put_definition(p, leaf, k, out, err);
        if (!rc && !k->v2)
            end_length(out, at);
    }
    h->definition_bytes = (int32_t)(out->len - start);
    return rc;
}

/* ── values ── */

/* With the width of the largest that there can be so far; never 0, which some readers do not know. */
int pq_indices_encode(const uint32_t *indices, size_t n, uint32_t entries, nl_buf *out, nl_error *err)
{
    unsigned width = entries > 2 ? pq_bit_width(entries - 1) : 1;
    int rc = nl_buf_putc(out, (char)width, err);
    return rc ? rc : pq_rle_encode(indices, n, width, out, err);
}

static int put_booleans(const nl_buf *bits, size_t n, nl_buf *out, nl_error *err)
{
    size_t at;
    int rc = begin_length(out, &at, err);
    if (!rc && n)
        rc = pq_rle_encode_bits((const uint8_t *)bits->data, n, out, err);
    if (!rc)
        end_length(out, at);
    return rc;
}

int pq_values_encode(const struct pq_write_type *t, enum pq_encoding encoding, const nl_buf *plain, size_t n,
                     nl_buf *out, nl_error *err)
{
    switch (encoding) {
    case PQ_RLE:
        return put_booleans(plain, n, out, err);
    case PQ_DELTA_BINARY_PACKED:
        return pq_delta_encode(plain->data, n, t->width, out, err);
    case PQ_DELTA_LENGTH_BYTE_ARRAY:
        return pq_delta_lengths_encode(plain->data, n, out, err);
    case PQ_DELTA_BYTE_ARRAY:
        return pq_delta_strings_encode(plain->data, n, t->width, out, err);
    case PQ_BYTE_STREAM_SPLIT:
        return pq_split_encode(plain->data, n, t->width, out, err);
    default:
        return nl_buf_append(out, plain->data, plain->len, err);
    }
}

/* ── the level ── */

enum { MEASURED = (256 << 10) + 1, LEAST_MEASURED = 64 << 10 }; /* bytes; libzstd has other levels for less */

/* Is it time to measure (P5)? */
static bool is_due(struct pq_packer *k, const nl_buf *body)
{
    uint64_t i = ++k->pages;
    bool power_of_4 = (i & (i - 1)) == 0 && (i & UINT64_C(0x5555555555555555)) == i;
    return k->measures && power_of_4 && body->len >= LEAST_MEASURED;
}

static int measure_level(struct pq_packer *k, const nl_buf *body, nl_error *err)
{
    static const int levels[] = {0, 1, 2}; /* the default is 3 */
    size_t len = body->len < MEASURED ? body->len : MEASURED, most = 0;
    for (size_t i = 0; i < NL_LEN(levels); i++) {
        nl_buf_clear(&k->packed);
        int rc = pq_compress(&k->ctx, k->codec, levels[i], body->data, len, &k->packed, err);
        if (rc)
            return rc;
        if (!i)
            most = k->packed.len + k->packed.len / 512;
        if (!i || k->packed.len <= most)
            k->level = levels[i];
        if (i && k->packed.len <= most)
            break;
    }
    return NL_OK;
}

/* ── the page ── */

/* Compress `body` and append it behind its header and, in v2, its levels. Sizes and checksum are filled in here. */
static int put_page(struct pq_page_header *h, const nl_buf *levels, const nl_buf *body, struct pq_packer *k,
                    nl_buf *out, int64_t *unpacked, nl_error *err)
{
    nl_buf_clear(&k->packed);
    const nl_buf *data = body;
    /* v2 can say that a page is not compressed, and nothing need not be. */
    bool v2 = h->type == PQ_DATA_PAGE_V2, compress = k->codec != PQ_CODEC_UNCOMPRESSED && (!v2 || body->len);
    if (compress) {
        int rc = h->type != PQ_DICTIONARY_PAGE && is_due(k, body) ? measure_level(k, body, err) : NL_OK;
        nl_buf_clear(&k->packed);
        if (!rc)
            rc = pq_compress(&k->ctx, k->codec, k->level, body->data, body->len, &k->packed, err);
        if (rc)
            return rc;
        data = v2 && k->packed.len >= body->len ? body : &k->packed;
    }
    h->is_compressed = data != body;
    size_t before = levels->len + body->len, after = levels->len + data->len;
    if (before > INT32_MAX || after > INT32_MAX)
        return nl_fail(err, NL_INVALID, "a page of %zu bytes, the format allows 2 GiB", before);
    h->uncompressed_size = (int32_t)before;
    h->compressed_size = (int32_t)after;
    if (k->checksums) {
        h->has_crc = true;
        h->crc = pq_crc32(pq_crc32(0, levels->data, levels->len), data->data, data->len);
    }
    size_t at = out->len;
    int rc = pq_page_header_encode(h, out, err);
    if (rc)
        return rc;
    *unpacked += (int64_t)(out->len - at + before);
    rc = nl_buf_append(out, levels->data, levels->len, err);
    return rc ? rc : nl_buf_append(out, data->data, data->len, err);
}

int pq_page_pack(const struct pq_page *p, const struct pq_write_leaf *leaf, uint32_t entries, struct pq_packer *k,
                 nl_buf *out, int64_t *unpacked, nl_error *err)
{
    const nl_buf *plain = leaf->type.form == PQ_FORM_BITS ? &p->bits.bytes : &p->values;
    /* A page of nothing but nulls has no indices, and perhaps no dictionary: it is of the other pages' encoding. */
    bool is_dict = p->is_dict && p->n;
    struct pq_page_header h = {.type = k->v2 ? PQ_DATA_PAGE_V2 : PQ_DATA_PAGE,
                               .has_body = true,
                               .num_values = (int32_t)p->rows,
                               .num_nulls = (int32_t)(p->rows - p->n),
                               .num_rows = (int32_t)p->top_rows,
                               .encoding = is_dict ? PQ_RLE_DICTIONARY : k->encoding,
                               .definition_encoding = PQ_RLE,
                               .repetition_encoding = PQ_RLE};
    bool has_levels = leaf->max_definition > 0, as_it_is = !is_dict && k->encoding == PQ_PLAIN;
    nl_buf_clear(&k->levels);
    nl_buf_clear(&k->body);
    int rc = has_levels ? put_levels(p, leaf, k, &h, k->v2 ? &k->levels : &k->body, err) : NL_OK;
    if (rc)
        return rc;
    if (as_it_is && (k->v2 || !has_levels))
        return put_page(&h, &k->levels, plain, k, out, unpacked, err);
    rc = is_dict ? pq_indices_encode(p->indices, p->n, entries, &k->body, err)
                 : pq_values_encode(&leaf->type, k->encoding, plain, p->n, &k->body, err);
    return rc ? rc : put_page(&h, &k->levels, &k->body, k, out, unpacked, err);
}

int pq_dict_pack(const struct pq_dict *d, struct pq_packer *k, nl_buf *out, int64_t *unpacked, nl_error *err)
{
    struct pq_page_header h = {.type = PQ_DICTIONARY_PAGE,
                               .has_body = true,
                               .num_values = (int32_t)d->n,
                               .encoding = PQ_PLAIN};
    nl_buf_clear(&k->levels);
    return put_page(&h, &k->levels, &d->body, k, out, unpacked, err);
}
