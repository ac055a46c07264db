/* writer.c: nl_parquet_writer: batches in, row groups and a footer out.
 *
 *     "PAR1" │ row group 0: chunk, chunk, … │ row group 1 … │ footer │ its length, 4 bytes │ "PAR1"
 *
 * A batch is cut into steps of STEP_ROWS; each goes through all columns before the next, so that a row group ends near
 * row_group_bytes whatever the batches' size, and a step's values are still in the cache of the second level.
 *
 * W1  The first failure is the writer's end: every later call repeats it, and no footer is ever written after it.
 * W2  What is buffered is at most one row group, compressed but for one page a column.
 */
#include <neuralake/parquet.h>

#include <stdlib.h>
#include <string.h>

#include <neuralake/version.h>

#include "parquet/write/column.h"

#define STEP_ROWS 16384
#define MAGIC     "PAR1"

struct nl_parquet_writer {
    nl_sink *sink;
    struct pq_write_config config;
    struct pq_column_writer *columns;
    size_t n_columns;
    struct pq_scratch *scratch;
    nl_arena arena; /* everything that the footer says */
    struct pq_file_meta meta;
    size_t row_groups_cap;
    size_t rows; /* in the row group that is being filled */
    bool finished;
    nl_error failure; /* W1 */
};

/* ── starting ── */

/* The options with their defaults. */
static int configure(const nl_parquet_write_options *o, struct pq_write_config *c, nl_error *err)
{
    static const enum pq_codec codecs[] = {[NL_PARQUET_SNAPPY] = PQ_CODEC_SNAPPY,
                                           [NL_PARQUET_UNCOMPRESSED] = PQ_CODEC_UNCOMPRESSED,
                                           [NL_PARQUET_ZSTD] = PQ_CODEC_ZSTD};
    if ((size_t)o->codec >= sizeof codecs / sizeof *codecs)
        return nl_fail(err, NL_INVALID, "there is no nl_parquet_codec %d", (int)o->codec);
    if (o->codec_level < 0 || o->codec_level > 22)
        return nl_fail(err, NL_INVALID, "a codec level of %d; 1 to 22, or 0 for the default", o->codec_level);
    if (o->row_group_rows < 0)
        return nl_fail(err, NL_INVALID, "row groups of %lld rows", (long long)o->row_group_rows);
    if (o->page_bytes > 1u << 30 || o->dictionary_bytes > 1u << 30)
        return nl_fail(err, NL_INVALID, "pages and dictionaries above 1 GiB");
    if (o->n_key_values && !o->key_values)
        return nl_fail(err, NL_INVALID, "%zu pairs of keys and values, and none given", o->n_key_values);
    *c = (struct pq_write_config){.codec = codecs[o->codec],
                                  .codec_level = o->codec_level,
                                  .row_group_rows = o->row_group_rows ? (size_t)o->row_group_rows : 1 << 20,
                                  .row_group_bytes = o->row_group_bytes ? o->row_group_bytes : 128 << 20,
                                  .page_bytes = o->page_bytes ? o->page_bytes : 1 << 20,
                                  .dictionary_bytes = o->dictionary_bytes ? o->dictionary_bytes : 1 << 20,
                                  .dictionary = !o->no_dictionary};
    return NL_OK;
}

static struct pq_slice text(const char *s)
{
    return (struct pq_slice){(const uint8_t *)s, s ? strlen(s) : 0};
}

/* The schema: a root, and a leaf a column. */
static int add_columns(nl_parquet_writer *w, const struct ArrowSchema *schema, nl_error *err)
{
    size_t n = (size_t)schema->n_children;
    w->columns = calloc(n + 1, sizeof(*w->columns)); /* + 1: no columns are fine */
    w->meta.schema = nl_arena_array(&w->arena, n + 1, sizeof(*w->meta.schema));
    w->meta.column_orders = nl_arena_array(&w->arena, n, sizeof(*w->meta.column_orders));
    if (!w->columns || !w->meta.schema || !w->meta.column_orders)
        return nl_fail_memory(err);
    w->meta.schema[0] =
        (struct pq_schema_element){.name = text("schema"), .converted = PQ_CONVERTED_NONE, .n_children = (int32_t)n};
    w->meta.n_schema = n + 1;
    w->meta.n_column_orders = n;
    for (size_t i = 0; i < n; i++) {
        const char *name = nl_arena_strdup(&w->arena, schema->children[i]->name ? schema->children[i]->name : "");
        if (!name)
            return nl_fail_memory(err);
        struct pq_write_type type;
        int rc = pq_write_type_of(schema->children[i], &type, err);
        if (rc) {
            nl_note(err, "column %s", name);
            return rc;
        }
        type.element.name = text(name);
        w->meta.schema[i + 1] = type.element;
        w->meta.column_orders[i] = PQ_ORDER_TYPE_DEFINED;
        pq_column_init(&w->columns[w->n_columns++], &type, name, &w->config);
    }
    return NL_OK;
}

static int add_key_values(nl_parquet_writer *w, const char *const *pairs, size_t n, nl_error *err)
{
    w->meta.key_values = nl_arena_array(&w->arena, n, sizeof(*w->meta.key_values));
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
    int rc = configure(o, &w->config, err);
    if (rc)
        return rc;
    if (!schema->release || !schema->format || strcmp(schema->format, "+s") != 0)
        return nl_fail(err, NL_INVALID, "the schema of a Parquet file is a struct (\"+s\")");
    if (schema->n_children < 0 || schema->n_children > INT32_MAX - 1)
        return nl_fail(err, NL_INVALID, "%lld columns", (long long)schema->n_children);
    rc = add_columns(w, schema, err);
    if (!rc)
        rc = add_key_values(w, o->key_values, o->n_key_values, err);
    if (rc)
        return rc;
    w->scratch = calloc(1, sizeof(*w->scratch));
    if (!w->scratch)
        return nl_fail_memory(err);
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
    for (size_t i = 0; i < w->n_columns; i++)
        pq_column_free(&w->columns[i]);
    free(w->columns);
    if (w->scratch)
        pq_bits_free(&w->scratch->bits);
    free(w->scratch);
    free(w->meta.row_groups);
    nl_arena_free(&w->arena);
    free(w);
}

/* ── row groups ── */

/* The next entry of the footer's list, or NULL. */
static struct pq_row_group *add_row_group(nl_parquet_writer *w)
{
    if (w->meta.n_row_groups == w->row_groups_cap) {
        size_t cap = w->row_groups_cap ? w->row_groups_cap * 2 : 16;
        struct pq_row_group *more = realloc(w->meta.row_groups, cap * sizeof(*more));
        if (!more)
            return NULL;
        w->meta.row_groups = more;
        w->row_groups_cap = cap;
    }
    struct pq_row_group *g = &w->meta.row_groups[w->meta.n_row_groups++];
    *g = (struct pq_row_group){0};
    pq_row_group_init(g);
    return g;
}

static int flush_row_group(nl_parquet_writer *w, nl_error *err)
{
    if (!w->rows)
        return NL_OK;
    struct pq_column_chunk *chunks = nl_arena_array(&w->arena, w->n_columns, sizeof(*chunks));
    struct pq_row_group *g = chunks ? add_row_group(w) : NULL;
    if (!g)
        return nl_fail_memory(err);
    g->columns = chunks;
    g->n_columns = w->n_columns;
    g->num_rows = (int64_t)w->rows;
    g->file_offset = (int64_t)nl_sink_written(w->sink);
    g->total_compressed_size = 0;
    g->has_ordinal = w->meta.n_row_groups <= INT16_MAX; /* beyond, the field cannot hold it */
    g->ordinal = g->has_ordinal ? (int16_t)(w->meta.n_row_groups - 1) : 0;
    for (size_t i = 0; i < w->n_columns; i++) {
        int rc = pq_column_finish(&w->columns[i], w->sink, &w->arena, &chunks[i], err);
        if (rc) {
            nl_note(err, "row group %zu, column %s", w->meta.n_row_groups - 1, w->columns[i].name);
            return rc;
        }
        g->total_byte_size += chunks[i].meta.total_uncompressed_size;
        g->total_compressed_size += chunks[i].meta.total_compressed_size;
    }
    w->meta.num_rows += g->num_rows;
    w->rows = 0;
    return NL_OK;
}

/* Does the batch have the schema's shape? Nothing has been taken from it yet. */
static int check_batch(const nl_parquet_writer *w, const struct ArrowArray *b, nl_error *err)
{
    if (!b->release || b->n_children < 0 || (size_t)b->n_children != w->n_columns)
        return nl_fail(err, NL_INVALID, "a batch of %lld columns, the schema has %zu",
                       b->release ? (long long)b->n_children : 0LL, w->n_columns);
    if (b->length < 0 || b->offset < 0 || b->length > INT64_MAX - b->offset)
        return nl_fail(err, NL_INVALID, "a batch of %lld rows from row %lld on", (long long)b->length,
                       (long long)b->offset);
    size_t first = (size_t)b->offset, end = first + (size_t)b->length;
    if (b->null_count != 0 && b->n_buffers > 0 && b->buffers[0] &&
        pq_bits_count(b->buffers[0], first, end - first) != end - first)
        return nl_fail(err, NL_INVALID, "the batch has rows that are null as a whole");
    for (size_t i = 0; i < w->n_columns; i++) {
        int rc = pq_check_array(&w->columns[i].type, b->children[i], first, end, err);
        if (rc) {
            nl_note(err, "column %s", w->columns[i].name);
            return rc;
        }
    }
    return NL_OK;
}

/* Append rows first to first + n through all columns. */
static int append_step(nl_parquet_writer *w, const struct ArrowArray *b, size_t first, size_t n, nl_error *err)
{
    size_t bytes = 0;
    for (size_t i = 0; i < w->n_columns; i++) {
        int rc = pq_column_append(&w->columns[i], b->children[i], first, n, w->scratch, err);
        if (rc) {
            nl_note(err, "column %s", w->columns[i].name);
            return rc;
        }
        bytes += w->columns[i].bytes;
    }
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

/* ── the footer ── */

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
        rc = write_footer(w, &why);
    w->finished = true;
    return settle(w, rc, &why, err);
}
