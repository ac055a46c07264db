/* writer.c: nl_parquet_writer: batches in, row groups and a footer out.
 *
 *     "PAR1" │ row group 0: chunk, chunk, …, bloom filters │ row group 1 … │ column indexes │ offset indexes │
 *     footer │ its length, 4 bytes │ "PAR1"
 *
 * A batch is cut into steps of STEP_ROWS; each goes through all leaves before the next, so that a row group ends near
 * row_group_bytes whatever the batches' size, and a step's values are still in the cache of the second level. With
 * several threads the leaves of a step are done side by side: the bytes are the same.
 *
 * W1  The first failure is the writer's end: every later call repeats it, and no footer is ever written after it.
 * W2  What is buffered is at most one row group, compressed but for one page a leaf, and the indexes of all.
 */
#include <neuralake/parquet.h>

#include <stdlib.h>
#include <string.h>

#include <neuralake/version.h>

#include "arrow/ipc_schema.h"
#include "parquet/write/column.h"
#include "parquet/write/team.h"

#define STEP_ROWS 16384
#define MAGIC     "PAR1"

struct nl_parquet_writer {
    nl_sink *sink;
    struct pq_write_config config;
    struct pq_write_tree tree;
    struct pq_column_writer *columns; /* one a leaf */
    struct pq_team team;
    nl_arena arena; /* everything that the footer says */
    struct pq_file_meta meta;
    struct pq_column_chunk **chunks; /* of each row group, as meta has them, but not const: indexes come last */
    size_t row_groups_cap;
    struct pq_sorting_column *sorting;
    size_t n_sorting;
    nl_buf column_index, offset_index, bloom; /* encoded: of all row groups twice, scratch */
    size_t rows;                              /* in the row group that is being filled */
    bool finished;
    nl_error failure; /* W1 */
};

/* ── starting ── */

static struct pq_slice text(const char *s)
{
    return (struct pq_slice){(const uint8_t *)s, s ? strlen(s) : 0};
}

/* A writer for each leaf, by the options that fit it. */
static int add_columns(nl_parquet_writer *w, const nl_parquet_write_options *o, nl_error *err)
{
    size_t n = w->tree.n_leaves;
    struct pq_leaf_options *options = calloc(n + 1, sizeof(*options)); /* + 1: no columns are fine */
    w->columns = calloc(n + 1, sizeof(*w->columns));
    w->meta.column_orders = nl_arena_array(&w->arena, n, sizeof(*w->meta.column_orders));
    int rc = options && w->columns && w->meta.column_orders ? pq_configure_leaves(o, &w->tree, options, err)
                                                            : nl_fail_memory(err);
    for (size_t i = 0; !rc && i < n; i++) {
        pq_column_init(&w->columns[i], &w->tree.leaves[i], &options[i], &w->config);
        w->meta.column_orders[i] = PQ_ORDER_TYPE_DEFINED;
    }
    free(options);
    w->meta.schema = w->tree.elements;
    w->meta.n_schema = w->tree.n_elements;
    w->meta.n_column_orders = n;
    w->n_sorting = o->n_sorting;
    return rc ? rc : pq_configure_sorting(o, &w->tree, &w->arena, &w->sorting, err);
}

#define ARROW_KEY "ARROW:schema"

/* List views and intervals cannot be restored from what Parquet keeps of them, and Polars refuses a whole file for their
 * names alone. */
static bool has_what_nobody_restores(const struct pq_write_tree *tree)
{
    for (size_t i = 0; i < tree->n_leaves; i++) {
        const struct pq_write_leaf *leaf = &tree->leaves[i];
        for (size_t k = 0; k < leaf->n_steps; k++)
            if (leaf->steps[k].kind == PQ_STEP_LIST_VIEW)
                return true;
        if (leaf->type.convert == PQ_INTERVAL)
            return true;
    }
    return false;
}

/* Does the caller have an Arrow schema of his own for the footer, or want none? */
static bool leaves_out_arrow_schema(const nl_parquet_write_options *o, const struct pq_write_tree *tree)
{
    for (size_t i = 0; i < o->n_key_values; i++)
        if (o->key_values[2 * i] && !strcmp(o->key_values[2 * i], ARROW_KEY))
            return true;
    return o->no_arrow_schema || has_what_nobody_restores(tree);
}

static int add_arrow_schema(nl_parquet_writer *w, const struct ArrowSchema *schema, nl_error *err)
{
    nl_buf base64 = {0};
    int rc = arrow_ipc_schema_encode(schema, &base64, err);
    const char *value = rc ? NULL : nl_arena_strndup(&w->arena, base64.data, base64.len);
    nl_buf_free(&base64);
    if (!rc && !value)
        rc = nl_fail_memory(err);
    if (!rc)
        w->meta.key_values[w->meta.n_key_values++] = (struct pq_key_value){text(ARROW_KEY), text(value)};
    return rc;
}

static int add_key_values(nl_parquet_writer *w, const char *const *pairs, size_t n, nl_error *err)
{
    w->meta.key_values = nl_arena_array(&w->arena, n + 1, sizeof(*w->meta.key_values)); /* + 1: ARROW:schema */
    if (!w->meta.key_values)
        return nl_fail_memory(err);
    for (size_t i = 0; i < n; i++) {
        if (!pairs[2 * i])
            return nl_fail(err, NL_INVALID, "key %zu of the footer's is missing", i);
        const char *key = nl_arena_strdup(&w->arena, pairs[2 * i]);
        const char *value = nl_arena_strdup(&w->arena, pairs[2 * i + 1]); /* may be absent */
        if (!key || (pairs[2 * i + 1] && !value))
            return nl_fail_memory(err);
        w->meta.key_values[w->meta.n_key_values++] = (struct pq_key_value){text(key), text(value)};
    }
    return NL_OK;
}

/* Everything of nl_parquet_writer_new() that can fail once w exists. */
static int start(nl_parquet_writer *w, const struct ArrowSchema *schema, const nl_parquet_write_options *o,
                 nl_error *err)
{
    int rc = pq_configure(o, &w->config, err);
    if (rc)
        return rc;
    if (!schema->release || !schema->format || strcmp(schema->format, "+s") != 0)
        return nl_fail(err, NL_INVALID, "the schema of a Parquet file is a struct (\"+s\")");
    if (schema->n_children < 0 || schema->n_children > INT32_MAX - 1)
        return nl_fail(err, NL_INVALID, "%lld columns", (long long)schema->n_children);
    rc = pq_write_tree_build(schema, &w->arena, &w->tree, err);
    if (!rc)
        rc = add_columns(w, o, err);
    if (!rc)
        rc = add_key_values(w, o->key_values, o->n_key_values, err);
    if (!rc && !leaves_out_arrow_schema(o, &w->tree))
        rc = add_arrow_schema(w, schema, err);
    if (!rc)
        rc = pq_team_start(&w->team, w->config.threads < w->tree.n_leaves ? w->config.threads : w->tree.n_leaves, err);
    if (rc)
        return rc;
    w->meta.version = 2;
    w->meta.created_by = text("neuralake version " NL_VERSION " (build " NL_VERSION ")");
    return nl_sink_write(w->sink, MAGIC, 4, err);
}

int nl_parquet_writer_new(nl_sink *sink, const struct ArrowSchema *schema, const nl_parquet_write_options *options,
                          nl_parquet_writer **out, nl_error *err)
{
    *out = NULL;
    nl_parquet_writer *w = calloc(1, sizeof(*w));
    if (!w)
        return nl_fail_memory(err);
    w->sink = sink;
    int rc = start(w, schema, options ? options : &(nl_parquet_write_options){0}, err);
    if (rc) {
        nl_parquet_writer_free(w);
        return rc;
    }
    *out = w;
    return NL_OK;
}

void nl_parquet_writer_free(nl_parquet_writer *w)
{
    if (!w)
        return;
    for (size_t i = 0; w->columns && i < w->tree.n_leaves; i++)
        pq_column_free(&w->columns[i]);
    free(w->columns);
    pq_team_free(&w->team);
    free(w->meta.row_groups);
    free(w->chunks);
    nl_buf_free(&w->column_index);
    nl_buf_free(&w->offset_index);
    nl_buf_free(&w->bloom);
    pq_write_tree_free(&w->tree);
    nl_arena_free(&w->arena);
    free(w);
}

/* ── row groups ── */

/* Room for one more in the footer's list and in ours. */
static int grow_row_groups(nl_parquet_writer *w, nl_error *err)
{
    if (w->meta.n_row_groups < w->row_groups_cap)
        return NL_OK;
    size_t cap = w->row_groups_cap ? w->row_groups_cap * 2 : 16;
    struct pq_row_group *groups = realloc(w->meta.row_groups, cap * sizeof(*groups));
    w->meta.row_groups = groups ? groups : w->meta.row_groups;
    struct pq_column_chunk **chunks = groups ? realloc(w->chunks, cap * sizeof(*chunks)) : NULL;
    if (!chunks)
        return nl_fail_memory(err);
    w->chunks = chunks;
    w->row_groups_cap = cap;
    return NL_OK;
}

/* The next entry of the footer's list, its chunks yet to be described. */
static int add_row_group(nl_parquet_writer *w, struct pq_row_group **out, nl_error *err)
{
    int rc = grow_row_groups(w, err);
    if (rc)
        return rc;
    struct pq_column_chunk *chunks = nl_arena_array(&w->arena, w->tree.n_leaves, sizeof(*chunks));
    if (!chunks)
        return nl_fail_memory(err);
    size_t i = w->meta.n_row_groups++;
    struct pq_row_group *g = *out = &w->meta.row_groups[i];
    *g = (struct pq_row_group){0};
    pq_row_group_init(g);
    w->chunks[i] = chunks;
    g->columns = chunks;
    g->n_columns = w->tree.n_leaves;
    g->num_rows = (int64_t)w->rows;
    g->file_offset = (int64_t)nl_sink_written(w->sink);
    g->total_compressed_size = 0;
    g->sorting = w->sorting;
    g->n_sorting = w->n_sorting;
    g->has_ordinal = i < INT16_MAX; /* beyond, the field cannot hold it */
    g->ordinal = g->has_ordinal ? (int16_t)i : 0;
    return NL_OK;
}

static int close_column(void *ctx, size_t i, struct pq_workspace *space, nl_error *err)
{
    (void)space;
    nl_parquet_writer *w = ctx;
    int rc = pq_column_close(&w->columns[i], err);
    if (rc)
        nl_note(err, "row group %zu, column %s", w->meta.n_row_groups, w->tree.leaves[i].name);
    return rc;
}

/* A leaf's bloom filter behind the row group's chunks. */
static int write_bloom(nl_parquet_writer *w, struct pq_column_writer *c, struct pq_column_meta *m, nl_error *err)
{
    nl_buf_clear(&w->bloom);
    int rc = pq_column_bloom(c, &w->bloom, err);
    if (rc || !w->bloom.len)
        return rc;
    m->bloom_filter_offset = (int64_t)nl_sink_written(w->sink);
    m->bloom_filter_length = (int32_t)w->bloom.len;
    return nl_sink_write(w->sink, w->bloom.data, w->bloom.len, err);
}

/* The chunks, all closed, into the file. */
static int emit_columns(nl_parquet_writer *w, struct pq_row_group *g, struct pq_column_chunk *chunks, nl_error *err)
{
    int rc = NL_OK;
    size_t i;
    for (i = 0; !rc && i < w->tree.n_leaves; i++) {
        rc = pq_column_emit(&w->columns[i], w->sink, &w->arena, &w->column_index, &w->offset_index, &chunks[i], err);
        g->total_byte_size += chunks[i].meta.total_uncompressed_size;
        g->total_compressed_size += chunks[i].meta.total_compressed_size;
    }
    for (size_t k = 0; !rc && k < w->tree.n_leaves; k++) {
        i = k + 1;
        rc = write_bloom(w, &w->columns[k], &chunks[k].meta, err);
        pq_column_begin(&w->columns[k]);
    }
    if (rc)
        nl_note(err, "row group %zu, column %s", w->meta.n_row_groups - 1, w->tree.leaves[i - 1].name);
    return rc;
}

static int flush_row_group(nl_parquet_writer *w, nl_error *err)
{
    if (!w->rows)
        return NL_OK;
    struct pq_row_group *g = NULL;
    int rc = pq_team_run(&w->team, w->tree.n_leaves, close_column, w, err);
    if (!rc)
        rc = add_row_group(w, &g, err);
    if (!rc && g)
        rc = emit_columns(w, g, w->chunks[w->meta.n_row_groups - 1], err);
    if (rc || !g)
        return rc;
    w->meta.num_rows += g->num_rows;
    w->rows = 0;
    return NL_OK;
}

/* Does the batch have the schema's shape? Nothing has been taken from it yet. */
static int check_batch(const nl_parquet_writer *w, const struct ArrowArray *b, nl_error *err)
{
    if (!b->release || b->n_children < 0 || (size_t)b->n_children != w->tree.n_columns)
        return nl_fail(err, NL_INVALID, "a batch of %lld columns, the schema has %zu",
                       b->release ? (long long)b->n_children : 0LL, w->tree.n_columns);
    if (b->length < 0 || b->offset < 0 || b->length > INT64_MAX - b->offset)
        return nl_fail(err, NL_INVALID, "a batch of %lld rows from row %lld on", (long long)b->length,
                       (long long)b->offset);
    size_t first = (size_t)b->offset, end = first + (size_t)b->length;
    if (b->null_count != 0 && b->n_buffers > 0 && b->buffers[0] &&
        pq_bits_ones(b->buffers[0], first, end - first) != end - first)
        return nl_fail(err, NL_INVALID, "the batch has rows that are null as a whole");
    for (size_t i = 0; i < w->tree.n_leaves; i++) {
        const struct pq_write_leaf *leaf = &w->tree.leaves[i];
        const struct ArrowArray *a = b->children[leaf->column];
        int rc = leaf->n_steps ? pq_check_nested(leaf, a, end, err) : pq_check_array(&leaf->type, a, first, end, err);
        if (rc) {
            nl_note(err, "column %s", leaf->name);
            return rc;
        }
    }
    return NL_OK;
}

/* Rows of a batch that go through all leaves. */
struct step {
    nl_parquet_writer *w;
    const struct ArrowArray *batch;
    size_t first, n;
};

static int append_column(void *ctx, size_t i, struct pq_workspace *space, nl_error *err)
{
    const struct step *s = ctx;
    const struct pq_write_leaf *leaf = &s->w->tree.leaves[i];
    int rc = pq_column_append(&s->w->columns[i], s->batch->children[leaf->column], s->first, s->n, &space->scratch,
                              &space->levels, err);
    if (rc)
        nl_note(err, "column %s", leaf->name);
    return rc;
}

static int append_step(nl_parquet_writer *w, const struct ArrowArray *b, size_t first, size_t n, nl_error *err)
{
    struct step s = {w, b, first, n};
    int rc = pq_team_run(&w->team, w->tree.n_leaves, append_column, &s, err);
    if (rc)
        return rc;
    size_t bytes = 0;
    for (size_t i = 0; i < w->tree.n_leaves; i++)
        bytes += w->columns[i].bytes;
    w->rows += n;
    return w->rows >= w->config.row_group_rows || bytes >= w->config.row_group_bytes ? flush_row_group(w, err) : NL_OK;
}

static int append_batch(nl_parquet_writer *w, const struct ArrowArray *b, nl_error *err)
{
    int rc = check_batch(w, b, err);
    size_t at = (size_t)b->offset, left = rc ? 0 : (size_t)b->length;
    while (!rc && left) {
        size_t n = left < STEP_ROWS ? left : STEP_ROWS, room = w->config.row_group_rows - w->rows;
        n = n < room ? n : room;
        rc = append_step(w, b, at, n, err);
        at += n;
        left -= n;
    }
    return rc;
}

/* W1: the answer to a call that ended with rc, or to one that comes after the end (`before`). */
static int settle(nl_parquet_writer *w, int rc, const nl_error *why, nl_error *err)
{
    if (rc && !w->failure.code) {
        w->failure = *why;
        w->failure.code = rc;
    }
    if (w->failure.code && err)
        *err = w->failure;
    return w->failure.code;
}

int nl_parquet_write(nl_parquet_writer *w, const struct ArrowArray *batch, nl_error *err)
{
    if (w->finished && !w->failure.code)
        return nl_fail(err, NL_INVALID, "the Parquet file is finished");
    nl_error why = {0};
    return settle(w, w->failure.code ? w->failure.code : append_batch(w, batch, &why), &why, err);
}

/* ── the end of the file ── */

/* Column indexes of all row groups, then offset indexes: only now is it known where they lie. */
static int write_indexes(nl_parquet_writer *w, nl_error *err)
{
    int64_t column_at = (int64_t)nl_sink_written(w->sink), offset_at = column_at + (int64_t)w->column_index.len;
    for (size_t g = 0; g < w->meta.n_row_groups; g++)
        for (size_t i = 0; i < w->tree.n_leaves; i++) {
            struct pq_column_chunk *c = &w->chunks[g][i];
            c->column_index_offset += c->column_index_offset >= 0 ? column_at : 0;
            c->offset_index_offset += c->offset_index_offset >= 0 ? offset_at : 0;
        }
    int rc = w->column_index.len ? nl_sink_write(w->sink, w->column_index.data, w->column_index.len, err) : NL_OK;
    if (!rc && w->offset_index.len)
        rc = nl_sink_write(w->sink, w->offset_index.data, w->offset_index.len, err);
    return rc;
}

static int write_footer(nl_parquet_writer *w, nl_error *err)
{
    nl_buf footer = {0};
    int rc = pq_file_meta_encode(&w->meta, &footer, err);
    if (!rc && footer.len > INT32_MAX)
        rc = nl_fail(err, NL_INVALID, "a footer of %zu bytes, the format allows 2 GiB: make larger row groups",
                     footer.len);
    uint32_t len = (uint32_t)footer.len;
    if (!rc)
        rc = nl_buf_append(&footer, &len, 4, err);
    if (!rc)
        rc = nl_buf_append(&footer, MAGIC, 4, err);
    if (!rc)
        rc = nl_sink_write(w->sink, footer.data, footer.len, err);
    nl_buf_free(&footer);
    return rc;
}

int nl_parquet_finish(nl_parquet_writer *w, nl_error *err)
{
    if (w->finished && !w->failure.code)
        return nl_fail(err, NL_INVALID, "the Parquet file is finished");
    nl_error why = {0};
    int rc = w->failure.code ? w->failure.code : flush_row_group(w, &why);
    if (!rc)
        rc = write_indexes(w, &why);
    if (!rc)
        rc = write_footer(w, &why);
    w->finished = true;
    return settle(w, rc, &why, err);
}
