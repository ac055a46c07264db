/* group.c: one row group, all its wanted leaves in step, in one thread or several.
 *
 *     ranges    ├── 0 ──┤      ├────── 1 ──────┤         wanted of the row group
 *     batches   ├─ 0 ─┤┤          1      ├ ─ 2 ┤         each as pieces of ranges
 *     workers   claim leaves in order; the lowest one that fails is the batch's error (G4)
 */
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "parquet/read/assemble.h"
#include "parquet/read/group.h"
#include "parquet/read/select.h"

/* What a batch of nested data has of elements in one column, about (G3). */
#define ELEMENTS_A_BATCH ((int64_t)4 << 20)

/* One thread's part. */
struct worker {
    struct pq_group_reader *group;
    struct pq_codec_ctx codecs;
    size_t failed_at; /* leaf; SIZE_MAX: none */
    nl_error error;
};

struct pq_group_reader {
    const nl_parquet_file *file;
    const struct pq_projection *projection;
    size_t row_group;
    nl_cancel *cancel;
    nl_pool *pool;
    int64_t left, most; /* rows; at most so many a batch */
    nl_parquet_range *ranges, *pieces;
    size_t n_ranges, range; /* the one at hand, of which… */
    int64_t range_at;       /* …the rows before this one are done */
    struct pq_segment *segments;
    struct pq_column_reader *leaves;
    struct ArrowArray *arrays;  /* of the leaves */
    struct ArrowArray *columns; /* of the batch */
    struct worker *workers;
    size_t n_workers;
    struct pq_rows rows;      /* of the batch at hand */
    struct pq_select *select; /* NULL: there is no filter, or it does not pay */
    struct pq_selection selection;
    int64_t filtered;
    atomic_size_t next_leaf, failed_leaf;
    nl_error failure; /* what every further call answers; code NL_OK: none */
};

/* ── starting ── */

static bool is_whole(const struct pq_segment *s, size_t n, nl_range all)
{
    uint64_t length = n ? (s->src ? s->length : s->bytes.len) : 0;
    return n == 1 && s->first_row == 0 && s->offset == all.offset && length == all.length;
}

/* A batch has so few rows that this leaf's elements stay within bounds. */
static void bound_rows(struct pq_group_reader *r, int64_t rows, int64_t values)
{
    int64_t each = rows ? values / rows + 1 : 1;
    int64_t most = each < ELEMENTS_A_BATCH ? ELEMENTS_A_BATCH / each : 1;
    if (most < r->most)
        r->most = most;
}

/* Make the reader of leaf i, whose segments are in place. */
static int start_leaf(struct pq_group_reader *r, size_t i, struct pq_segment *segments, size_t n,
                      const struct pq_group_options *o, nl_error *err)
{
    struct pq_column_chunk chunk;
    nl_range all;
    size_t leaf = r->projection->leaves[i];
    const struct pq_schema *schema = &r->file->schema;
    int rc = pq_file_chunk(r->file, r->row_group, leaf, NULL, &chunk, err);
    if (rc == NL_OK)
        rc = pq_chunk_range_of(r->file, r->row_group, leaf, &chunk, &all, err);
    if (rc)
        return rc;
    int64_t rows = r->file->meta.row_groups[r->row_group].num_rows;
    struct pq_column_setup setup = {.leaf = &schema->leaves[leaf],
                                    .node = &schema->nodes[schema->leaves[leaf].node],
                                    .codec = chunk.meta.codec,
                                    .rows = rows,
                                    .values = chunk.meta.num_values,
                                    .segments = segments,
                                    .n_segments = n,
                                    .whole = is_whole(segments, n, all),
                                    .string_views = o->string_views,
                                    .verify_checksums = o->verify_checksums};
    if (setup.leaf->max_repetition)
        bound_rows(r, rows, chunk.meta.num_values);
    return pq_column_reader_init(&r->leaves[i], &setup, err);
}

/* The rows that are wanted: proven to ascend inside of the row group. */
static int copy_ranges(struct pq_group_reader *r, const struct pq_group_options *o, nl_error *err)
{
    int64_t rows = r->file->meta.row_groups[r->row_group].num_rows, before = 0;
    const nl_parquet_range all = {0, rows};
    const nl_parquet_range *from = o->rows ? o->rows : &all;
    size_t n = o->rows ? o->n_rows : rows > 0;
    r->ranges = calloc(n + 1, 2 * sizeof *r->ranges);
    if (!r->ranges)
        return nl_fail_memory(err);
    r->pieces = r->ranges + n + 1;
    for (size_t i = 0; i < n; i++) {
        if (from[i].first < before || from[i].count < 0 || from[i].first > rows || from[i].count > rows - from[i].first)
            return nl_fail(err, NL_INVALID, "rows %lld to %lld of %lld", (long long)from[i].first,
                           (long long)from[i].first + (long long)from[i].count, (long long)rows);
        before = from[i].first + from[i].count;
        r->left += from[i].count;
        if (from[i].count)
            r->ranges[r->n_ranges++] = from[i];
    }
    r->range_at = r->n_ranges ? r->ranges[0].first : 0;
    return NL_OK;
}

static int allocate(struct pq_group_reader *r, size_t n_segments, nl_error *err)
{
    size_t n = r->projection->n_leaves;
    size_t others = r->pool && n > 1 ? nl_pool_threads(r->pool) : 0;
    r->n_workers = 1 + (others && others >= n ? n - 1 : others);
    r->segments = calloc(n_segments + 1, sizeof *r->segments);
    r->leaves = calloc(n + 1, sizeof *r->leaves);
    r->arrays = calloc(n + r->projection->n_columns + 1, sizeof *r->arrays);
    r->workers = calloc(r->n_workers, sizeof *r->workers);
    if (!r->segments || !r->leaves || !r->arrays || !r->workers)
        return nl_fail_memory(err);
    r->columns = r->arrays + n;
    for (size_t i = 0; i < r->n_workers; i++)
        r->workers[i].group = r;
    return NL_OK;
}

static int start(struct pq_group_reader *r, struct pq_leaf_bytes *chunks, const struct pq_group_options *o,
                 nl_error *err)
{
    size_t n_segments = 0, at = 0;
    if (r->row_group >= r->file->meta.n_row_groups)
        return nl_fail(err, NL_INVALID, "row group %zu of %zu", r->row_group, r->file->meta.n_row_groups);
    for (size_t i = 0; i < r->projection->n_leaves; i++)
        n_segments += chunks[i].n;
    int rc = allocate(r, n_segments, err);
    if (rc == NL_OK)
        rc = copy_ranges(r, o, err);
    for (size_t i = 0; rc == NL_OK && i < r->projection->n_leaves; i++) {
        struct pq_segment *mine = r->segments + at;
        for (size_t k = 0; k < chunks[i].n; k++) {
            mine[k] = chunks[i].segments[k];
            chunks[i].segments[k].bytes = (nl_bytes){0};
        }
        at += chunks[i].n;
        rc = start_leaf(r, i, mine, chunks[i].n, o, err);
        for (size_t k = 0; rc && k < chunks[i].n && !r->leaves[i].segments; k++)
            nl_bytes_release(&mine[k].bytes);
    }
    if (rc == NL_OK)
        rc = pq_select_new(o->filter, r->projection, r->leaves, r->n_ranges, &r->select, err);
    if (r->select && r->most > PQ_SELECT_WINDOW)
        r->most = PQ_SELECT_WINDOW;
    return rc;
}

int pq_group_reader_new(const nl_parquet_file *file, size_t row_group, const struct pq_projection *projection,
                        struct pq_leaf_bytes *chunks, const struct pq_group_options *options,
                        struct pq_group_reader **out, nl_error *err)
{
    static const struct pq_group_options defaults;
    const struct pq_group_options *o = options ? options : &defaults;
    *out = NULL;
    struct pq_group_reader *r = calloc(1, sizeof *r);
    int rc = r ? NL_OK : nl_fail_memory(err);
    if (rc == NL_OK) {
        r->file = file;
        r->row_group = row_group;
        r->projection = projection;
        r->cancel = o->cancel;
        r->pool = o->pool;
        r->most = INT64_MAX;
        rc = start(r, chunks, o, err);
    }
    for (size_t i = 0; i < projection->n_leaves; i++) /* what was not moved */
        for (size_t k = 0; k < chunks[i].n; k++)
            nl_bytes_release(&chunks[i].segments[k].bytes);
    if (rc)
        pq_group_reader_free(r);
    else
        *out = r;
    return rc;
}

int64_t pq_group_left(const struct pq_group_reader *r)
{
    return r->left;
}

int64_t pq_group_filtered(const struct pq_group_reader *r)
{
    return r->filtered;
}

/* ── batches ── */

/* The next `rows` rows as pieces of ranges; rows ≤ r->left. */
static void cut_pieces(struct pq_group_reader *r, int64_t rows)
{
    r->rows = (struct pq_rows){.ranges = r->pieces, .rows = (size_t)rows};
    while (rows) {
        const nl_parquet_range *range = &r->ranges[r->range];
        int64_t here = range->first + range->count - r->range_at, take = here < rows ? here : rows;
        if (!here) {
            r->range_at = r->ranges[++r->range].first;
            continue;
        }
        r->pieces[r->rows.n++] = (nl_parquet_range){r->range_at, take};
        r->range_at += take;
        rows -= take;
    }
}

static int read_leaf(struct pq_group_reader *r, size_t i, nl_error *err)
{
    return r->select ? pq_select_read(r->select, i, &r->selection, r->cancel, &r->arrays[i], err)
                     : pq_column_read(&r->leaves[i], &r->rows, r->cancel, &r->arrays[i], err);
}

/* Decode leaves until none is left to claim. */
static void work(void *arg)
{
    struct worker *w = arg;
    struct pq_group_reader *r = w->group;
    size_t i;
    while ((i = atomic_fetch_add(&r->next_leaf, 1)) < r->projection->n_leaves && i < atomic_load(&r->failed_leaf)) {
        r->leaves[i].codecs = &w->codecs;
        if (read_leaf(r, i, &w->error) == NL_OK)
            continue;
        w->failed_at = i;
        size_t lowest = atomic_load(&r->failed_leaf);
        while (i < lowest && !atomic_compare_exchange_weak(&r->failed_leaf, &lowest, i))
            ;
        break;
    }
}

/* All leaves into r->arrays; on failure r->failure says why. */
static int read_leaves(struct pq_group_reader *r)
{
    atomic_store(&r->next_leaf, 0);
    atomic_store(&r->failed_leaf, SIZE_MAX);
    for (size_t i = 0; i < r->n_workers; i++)
        r->workers[i].failed_at = SIZE_MAX;
    for (size_t i = 1; i < r->n_workers; i++)
        if (nl_pool_submit(r->pool, work, &r->workers[i], NULL))
            break; /* the others do its part */
    work(&r->workers[0]);
    if (r->n_workers > 1)
        nl_pool_drain(r->pool);
    size_t failed = atomic_load(&r->failed_leaf);
    for (size_t i = 0; failed != SIZE_MAX && i < r->n_workers; i++)
        if (r->workers[i].failed_at == failed) {
            r->failure = r->workers[i].error;
            pq_note_leaf(&r->file->schema, r->row_group, r->projection->leaves[failed], &r->failure);
        }
    return r->failure.code;
}

/* The batch's columns from the leaves. */
static int assemble(struct pq_group_reader *r, struct ArrowArray *out)
{
    const struct pq_projection *p = r->projection;
    int rc = NL_OK;
    size_t done = 0;
    for (; rc == NL_OK && done < p->n_columns; done++) {
        rc = pq_assemble(p, p->columns[done], r->rows.rows, r->leaves, r->arrays, &r->columns[done], &r->failure);
        if (rc) {
            uint32_t column = p->schema->nodes[p->nodes[p->columns[done]].node].element;
            const struct pq_slice *name = &p->schema->elements[column].name;
            nl_note(&r->failure, "row group %zu, column %.*s", r->row_group, (int)(name->len & 0xFFF),
                    (const char *)name->data);
        }
    }
    if (rc == NL_OK)
        return arrow_batch_make(r->columns, p->n_columns, (int64_t)r->rows.rows, out, &r->failure);
    while (done > 0)
        arrow_array_release(&r->columns[--done]);
    return rc;
}

/* Which of the rows at hand are wanted: r->rows.rows of them from here on. */
static int select_rows(struct pq_group_reader *r)
{
    size_t leaf = 0, rows = r->rows.rows;
    if (r->select && !pq_select_pays(r->select)) {
        pq_select_free(r->select);
        r->select = NULL;
    }
    if (!r->select)
        return NL_OK;
    int rc = nl_cancel_check(r->cancel, &r->failure);
    if (rc)
        return rc;
    rc = pq_select_window(r->select, &r->rows, &r->workers[0].codecs, r->cancel, &r->selection, &leaf, &r->failure);
    if (rc)
        pq_note_leaf(&r->file->schema, r->row_group, r->projection->leaves[leaf], &r->failure);
    r->rows.rows = r->selection.rows;
    r->filtered += (int64_t)(rows - r->selection.rows);
    return rc;
}

/* The next rows, of which the filter may leave none. */
static void next_batch(struct pq_group_reader *r, int64_t max_rows, struct ArrowArray *out)
{
    int64_t rows = r->left < max_rows ? r->left : max_rows;
    rows = rows < r->most ? rows : r->most;
    cut_pieces(r, rows);
    int rc = select_rows(r);
    if (rc == NL_OK && r->rows.rows) {
        rc = read_leaves(r);
        if (rc == NL_OK)
            rc = assemble(r, out);
        for (size_t i = 0; i < r->projection->n_leaves; i++)
            arrow_array_release(&r->arrays[i]);
    }
    r->left -= rc ? 0 : rows;
}

int pq_group_next(struct pq_group_reader *r, int64_t max_rows, struct ArrowArray *out, nl_error *err)
{
    *out = (struct ArrowArray){0};
    if (max_rows <= 0)
        return nl_fail(err, NL_INVALID, "batches of %lld rows", (long long)max_rows);
    while (r->failure.code == NL_OK && r->left && !out->release)
        next_batch(r, max_rows, out);
    if (r->failure.code && err)
        *err = r->failure;
    return r->failure.code;
}

void pq_group_reader_free(struct pq_group_reader *r)
{
    if (!r)
        return;
    pq_select_free(r->select);
    for (size_t i = 0; r->leaves && i < r->projection->n_leaves; i++)
        pq_column_reader_free(&r->leaves[i]);
    for (size_t i = 0; r->workers && i < r->n_workers; i++)
        pq_codec_ctx_free(&r->workers[i].codecs);
    free(r->segments);
    free(r->leaves);
    free(r->arrays);
    free(r->workers);
    free(r->ranges);
    free(r);
}
