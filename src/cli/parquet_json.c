/* parquet_json.c: a Parquet file's footer as JSON.
 *
 *     {"file", "bytes", "footer_bytes", "rows", "version", "written_by", "key_values": […], "schema": {… "children": […]},
 *      "columns": [{"path", "type", …}], "row_groups": [{"rows", …, "chunks": [{"column", "codec", …}]}]}
 *
 * What the footer does not say is null.
 */
#include "cli/parquet_json.h"

#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "cli/context.h"
#include "cli/parquet_leaf.h"
#include "parquet/codec/codec.h"

/* Append a value that may have failed. */
static bool append(json_t *array, json_t *value)
{
    return value && json_array_append_new(array, value) == 0;
}

/* A size or an offset; -1 is none. */
static json_t *number_or_null(int64_t n)
{
    return n < 0 ? json_null() : json_integer(n);
}

static json_t *flag_or_null(bool has, bool value)
{
    return has ? json_boolean(value) : json_null();
}

static json_t *slice_json(struct pq_slice s)
{
    return cli_json_text((const char *)s.data, s.len);
}

static json_t *encodings_json(uint32_t bits)
{
    json_t *list = json_array();
    for (int32_t e = 0; list && e < 32; e++)
        if (bits >> e & 1 && !append(list, json_string(pq_encoding_name(e)))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static json_t *encoding_stats_json(const struct pq_column_meta *m)
{
    static const char *const pages[] = {"data", "index", "dictionary", "data_v2"};
    json_t *list = json_array();
    for (size_t i = 0; list && i < m->n_encoding_stats; i++) {
        const struct pq_encoding_stats *s = &m->encoding_stats[i];
        const char *page = (size_t)s->page_type < NL_LEN(pages) ? pages[s->page_type] : "unknown";
        if (!append(list, json_pack("{s:s, s:s, s:i}", "page", page, "encoding", pq_encoding_name(s->encoding), "count",
                                    (int)s->count))) {
            json_decref(list);
            return NULL;
        }
    }
    return list;
}

/* Bounds and counts of a chunk. */
static json_t *statistics_json(const nl_parquet_file *f, size_t leaf, const struct pq_column_chunk *c)
{
    const struct pq_statistics *s = &c->meta.statistics;
    struct pq_slice low, high;
    cli_leaf_bounds(f, leaf, c, &low, &high);
    char *min = cli_bound_text(f, leaf, low, 0), *max = cli_bound_text(f, leaf, high, 0);
    json_t *j = json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o}", "nulls",
                          s->has_null_count ? json_integer(s->null_count) : json_null(), "min",
                          cli_json_text(min, min ? strlen(min) : 0), "max", cli_json_text(max, max ? strlen(max) : 0),
                          "min_is_exact", flag_or_null(s->has_min_exact, s->min_exact), "max_is_exact",
                          flag_or_null(s->has_max_exact, s->max_exact), "distinct_values",
                          s->has_distinct_count ? json_integer(s->distinct_count) : json_null(), "nans",
                          s->has_nan_count ? json_integer(s->nan_count) : json_null());
    free(min);
    free(max);
    return j;
}

/* Where a chunk's parts lie. */
static json_t *places_json(const struct pq_column_chunk *c)
{
    const struct pq_column_meta *m = &c->meta;
    bool column = c->column_index_offset >= 0, offset = c->offset_index_offset >= 0;
    return json_pack("{s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:o, s:b, s:b, s:b, s:b}", "data_page_offset",
                     number_or_null(m->data_page_offset), "dictionary_page_offset",
                     number_or_null(m->dictionary_page_offset), "column_index_offset",
                     number_or_null(c->column_index_offset), "column_index_bytes",
                     number_or_null(column ? c->column_index_length : -1), "offset_index_offset",
                     number_or_null(c->offset_index_offset), "offset_index_bytes",
                     number_or_null(offset ? c->offset_index_length : -1), "bloom_filter_offset",
                     number_or_null(m->bloom_filter_offset), "bloom_filter_bytes",
                     number_or_null(m->bloom_filter_length), "dictionary", m->dictionary_page_offset > 0,
                     "column_index", column, "offset_index", offset, "bloom_filter", m->bloom_filter_offset >= 0);
}

static json_t *chunk_json(const nl_parquet_file *f, size_t g, size_t leaf, nl_error *err)
{
    struct pq_column_chunk c;
    nl_arena arena = {0};
    int64_t pages = -1;
    json_t *j = NULL, *statistics = NULL, *places = NULL;
    int rc = pq_inspect_chunk(f, g, leaf, &arena, &c, err);
    if (rc == NL_OK)
        rc = cli_leaf_pages(f, &c, &pages, err);
    if (rc == NL_OK) {
        const struct pq_column_meta *m = &c.meta;
        j = json_pack("{s:i, s:I, s:s, s:o, s:o, s:o, s:I, s:I, s:o, s:o, s:b}", "column", (int)leaf, "values",
                      (json_int_t)m->num_values, "codec", pq_codec_name(m->codec), "encodings",
                      encodings_json(m->encodings), "encoding_stats", encoding_stats_json(m), "pages",
                      number_or_null(pages), "compressed_bytes", (json_int_t)m->total_compressed_size,
                      "uncompressed_bytes", (json_int_t)m->total_uncompressed_size, "unencoded_bytes",
                      number_or_null(m->has_size_statistics ? m->size_statistics.unencoded_bytes : -1), "in_file",
                      slice_json(c.file_path), "encrypted", c.is_encrypted);
        statistics = statistics_json(f, leaf, &c);
        places = places_json(&c);
        if (!j || !statistics || !places || json_object_update(j, statistics) || json_object_update(j, places)) {
            nl_fail_memory(err);
            json_decref(j);
            j = NULL;
        }
    }
    json_decref(statistics);
    json_decref(places);
    nl_arena_free(&arena);
    return j;
}

/* ── columns, key-values, row groups ── */

static json_t *column_json(const nl_parquet_file *f, size_t leaf)
{
    const struct pq_leaf *l = &pq_inspect_schema(f)->leaves[leaf];
    nl_buf path = {0}, type = {0};
    json_t *j = NULL;
    if (pq_inspect_path(f, leaf, &path, NULL) == NL_OK && pq_inspect_type(l->element, &type, NULL) == NL_OK)
        j = json_pack("{s:o, s:s, s:s, s:i, s:i}", "path", cli_json_text(path.data ? path.data : "", path.len), "type",
                      type.data, "repetition", cli_repetition_name(l->element), "max_definition_level",
                      (int)l->max_definition, "max_repetition_level", (int)l->max_repetition);
    nl_buf_free(&path);
    nl_buf_free(&type);
    return j;
}

static bool fill_columns(const nl_parquet_file *f, json_t *columns)
{
    for (size_t i = 0; i < pq_inspect_schema(f)->n_leaves; i++)
        if (!append(columns, column_json(f, i)))
            return false;
    return true;
}

static bool fill_key_values(const nl_parquet_file *f, json_t *list)
{
    const struct pq_file_meta *m = pq_inspect_meta(f);
    for (size_t i = 0; i < m->n_key_values; i++)
        if (!append(list,
                    json_pack("{s:o, s:o, s:I}", "key", slice_json(m->key_values[i].key), "value",
                              slice_json(m->key_values[i].value), "bytes", (json_int_t)m->key_values[i].value.len)))
            return false;
    return true;
}

static json_t *sorting_json(const struct pq_row_group *g)
{
    json_t *list = json_array();
    for (size_t i = 0; list && i < g->n_sorting; i++)
        if (!append(list, json_pack("{s:i, s:b, s:b}", "column", (int)g->sorting[i].column, "descending",
                                    g->sorting[i].descending, "nulls_first", g->sorting[i].nulls_first))) {
            json_decref(list);
            return NULL;
        }
    return list;
}

static int fill_groups(const nl_parquet_file *f, json_t *groups, nl_error *err)
{
    const struct pq_file_meta *m = pq_inspect_meta(f);
    for (size_t g = 0; g < m->n_row_groups; g++) {
        const struct pq_row_group *group = &m->row_groups[g];
        json_t *chunks = json_array();
        json_t *j = json_pack("{s:I, s:I, s:o, s:o, s:o, s:o}", "rows", (json_int_t)group->num_rows, "total_bytes",
                              (json_int_t)group->total_byte_size, "compressed_bytes",
                              number_or_null(group->total_compressed_size), "file_offset",
                              number_or_null(group->file_offset), "sorting", sorting_json(group), "chunks", chunks);
        if (!append(groups, j))
            return nl_fail_memory(err);
        for (size_t i = 0; i < pq_inspect_schema(f)->n_leaves; i++) {
            json_t *chunk = chunk_json(f, g, i, err);
            if (!chunk)
                return err && err->code ? err->code : NL_NO_MEMORY;
            if (json_array_append_new(chunks, chunk))
                return nl_fail_memory(err);
        }
    }
    return NL_OK;
}

int cli_print_parquet_json(const nl_parquet_file *f, const char *uri, nl_error *err)
{
    const struct pq_file_meta *m = pq_inspect_meta(f);
    json_t *key_values = json_array(), *columns = json_array(), *groups = json_array();
    json_t *root =
        json_pack("{s:o, s:I, s:I, s:I, s:i, s:o, s:b, s:o, s:o, s:o, s:o}", "file", cli_json_text(uri, strlen(uri)),
                  "bytes", (json_int_t)pq_inspect_size(f), "footer_bytes", (json_int_t)pq_inspect_footer_size(f),
                  "rows", (json_int_t)nl_parquet_rows(f), "version", (int)m->version, "written_by",
                  slice_json(m->created_by), "encrypted", m->is_encrypted, "key_values", key_values, "schema",
                  cli_schema_json(f), "columns", columns, "row_groups", groups);
    if (!root)
        return nl_fail_memory(err);
    int rc = fill_key_values(f, key_values) && fill_columns(f, columns) ? NL_OK : nl_fail_memory(err);
    if (rc == NL_OK)
        rc = fill_groups(f, groups, err);
    if (rc == NL_OK && (json_dumpf(root, stdout, JSON_INDENT(2)) || putchar('\n') == EOF))
        rc = nl_fail_errno(err, errno ? errno : EIO, "write to standard output");
    if (rc == NL_OK)
        rc = cli_flush(err);
    json_decref(root);
    return rc;
}
