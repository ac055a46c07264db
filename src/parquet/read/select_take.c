/* select_take.c: the selected rows of a flat column, from what is held of it, or from its pages.
 *
 *     selected   0 1 1 0 0 1          rows of a part
 *     valid      1 1 0 1 1 1
 *     dense      a b   c d e          ──▶ picked   b e       selected among valid: compress(selected, valid)
 *                                         validity 1 0 1     valid among selected: compress(valid, selected)
 *                                         values   b 0 e     spread, as everywhere
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/kernel.h"
#include "parquet/encoding/values.h"
#include "parquet/read/select.h"

enum {
    WORDS = PQ_SELECT_PART / 64,
    VALUES = 16 * PQ_SELECT_PART, /* bytes of values in one step, about */
};

/* What is being filled. */
struct sink {
    struct pq_column_reader *c;
    size_t rows, at, valid, width; /* width 0: bits */
    nl_block *values, *validity;
};

/* One step's rows, and memory for it. */
struct step {
    size_t n, valid;         /* rows; dense values */
    size_t selected, picked; /* rows; dense values */
    bool nulls;
    uint64_t selects[WORDS + 1], validity[WORDS + 1], picks[WORDS + 1], kept[WORDS + 1];
    uint32_t codes[PQ_SELECT_PART];
    _Alignas(64) uint8_t some[]; /* VALUES, or one value, and 64 bytes */
};

static struct step *new_step(size_t width, nl_error *err)
{
    size_t more = (width > VALUES ? width : VALUES) + 64;
    struct step *s = aligned_alloc(64, (sizeof *s + more + 63) / 64 * 64);
    if (!s)
        nl_fail_memory(err);
    return s;
}

/* Rows of one step: its values fit. */
static size_t step_rows(size_t width)
{
    size_t n = width ? VALUES / width : PQ_SELECT_PART;
    n = n < PQ_SELECT_PART ? n : PQ_SELECT_PART;
    return n ? n : 1;
}

/* Memory for the result, once there is something to put into it. */
static int open_sink(struct sink *s, bool nulls, nl_error *err)
{
    int rc = NL_OK;
    if (!s->values) {
        if (s->width && s->rows > SIZE_MAX / 2 / s->width)
            return nl_fail_memory(err);
        rc = s->width ? nl_block_new(s->rows * s->width, &s->values, err) : pq_zeroed_bits(s->rows, &s->values, err);
    }
    if (rc == NL_OK && nulls && !s->validity) {
        rc = pq_zeroed_bits(s->rows, &s->validity, err);
        if (rc == NL_OK)
            pq_bitmap_fill(nl_block_data(s->validity), 0, s->at, true);
    }
    return rc;
}

/* Rows `at` and on of the window: who is selected. */
static void take_bits(struct step *s, const uint64_t *bits, size_t at, size_t n)
{
    s->n = s->valid = n;
    s->nulls = false;
    memset(s->selects, 0, (n / 64 + 1) * sizeof *s->selects);
    s->selected = n;
    if (bits)
        s->selected = pq_bitmap_copy((uint8_t *)s->selects, 0, (const uint8_t *)bits, at, n);
    else
        pq_bitmap_fill((uint8_t *)s->selects, 0, n, true);
}

/* Which of the dense values are picked. */
static void take_validity(struct step *s)
{
    size_t words = (s->n + 63) / 64;
    s->nulls = s->valid < s->n;
    s->picked = s->selected;
    if (!s->nulls) {
        memcpy(s->picks, s->selects, words * sizeof *s->picks);
        return;
    }
    memset(s->picks, 0, sizeof s->picks);
    memset(s->kept, 0, sizeof s->kept);
    s->picked = pq_kernel()->compress(s->selects, s->validity, words, s->picks);
    pq_kernel()->compress(s->validity, s->selects, words, s->kept);
}

/* out may be in, or lie before it. */
#define PICK(name, type)                                                                                               \
    static void name(uint8_t *out, const uint8_t *in, const uint64_t *bits, size_t n)                                  \
    {                                                                                                                  \
        for (size_t at = 0; at < n; at += 64, in += 64 * sizeof(type)) {                                               \
            uint64_t word = bits[at / 64];                                                                             \
            if (word == ~UINT64_C(0)) {                                                                                \
                memmove(out, in, 64 * sizeof(type));                                                                   \
                out += 64 * sizeof(type);                                                                              \
                continue;                                                                                              \
            }                                                                                                          \
            for (; word; word &= word - 1, out += sizeof(type)) {                                                      \
                type v;                                                                                                \
                memcpy(&v, in + (size_t)__builtin_ctzll(word) * sizeof v, sizeof v);                                   \
                memcpy(out, &v, sizeof v);                                                                             \
            }                                                                                                          \
        }                                                                                                              \
    }

PICK(pick1, uint8_t)
PICK(pick2, uint16_t)
PICK(pick4, uint32_t)
PICK(pick8, uint64_t)
PICK(pick16, __int128)

/* Of n values, those whose bit is 1, side by side. */
static void pick(uint8_t *out, const uint8_t *in, size_t width, const uint64_t *bits, size_t n)
{
    switch (width) {
    case 1:
        pick1(out, in, bits, n);
        return;
    case 2:
        pick2(out, in, bits, n);
        return;
    case 4:
        pick4(out, in, bits, n);
        return;
    case 8:
        pick8(out, in, bits, n);
        return;
    case 16:
        pick16(out, in, bits, n);
        return;
    default:
        for (size_t i = pq_next_one(bits, 0, n); i < n; i = pq_next_one(bits, i + 1, n), out += width)
            memcpy(out, in + i * width, width);
    }
}

/* Where the picked values go, dense. */
static uint8_t *place(const struct sink *s)
{
    return nl_block_data(s->values) + s->at * s->width;
}

/* The picked of the step's codes, looked up. They are put side by side in front first; codes may be s->codes. */
static void pick_codes(const struct sink *k, struct step *s, const uint32_t *codes)
{
    pick4((uint8_t *)s->codes, (const uint8_t *)codes, s->picks, s->valid);
    pq_values_gather(place(k), k->c->dictionary, s->codes, s->picked, k->width);
}

/* The step's rows are in place, their values dense: validity, and values to their rows. */
static void finish_step(struct sink *k, const struct step *s)
{
    if (k->validity && s->nulls)
        pq_bitmap_copy(nl_block_data(k->validity), k->at, (const uint8_t *)s->kept, 0, s->selected);
    else if (k->validity)
        pq_bitmap_fill(nl_block_data(k->validity), k->at, s->selected, true);
    if (k->width && s->picked < s->selected)
        pq_values_spread(place(k), s->picked, nl_block_data(k->validity), k->at, s->selected, k->width);
    k->at += s->selected;
    k->valid += s->picked;
}

/* Booleans: the step's dense bits. */
static void put_bits(struct sink *k, struct step *s, const uint64_t *dense)
{
    uint64_t picked[WORDS + 1] = {0}, spread[WORDS + 1] = {0};
    const uint64_t *from = picked;
    pq_kernel()->compress(dense, s->picks, (s->valid + 63) / 64, picked);
    if (s->picked < s->selected) {
        pq_bitmap_spread((uint8_t *)spread, (const uint8_t *)picked, (const uint8_t *)s->kept, 0, s->selected);
        from = spread;
    }
    pq_bitmap_copy(nl_block_data(k->values), k->at, (const uint8_t *)from, 0, s->selected);
}

static int finish(struct sink *k, int rc, struct ArrowArray *out, nl_error *err)
{
    if (rc == NL_OK)
        rc = open_sink(k, false, err); /* a selection that has no rows */
    if (rc == NL_OK)
        rc = pq_column_array(k->c, k->rows, k->valid, k->validity, k->values, out, err);
    nl_block_unref(k->values);
    nl_block_unref(k->validity);
    return pq_column_end(k->c, rc, err);
}

/* ── what is held ── */

static int take_part(struct sink *k, struct step *s, const struct pq_held *h, const struct pq_part *part,
                     const uint64_t *bits, nl_error *err)
{
    take_bits(s, bits, part->at, part->n);
    if (!s->selected)
        return NL_OK;
    s->valid = part->valid;
    if (part->valid < part->n) {
        memset(s->validity, 0, sizeof s->validity);
        pq_bitmap_copy((uint8_t *)s->validity, 0, (const uint8_t *)h->validity, part->at, part->n);
    }
    take_validity(s);
    int rc = open_sink(k, s->nulls, err);
    if (rc)
        return rc;
    const uint8_t *values = part->codes ? NULL : nl_block_data(h->values) + part->at * h->width;
    if (part->codes) {
        pick_codes(k, s, h->codes + part->at);
    } else if (k->width) {
        pick(place(k), values, k->width, s->picks, s->valid);
    } else {
        uint64_t dense[WORDS + 1] = {0};
        for (size_t i = 0; i < s->valid; i++)
            dense[i / 64] |= (uint64_t)values[i] << (i % 64);
        put_bits(k, s, dense);
    }
    finish_step(k, s);
    return NL_OK;
}

/* Are the values that are held what is wanted, as they are? */
static bool is_result(const struct pq_held *h)
{
    bool is = h->kind != NL_VALUE_BOOL;
    for (size_t i = 0; is && i < h->n_parts; i++)
        is = !h->parts[i].codes && h->parts[i].valid == h->parts[i].n;
    return is;
}

int pq_held_take(struct pq_held *h, const struct pq_selection *selection, struct ArrowArray *out, nl_error *err)
{
    struct sink k = {.c = h->c, .rows = selection->rows, .width = h->c->leaf->type.value_width};
    int rc = NL_OK;
    if (!selection->bits && is_result(h)) {
        k.values = h->values;
        h->values = NULL;
        k.at = k.valid = k.rows;
    } else {
        struct step *s = new_step(k.width, err);
        rc = s ? NL_OK : NL_NO_MEMORY;
        for (size_t i = 0; rc == NL_OK && i < h->n_parts; i++)
            rc = take_part(&k, s, h, &h->parts[i], selection->bits, err);
        free(s);
    }
    rc = finish(&k, rc, out, err);
    pq_held_drop(h);
    return rc;
}

/* ── pages ── */

/* Values whose stored form stands at its place in the page: only what is picked is converted. */
static bool stands_in_page(const struct pq_column_reader *c, const struct step *s)
{
    size_t width = c->leaf->type.stored_width;
    return c->kind == PQ_VALUES_PLAIN && width && width <= 16 &&
           s->valid <= (size_t)(c->values_end - c->values) / width;
}

/* The picked of the step's values, from the page at hand, which moves on. */
static int pick_from_page(struct sink *k, struct step *s, nl_error *err)
{
    struct pq_column_reader *c = k->c;
    const struct pq_leaf_type *t = &c->leaf->type;
    bool run;
    if (c->kind == PQ_VALUES_INDICES) {
        int rc = pq_read_codes(c, s->valid, s->codes, &run, err);
        if (rc == NL_OK)
            pick_codes(k, s, s->codes);
        return rc;
    }
    if (stands_in_page(c, s)) {
        bool same = t->conversion == PQ_TO_SAME;
        pick(same ? place(k) : s->some, c->values, t->stored_width, s->picks, s->valid);
        c->values += s->valid * t->stored_width;
        return same ? NL_OK : pq_convert(t, s->some, s->picked, place(k), err);
    }
    if (!k->width)
        memset(s->some, 0, (s->valid / 64 + 1) * sizeof(uint64_t));
    int rc = pq_decode(c, s->valid, s->some, 0, err);
    if (rc == NL_OK && k->width)
        pick(place(k), s->some, k->width, s->picks, s->valid);
    else if (rc == NL_OK)
        put_bits(k, s, (const uint64_t *)(const void *)s->some);
    return rc;
}

/* n rows of the page at hand, from row `at` of the window on. */
static int pick_rows(struct sink *k, struct step *s, const uint64_t *bits, size_t at, size_t n, nl_error *err)
{
    struct pq_column_reader *c = k->c;
    take_bits(s, bits, at, n);
    int rc = pq_column_dictionary_buffer(c, err);
    if (rc == NL_OK && c->has_levels) {
        memset(s->validity, 0, sizeof s->validity);
        rc = pq_runs_bits(&c->levels, (uint8_t *)s->validity, 0, n, &s->valid, err);
        if (rc)
            nl_note(err, "definition levels");
    }
    if (rc)
        return rc;
    take_validity(s);
    c->page_left -= n;
    c->row += (int64_t)n;
    rc = s->selected ? open_sink(k, s->nulls, err) : NL_OK;
    if (rc == NL_OK && s->valid)
        rc = s->picked ? pick_from_page(k, s, err) : pq_skip_values(c, s->valid, err);
    if (rc == NL_OK)
        finish_step(k, s);
    return rc;
}

/* The selected rows from `at` until `until` of the window, which lie side by side from `row` of the row group on. */
static int pick_range(struct sink *k, struct step *s, const uint64_t *bits, size_t at, size_t until, int64_t row,
                      nl_cancel *cancel, nl_error *err)
{
    struct pq_column_reader *c = k->c;
    size_t most = step_rows(k->width);
    int rc = NL_OK;
    while (rc == NL_OK && at < until) {
        size_t gap = pq_next_one(bits, at, until) - at;
        if (gap >= PQ_SELECT_GAP || gap == until - at) {
            at += gap;
            row += (int64_t)gap;
            continue;
        }
        rc = pq_column_open_at(c, row, cancel, err);
        if (rc)
            break;
        size_t n = until - at < most ? until - at : most;
        n = n < c->page_left ? n : c->page_left;
        rc = pick_rows(k, s, bits, at, n, err);
        at += n;
        row += (int64_t)n;
    }
    return rc;
}

int pq_column_pick(struct pq_column_reader *c, const struct pq_selection *selection, nl_cancel *cancel,
                   struct ArrowArray *out, nl_error *err)
{
    if (c->leaf->type.conversion == PQ_TO_NULL)
        return pq_column_array(c, selection->rows, 0, NULL, NULL, out, err);
    struct sink k = {.c = c, .rows = selection->rows, .width = c->leaf->type.value_width};
    struct step *s = new_step(k.width, err);
    int rc = s ? NL_OK : NL_NO_MEMORY;
    size_t at = 0;
    for (size_t i = 0; rc == NL_OK && i < selection->window.n; i++) {
        const nl_parquet_range *r = &selection->window.ranges[i];
        rc = pick_range(&k, s, selection->bits, at, at + (size_t)r->count, r->first, cancel, err);
        at += (size_t)r->count;
    }
    free(s);
    return finish(&k, rc, out, err);
}
