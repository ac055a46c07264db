/* page.c: see page.h. */
#include "parquet/write/page.h"

#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/plain_encode.h"
#include "parquet/encoding/rle_encode.h"

void pq_page_clear(struct pq_page *p)
{
    p->rows = p->n = p->bytes = 0;
    pq_bits_clear(&p->valid);
    pq_bits_clear(&p->bits);
    nl_buf_clear(&p->values);
}

void pq_page_free(struct pq_page *p)
{
    pq_bits_free(&p->valid);
    pq_bits_free(&p->bits);
    nl_buf_free(&p->values);
    free(p->indices);
    *p = (struct pq_page){0};
}

void pq_packer_free(struct pq_packer *k)
{
    pq_codec_ctx_free(&k->ctx);
    nl_buf_free(&k->body);
    nl_buf_free(&k->packed);
}

int pq_page_reserve_indices(struct pq_page *p, size_t n, nl_error *err)
{
    if (p->n + n <= p->indices_cap)
        return NL_OK;
    size_t cap = (p->n + n) * 2;
    uint32_t *indices = realloc(p->indices, cap * sizeof(*indices));
    if (!indices)
        return nl_fail_memory(err);
    p->indices = indices;
    p->indices_cap = cap;
    return NL_OK;
}

int pq_page_add_plain(struct pq_page *p, const struct pq_write_type *t, const struct pq_block *b, nl_error *err)
{
    if (t->form == PQ_FORM_BITS)
        return pq_bits_append(&p->bits, b->values, b->bits_from, b->n, err);
    if (t->form != PQ_FORM_SLICES)
        return nl_buf_append(&p->values, b->values, b->n * t->width, err);
    return t->width ? pq_plain_fixed(b->values, b->n, &p->values, err)
                    : pq_plain_byte_arrays(b->values, b->n, &p->values, err);
}

int pq_page_add_rows(struct pq_page *p, const struct pq_block *b, nl_error *err)
{
    int rc = NL_OK;
    if (b->validity && !p->valid.n)
        rc = pq_bits_append_ones(&p->valid, p->rows, err);
    if (!rc && b->validity)
        rc = pq_bits_append(&p->valid, b->validity, b->validity_from, b->rows, err);
    else if (!rc && p->valid.n)
        rc = pq_bits_append_ones(&p->valid, b->rows, err);
    if (rc)
        return rc;
    p->rows += b->rows;
    p->n += b->n;
    p->bytes += b->bytes;
    return NL_OK;
}

int pq_page_undo_dict(struct pq_page *p, const struct pq_dict *d, nl_error *err)
{
    int rc = pq_dict_to_plain(d, p->indices, p->n, &p->values, err);
    p->is_dict = p->is_dict && rc;
    return rc;
}

/* ── to bytes ── */

/* The definition levels of a flat column, behind their length. */
static int put_levels(const struct pq_page *p, nl_buf *body, nl_error *err)
{
    size_t at = body->len;
    int rc = nl_buf_append(body, "\0\0\0", 4, err);
    if (!rc && p->valid.n)
        rc = pq_rle_encode_bits((const uint8_t *)p->valid.bytes.data, p->rows, body, err);
    else if (!rc)
        rc = pq_rle_encode_run(1, p->rows, 1, body, err);
    if (rc)
        return rc;
    uint32_t len = (uint32_t)(body->len - at - 4);
    memcpy(body->data + at, &len, 4);
    return NL_OK;
}

/* The indices, with the width of the largest that there can be so far; never 0, which some readers do not know. */
static int put_indices(const struct pq_page *p, uint32_t entries, nl_buf *body, nl_error *err)
{
    unsigned width = entries > 2 ? pq_bit_width(entries - 1) : 1;
    int rc = nl_buf_putc(body, (char)width, err);
    return rc ? rc : pq_rle_encode(p->indices, p->n, width, body, err);
}

/* Compress a body of len bytes and append it to out behind its header, whose sizes are filled in here. */
static int put_page(struct pq_page_header *h, const void *body, size_t len, struct pq_packer *k, nl_buf *out,
                    int64_t *unpacked, nl_error *err)
{
    nl_buf_clear(&k->packed);
    const void *data = body;
    size_t packed = len;
    int rc = NL_OK;
    if (k->codec != PQ_CODEC_UNCOMPRESSED) {
        rc = pq_compress(&k->ctx, k->codec, k->level, body, len, &k->packed, err);
        data = k->packed.data;
        packed = k->packed.len;
    }
    if (rc)
        return rc;
    if (len > INT32_MAX || packed > INT32_MAX)
        return nl_fail(err, NL_INVALID, "a page of %zu bytes, the format allows 2 GiB", len);
    h->uncompressed_size = (int32_t)len;
    h->compressed_size = (int32_t)packed;
    size_t at = out->len;
    rc = pq_page_header_encode(h, out, err);
    if (rc)
        return rc;
    *unpacked += (int64_t)(out->len - at + len);
    return nl_buf_append(out, data, packed, err);
}

int pq_page_pack(const struct pq_page *p, const struct pq_write_type *t, uint32_t entries, struct pq_packer *k,
                 nl_buf *out, int64_t *unpacked, nl_error *err)
{
    const nl_buf *values = t->form == PQ_FORM_BITS ? &p->bits.bytes : &p->values;
    /* A page of nothing but nulls has no indices, and perhaps no dictionary: it is PLAIN. */
    bool is_dict = p->is_dict && p->n;
    struct pq_page_header h = {.type = PQ_DATA_PAGE,
                               .has_body = true,
                               .num_values = (int32_t)p->rows,
                               .encoding = is_dict ? PQ_RLE_DICTIONARY : PQ_PLAIN,
                               .definition_encoding = PQ_RLE,
                               .repetition_encoding = PQ_RLE};
    bool levels = t->element.repetition == PQ_OPTIONAL;
    if (!levels && !is_dict)
        return put_page(&h, values->data, values->len, k, out, unpacked, err);
    nl_buf_clear(&k->body);
    int rc = levels ? put_levels(p, &k->body, err) : NL_OK;
    if (!rc)
        rc = is_dict ? put_indices(p, entries, &k->body, err) : nl_buf_append(&k->body, values->data, values->len, err);
    return rc ? rc : put_page(&h, k->body.data, k->body.len, k, out, unpacked, err);
}

int pq_dict_pack(const struct pq_dict *d, struct pq_packer *k, nl_buf *out, int64_t *unpacked, nl_error *err)
{
    struct pq_page_header h = {.type = PQ_DICTIONARY_PAGE,
                               .has_body = true,
                               .num_values = (int32_t)d->n,
                               .encoding = PQ_PLAIN};
    return put_page(&h, d->body.data, d->body.len, k, out, unpacked, err);
}
