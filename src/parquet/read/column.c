/* column.c: rows of one column chunk into an Arrow array, page by page.
 *
 *     validity   a bit a row, from the levels; made when the first page with levels comes, dropped where no row is null
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
#include "parquet/read/memory.h"

/* What is being filled. */
struct batch {
    size_t rows, at, valid;
    nl_block *values, *validity;
};

int pq_column_reader_init(struct pq_column_reader *c, const struct pq_column *column, int32_t codec, int64_t rows,
                          nl_bytes chunk, uint64_t file_offset, bool string_views, struct pq_codec_ctx *codecs,
                          nl_error *err)
{
    *c = (struct pq_column_reader){
        .column = column,
        .string_views = string_views,
        .file_offset = file_offset,
        .codec = codec,
        .codecs = codecs,
        .values_left = rows,
        .has_levels = column->is_nullable,
        .buffer = -1,
        .chunk = chunk,
    };
    if (!chunk.block && chunk.len) {
        /* Borrowed memory has no padding, and would have to outlive the batches. */
        nl_block *copy;
        c->chunk = (nl_bytes){0};
        int rc = nl_block_new(chunk.len, &copy, err);
        if (rc)
            return rc;
        memcpy(nl_block_data(copy), chunk.data, chunk.len);
        c->chunk = nl_bytes_of(copy, 0, chunk.len);
        nl_block_unref(copy);
    }
    c->next = c->page_at = c->chunk.data;
    c->end = c->next + c->chunk.len;
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
    nl_bytes_release(&c->chunk);
    nl_block_unref(c->scratch);
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

/* The dictionary's views say buffer 0: put it there before any page's memory. */
static int add_dictionary_buffer(struct pq_column_reader *c, nl_error *err)
{
    bool wanted = c->n_buffers == 0 && c->dictionary_page.block;
    return wanted ? pq_column_add_buffer(c, c->dictionary_page, err) : NL_OK;
}

static int zeroed_bits(size_t n, nl_block **out, nl_error *err)
{
    int rc = nl_block_new((n + 7) / 8, out, err);
    if (rc == NL_OK)
        memset(nl_block_data(*out), 0, (n + 7) / 8);
    return rc;
}

/* Room for the batch, once a page is open: an empty promise of rows costs nothing. */
static int allocate(struct pq_column_reader *c, struct batch *b, nl_error *err)
{
    const struct pq_leaf_type *t = &c->column->type;
    int rc = NL_OK;
    if (b->values)
        return rc;
    if (t->value_width && b->rows > SIZE_MAX / 2 / t->value_width)
        return nl_fail(err, NL_NO_MEMORY, "out of memory: %zu rows of %" PRIu32 " bytes", b->rows, t->value_width);
    rc = t->value_width ? pq_memory_new(b->rows * t->value_width, &b->values, err)
                        : zeroed_bits(b->rows, &b->values, err);
    if (rc == NL_OK && c->has_levels)
        rc = zeroed_bits(b->rows, &b->validity, err);
    return rc;
}

/* Booleans with nulls: decode densely beside, then spread. */
static int spread_bits(struct pq_column_reader *c, struct batch *b, size_t n, size_t valid, nl_error *err)
{
    nl_block *dense;
    int rc = zeroed_bits(valid, &dense, err);
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
    size_t valid = n, width = c->column->type.value_width;
    int rc = NL_OK;
    if (c->has_levels) {
        rc = pq_runs_bits(&c->levels, nl_block_data(b->validity), b->at, n, &valid, err);
        if (rc)
            nl_note(err, "definition levels");
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
    return rc;
}

/* Views: [validity, views, memory…, sizes]. The buffers move into the array. */
static int finish_views(struct pq_column_reader *c, struct batch *b, nl_bytes *fixed, struct ArrowArray *out,
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
    struct arrow_parts parts = {.length = (int64_t)b->rows,
                                .null_count = (int64_t)(b->rows - b->valid),
                                .buffers = all,
                                .n_buffers = n + 3};
    rc = arrow_array_make(&parts, out, err);
    free(all);
    if (rc || c->string_views)
        return rc;
    struct ArrowArray views = *out;
    rc = arrow_views_to_offsets(&views, out, err);
    arrow_array_release(&views);
    return rc;
}

static int finish(struct pq_column_reader *c, struct batch *b, struct ArrowArray *out, nl_error *err)
{
    nl_bytes buffers[2] = {{0}, nl_bytes_of(b->values, 0, nl_block_size(b->values))};
    if (b->valid < b->rows)
        buffers[0] = nl_bytes_of(b->validity, 0, nl_block_size(b->validity));
    if (c->column->type.conversion == PQ_TO_VIEW)
        return finish_views(c, b, buffers, out, err);
    struct arrow_parts parts = {.length = (int64_t)b->rows,
                                .null_count = (int64_t)(b->rows - b->valid),
                                .buffers = buffers,
                                .n_buffers = 2};
    return arrow_array_make(&parts, out, err);
}

/* A column whose values are all null, whatever is stored. */
static int nulls(size_t n, struct ArrowArray *out, nl_error *err)
{
    struct arrow_parts parts = {.length = (int64_t)n, .null_count = (int64_t)n};
    return arrow_array_make(&parts, out, err);
}

int pq_column_read(struct pq_column_reader *c, size_t n, nl_cancel *cancel, struct ArrowArray *out, nl_error *err)
{
    struct batch b = {.rows = n};
    *out = (struct ArrowArray){0};
    if (c->column->type.conversion == PQ_TO_NULL)
        return nulls(n, out, err);
    int rc = NL_OK;
    while (rc == NL_OK && b.at < n) {
        if (!c->page_left) {
            rc = nl_cancel_check(cancel, err);
            if (rc)
                break;
            rc = pq_page_next(c, err);
        }
        if (rc == NL_OK)
            rc = allocate(c, &b, err);
        if (rc == NL_OK)
            rc = add_dictionary_buffer(c, err);
        if (rc == NL_OK)
            rc = read_rows(c, &b, c->page_left < n - b.at ? c->page_left : n - b.at, err);
        if (rc)
            nl_note(err, "page at byte %" PRIu64, c->file_offset + (uint64_t)(c->page_at - c->chunk.data));
    }
    if (rc == NL_OK)
        rc = finish(c, &b, out, err);
    drop_buffers(c);
    c->buffer = -1;
    nl_block_unref(b.values);
    nl_block_unref(b.validity);
    return rc;
}
