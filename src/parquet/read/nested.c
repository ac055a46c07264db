/* nested.c: rows of a nested leaf: entries (levels) are taken until the rows are whole, their values follow page by page.
 *
 *     def, rep   │ taken: of this batch │ pending: unpacked, of the page at hand │
 *                                       └ where the row behind the batch's last one begins
 *
 * N1  A row ends where the next one begins (repetition level 0), so the next page is opened before a row is known to be
 *     whole; the values of the page before have been decoded by then. Rows may go on from page to page in version 1.
 * N2  Pending entries are of the open page, and their values are not decoded.
 * N3  Entries may cost nothing in the file (runs of nulls): more than a little of them must be paid for by its bytes.
 */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/values.h"
#include "parquet/read/column.h"

enum { WINDOW = 4096 };

#define FREE_ENTRIES ((size_t)1 << 23) /* entries of a batch that need not be paid for (N3)… */
#define PAID_BY_BYTE 4096              /* …and how many more a byte of the chunk pays for */

/* Room for k more entries. */
static int grow_levels(struct pq_column_reader *c, size_t k, nl_error *err)
{
    struct pq_nested *n = c->nested;
    if (n->n + k <= n->room)
        return NL_OK;
    if (n->n >= INT32_MAX - WINDOW)
        return nl_fail(err, NL_UNSUPPORTED, "2^31 list elements in one batch: ask for fewer rows a batch");
    if (n->n > FREE_ENTRIES && (n->n - FREE_ENTRIES) / PAID_BY_BYTE > c->window.total)
        return nl_fail(err, NL_CORRUPT, "%zu list elements in %" PRIu64 " bytes", n->n, c->window.total);
    size_t room = 2 * n->room + 2 * WINDOW;
    uint8_t *def = realloc(n->def, room + 64);
    if (!def)
        return nl_fail_memory(err);
    n->def = def;
    if (c->leaf->max_repetition) {
        uint8_t *rep = realloc(n->rep, room + 64);
        if (!rep)
            return nl_fail_memory(err);
        n->rep = rep;
    }
    n->room = room;
    return NL_OK;
}

/* What a page of version 2 promises about its rows (page.c, P3). */
static int check_rows(struct pq_nested *n, const uint8_t *rep, size_t k, bool last, nl_error *err)
{
    if (n->begins_at_row && rep[0])
        return nl_fail(err, NL_CORRUPT, "a page of version 2 begins inside of a row");
    n->begins_at_row = false;
    if (n->page_rows < 0)
        return NL_OK;
    n->page_rows -= (int64_t)pq_levels_count_zero(rep, k);
    if (n->page_rows < 0 || (last && n->page_rows))
        return nl_fail(err, NL_CORRUPT, "the page's levels have %s rows than its header",
                       n->page_rows < 0 ? "more" : "fewer");
    return NL_OK;
}

/* Unpack some levels of the page at hand. */
static int unpack(struct pq_column_reader *c, nl_error *err)
{
    struct pq_nested *n = c->nested;
    size_t k = c->page_left < WINDOW ? c->page_left : WINDOW;
    int rc = grow_levels(c, k, err);
    if (rc)
        return rc;
    rc = pq_levels_unpack(&n->definition, n->def + n->n, k, err);
    if (rc)
        nl_note(err, "definition levels");
    if (rc == NL_OK && c->leaf->max_repetition) {
        rc = pq_levels_unpack(&n->repetition, n->rep + n->n, k, err);
        if (rc == NL_OK)
            rc = check_rows(n, n->rep + n->n, k, k == c->page_left, err);
        if (rc)
            nl_note(err, "repetition levels");
    }
    n->n += rc ? 0 : k;
    c->page_left -= k;
    return rc;
}

/* Room for k more dense values. */
static int grow_values(struct pq_column_reader *c, size_t k, nl_error *err)
{
    struct pq_nested *n = c->nested;
    size_t width = c->leaf->type.value_width, have = n->values ? nl_block_size(n->values) : 0;
    if (width && n->dense + k > SIZE_MAX / 4 / width)
        return nl_fail_memory(err);
    size_t need = width ? (n->dense + k) * width : (n->dense + k + 7) / 8;
    if (need <= have)
        return NL_OK;
    /* Batches of a column are much alike: begin with what the last one took. */
    size_t room = have || n->expected < need ? need + have : n->expected;
    nl_block *grown;
    int rc = nl_block_new(room, &grown, err);
    if (rc)
        return rc;
    size_t used = width ? n->dense * width : (n->dense + 7) / 8;
    if (used)
        memcpy(nl_block_data(grown), nl_block_data(n->values), used);
    if (!width)
        memset(nl_block_data(grown) + used, 0, room - used);
    nl_block_unref(n->values);
    n->values = grown;
    return NL_OK;
}

/* The values of the next `entries` of the page at hand, or only past them. */
static int take_values(struct pq_column_reader *c, size_t entries, bool wanted, nl_error *err)
{
    struct pq_nested *n = c->nested;
    if (c->leaf->type.conversion == PQ_TO_NULL)
        return NL_OK;
    size_t k = pq_levels_count_at_least(n->def + n->taken, entries, c->leaf->max_definition);
    if (!wanted || !k)
        return pq_skip_values(c, k, err);
    int rc = grow_values(c, k, err);
    if (rc == NL_OK)
        rc = pq_column_dictionary_buffer(c, err);
    if (rc == NL_OK)
        rc = pq_decode(c, k, nl_block_data(n->values) + n->dense * c->leaf->type.value_width, n->dense, err);
    n->dense += k;
    return rc;
}

/* How many of the pending entries belong to `left` more rows, and how many rows begin there. */
static size_t entries_of(const struct pq_column_reader *c, size_t left, size_t *begun)
{
    const struct pq_nested *n = c->nested;
    size_t pending = n->n - n->taken;
    if (!c->leaf->max_repetition) {
        *begun = pending < left ? pending : left;
        return *begun;
    }
    size_t k = pq_levels_find_zero(n->rep + n->taken, pending, left);
    *begun = k < pending ? left : pq_levels_count_zero(n->rep + n->taken, k);
    return k;
}

/* Make sure that entries are pending; *more: false at the end of the rows that are there. */
static int need_entries(struct pq_column_reader *c, nl_cancel *cancel, bool *more, nl_error *err)
{
    *more = true;
    if (c->nested->n > c->nested->taken)
        return NL_OK;
    int rc = NL_OK;
    if (!c->page_left) {
        rc = nl_cancel_check(cancel, err);
        if (rc == NL_OK)
            rc = pq_page_next(c, more, err);
    }
    return rc || !c->page_left ? rc : unpack(c, err);
}

/* The next `rows` rows, or only past them. */
static int take_rows(struct pq_column_reader *c, size_t rows, bool wanted, nl_cancel *cancel, nl_error *err)
{
    struct pq_nested *n = c->nested;
    size_t done = 0;
    while (done < rows || c->leaf->max_repetition) {
        bool more;
        int rc = need_entries(c, cancel, &more, err);
        if (rc)
            return rc;
        if (!more)
            break;
        if (c->leaf->max_repetition && !done && n->rep && n->rep[n->taken])
            return nl_fail(err, NL_CORRUPT, "a row begins with repetition level %u", n->rep[n->taken]);
        size_t begun, k = entries_of(c, rows - done, &begun);
        rc = take_values(c, k, wanted, err);
        if (rc)
            return rc;
        if (wanted) {
            n->taken += k;
        } else { /* what was passed over leaves no trace */
            memmove(n->def + n->taken, n->def + n->taken + k, n->n - n->taken - k);
            if (n->rep)
                memmove(n->rep + n->taken, n->rep + n->taken + k, n->n - n->taken - k);
            n->n -= k;
        }
        done += begun;
        c->row += (int64_t)begun;
        if (n->n > n->taken)
            break;
    }
    return done == rows ? NL_OK : nl_fail(err, NL_CORRUPT, "%zu rows, %zu were expected", done, rows);
}

/* Pass over rows until `row` is the next one. */
static int skip_rows(struct pq_column_reader *c, int64_t row, nl_cancel *cancel, nl_error *err)
{
    int rc = pq_page_seek(c, row, err);
    if (rc || c->row == row)
        return rc;
    /* Whole pages only where one begins: nothing of this one is left. */
    if (c->nested->n == c->nested->taken && !c->page_left) {
        c->pass = row - c->row;
        rc = pq_page_next(c, NULL, err);
        c->pass = 0;
    }
    return rc || c->row == row ? rc : take_rows(c, (size_t)(row - c->row), false, cancel, err);
}

/* The chunk's last row was read: nothing may be left. */
static int check_end(struct pq_column_reader *c, nl_error *err)
{
    if (!c->whole || c->row < c->rows)
        return NL_OK;
    if (c->nested->n > c->nested->taken || c->page_left)
        return nl_fail(err, NL_CORRUPT, "more rows than the row group's %" PRId64, c->rows);
    return c->values_left ? nl_fail(err, NL_CORRUPT, "%" PRId64 " values behind the last row", c->values_left) : NL_OK;
}

/* ── from entries to slots ── */

/* Dense values to their slots. *values holds a reference of the caller's; it may become another block. */
static int spread(struct pq_column_reader *c, size_t slots, const nl_block *validity, nl_block **values, nl_error *err)
{
    struct pq_nested *n = c->nested;
    size_t width = c->leaf->type.value_width;
    const uint8_t *valid = nl_block_data((nl_block *)(uintptr_t)validity);
    nl_block *out;
    int rc;
    if (!width) {
        rc = pq_zeroed_bits(slots, &out, err);
        if (rc == NL_OK)
            pq_bitmap_spread(nl_block_data(out), nl_block_data(*values), valid, 0, slots);
    } else {
        if (slots > SIZE_MAX / 2 / width)
            return nl_fail_memory(err);
        if (nl_block_size(*values) < slots * width) {
            rc = nl_block_new(slots * width, &out, err);
            if (rc == NL_OK)
                memcpy(nl_block_data(out), nl_block_data(*values), n->dense * width);
        } else {
            out = nl_block_ref(*values);
            rc = NL_OK;
        }
        if (rc == NL_OK)
            pq_values_spread(nl_block_data(out), n->dense, valid, 0, slots, width);
    }
    if (rc == NL_OK) {
        nl_block_unref(*values);
        *values = out;
    }
    return rc;
}

/* The batch's entries and dense values as the leaf's array. */
static int finish(struct pq_column_reader *c, struct ArrowArray *out, nl_error *err)
{
    struct pq_nested *n = c->nested;
    const struct pq_node *node = c->node;
    size_t words = pq_words(n->taken);
    nl_block *validity = NULL, *values = n->values;
    n->values = NULL; /* the array keeps them: the next batch has its own */
    uint64_t *bits = malloc(2 * words * sizeof *bits + 16);
    int rc = bits ? nl_block_new(words * sizeof *bits, &validity, err) : nl_fail_memory(err);
    size_t slots = 0, valid = 0;
    if (rc == NL_OK) {
        slots = pq_nested_slots(n, node, bits);
        pq_levels_at_least(n->def, n->taken, node->definition, bits + words);
        valid = pq_bits_compress(bits + words, bits, n->taken, (uint64_t *)(void *)nl_block_data(validity));
    }
    n->expected = slots * c->leaf->type.value_width;
    if (rc == NL_OK && !values)
        rc = nl_block_new(0, &values, err);
    if (rc == NL_OK && valid < slots && c->leaf->type.conversion != PQ_TO_NULL)
        rc = spread(c, slots, validity, &values, err);
    if (rc == NL_OK)
        rc = pq_column_array(c, slots, valid, node->is_nullable ? validity : NULL, values, out, err);
    free(bits);
    nl_block_unref(validity);
    nl_block_unref(values);
    return rc;
}

int pq_nested_read(struct pq_column_reader *c, const struct pq_rows *rows, nl_cancel *cancel, struct ArrowArray *out,
                   nl_error *err)
{
    struct pq_nested *n = c->nested;
    size_t pending = n->n - n->taken;
    if (n->taken && pending) {
        memmove(n->def, n->def + n->taken, pending);
        if (n->rep)
            memmove(n->rep, n->rep + n->taken, pending);
    }
    n->n = pending;
    n->taken = n->dense = 0;
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < rows->n; i++) {
        if (c->row < rows->ranges[i].first)
            rc = skip_rows(c, rows->ranges[i].first, cancel, err);
        if (rc == NL_OK)
            rc = take_rows(c, (size_t)rows->ranges[i].count, true, cancel, err);
    }
    if (rc == NL_OK)
        rc = check_end(c, err);
    return rc ? rc : finish(c, out, err);
}
