/* select.c: a filter taken apart into conditions on columns, and put together again for each window.
 *
 *     a < 5 AND (a IS NULL OR a > 1) AND (b = 2 OR c = 3)
 *     column a   own term: a < 5 AND (a IS NULL OR a > 1)
 *     columns    b: term b = 2      c: term c = 3            tree: OR(term 1, term 2)
 *
 * Columns with own terms come first, since each of them leaves fewer rows to the next (L3).
 */
#include "parquet/read/select.h"

#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "filter/rows.h"
#include "parquet/encoding/bitmap.h"

enum {
    MOST_COLUMNS = 16, /* of a filter; what is about others is taken as true */
    MOST_TERMS = 64,
    WORDS = PQ_SELECT_WINDOW / 64 + 2, /* bits are copied by words */
    NESTED_GAP = 4096, /* rows: nested columns are not read for less; passing over rows costs them as much as reading */
    ENOUGH_ROWS = PQ_SELECT_WINDOW, /* tell whether a filter pays */
};

struct pq_select {
    nl_arena arena;
    const struct pq_projection *projection;
    struct pq_column_reader *leaves;
    struct pq_held columns[MOST_COLUMNS];
    size_t n_columns;
    struct pq_term *terms[MOST_TERMS]; /* of the trees, by number */
    size_t n_terms;
    struct filter **trees; /* their leaves' "columns" are terms */
    size_t n_trees;
    uint64_t *bits, *scratch; /* of the window */
    nl_parquet_range *exact;
    bool has_nested;
    uint64_t seen, kept; /* rows */
};

/* ── taking the filter apart ── */

bool pq_select_kind(const struct pq_leaf *leaf, enum nl_value_kind *kind)
{
    const struct pq_leaf_type *t = &leaf->type;
    bool plain = t->conversion == PQ_TO_SAME || t->conversion == PQ_TO_INT8 || t->conversion == PQ_TO_INT16 ||
                 t->conversion == PQ_TO_NANOS;
    if (leaf->is_nested || t->why)
        return false;
    if (plain && strchr("cCsSiIlLfgt", t->format[0])) {
        *kind = strchr("CSIL", t->format[0]) ? NL_VALUE_UINT
                : strchr("fg", t->format[0]) ? NL_VALUE_DOUBLE
                                             : NL_VALUE_INT;
        return true;
    }
    *kind = t->conversion == PQ_TO_BOOL   ? NL_VALUE_BOOL
            : t->conversion == PQ_TO_VIEW ? NL_VALUE_BYTES
                                          : NL_VALUE_DECIMAL;
    return t->conversion == PQ_TO_BOOL || t->conversion == PQ_TO_VIEW || t->conversion == PQ_TO_DECIMAL_INT32 ||
           t->conversion == PQ_TO_DECIMAL_INT64 || t->conversion == PQ_TO_DECIMAL_FIXED ||
           t->conversion == PQ_TO_DECIMAL_BYTES;
}

/* The column of the projection, if it can be tested; NULL: not, or there are too many. */
static struct pq_held *column_of(struct pq_select *s, size_t column)
{
    const struct pq_projection *p = s->projection;
    if (column >= p->n_columns)
        return NULL;
    const struct pq_projected *node = &p->nodes[p->columns[column]];
    size_t leaf = node->first_leaf;
    enum nl_value_kind kind;
    if (node->n_leaves != 1 || !pq_select_kind(s->leaves[leaf].leaf, &kind))
        return NULL;
    for (size_t i = 0; i < s->n_columns; i++)
        if (s->columns[i].leaf == leaf)
            return &s->columns[i];
    if (s->n_columns == MOST_COLUMNS)
        return NULL;
    struct pq_held *h = &s->columns[s->n_columns++];
    *h = (struct pq_held){.c = &s->leaves[leaf], .leaf = leaf, .kind = kind};
    h->width = kind == NL_VALUE_BOOL ? 1 : h->c->leaf->type.value_width;
    return h;
}

static bool is_join(const struct filter *f)
{
    return f->op == FILTER_AND || f->op == FILTER_OR;
}

/* What can be tested of f, or more than that; NULL: nothing. Leaves get their place in s->columns for a column. */
/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
static struct filter *testable(struct pq_select *s, const struct filter *f, bool *no_memory)
{
    if (!is_join(f)) {
        struct pq_held *h = column_of(s, f->column);
        struct filter_layout layout = {.kind = h ? h->kind : NL_VALUE_NULL};
        if (!h || !filter_rows_can(f, &layout))
            return NULL;
        struct filter *leaf = nl_arena_alloc(&s->arena, sizeof *leaf);
        *no_memory |= !leaf;
        if (leaf) {
            *leaf = *f;
            leaf->column = (size_t)(h - s->columns);
        }
        return leaf;
    }
    struct filter **children = nl_arena_array(&s->arena, f->n_children, sizeof(struct filter *));
    size_t n = 0;
    *no_memory |= !children;
    for (size_t i = 0; children && i < f->n_children; i++) {
        struct filter *child = testable(s, f->children[i], no_memory);
        if (child)
            children[n++] = child;
        else if (f->op == FILTER_OR)
            return NULL;
    }
    if (!children || *no_memory || (!n && f->op == FILTER_AND))
        return NULL;
    struct filter *join = filter_join(&s->arena, f->op, children, n);
    *no_memory |= !join;
    return join;
}

/* The only column that f is about; MOST_COLUMNS: there are several, or none. */
/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
static size_t only_column(const struct filter *f)
{
    if (!is_join(f))
        return f->column;
    size_t column = f->n_children ? only_column(f->children[0]) : MOST_COLUMNS;
    for (size_t i = 1; i < f->n_children; i++)
        if (only_column(f->children[i]) != column)
            return MOST_COLUMNS;
    return column;
}

/* A term of the column at `place`; NULL: no memory. */
static struct pq_term *add_term(struct pq_select *s, struct pq_held *h, const struct filter *f, bool own)
{
    struct pq_term *t = &h->terms[h->n_terms];
    *t = (struct pq_term){.filter = f, .if_null = filter_rows_null(f), .own = own};
    t->bits = nl_arena_array(&s->arena, WORDS, sizeof *t->bits);
    if (!t->bits)
        return NULL;
    h->n_terms++;
    return t;
}

/* The parts of f that are about one column become terms, and leaves that name them. False: there are too many, or no memory. */
/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
static bool split(struct pq_select *s, struct filter *f, bool *no_memory)
{
    size_t column = only_column(f);
    if (column == MOST_COLUMNS) {
        for (size_t i = 0; i < f->n_children; i++)
            if (!split(s, f->children[i], no_memory))
                return false;
        return true;
    }
    struct filter *whole = s->n_terms < MOST_TERMS ? nl_arena_alloc(&s->arena, sizeof *whole) : NULL;
    if (!whole) {
        *no_memory |= s->n_terms < MOST_TERMS;
        return false;
    }
    *whole = *f;
    struct pq_term *t = add_term(s, &s->columns[column], whole, false);
    *no_memory |= !t;
    if (t)
        s->terms[s->n_terms++] = t;
    *f = (struct filter){.op = FILTER_IS_NOT_NULL, .depth = 1, .column = s->n_terms - 1};
    return t;
}

/* All conditions that must hold: own terms of their columns, and trees. */
static bool take_apart(struct pq_select *s, struct filter *root)
{
    bool no_memory = false;
    size_t n = root->op == FILTER_AND ? root->n_children : 1;
    struct filter **all = root->op == FILTER_AND ? root->children : &root;
    struct filter **own = nl_arena_array(&s->arena, n, sizeof(struct filter *));
    s->trees = nl_arena_array(&s->arena, n, sizeof(struct filter *));
    if (!own || !s->trees)
        return false;
    for (size_t column = 0; column < s->n_columns; column++) {
        size_t n_own = 0;
        struct pq_held *h = &s->columns[column];
        h->terms = nl_arena_array(&s->arena, MOST_TERMS + 1, sizeof *h->terms);
        for (size_t i = 0; i < n; i++)
            if (only_column(all[i]) == column)
                own[n_own++] = all[i];
        struct filter *f = n_own > 1 ? filter_join(&s->arena, FILTER_AND, own, n_own) : own[0];
        if (!h->terms || (n_own && (!f || !add_term(s, h, f, true))))
            return false;
    }
    for (size_t i = 0; i < n; i++)
        if (only_column(all[i]) == MOST_COLUMNS && split(s, all[i], &no_memory))
            s->trees[s->n_trees++] = all[i];
    return !no_memory;
}

/* Columns with own terms first, those without any last. Terms stay where they are. */
static void order_columns(struct pq_select *s)
{
    struct pq_held in[MOST_COLUMNS];
    size_t n = 0;
    memcpy(in, s->columns, sizeof in);
    for (int pass = 0; pass < 2; pass++)
        for (size_t i = 0; i < s->n_columns; i++)
            if (in[i].n_terms && in[i].terms[0].own == !pass)
                s->columns[n++] = in[i];
    s->n_columns = n;
}

static bool allocate(struct pq_select *s, size_t most_ranges)
{
    s->bits = nl_arena_array(&s->arena, WORDS, sizeof *s->bits);
    s->scratch = nl_arena_array(&s->arena, WORDS, sizeof *s->scratch);
    bool ok = s->bits && s->scratch;
    for (size_t i = 0; i < s->n_columns && ok; i++) {
        struct pq_held *h = &s->columns[i];
        if (h->c->leaf->max_definition)
            ok = (h->validity = nl_arena_array(&s->arena, WORDS, sizeof *h->validity)) != NULL;
    }
    for (size_t i = 0; i < s->projection->n_leaves; i++)
        s->has_nested |= s->leaves[i].is_nested;
    if (ok && s->has_nested)
        s->exact = calloc(most_ranges + PQ_SELECT_WINDOW / NESTED_GAP + 2, sizeof *s->exact);
    return ok && (s->exact || !s->has_nested);
}

int pq_select_new(const struct filter *filter, const struct pq_projection *projection, struct pq_column_reader *leaves,
                  size_t most_ranges, struct pq_select **out, nl_error *err)
{
    *out = NULL;
    if (!filter)
        return NL_OK;
    struct pq_select *s = calloc(1, sizeof *s);
    if (!s)
        return nl_fail_memory(err);
    s->projection = projection;
    s->leaves = leaves;
    bool no_memory = false;
    struct filter *root = testable(s, filter, &no_memory);
    bool ok = !no_memory && (!root || take_apart(s, root));
    if (ok && root)
        order_columns(s);
    if (ok && root && s->n_columns)
        ok = allocate(s, most_ranges);
    if (ok && root && s->n_columns) {
        *out = s;
        return NL_OK;
    }
    pq_select_free(s);
    return ok ? NL_OK : nl_fail_memory(err);
}

void pq_select_free(struct pq_select *s)
{
    if (!s)
        return;
    for (size_t i = 0; i < s->n_columns; i++) {
        struct pq_held *h = &s->columns[i];
        for (size_t k = 0; k < h->n_terms; k++)
            free(h->terms[k].table);
        free(h->parts);
        free(h->codes);
        nl_block_unref(h->values);
    }
    free(s->exact);
    nl_arena_free(&s->arena);
    free(s);
}

/* ── a window ── */

static size_t count(const uint64_t *bits, size_t rows)
{
    size_t ones = 0;
    for (size_t i = 0; i < (rows + 63) / 64; i++)
        ones += pq_ones(bits[i]);
    return ones;
}

/* Bits of a tree from those of its terms, one word. */
/* NOLINTNEXTLINE(misc-no-recursion): filter.h, F3, bounds it */
static uint64_t tree_word(const struct pq_select *s, const struct filter *f, size_t word)
{
    if (!is_join(f))
        return s->terms[f->column]->bits[word];
    uint64_t bits = f->op == FILTER_AND ? ~UINT64_C(0) : 0;
    for (size_t i = 0; i < f->n_children; i++) {
        uint64_t child = tree_word(s, f->children[i], word);
        bits = f->op == FILTER_AND ? bits & child : bits | child;
    }
    return bits;
}

/* Gaps that nested columns do not gain from are closed. */
static void close_gaps(uint64_t *bits, size_t rows)
{
    size_t at = pq_next_one(bits, 0, rows);
    while (at < rows) {
        size_t next = pq_next_one(bits, at + 1, rows);
        if (next < rows && next - at > 1 && next - at <= NESTED_GAP)
            pq_bitmap_fill((uint8_t *)bits, at, next - at, true);
        at = next;
    }
}

/* The bits as ranges of the row group. */
static struct pq_rows exact_rows(struct pq_select *s, const struct pq_rows *window, size_t rows)
{
    struct pq_rows out = {.ranges = s->exact, .rows = rows};
    size_t at = 0;
    for (size_t i = 0; i < window->n; i++) {
        size_t end = at + (size_t)window->ranges[i].count;
        for (size_t from = pq_next_one(s->bits, at, end), to; from < end; from = pq_next_one(s->bits, to, end)) {
            for (to = from + 1; to < end && (s->bits[to / 64] >> (to % 64) & 1);)
                to++;
            s->exact[out.n++] =
                (nl_parquet_range){window->ranges[i].first + (int64_t)(from - at), (int64_t)(to - from)};
        }
        at = end;
    }
    return out;
}

/* How many rows are left. */
static size_t left_of(struct pq_select *s, size_t rows)
{
    if (s->has_nested)
        close_gaps(s->bits, rows); /* now: the next column must be read for them, too */
    return count(s->bits, rows);
}

/* Column after column; *ones: the rows that all leave. *narrowed: some were not read for all rows. */
static int probe_columns(struct pq_select *s, const struct pq_rows *window, struct pq_codec_ctx *codecs,
                         nl_cancel *cancel, size_t *ones, bool *narrowed, size_t *leaf, nl_error *err)
{
    size_t words = (window->rows + 63) / 64;
    for (size_t i = 0; i < s->n_columns && *ones; i++) {
        struct pq_held *h = &s->columns[i];
        bool narrow = *ones < window->rows / 2;
        h->c->codecs = codecs;
        *leaf = h->leaf;
        int rc = pq_probe(h, window, narrow ? s->bits : NULL, cancel, err);
        if (rc)
            return rc;
        *narrowed |= narrow;
        for (size_t k = 0; h->terms[0].own && k < words; k++)
            s->bits[k] &= h->terms[0].bits[k];
        *ones = left_of(s, window->rows);
    }
    for (size_t i = 0; i < s->n_trees && *ones; i++) {
        for (size_t k = 0; k < words; k++)
            s->bits[k] &= tree_word(s, s->trees[i], k);
        *ones = left_of(s, window->rows);
    }
    return NL_OK;
}

int pq_select_window(struct pq_select *s, const struct pq_rows *window, struct pq_codec_ctx *codecs, nl_cancel *cancel,
                     struct pq_selection *out, size_t *leaf, nl_error *err)
{
    bool narrowed = false;
    size_t ones = window->rows;
    memset(s->bits, 0, (window->rows / 64 + 2) * sizeof *s->bits);
    pq_bitmap_fill((uint8_t *)s->bits, 0, window->rows, true);
    int rc = probe_columns(s, window, codecs, cancel, &ones, &narrowed, leaf, err);
    s->seen += window->rows;
    s->kept += ones;
    *out = (struct pq_selection){.window = *window, .rows = window->rows, .exact = *window};
    if (rc == NL_OK && (narrowed || ones <= window->rows / 8 * 5)) { /* else L4 */
        out->bits = s->bits;
        out->rows = ones;
        if (s->has_nested)
            out->exact = exact_rows(s, window, ones);
    }
    for (size_t i = 0; i < s->n_columns && (rc || !out->rows); i++)
        pq_held_drop(&s->columns[i]);
    return rc;
}

bool pq_select_pays(const struct pq_select *s)
{
    return s->seen < ENOUGH_ROWS || s->kept <= s->seen / 8 * 5;
}

static struct pq_held *held_of(struct pq_select *s, size_t leaf)
{
    for (size_t i = 0; i < s->n_columns; i++)
        if (s->columns[i].leaf == leaf)
            return &s->columns[i];
    return NULL;
}

int pq_select_read(struct pq_select *s, size_t leaf, const struct pq_selection *selection, nl_cancel *cancel,
                   struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    struct pq_held *h = held_of(s, leaf);
    if (h)
        return pq_held_take(h, selection, out, err);
    struct pq_column_reader *c = &s->leaves[leaf];
    return c->is_nested || !selection->bits ? pq_column_read(c, &selection->exact, cancel, out, err)
                                            : pq_column_pick(c, selection, cancel, out, err);
}
