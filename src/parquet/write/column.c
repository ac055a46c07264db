/* column.c: see column.h. */
#include "parquet/write/column.h"

#include <stdlib.h>

#include "parquet/encoding/rle_encode.h"

#define PAGE_ROWS    ((size_t)1 << 20) /* of a page whose values take next to nothing: nulls, booleans */
#define EARLY_VALUES 16384             /* how many show that a dictionary fails again */

/* Begin a chunk. */
static void begin(struct pq_column_writer *c)
{
    bool can = c->config->dictionary && c->type.form != PQ_FORM_BITS;
    c->mode = can ? PQ_MODE_TRIAL : PQ_MODE_PLAIN;
    c->page.is_dict = can;
    pq_page_clear(&c->page);
    pq_dict_clear(&c->dict);
    pq_stats_clear(&c->stats);
    nl_buf_clear(&c->pages);
    c->rows = c->unpacked = 0;
    c->dict_pages = c->plain_pages = 0;
    c->bytes = 0;
}

void pq_column_init(struct pq_column_writer *c, const struct pq_write_type *type, const char *name,
                    const struct pq_write_config *config)
{
    *c = (struct pq_column_writer){.config = config, .type = *type, .name = name};
    c->packer.codec = config->codec;
    c->packer.level = config->codec_level;
    enum pq_dict_kind kind = type->form == PQ_FORM_4   ? PQ_DICT_4
                             : type->form == PQ_FORM_8 ? PQ_DICT_8
                             : type->width             ? PQ_DICT_FIXED
                                                       : PQ_DICT_BYTES;
    pq_dict_init(&c->dict, kind, type->width, config->dictionary_bytes);
    begin(c);
}

void pq_column_free(struct pq_column_writer *c)
{
    pq_dict_free(&c->dict);
    pq_page_free(&c->page);
    pq_packer_free(&c->packer);
    pq_stats_free(&c->stats);
    nl_buf_free(&c->pages);
}

/* ── the dictionary's fate ── */

/* Do dictionary and indices take fewer bytes than the page's plain values? */
static bool pays(const struct pq_column_writer *c)
{
    size_t width = pq_bit_width(c->dict.n ? c->dict.n - 1 : 0);
    return c->dict.body.len + c->page.n * width / 8 < c->page.bytes;
}

/* Give up the trial: the page's values as they were, the dictionary's into the statistics (C2). */
static int take_back(struct pq_column_writer *c, nl_error *err)
{
    int rc = pq_page_undo_dict(&c->page, &c->dict, err);
    if (!rc)
        rc = pq_stats_add_dict(&c->stats, &c->type, &c->dict, err);
    pq_dict_clear(&c->dict);
    c->mode = PQ_MODE_PLAIN;
    c->lost = true;
    return rc;
}

/* End the trial where it is time to: `now`, or early where the last chunk's failed and this one looks the same. */
static int judge(struct pq_column_writer *c, bool now, nl_error *err)
{
    if (c->mode != PQ_MODE_TRIAL || !c->page.n)
        return NL_OK;
    bool early = c->lost && c->page.n >= EARLY_VALUES && c->dict.n > c->page.n / 10 * 9;
    if (!now && !early)
        return NL_OK;
    if (early || !pays(c))
        return take_back(c, err);
    c->mode = PQ_MODE_DICT;
    c->lost = false;
    return NL_OK;
}

/* ── pages ── */

static int finish_page(struct pq_column_writer *c, nl_error *err)
{
    if (!c->page.rows)
        return NL_OK;
    int rc = judge(c, true, err);
    if (!rc)
        rc = pq_page_pack(&c->page, &c->type, c->dict.n, &c->packer, &c->pages, &c->unpacked, err);
    if (rc)
        return rc;
    if (c->page.is_dict && c->page.n)
        c->dict_pages++;
    else
        c->plain_pages++;
    pq_page_clear(&c->page);
    return NL_OK;
}

/* The dictionary is full: what has indices is written with them, the rest of the chunk is plain. */
static int leave_dictionary(struct pq_column_writer *c, nl_error *err)
{
    int rc = judge(c, true, err);
    if (rc || c->mode == PQ_MODE_PLAIN)
        return rc;
    rc = finish_page(c, err);
    if (!rc && !c->dict_pages) /* not even one value went in */
        rc = pq_stats_add_dict(&c->stats, &c->type, &c->dict, err);
    c->mode = PQ_MODE_PLAIN;
    c->page.is_dict = false;
    return rc;
}

/* Append a block's values to the page: as indices where that still goes. */
static int add_values(struct pq_column_writer *c, const struct pq_block *b, nl_error *err)
{
    int rc = NL_OK;
    if (c->mode != PQ_MODE_PLAIN) {
        size_t taken = 0;
        rc = pq_page_reserve_indices(&c->page, b->n, err);
        if (!rc)
            rc = pq_dict_put(&c->dict, b->values, b->n, c->page.indices + c->page.n, &taken, err);
        if (rc || taken == b->n)
            return rc;
        /* The indices that were taken are not counted in, and forgotten: the whole block becomes plain. */
        rc = leave_dictionary(c, err);
    }
    if (!rc)
        rc = pq_page_add_plain(&c->page, &c->type, b, err);
    return rc ? rc : pq_stats_add(&c->stats, &c->type, b, err);
}

int pq_column_append(struct pq_column_writer *c, const struct ArrowArray *a, size_t first, size_t n,
                     struct pq_scratch *scratch, nl_error *err)
{
    while (n) {
        struct pq_block b;
        int rc = pq_gather(&c->type, a, first, n, c->config->page_bytes - c->page.bytes, scratch, &b, err);
        if (!rc)
            rc = add_values(c, &b, err);
        if (!rc)
            rc = pq_page_add_rows(&c->page, &b, err);
        if (!rc)
            rc = judge(c, false, err);
        if (!rc && (c->page.bytes >= c->config->page_bytes || c->page.rows >= PAGE_ROWS))
            rc = finish_page(c, err);
        if (rc)
            return rc;
        c->rows += (int64_t)b.rows;
        c->bytes += b.bytes;
        c->stats.nulls += (int64_t)(b.rows - b.n);
        first += b.rows;
        n -= b.rows;
    }
    return NL_OK;
}

/* ── the chunk ── */

/* The footer's words for the chunk that starts at `offset`; its dictionary page has dict_len bytes. */
static int describe(const struct pq_column_writer *c, uint64_t offset, size_t dict_len, nl_arena *arena,
                    struct pq_column_chunk *out, nl_error *err)
{
    pq_column_chunk_init(out);
    pq_column_meta_init(&out->meta);
    struct pq_column_meta *m = &out->meta;
    out->has_meta = true;
    m->type = c->type.element.type;
    m->codec = (int32_t)c->packer.codec;
    m->num_values = c->rows;
    m->path = nl_arena_array(arena, 1, sizeof(*m->path));
    m->encoding_stats = nl_arena_array(arena, 3, sizeof(*m->encoding_stats));
    if (!m->path || !m->encoding_stats)
        return nl_fail_memory(err);
    m->path[m->n_path++] = c->type.element.name;
    m->encodings = 1u << PQ_PLAIN | 1u << PQ_RLE;
    if (dict_len) {
        m->dictionary_page_offset = (int64_t)offset;
        m->encodings |= 1u << PQ_RLE_DICTIONARY;
        m->encoding_stats[m->n_encoding_stats++] = (struct pq_encoding_stats){PQ_DICTIONARY_PAGE, PQ_PLAIN, 1};
        m->encoding_stats[m->n_encoding_stats++] =
            (struct pq_encoding_stats){PQ_DATA_PAGE, PQ_RLE_DICTIONARY, c->dict_pages};
    }
    if (c->plain_pages)
        m->encoding_stats[m->n_encoding_stats++] = (struct pq_encoding_stats){PQ_DATA_PAGE, PQ_PLAIN, c->plain_pages};
    m->data_page_offset = (int64_t)(offset + dict_len);
    m->total_uncompressed_size = c->unpacked;
    m->total_compressed_size = (int64_t)(dict_len + c->pages.len);
    m->has_statistics = true;
    int rc = pq_stats_finish(&c->stats, &c->type, arena, &m->statistics, err);
    /* Known for nothing where every value went through the dictionary; floats that are equal may differ in their bits. */
    m->statistics.has_distinct_count = c->mode == PQ_MODE_DICT && c->type.order != PQ_FLOATING;
    m->statistics.distinct_count = (int64_t)c->dict.n;
    return rc;
}

int pq_column_finish(struct pq_column_writer *c, nl_sink *sink, nl_arena *arena, struct pq_column_chunk *out,
                     nl_error *err)
{
    int rc = finish_page(c, err);
    nl_buf *dict = &c->packer.body; /* pages are done with it */
    nl_buf_clear(dict);
    uint64_t offset = nl_sink_written(sink);
    if (!rc && c->dict_pages) {
        rc = pq_stats_add_dict(&c->stats, &c->type, &c->dict, err);
        if (!rc)
            rc = pq_dict_pack(&c->dict, &c->packer, dict, &c->unpacked, err);
        if (!rc)
            rc = nl_sink_write(sink, dict->data, dict->len, err);
    }
    if (!rc)
        rc = nl_sink_write(sink, c->pages.data, c->pages.len, err);
    if (!rc)
        rc = describe(c, offset, dict->len, arena, out, err);
    begin(c);
    return rc;
}
