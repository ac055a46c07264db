/* column.c: rows of one flat leaf into an Arrow array, page by page; and what nested ones share with that.
 *
 *     validity   a bit a row, from the levels; made when the first page with nulls comes
 *     values     value_width bytes a row (booleans: bits), allocated once for the batch
 *     buffers    views only: memory that they point into; 0 is the dictionary's where the chunk has one
 */
#include "parquet/read/column.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/encoding/bitmap.h"
#include "parquet/encoding/values.h"

/* What is being filled. */
struct batch {
    size_t rows, at, valid;
    nl_block *values, *validity;
};

/* Borrowed memory has no padding, and would have to outlive the batches: copy it. */
static int own_segment(struct pq_segment *s, nl_error *err)
{
    nl_block *copy;
    if (s->bytes.block || !s->bytes.len)
        return NL_OK;
    int rc = nl_block_new(s->bytes.len, &copy, err);
    if (rc)
        return rc;
    memcpy(nl_block_data(copy), s->bytes.data, s->bytes.len);
    s->bytes = nl_bytes_of(copy, 0, s->bytes.len);
    nl_block_unref(copy);
    return NL_OK;
}

int pq_column_reader_init(struct pq_column_reader *c, const struct pq_column_setup *setup, nl_error *err)
{
    const struct pq_leaf *leaf = setup->leaf;
    *c = (struct pq_column_reader){
        .leaf = leaf,
        .node = setup->node,
        .string_views = setup->string_views,
        .verify_checksums = setup->verify_checksums,
        .whole = setup->whole,
        .is_nested = leaf->is_nested,
        .codec = setup->codec,
        .values_left = setup->values,
        .rows = setup->rows,
        .segments = setup->segments,
        .n_segments = setup->n_segments,
        .buffer = -1,
    };
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < c->n_segments; i++)
        rc = own_segment(&c->segments[i], err);
    if (rc == NL_OK && c->is_nested && !(c->nested = pq_nested_new(leaf)))
        rc = nl_fail_memory(err);
    if (rc || !c->n_segments)
        return rc;
    c->row = c->segments[0].first_row;
    c->page_at = c->segments[0].offset;
    pq_window_begin(&c->window, &c->segments[0]);
    return NL_OK;
}

static void drop_buffers(struct pq_column_reader *c)
{
    for (size_t i = 0; i < c->n_buffers; i++)
        nl_bytes_release(&c->buffers[i]);
    c->n_buffers = 0;
}

void pq_column_reader_free(struct pq_column_reader *c)
{
    drop_buffers(c);
    free(c->buffers);
    free(c->dictionary);
    nl_bytes_release(&c->page);
    nl_bytes_release(&c->before);
    nl_bytes_release(&c->dictionary_page);
    nl_block_unref(c->scratch);
    free(c->indices);
    pq_nested_free(c->nested);
    pq_window_free(&c->window);
    for (size_t i = 0; i < c->n_segments; i++)
        nl_bytes_release(&c->segments[i].bytes);
    *c = (struct pq_column_reader){0};
}

int pq_column_add_buffer(struct pq_column_reader *c, nl_bytes memory, nl_error *err)
{
    if (c->n_buffers == c->buffers_room) {
        size_t room = c->buffers_room ? 2 * c->buffers_room : 8;
        nl_bytes *grown = realloc(c->buffers, room * sizeof *grown);
        if (!grown)
            return nl_fail_memory(err);
        c->buffers = grown;
        c->buffers_room = room;
    }
    c->buffers[c->n_buffers++] = nl_bytes_slice(memory, 0, memory.len);
    return NL_OK;
}

int pq_column_buffer(struct pq_column_reader *c, nl_bytes memory, uint32_t *index, nl_error *err)
{
    if (c->buffer < 0) {
        int rc = pq_column_add_buffer(c, memory, err);
        if (rc)
            return rc;
        c->buffer = (int64_t)c->n_buffers - 1;
    }
    *index = (uint32_t)c->buffer;
    return NL_OK;
}

int pq_column_dictionary_buffer(struct pq_column_reader *c, nl_error *err)
{
    bool wanted = c->n_buffers == 0 && c->dictionary_page.block;
    return wanted ? pq_column_add_buffer(c, c->dictionary_page, err) : NL_OK;
}

int pq_zeroed_bits(size_t n, nl_block **out, nl_error *err)
{
    int rc = nl_block_new((n + 7) / 8, out, err);
    if (rc == NL_OK)
        memset(nl_block_data(*out), 0, (n + 7) / 8);
    return rc;
}

/* Room for the batch, once a page is open: an empty promise of rows costs nothing. */
static int allocate(struct pq_column_reader *c, struct batch *b, nl_error *err)
{
    const struct pq_leaf_type *t = &c->leaf->type;
    int rc = NL_OK;
    if (b->values)
        return rc;
    if (t->value_width && b->rows > SIZE_MAX / 2 / t->value_width)
        return nl_fail(err, NL_NO_MEMORY, "out of memory: %zu rows of %" PRIu32 " bytes", b->rows, t->value_width);
    rc = t->value_width ? nl_block_new(b->rows * t->value_width, &b->values, err)
                        : pq_zeroed_bits(b->rows, &b->values, err);
    return rc;
}

/* The first rows that may be null: all before them are not. */
static int begin_validity(struct batch *b, nl_error *err)
{
    if (b->validity)
        return NL_OK;
    int rc = pq_zeroed_bits(b->rows, &b->validity, err);
    if (rc == NL_OK)
        pq_bitmap_fill(nl_block_data(b->validity), 0, b->at, true);
    return rc;
}

/* Booleans with nulls: decode densely beside, then spread. */
static int spread_bits(struct pq_column_reader *c, struct batch *b, size_t n, size_t valid, nl_error *err)
{
    nl_block *dense;
    int rc = pq_zeroed_bits(valid, &dense, err);
    if (rc)
        return rc;
    rc = pq_decode(c, valid, nl_block_data(dense), 0, err);
    if (rc == NL_OK)
        pq_bitmap_spread(nl_block_data(b->values), nl_block_data(dense), nl_block_data(b->validity), b->at, n);
    nl_block_unref(dense);
    return rc;
}

/* n rows of the page at hand. */
static int read_rows(struct pq_column_reader *c, struct batch *b, size_t n, nl_error *err)
{
    size_t valid = n, width = c->leaf->type.value_width;
    int rc = NL_OK;
    if (c->has_levels) {
        rc = begin_validity(b, err);
        if (rc)
            return rc;
        rc = pq_runs_bits(&c->levels, nl_block_data(b->validity), b->at, n, &valid, err);
        if (rc)
            nl_note(err, "definition levels");
    } else if (b->validity) {
        pq_bitmap_fill(nl_block_data(b->validity), b->at, n, true);
    }
    if (rc == NL_OK && !width && valid < n) {
        rc = spread_bits(c, b, n, valid, err);
    } else if (rc == NL_OK) {
        uint8_t *out = nl_block_data(b->values) + b->at * width;
        rc = pq_decode(c, valid, out, b->at, err);
        if (rc == NL_OK && valid < n)
            pq_values_spread(out, valid, nl_block_data(b->validity), b->at, n, width);
    }
    b->at += n;
    b->valid += valid;
    c->page_left -= n;
    c->row += (int64_t)n;
    return rc;
}

/* Views: [validity, views, memory…, sizes]. The buffers move into the array. */
static int views_array(struct pq_column_reader *c, size_t length, size_t valid, nl_bytes *fixed, struct ArrowArray *out,
                       nl_error *err)
{
    size_t n = c->n_buffers;
    nl_bytes *all = calloc(n + 3, sizeof *all);
    nl_block *sizes = NULL;
    int rc = all ? nl_block_new(n * sizeof(int64_t), &sizes, err) : nl_fail_memory(err);
    if (rc) {
        free(all);
        nl_bytes_release(&fixed[0]);
        nl_bytes_release(&fixed[1]);
        return rc;
    }
    all[0] = fixed[0];
    all[1] = fixed[1];
    int64_t *size = (int64_t *)nl_block_data(sizes);
    for (size_t i = 0; i < n; i++) {
        all[2 + i] = c->buffers[i];
        size[i] = (int64_t)c->buffers[i].len;
    }
    all[2 + n] = nl_bytes_of(sizes, 0, n * sizeof *size);
    nl_block_unref(sizes);
    c->n_buffers = 0;
    c->buffer = -1;
    struct arrow_parts parts = {.length = (int64_t)length,
                                .null_count = (int64_t)(length - valid),
                                .buffers = all,
                                .n_buffers = n + 3};
    rc = arrow_array_make(&parts, out, err);
    free(all);
    if (rc || c->string_views)
        return rc;
    struct ArrowArray views = *out;
    rc = arrow_views_to_offsets(&views, out, err);
    if (rc == NL_UNSUPPORTED)
        nl_hint(err, "ask for fewer rows a batch, or for strings as views");
    arrow_array_release(&views);
    return rc;
}

/* A column whose values are all null, whatever is stored. */
static int nulls_array(size_t n, struct ArrowArray *out, nl_error *err)
{
    struct arrow_parts parts = {.length = (int64_t)n, .null_count = (int64_t)n};
    return arrow_array_make(&parts, out, err);
}

int pq_column_array(struct pq_column_reader *c, size_t n, size_t valid, nl_block *validity, nl_block *values,
                    struct ArrowArray *out, nl_error *err)
{
    if (c->leaf->type.conversion == PQ_TO_NULL)
        return nulls_array(n, out, err);
    nl_bytes buffers[2] = {{0}, nl_bytes_of(values, 0, nl_block_size(values))};
    if (valid < n && validity)
        buffers[0] = nl_bytes_of(validity, 0, nl_block_size(validity));
    size_t null_count = buffers[0].data ? n - valid : 0;
    if (c->leaf->type.conversion == PQ_TO_VIEW)
        return views_array(c, n, n - null_count, buffers, out, err);
    struct arrow_parts parts = {.length = (int64_t)n,
                                .null_count = (int64_t)null_count,
                                .buffers = buffers,
                                .n_buffers = 2};
    return arrow_array_make(&parts, out, err);
}

/* Rows until the batch has `until`, all next to each other. */
static int read_range(struct pq_column_reader *c, struct batch *b, size_t until, nl_cancel *cancel, nl_error *err)
{
    int rc = NL_OK;
    while (rc == NL_OK && b->at < until) {
        if (!c->page_left) {
            rc = nl_cancel_check(cancel, err);
            if (rc)
                return rc;
            rc = pq_page_next(c, NULL, err);
        }
        if (rc == NL_OK)
            rc = allocate(c, b, err);
        if (rc == NL_OK)
            rc = pq_column_dictionary_buffer(c, err);
        if (rc == NL_OK)
            rc = read_rows(c, b, c->page_left < until - b->at ? c->page_left : until - b->at, err);
    }
    return rc;
}

/* Where all rows of the batch are values of the page at hand, stored as they are wanted: they stay where they are, unless the
 * page lies in the scratch memory, which the next one takes (Y2). */
static bool stays(const struct pq_column_reader *c, size_t rows)
{
    const struct pq_leaf_type *t = &c->leaf->type;
    return c->kind == PQ_VALUES_PLAIN && t->conversion == PQ_TO_SAME && t->value_width && !c->has_levels &&
           c->page_left >= rows && rows <= (size_t)(c->values_end - c->values) / t->value_width &&
           (uintptr_t)c->values % 8 == 0 && c->page.block && c->page.block != c->scratch;
}

static int page_array(struct pq_column_reader *c, size_t rows, struct ArrowArray *out, nl_error *err)
{
    size_t bytes = rows * c->leaf->type.value_width;
    nl_bytes buffers[2] = {{0}, nl_bytes_slice(c->page, (size_t)(c->values - c->page.data), bytes)};
    struct arrow_parts parts = {.length = (int64_t)rows, .buffers = buffers, .n_buffers = 2};
    c->values += bytes;
    c->page_left -= rows;
    c->row += (int64_t)rows;
    return arrow_array_make(&parts, out, err);
}

int pq_column_open_at(struct pq_column_reader *c, int64_t row, nl_cancel *cancel, nl_error *err)
{
    int rc = c->row < row ? pq_skip_rows(c, row, cancel, err) : NL_OK;
    if (rc == NL_OK && !c->page_left)
        rc = nl_cancel_check(cancel, err);
    return rc == NL_OK && !c->page_left ? pq_page_next(c, NULL, err) : rc;
}

static int read_flat(struct pq_column_reader *c, const struct pq_rows *rows, nl_cancel *cancel, struct ArrowArray *out,
                     nl_error *err)
{
    struct batch b = {.rows = rows->rows};
    if (c->leaf->type.conversion == PQ_TO_NULL)
        return nulls_array(rows->rows, out, err);
    int rc = rows->n == 1 ? pq_column_open_at(c, rows->ranges[0].first, cancel, err) : NL_OK;
    if (rc == NL_OK && rows->n == 1 && stays(c, rows->rows))
        return page_array(c, rows->rows, out, err);
    for (size_t i = 0; rc == NL_OK && i < rows->n; i++) {
        if (c->row < rows->ranges[i].first)
            rc = pq_skip_rows(c, rows->ranges[i].first, cancel, err);
        if (rc == NL_OK)
            rc = read_range(c, &b, b.at + (size_t)rows->ranges[i].count, cancel, err);
    }
    if (rc == NL_OK)
        rc = pq_column_array(c, b.rows, b.valid, b.validity, b.values, out, err);
    nl_block_unref(b.values);
    nl_block_unref(b.validity);
    return rc;
}

int pq_column_read(struct pq_column_reader *c, const struct pq_rows *rows, nl_cancel *cancel, struct ArrowArray *out,
                   nl_error *err)
{
    *out = (struct ArrowArray){0};
    int rc = c->is_nested ? pq_nested_read(c, rows, cancel, out, err) : read_flat(c, rows, cancel, out, err);
    return pq_column_end(c, rc, err);
}

int pq_column_end(struct pq_column_reader *c, int rc, nl_error *err)
{
    if (rc && rc != NL_CANCELLED)
        nl_note(err, "page at byte %" PRIu64, c->page_at);
    drop_buffers(c);
    c->buffer = -1;
    return rc;
}
