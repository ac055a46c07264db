/* page.c: see page.h. */
#include "parquet/write/page.h"

#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/plain_encode.h"

void pq_page_clear(struct pq_page *p)
{
    p->rows = p->n = p->bytes = p->top_rows = p->loose = 0;
    nl_buf_clear(&p->repetition);
    nl_buf_clear(&p->definition);
    pq_bits_clear(&p->valid);
    pq_bits_clear(&p->bits);
    nl_buf_clear(&p->values);
}

void pq_page_free(struct pq_page *p)
{
    pq_bits_free(&p->valid);
    pq_bits_free(&p->bits);
    nl_buf_free(&p->repetition);
    nl_buf_free(&p->definition);
    nl_buf_free(&p->values);
    free(p->indices);
    *p = (struct pq_page){0};
}

void pq_packer_free(struct pq_packer *k)
{
    pq_codec_ctx_free(&k->ctx);
    nl_buf_free(&k->levels);
    nl_buf_free(&k->body);
    nl_buf_free(&k->packed);
    nl_buf_free(&k->wide);
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
    p->top_rows += b->rows;
    p->n += b->n;
    p->bytes += b->bytes;
    return NL_OK;
}

int pq_page_add_levels(struct pq_page *p, const struct pq_levels *l, size_t from, size_t end, size_t rows,
                       nl_error *err)
{
    int rc = nl_buf_append(&p->repetition, l->now.repetition + from, end - from, err);
    if (!rc)
        rc = nl_buf_append(&p->definition, l->now.definition + from, end - from, err);
    if (rc)
        return rc;
    p->rows += end - from;
    p->top_rows += rows;
    p->loose = 0;
    return NL_OK;
}

int pq_page_undo_dict(struct pq_page *p, const struct pq_dict *d, nl_error *err)
{
    int rc = pq_dict_to_plain(d, p->indices, p->n, &p->values, err);
    p->is_dict = p->is_dict && rc;
    return rc;
}
