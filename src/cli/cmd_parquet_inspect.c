/* cmd_parquet_inspect.c: what a Parquet file says of itself: schema, row groups, columns.
 *
 *     file (size, rows, writer, key-values) ── schema, a line an element ── row groups ── columns, over all row groups
 *
 * As JSON everything is there once for each chunk; the table adds the chunks of a column up.
 */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "cli/rows.h"
#include "parquet/codec/codec.h"
#include "parquet/read/inspect.h"

/* A bound as text, through a column of one value; NULL where there is none or it cannot be shown. Caller frees. */
static char *bound_text(const struct pq_column *column, bool has, const nl_value *v)
{
    struct arrow_builder *b = NULL;
    struct arrow_type type;
    struct ArrowArray array = {0};
    nl_buf text = {0};
    if (!has || column->is_nested || arrow_type_parse(column->type.format, &type, NULL) ||
        arrow_builder_new(column->type.format, &b, NULL))
        return NULL;
    int rc = NL_UNSUPPORTED;
    if (v->kind == NL_VALUE_BOOL)
        rc = arrow_builder_int(b, v->b, NULL);
    else if (v->kind == NL_VALUE_INT)
        rc = arrow_builder_int(b, v->i, NULL);
    else if (v->kind == NL_VALUE_UINT)
        rc = arrow_builder_uint(b, v->u, NULL);
    else if (v->kind == NL_VALUE_DOUBLE)
        rc = arrow_builder_double(b, v->d, NULL);
    else if (v->kind == NL_VALUE_DECIMAL)
        rc = arrow_builder_decimal(b, v->decimal, NULL);
    else if (v->kind == NL_VALUE_BYTES)
        rc = arrow_builder_bytes(b, v->bytes.data, v->bytes.len, NULL);
    if (rc == NL_OK)
        rc = arrow_builder_finish(b, &array, NULL);
    if (rc == NL_OK)
        rc = arrow_format_value(&array, &type, 0, &text, NULL);
    arrow_array_release(&array);
    arrow_builder_free(b);
    if (rc == NL_OK)
        return text.data ? nl_buf_steal(&text) : strdup("");
    nl_buf_free(&text);
    return NULL;
}

/* "PLAIN RLE_DICTIONARY" of the bits. */
static void encodings_text(uint32_t bits, char *out, size_t size)
{
    size_t used = 0;
    out[0] = 0;
    for (int32_t e = 0; e < 32 && used < size; e++)
        if (bits >> e & 1)
            used += (size_t)snprintf(out + used, size - used, "%s%s", used ? " " : "", pq_encoding_name(e));
}

/* One leaf, added up over the row groups. */
struct leaf_sum {
    uint32_t encodings;
    int32_t codec;
    bool mixed_codec, has_nulls, no_min, no_max;
    int64_t values, nulls, compressed, uncompressed;
    nl_value min, max;
    bool has_min, has_max;
};

/* Widen [min, max] by a chunk's bounds; one chunk without bounds makes the whole unknown. */
static void add_bounds(struct leaf_sum *s, const struct filter_bounds *b)
{
    bool comparable;
    s->no_min |= !b->has_min;
    s->no_max |= !b->has_max;
    if (b->has_min && (!s->has_min || (nl_value_compare(&b->min, &s->min, &comparable) < 0 && comparable)))
        s->min = b->min;
    if (b->has_max && (!s->has_max || (nl_value_compare(&b->max, &s->max, &comparable) > 0 && comparable)))
        s->max = b->max;
    s->has_min |= b->has_min;
    s->has_max |= b->has_max;
}

static int sum_leaf(const nl_parquet_file *file, size_t leaf, struct leaf_sum *s, nl_error *err)
{
    const struct pq_file_meta *meta = pq_inspect_meta(file);
    const struct pq_leaf *l = &pq_inspect_schema(file)->leaves[leaf];
    bool flat = !pq_inspect_schema(file)->columns[l->column].is_nested;
    *s = (struct leaf_sum){.codec = -1, .has_nulls = true};
    for (size_t g = 0; g < meta->n_row_groups; g++) {
        struct pq_column_chunk chunk;
        int rc = pq_inspect_chunk(file, g, leaf, NULL, &chunk, err);
        if (rc)
            return rc;
        const struct pq_column_meta *m = &chunk.meta;
        s->encodings |= m->encodings;
        s->mixed_codec |= s->codec >= 0 && s->codec != m->codec;
        s->codec = m->codec;
        s->values += m->num_values;
        s->compressed += m->total_compressed_size;
        s->uncompressed += m->total_uncompressed_size;
        s->has_nulls &= m->has_statistics && m->statistics.has_null_count;
        s->nulls += m->statistics.null_count;
        struct filter_bounds b = {0};
        if (flat)
            pq_stats(file, g, l->column, &b);
        add_bounds(s, &b);
    }
    return NL_OK;
}

enum { LEAF_CELLS = 9 };

/* The cells of one leaf in the table; each is malloc'ed, or NULL. */
static int leaf_cells(const nl_parquet_file *file, size_t leaf, char *cells[LEAF_CELLS], nl_error *err)
{
    struct leaf_sum s;
    nl_buf path = {0}, type = {0};
    const struct pq_schema *schema = pq_inspect_schema(file);
    const struct pq_column *column = &schema->columns[schema->leaves[leaf].column];
    int rc = sum_leaf(file, leaf, &s, err);
    if (rc == NL_OK)
        rc = pq_inspect_path(file, leaf, &path, err);
    if (rc == NL_OK)
        rc = pq_inspect_type(schema->leaves[leaf].element, &type, err);
    if (rc) {
        nl_buf_free(&path);
        nl_buf_free(&type);
        return rc;
    }
    char text[256], size[32];
    cells[0] = nl_buf_steal(&path);
    cells[1] = nl_buf_steal(&type);
    cells[2] = strdup(s.mixed_codec ? "several" : s.codec < 0 ? "" : pq_codec_name(s.codec));
    encodings_text(s.encodings, text, sizeof text);
    cells[3] = strdup(text);
    cells[4] = strdup(nl_format_size((uint64_t)s.compressed, size));
    snprintf(text, sizeof text, "%.2f", s.compressed > 0 ? (double)s.uncompressed / (double)s.compressed : 1.0);
    cells[5] = strdup(text);
    snprintf(text, sizeof text, "%lld", (long long)s.nulls);
    cells[6] = strdup(s.has_nulls ? text : "?");
    cells[7] = s.no_min ? NULL : bound_text(column, s.has_min, &s.min);
    cells[8] = s.no_max ? NULL : bound_text(column, s.has_max, &s.max);
    return NL_OK;
}

static int print_columns(const nl_parquet_file *file, nl_error *err)
{
    static const char *const titles[LEAF_CELLS] = {"column", "type",  "codec", "encodings", "size",
                                                   "ratio",  "nulls", "min",   "max"};
    size_t n = pq_inspect_schema(file)->n_leaves;
    char **cells = calloc(n ? n : 1, LEAF_CELLS * sizeof *cells);
    int rc = cells ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; rc == NL_OK && i < n; i++)
        rc = leaf_cells(file, i, cells + i * LEAF_CELLS, err);
    if (rc == NL_OK)
        rc = cli_print_table(titles, LEAF_CELLS, (const char *const *)cells, n, err);
    for (size_t i = 0; cells && i < n * LEAF_CELLS; i++)
        free(cells[i]);
    free(cells);
    return rc;
}

static int print_text(const nl_parquet_file *file, const char *uri, nl_error *err)
{
    char size[32], footer[32];
    const struct pq_file_meta *meta = pq_inspect_meta(file);
    printf("%s\n", uri);
    printf("  size        %s, footer %s\n", nl_format_size(pq_inspect_size(file), size),
           nl_format_size(pq_inspect_footer_size(file), footer));
    printf("  rows        %lld in %zu row group%s\n", (long long)nl_parquet_rows(file), meta->n_row_groups,
           meta->n_row_groups == 1 ? "" : "s");
    printf("  written by  %.*s\n", (int)meta->created_by.len,
           meta->created_by.data ? (const char *)meta->created_by.data : "");
    for (size_t i = 0; i < meta->n_key_values; i++)
        printf("  key         %.*s (%zu bytes)\n", (int)meta->key_values[i].key.len,
               (const char *)meta->key_values[i].key.data, meta->key_values[i].value.len);
    for (size_t g = 0; g < meta->n_row_groups; g++)
        printf("  row group   %zu: %lld rows, %s before compression\n", g, (long long)meta->row_groups[g].num_rows,
               nl_format_size((uint64_t)meta->row_groups[g].total_byte_size, size));
    putchar('\n');
    return print_columns(file, err);
}

/* ── JSON: every chunk ── */

/* A string that may be absent, or not UTF-8 (then null too): jansson takes neither. */
static json_t *json_text(const char *s, size_t len)
{
    json_t *j = s ? json_stringn(s, len) : NULL;
    return j ? j : json_null();
}

static json_t *chunk_json(const nl_parquet_file *file, size_t g, size_t leaf, nl_error *err)
{
    struct pq_column_chunk chunk;
    struct filter_bounds b = {0};
    const struct pq_schema *schema = pq_inspect_schema(file);
    const struct pq_column *column = &schema->columns[schema->leaves[leaf].column];
    if (pq_inspect_chunk(file, g, leaf, NULL, &chunk, err))
        return NULL;
    if (!column->is_nested)
        pq_stats(file, g, schema->leaves[leaf].column, &b);
    const struct pq_column_meta *m = &chunk.meta;
    char *min = bound_text(column, b.has_min, &b.min), *max = bound_text(column, b.has_max, &b.max), encodings[256];
    encodings_text(m->encodings, encodings, sizeof encodings);
    bool nulls = m->has_statistics && m->statistics.has_null_count;
    json_t *j = json_pack("{s:i, s:I, s:s, s:s, s:I, s:I, s:o, s:o, s:o, s:b, s:b, s:b}", "column", (int)leaf, "values",
                          (json_int_t)m->num_values, "codec", pq_codec_name(m->codec), "encodings", encodings,
                          "compressed_bytes", (json_int_t)m->total_compressed_size, "uncompressed_bytes",
                          (json_int_t)m->total_uncompressed_size, "nulls",
                          nulls ? json_integer(m->statistics.null_count) : json_null(), "min",
                          json_text(min, min ? strlen(min) : 0), "max", json_text(max, max ? strlen(max) : 0),
                          "dictionary", m->dictionary_page_offset > 0, "column_index", chunk.column_index_offset >= 0,
                          "bloom_filter", m->bloom_filter_offset >= 0);
    free(min);
    free(max);
    if (!j)
        nl_fail_memory(err);
    return j;
}

static json_t *leaf_json(const nl_parquet_file *file, size_t leaf, nl_error *err)
{
    static const char *const repetitions[] = {"required", "optional", "repeated"};
    const struct pq_schema_element *e = pq_inspect_schema(file)->leaves[leaf].element;
    nl_buf path = {0}, type = {0};
    json_t *j = NULL;
    if (pq_inspect_path(file, leaf, &path, err) == NL_OK && pq_inspect_type(e, &type, err) == NL_OK) {
        j = json_pack("{s:o, s:s, s:s}", "path", json_text(path.data, path.len), "type", type.data ? type.data : "",
                      "repetition", repetitions[(unsigned)e->repetition % NL_LEN(repetitions)]);
        if (!j)
            nl_fail_memory(err);
    }
    nl_buf_free(&path);
    nl_buf_free(&type);
    return j;
}

/* Append a value that may have failed. */
static bool append(json_t *array, json_t *value)
{
    return value && json_array_append_new(array, value) == 0;
}

static int fill_json(const nl_parquet_file *file, json_t *columns, json_t *groups, nl_error *err)
{
    const struct pq_file_meta *meta = pq_inspect_meta(file);
    size_t n = pq_inspect_schema(file)->n_leaves;
    for (size_t i = 0; i < n; i++)
        if (!append(columns, leaf_json(file, i, err)))
            return err->code ? err->code : nl_fail_memory(err);
    for (size_t g = 0; g < meta->n_row_groups; g++) {
        json_t *chunks = json_array();
        json_t *group = json_pack("{s:I, s:I, s:o}", "rows", (json_int_t)meta->row_groups[g].num_rows, "total_bytes",
                                  (json_int_t)meta->row_groups[g].total_byte_size, "chunks", chunks);
        if (!append(groups, group))
            return nl_fail_memory(err);
        for (size_t i = 0; i < n; i++)
            if (!append(chunks, chunk_json(file, g, i, err)))
                return err->code ? err->code : nl_fail_memory(err);
    }
    return NL_OK;
}

static int print_json(const nl_parquet_file *file, const char *uri, nl_error *err)
{
    const struct pq_file_meta *meta = pq_inspect_meta(file);
    json_t *columns = json_array(), *groups = json_array();
    json_t *root = json_pack("{s:o, s:I, s:I, s:I, s:o, s:o, s:o}", "file", json_text(uri, strlen(uri)), "bytes",
                             (json_int_t)pq_inspect_size(file), "footer_bytes",
                             (json_int_t)pq_inspect_footer_size(file), "rows", (json_int_t)nl_parquet_rows(file),
                             "written_by", json_text((const char *)meta->created_by.data, meta->created_by.len),
                             "columns", columns, "row_groups", groups);
    if (!root)
        return nl_fail_memory(err);
    int rc = fill_json(file, columns, groups, err);
    if (rc == NL_OK && (json_dumpf(root, stdout, JSON_INDENT(2)) || putchar('\n') == EOF))
        rc = cli_flush(err);
    json_decref(root);
    return rc;
}

static int run(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    nl_store *store;
    nl_source *source = NULL;
    nl_parquet_file *file = NULL;
    const char *format = cli_value(a, "format"), *uri = a->argv[0];
    int rc = cli_store(x, a, &store, err);
    if (rc == NL_OK)
        rc = nl_store_open(store, uri, NULL, &source, err);
    if (rc == NL_OK)
        rc = nl_parquet_open(source, &file, err);
    if (rc == NL_OK)
        rc = format && strcmp(format, "json") == 0 ? print_json(file, uri, err) : print_text(file, uri, err);
    nl_parquet_close(file);
    nl_source_close(source);
    return rc;
}

static const char *const formats[] = {"table", "json", NULL};

const struct cli_command cli_parquet_inspect = {
    .path = "parquet inspect",
    .operands = "FILE|URI",
    .min_operands = 1,
    .max_operands = 1,
    .complete = CLI_COMPLETE_FILE,
    .summary = "Show a Parquet file's schema, row groups and columns",
    .description = "Only the footer is read. The table adds a column's chunks up; json shows each.",
    .options =
        (const struct cli_option[]){
            {.name = "format",
             .letter = 'f',
             .argument = "FORMAT",
             .choices = formats,
             .complete = CLI_COMPLETE_CHOICES,
             .help = "how it is printed"},
            CLI_OPTION_ENDPOINT,
            CLI_OPTION_PROFILE,
            {0},
        },
    .run = run,
};
