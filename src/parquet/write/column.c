/* column.c: see column.h. */
#include "parquet/write/column.h"

#include <string.h>

#include "parquet/encoding/rle_encode.h"

#define PAGE_ENTRIES ((size_t)1 << 20) /* of a nested page, but for one long row */
#define EARLY_VALUES 16384             /* how many show that a dictionary fails again, */
#define DOOMED_NEW   254               /* or at the first time, where nearly all are new: so many of 256 */
#define SHRED_ROWS   1024

void pq_column_begin(struct pq_column_writer *c)
{
    c->mode = !c->options.dictionary ? PQ_MODE_PLAIN : c->options.keep_dictionary ? PQ_MODE_DICT : PQ_MODE_TRIAL;
    c->page.is_dict = c->options.dictionary;
    pq_page_clear(&c->page);
    pq_dict_clear(&c->dict);
    pq_stats_clear(&c->stats);
    pq_stats_clear(&c->page_stats);
    pq_notes_clear(&c->notes);
    nl_buf_clear(&c->pages);
    nl_buf_clear(&c->dict_page);
    nl_buf_clear(&c->hashes);
    c->rows = c->top_rows = c->unpacked = 0;
    c->dict_pages = c->plain_pages = 0;
    c->bytes = 0;
}

void pq_column_init(struct pq_column_writer *c, const struct pq_write_leaf *leaf, const struct pq_leaf_options *options,
                    const struct pq_write_config *config)
{
    const struct pq_write_type *type = &leaf->type;
    *c = (struct pq_column_writer){.config = config, .leaf = leaf, .options = *options};
    c->packer.codec = options->codec;
    c->packer.measures = options->codec == PQ_CODEC_ZSTD && !options->level;
    c->packer.level = options->level;
    c->packer.encoding = options->encoding;
    c->packer.v2 = config->v2;
    c->packer.checksums = config->checksums;
    enum pq_dict_kind kind = type->form == PQ_FORM_4   ? PQ_DICT_4
                             : type->form == PQ_FORM_8 ? PQ_DICT_8
                             : type->width             ? PQ_DICT_FIXED
                                                       : PQ_DICT_BYTES;
    pq_dict_init(&c->dict, kind, type->width, config->dictionary_bytes);
    pq_column_begin(c);
}

void pq_column_free(struct pq_column_writer *c)
{
    pq_dict_free(&c->dict);
    pq_page_free(&c->page);
    pq_packer_free(&c->packer);
    pq_stats_free(&c->stats);
    pq_stats_free(&c->page_stats);
    pq_notes_free(&c->notes);
    nl_buf_free(&c->pages);
    nl_buf_free(&c->dict_page);
    nl_buf_free(&c->hashes);
    nl_buf_free(&c->flags);
}

/* Is there likely more of the chunk than the open page? */
static bool goes_on(const struct pq_column_writer *c)
{
    return c->page.bytes >= c->config->page_bytes / 2;
}

/* ── the dictionary's fate ── */

/* Do dictionary and indices take fewer bytes than the page's plain values? Where the difference is small, compression can
 * turn it round (numbers that rise slowly): then both are tried, once a column. */
static int pays(struct pq_column_writer *c, bool more, bool *yes, nl_error *err)
{
    size_t width = pq_bit_width(c->dict.n ? c->dict.n - 1 : 0), bytes = c->dict.body.len + c->page.n * width / 8;
    *yes = bytes < c->page.bytes;
    if (!*yes || c->proved || bytes < c->page.bytes / 4 || c->packer.codec == PQ_CODEC_UNCOMPRESSED)
        return NL_OK;
    int rc = pq_column_sample(c, more, yes, err);
    c->proved = *yes;
    return rc;
}

/* Give up the trial: the page's values as they were, the dictionary's into the statistics (C2). */
static int take_back(struct pq_column_writer *c, nl_error *err)
{
    int rc = pq_page_undo_dict(&c->page, &c->dict, err);
    if (!rc && c->options.statistics)
        rc = pq_stats_add_dict(&c->page_stats, &c->leaf->type, &c->dict, err);
    if (!rc && c->options.bloom)
        rc = pq_column_hash_dict(c, err);
    pq_dict_clear(&c->dict);
    c->mode = PQ_MODE_PLAIN;
    return rc;
}

/* The first page of the file shows what to do with all. */
static int follow_sample(struct pq_column_writer *c, bool more, nl_error *err)
{
    bool dictionary;
    int rc = pq_column_sample(c, more, &dictionary, err);
    if (rc)
        return rc;
    c->sampled = true;
    c->options.dictionary = dictionary;
    if (c->mode != PQ_MODE_TRIAL)
        return NL_OK;
    c->mode = PQ_MODE_DICT;
    return dictionary ? NL_OK : take_back(c, err);
}

/* Of 256 values, so many are new to the dictionary. */
static size_t newness(const struct pq_column_writer *c)
{
    return (size_t)c->dict.n * 256 / c->page.n;
}

/* Can the trial end early? Where the last chunk's failed and this one looks the same, or where so few values have come
 * twice that there must be a million of them. Values that are chosen by a sample get their whole page. */
static bool is_lost(const struct pq_column_writer *c)
{
    if (c->page.n < EARLY_VALUES)
        return false;
    return (c->lost_at && newness(c) >= c->lost_at) || (!c->options.sample && newness(c) >= DOOMED_NEW);
}

/* End the trial where it is time to: `now`, or early. */
static int judge(struct pq_column_writer *c, bool now, nl_error *err)
{
    if (!c->page.n || (c->mode != PQ_MODE_TRIAL && !(c->options.sample && !c->sampled && now)))
        return NL_OK;
    bool early = is_lost(c), yes = false;
    if (!now && !early)
        return NL_OK;
    if (c->options.sample && !c->sampled)
        return follow_sample(c, goes_on(c), err);
    int rc = early ? NL_OK : pays(c, goes_on(c), &yes, err);
    if (rc)
        return rc;
    if (!yes) {
        c->lost_at = early && c->lost_at ? c->lost_at : newness(c) * 9 / 10;
        return take_back(c, err);
    }
    c->mode = PQ_MODE_DICT;
    c->lost_at = 0;
    return NL_OK;
}

/* ── pages ── */

/* What the open page's statistics lack: nulls, and the entries that its indices point to. */
static int complete_statistics(struct pq_column_writer *c, nl_error *err)
{
    c->page_stats.nulls = (int64_t)(c->page.rows - c->page.n);
    if (!c->page.is_dict || !c->config->page_index || !c->options.statistics)
        return NL_OK; /* a chunk's come from the whole dictionary (C2) */
    return pq_stats_add_indices(&c->page_stats, &c->leaf->type, &c->dict, c->page.indices, c->page.n, &c->flags, err);
}

static int finish_page(struct pq_column_writer *c, nl_error *err)
{
    if (!c->page.rows)
        return NL_OK;
    int rc = judge(c, true, err);
    size_t at = c->pages.len;
    if (!rc)
        rc = complete_statistics(c, err);
    if (!rc)
        rc = pq_page_pack(&c->page, c->leaf, c->dict.n, &c->packer, &c->pages, &c->unpacked, err);
    if (!rc)
        rc = pq_notes_add(&c->notes, c->leaf, &c->page, at, c->pages.len, c->top_rows, &c->page_stats, err);
    if (!rc)
        rc = pq_stats_merge(&c->stats, &c->leaf->type, &c->page_stats, err);
    if (rc)
        return rc;
    c->rows += (int64_t)c->page.rows;
    c->top_rows += (int64_t)c->page.top_rows;
    if (c->page.is_dict && c->page.n)
        c->dict_pages++;
    else
        c->plain_pages++;
    pq_page_clear(&c->page);
    pq_stats_clear(&c->page_stats);
    return NL_OK;
}

/* Values whose levels are not there yet stay behind when a page with a dictionary ends: as plain values of the next. */
static int finish_without_loose(struct pq_column_writer *c, nl_error *err)
{
    struct pq_page *p = &c->page;
    size_t loose = p->loose, settled = p->n - loose, bytes = 0;
    for (size_t i = settled; i < p->n; i++)
        bytes += pq_dict_entry(&c->dict, p->indices[i]).len + (c->leaf->type.width ? 0 : 4);
    p->n = settled;
    p->bytes -= bytes;
    p->loose = 0;
    int rc = finish_page(c, err);
    p->is_dict = false;
    if (!rc)
        rc = pq_dict_to_plain(&c->dict, p->indices + settled, loose, &p->values, err);
    if (!rc && c->options.statistics)
        rc =
            pq_stats_add_indices(&c->page_stats, &c->leaf->type, &c->dict, p->indices + settled, loose, &c->flags, err);
    p->n = p->loose = loose;
    p->bytes = bytes;
    return rc;
}

/* The dictionary is full: what has indices is written with them, the rest of the chunk is plain. */
static int leave_dictionary(struct pq_column_writer *c, nl_error *err)
{
    int rc = judge(c, true, err);
    if (rc || c->mode == PQ_MODE_PLAIN)
        return rc;
    rc = finish_without_loose(c, err);
    if (!rc && !c->dict_pages && c->options.statistics) /* no page has it: nor has the chunk */
        rc = pq_stats_add_dict(&c->stats, &c->leaf->type, &c->dict, err);
    c->mode = PQ_MODE_PLAIN;
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
        rc = pq_page_add_plain(&c->page, &c->leaf->type, b, err);
    if (!rc && c->options.bloom)
        rc = pq_column_hash_block(c, b, err);
    return rc || !c->options.statistics ? rc : pq_stats_add(&c->page_stats, &c->leaf->type, b, err);
}

static bool is_full(const struct pq_column_writer *c)
{
    return c->page.bytes >= c->config->page_bytes || c->page.top_rows >= c->config->page_rows ||
           c->page.rows >= PAGE_ENTRIES;
}

static int append_flat(struct pq_column_writer *c, const struct ArrowArray *a, size_t first, size_t n,
                       struct pq_scratch *scratch, nl_error *err)
{
    while (n) {
        struct pq_block b;
        size_t room = c->config->page_rows - c->page.rows, rows = n < room ? n : room;
        int rc = pq_gather(&c->leaf->type, a, first, rows, c->config->page_bytes - c->page.bytes, scratch, &b, err);
        if (!rc)
            rc = add_values(c, &b, err);
        if (!rc)
            rc = pq_page_add_rows(&c->page, &b, err);
        if (!rc)
            rc = judge(c, false, err);
        if (!rc && is_full(c))
            rc = finish_page(c, err);
        if (rc)
            return rc;
        c->bytes += b.bytes;
        first += b.rows;
        n -= b.rows;
    }
    return NL_OK;
}

/* ── nested leaves: entries in chunks of whole rows (C3) ── */

/* The next entries from *at to end that lead to rows of the leaf one behind the other: *row, and how many. 0: none. */
static size_t next_range(const struct pq_levels *l, size_t *at, size_t end, int64_t *row)
{
    const int64_t *rows = l->now.row;
    while (*at < end && rows[*at] < 0)
        ++*at;
    if (*at == end)
        return 0;
    size_t n = 0;
    for (*row = rows[*at]; *at < end && (rows[*at] < 0 || rows[*at] == *row + (int64_t)n); ++*at)
        n += rows[*at] >= 0;
    return n;
}

/* The end of at most most_rows rows from entry `from` on, at most PQ_BLOCK entries but for a single row. */
static size_t rows_end(const struct pq_levels *l, size_t from, size_t most_rows, size_t *rows)
{
    const uint8_t *repetition = l->now.repetition;
    size_t end = from;
    for (*rows = 0; *rows < most_rows && end < l->n; ++*rows) {
        size_t next = end + 1;
        while (next < l->n && repetition[next])
            next++;
        if (*rows && next - from > PQ_BLOCK)
            break;
        end = next;
    }
    return end;
}

static size_t entries_bytes(const struct pq_column_writer *c, const struct pq_levels *l, size_t from, size_t end)
{
    int64_t row;
    size_t bytes = 0;
    for (size_t n; (n = next_range(l, &from, end, &row));)
        bytes += pq_gather_bytes(&c->leaf->type, l->leaf, (size_t)row, n);
    return bytes;
}

/* The values of entries, loose, then their levels. */
static int append_entries(struct pq_column_writer *c, const struct pq_levels *l, size_t from, size_t end, size_t rows,
                          struct pq_scratch *scratch, nl_error *err)
{
    int64_t row;
    size_t at = from;
    for (size_t n; (n = next_range(l, &at, end, &row));)
        while (n) {
            struct pq_block b;
            int rc = pq_gather(&c->leaf->type, l->leaf, (size_t)row, n, SIZE_MAX, scratch, &b, err);
            if (!rc)
                rc = add_values(c, &b, err);
            if (rc)
                return rc;
            c->page.n += b.n;
            c->page.loose += b.n;
            c->page.bytes += b.bytes;
            c->bytes += b.bytes;
            row += (int64_t)b.rows;
            n -= b.rows;
        }
    return pq_page_add_levels(&c->page, l, from, end, rows, err);
}

static int append_levels(struct pq_column_writer *c, const struct pq_levels *l, struct pq_scratch *scratch,
                         nl_error *err)
{
    size_t from = 0, rows;
    while (from < l->n) {
        size_t end = rows_end(l, from, c->config->page_rows - c->page.top_rows, &rows);
        size_t bytes = entries_bytes(c, l, from, end);
        while (rows > 1 && c->page.bytes + bytes > c->config->page_bytes) {
            end = rows_end(l, from, rows / 2, &rows);
            bytes = entries_bytes(c, l, from, end);
        }
        int rc = c->page.bytes + bytes > c->config->page_bytes ? finish_page(c, err) : NL_OK;
        if (!rc)
            rc = append_entries(c, l, from, end, rows, scratch, err);
        if (!rc)
            rc = judge(c, false, err);
        if (!rc && is_full(c))
            rc = finish_page(c, err);
        if (rc)
            return rc;
        from = end;
    }
    return NL_OK;
}

int pq_column_append(struct pq_column_writer *c, const struct ArrowArray *a, size_t first, size_t n,
                     struct pq_scratch *scratch, struct pq_levels *levels, nl_error *err)
{
    if (!c->leaf->n_steps)
        return append_flat(c, a, first, n, scratch, err);
    while (n) {
        size_t rows = n < SHRED_ROWS ? n : SHRED_ROWS;
        int rc = pq_shred(c->leaf, a, first, &rows, levels, err);
        if (!rc)
            rc = append_levels(c, levels, scratch, err);
        if (rc)
            return rc;
        first += rows;
        n -= rows;
    }
    return NL_OK;
}

/* ── the chunk ── */

int pq_column_close(struct pq_column_writer *c, nl_error *err)
{
    int rc = finish_page(c, err);
    if (rc || !c->dict_pages)
        return rc;
    if (c->options.statistics)
        rc = pq_stats_add_dict(&c->stats, &c->leaf->type, &c->dict, err);
    return rc ? rc : pq_dict_pack(&c->dict, &c->packer, &c->dict_page, &c->unpacked, err);
}

static void add_encoding(struct pq_column_meta *m, enum pq_page_type page, enum pq_encoding encoding, int32_t count)
{
    m->encodings |= 1u << encoding;
    m->encoding_stats[m->n_encoding_stats++] = (struct pq_encoding_stats){(int32_t)page, (int32_t)encoding, count};
}

static void describe_encodings(const struct pq_column_writer *c, struct pq_column_meta *m)
{
    enum pq_page_type page = c->config->v2 ? PQ_DATA_PAGE_V2 : PQ_DATA_PAGE;
    m->encodings = 1u << PQ_RLE; /* of levels */
    if (c->dict_page.len) {
        add_encoding(m, PQ_DICTIONARY_PAGE, PQ_PLAIN, 1);
        add_encoding(m, page, PQ_RLE_DICTIONARY, c->dict_pages);
    }
    if (c->plain_pages)
        add_encoding(m, page, c->packer.encoding, c->plain_pages);
}

static int describe_statistics(const struct pq_column_writer *c, nl_arena *arena, struct pq_column_meta *m,
                               nl_error *err)
{
    m->has_statistics = c->options.statistics;
    if (!m->has_statistics)
        return NL_OK;
    int rc = pq_stats_finish(&c->stats, &c->leaf->type, arena, &m->statistics, err);
    /* Known for nothing where every value went through the dictionary; floats that are equal may differ in their bits. */
    enum pq_order order = c->leaf->type.order;
    m->statistics.has_distinct_count = c->mode == PQ_MODE_DICT && order != PQ_FLOATING && order != PQ_HALVES;
    m->statistics.distinct_count = (int64_t)c->dict.n;
    return rc;
}

/* The footer's words for the chunk that starts at `offset`. */
static int describe(const struct pq_column_writer *c, uint64_t offset, nl_arena *arena, struct pq_column_chunk *out,
                    nl_error *err)
{
    pq_column_chunk_init(out);
    pq_column_meta_init(&out->meta);
    struct pq_column_meta *m = &out->meta;
    out->has_meta = true;
    m->type = c->leaf->type.element.type;
    m->codec = (int32_t)c->packer.codec;
    m->num_values = c->rows;
    m->path = c->leaf->path;
    m->n_path = c->leaf->n_path;
    m->encoding_stats = nl_arena_array(arena, 3, sizeof(*m->encoding_stats));
    if (!m->encoding_stats)
        return nl_fail_memory(err);
    describe_encodings(c, m);
    if (c->dict_page.len)
        m->dictionary_page_offset = (int64_t)offset;
    m->data_page_offset = (int64_t)(offset + c->dict_page.len);
    m->total_uncompressed_size = c->unpacked;
    m->total_compressed_size = (int64_t)(c->dict_page.len + c->pages.len);
    int rc = pq_notes_sizes(&c->notes, c->leaf, arena, m, err);
    return rc ? rc : describe_statistics(c, arena, m, err);
}

/* Append one of the chunk's indexes; *at and *len: where in `to`, relative to its beginning. */
static int add_indexes(struct pq_column_writer *c, nl_buf *column_index, nl_buf *offset_index,
                       struct pq_column_chunk *out, nl_error *err)
{
    size_t at = column_index->len;
    int rc = c->options.statistics ? pq_notes_column_index(&c->notes, c->leaf, column_index, err) : NL_OK;
    if (!rc && column_index->len > at) {
        out->column_index_offset = (int64_t)at;
        out->column_index_length = (int32_t)(column_index->len - at);
    }
    at = offset_index->len;
    if (!rc)
        rc = pq_notes_offset_index(&c->notes, c->leaf, out->meta.data_page_offset, offset_index, err);
    out->offset_index_offset = (int64_t)at;
    out->offset_index_length = (int32_t)(offset_index->len - at);
    return rc;
}

int pq_column_emit(struct pq_column_writer *c, nl_sink *sink, nl_arena *arena, nl_buf *column_index,
                   nl_buf *offset_index, struct pq_column_chunk *out, nl_error *err)
{
    uint64_t offset = nl_sink_written(sink);
    int rc = c->dict_page.len ? nl_sink_write(sink, c->dict_page.data, c->dict_page.len, err) : NL_OK;
    if (!rc)
        rc = nl_sink_write(sink, c->pages.data, c->pages.len, err);
    if (!rc)
        rc = describe(c, offset, arena, out, err);
    if (!rc && c->config->page_index)
        rc = add_indexes(c, column_index, offset_index, out, err);
    return rc;
}
