/* select_probe.c: a filter's column in a window: its codes or values, and the bits of what is asked of it.
 *
 *     rows of a part     1 1 0 1 1 1        validity, from the levels
 *     dense              a b c d e          codes ──table, lookup──▶ bits        values ──filter_rows──▶ bits
 *     bits of the rows   . . n . . .        spread; n: is the condition true of a null?
 */
#include <stdlib.h>
#include <string.h>

#include "filter/kernel.h"
#include "filter/rows.h"
#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/values.h"
#include "parquet/read/select.h"

enum { WORDS = PQ_SELECT_PART / 64 };

/* One step's memory; a word more, since bits are copied by words. */
struct step {
    uint64_t valid[WORDS + 1], dense[WORDS + 1], rows[WORDS + 1];
};

size_t pq_next_one(const uint64_t *bits, size_t from, size_t until)
{
    while (from < until) {
        uint64_t word = bits[from / 64] >> (from % 64);
        if (word) {
            size_t at = from + (size_t)__builtin_ctzll(word);
            return at < until ? at : until;
        }
        from += 64 - from % 64;
    }
    return until;
}

int pq_read_codes(struct pq_column_reader *c, size_t n, uint32_t *codes, bool *run, nl_error *err)
{
    *run = true;
    for (size_t at = 0; at < n;) {
        struct pq_chunk chunk;
        int rc = pq_next_codes(c, n - at, &chunk, err);
        if (rc)
            return rc;
        if (chunk.values)
            memcpy(codes + at, chunk.values, chunk.n * sizeof *codes);
        else
            pq_values_fill(codes + at, &chunk.value, chunk.n, sizeof *codes);
        *run = *run && !chunk.values && codes[at] == codes[0];
        at += chunk.n;
    }
    return NL_OK;
}

static struct filter_layout layout_of(const struct pq_held *h, const nl_bytes *buffers)
{
    return (struct filter_layout){.kind = h->kind, .width = (unsigned)h->width, .buffers = buffers};
}

/* The condition once for each entry of the dictionary (L2). */
static int make_table(const struct pq_held *h, struct pq_term *t, nl_error *err)
{
    const struct pq_column_reader *c = h->c;
    struct filter_layout layout = layout_of(h, &c->dictionary_page);
    size_t n = c->dictionary_size, ones = 0;
    t->table = calloc(n / 32 + 2, sizeof *t->table);
    if (!t->table)
        return nl_fail_memory(err);
    for (size_t at = 0; at < n; at += PQ_SELECT_PART) {
        uint64_t bits[WORDS];
        size_t k = n - at < PQ_SELECT_PART ? n - at : PQ_SELECT_PART;
        filter_rows(t->filter, &layout, c->dictionary + at * h->width, k, bits);
        memcpy(t->table + at / 32, bits, (k + 63) / 64 * sizeof *bits);
        for (size_t i = 0; i < (k + 63) / 64; i++)
            ones += pq_ones(bits[i]);
    }
    t->none = ones == 0;
    t->all = ones == n;
    return NL_OK;
}

/* The next n values of the page, densely at their place; booleans as bytes. */
static int read_values(struct pq_held *h, size_t rows, size_t at, size_t n, nl_error *err)
{
    struct pq_column_reader *c = h->c;
    if (!h->values) {
        int rc = nl_block_new(rows * h->width, &h->values, err); /* at most PQ_SELECT_WINDOW × 16 */
        if (rc)
            return rc;
    }
    uint8_t *out = nl_block_data(h->values) + at * h->width;
    if (h->kind != NL_VALUE_BOOL)
        return pq_decode(c, n, out, 0, err);
    uint8_t bits[PQ_SELECT_PART / 8];
    int rc = pq_decode(c, n, bits, 0, err);
    for (size_t i = 0; rc == NL_OK && i < n; i++)
        out[i] = bits[i / 8] >> (i % 8) & 1;
    return rc;
}

/* What is asked of the part's dense values. */
static int test_dense(struct pq_held *h, struct pq_term *t, const struct pq_part *part, bool run, uint64_t *bits,
                      nl_error *err)
{
    bits[0] = 0; /* there may be no values at all */
    if (!part->codes) {
        struct filter_layout layout = layout_of(h, h->c->buffers);
        filter_rows(t->filter, &layout, nl_block_data(h->values) + part->at * h->width, part->valid, bits);
        return NL_OK;
    }
    const uint32_t *codes = h->codes + part->at;
    int rc = t->table || !part->valid ? NL_OK : make_table(h, t, err);
    if (rc || !part->valid)
        return rc;
    if (!t->none && !t->all && !run) {
        filter_kernel()->lookup(codes, part->valid, t->table, h->c->dictionary_size, bits);
        return NL_OK;
    }
    bool in = t->all || (!t->none && (t->table[codes[0] / 32] >> (codes[0] % 32) & 1));
    memset(bits, 0, (part->valid + 63) / 64 * sizeof *bits);
    pq_bitmap_fill((uint8_t *)bits, 0, part->valid, in);
    return NL_OK;
}

static int test_part(struct pq_held *h, const struct pq_part *part, bool run, struct step *s, nl_error *err)
{
    for (size_t i = 0; i < h->n_terms; i++) {
        struct pq_term *t = &h->terms[i];
        int rc = test_dense(h, t, part, run, s->dense, err);
        if (rc)
            return rc;
        const uint64_t *rows = s->dense;
        if (part->valid < part->n) {
            rows = s->rows;
            memset(s->rows, 0, sizeof s->rows);
            pq_bitmap_spread((uint8_t *)s->rows, (const uint8_t *)s->dense, (const uint8_t *)s->valid, 0, part->n);
            for (size_t k = 0; t->if_null && k < (part->n + 63) / 64; k++)
                s->rows[k] |= ~s->valid[k];
        }
        pq_bitmap_copy((uint8_t *)t->bits, part->at, (const uint8_t *)rows, 0, part->n);
    }
    return NL_OK;
}

static int add_part(struct pq_held *h, struct pq_part part, nl_error *err)
{
    if (h->n_parts == h->parts_room) {
        size_t room = h->parts_room ? 2 * h->parts_room : 32;
        struct pq_part *grown = realloc(h->parts, room * sizeof *grown);
        if (!grown)
            return nl_fail_memory(err);
        h->parts = grown;
        h->parts_room = room;
    }
    h->parts[h->n_parts++] = part;
    return NL_OK;
}

/* n rows of the page at hand, from row `at` of a window of `rows` on. */
static int probe_part(struct pq_held *h, size_t rows, size_t at, size_t n, nl_error *err)
{
    struct pq_column_reader *c = h->c;
    struct pq_part part = {.at = at, .n = n, .valid = n, .codes = c->kind == PQ_VALUES_INDICES};
    struct step s;
    bool run = false;
    int rc = pq_column_dictionary_buffer(c, err);
    if (rc == NL_OK && c->has_levels) {
        memset(s.valid, 0, sizeof s.valid);
        rc = pq_runs_bits(&c->levels, (uint8_t *)s.valid, 0, n, &part.valid, err);
        if (rc)
            nl_note(err, "definition levels");
    }
    if (rc == NL_OK && part.codes && !h->codes && !(h->codes = malloc(PQ_SELECT_WINDOW * sizeof *h->codes)))
        rc = nl_fail_memory(err);
    if (rc == NL_OK)
        rc = part.codes ? pq_read_codes(c, part.valid, h->codes + at, &run, err)
                        : read_values(h, rows, at, part.valid, err);
    if (rc)
        return rc;
    if (h->validity && part.valid < n)
        pq_bitmap_copy((uint8_t *)h->validity, at, (const uint8_t *)s.valid, 0, n);
    else if (h->validity)
        pq_bitmap_fill((uint8_t *)h->validity, at, n, true);
    c->page_left -= n;
    c->row += (int64_t)n;
    rc = add_part(h, part, err);
    return rc ? rc : test_part(h, &part, run, &s, err);
}

/* The window's rows from `at` until `until`, which lie side by side from `row` of the row group on. */
static int probe_range(struct pq_held *h, size_t rows, size_t at, size_t until, int64_t row, const uint64_t *wanted,
                       nl_cancel *cancel, nl_error *err)
{
    struct pq_column_reader *c = h->c;
    int rc = NL_OK;
    while (rc == NL_OK && at < until) {
        size_t gap = wanted ? pq_next_one(wanted, at, until) - at : 0;
        if (gap >= PQ_SELECT_GAP || gap == until - at) { /* L3; the next row that is read skips to its place */
            at += gap;
            row += (int64_t)gap;
            continue;
        }
        rc = pq_column_open_at(c, row, cancel, err);
        if (rc)
            break;
        size_t n = until - at < PQ_SELECT_PART ? until - at : PQ_SELECT_PART;
        n = n < c->page_left ? n : c->page_left;
        rc = probe_part(h, rows, at, n, err);
        at += n;
        row += (int64_t)n;
    }
    return rc;
}

int pq_probe(struct pq_held *h, const struct pq_rows *window, const uint64_t *wanted, nl_cancel *cancel, nl_error *err)
{
    int rc = NL_OK;
    size_t at = 0;
    for (size_t i = 0; i < h->n_terms; i++)
        memset(h->terms[i].bits, 0, (window->rows / 64 + 1) * sizeof(uint64_t));
    for (size_t i = 0; rc == NL_OK && i < window->n; i++) {
        const nl_parquet_range *r = &window->ranges[i];
        rc = probe_range(h, window->rows, at, at + (size_t)r->count, r->first, wanted, cancel, err);
        at += (size_t)r->count;
    }
    return rc ? pq_column_end(h->c, rc, err) : NL_OK;
}

void pq_held_drop(struct pq_held *h)
{
    h->n_parts = 0;
    nl_block_unref(h->values);
    h->values = NULL;
    pq_column_end(h->c, NL_OK, NULL);
}
