/* copy.c: read a COPY statement, write its rows. */
#include "sql/copy.h"

#include <string.h>
#include <strings.h>

#include "arrow/arrow.h"
#include "arrow/metadata.h"
#include "base/str.h"
#include "sql/token.h"

/* ── the statement ── */

static int invalid_option(const char *name, const char *value, nl_error *err)
{
    nl_fail(err, NL_UNSUPPORTED, "COPY to S3 does not know %s %s", name, value);
    nl_hint(err, "it writes Parquet: FORMAT parquet, COMPRESSION snappy, zstd, gzip, brotli, lz4_raw or uncompressed, "
                 "COMPRESSION_LEVEL n, ROW_GROUP_SIZE rows, ROW_GROUP_SIZE_BYTES bytes, PARQUET_VERSION v1 or v2");
    return NL_UNSUPPORTED;
}

/* name: value pairs of the option in braces. */
struct pairs {
    const char **texts;
    size_t n, cap;
};

static int add_pair(nl_arena *a, struct pairs *p, const char *name, const char *value, nl_error *err)
{
    if (!name || !value)
        return nl_fail_memory(err);
    if (p->n == p->cap) {
        size_t cap = p->cap ? 2 * p->cap : 8;
        const char **texts = nl_arena_array(a, 2 * cap, sizeof *texts);
        if (!texts)
            return nl_fail_memory(err);
        if (p->n)
            memcpy(texts, p->texts, 2 * p->n * sizeof *texts);
        p->texts = texts;
        p->cap = cap;
    }
    p->texts[2 * p->n] = name;
    p->texts[2 * p->n++ + 1] = value;
    return NL_OK;
}

/* {name: value, …} at *at, behind its brace. */
static int take_pairs(nl_arena *a, const char **at, const char *option, struct pairs *out, nl_error *err)
{
    struct sql_token t;
    do {
        struct sql_token name = sql_token_next(at), colon = sql_token_next(at), value = sql_token_next(at);
        bool plain = value.kind == SQL_NUMBER || value.kind == SQL_STRING || value.kind == SQL_WORD;
        if (!sql_token_is_symbol(&colon, ":") || !plain)
            return nl_fail(err, NL_UNSUPPORTED, "COPY: %s is not {name: value, …} with plain values", option);
        int rc = add_pair(a, out, sql_token_value(a, &name), sql_token_value(a, &value), err);
        if (rc)
            return rc;
        t = sql_token_next(at);
    } while (sql_token_is_symbol(&t, ","));
    return sql_token_is_symbol(&t, "}") ? NL_OK
                                        : nl_fail(err, NL_INVALID, "COPY: the braces of %s do not close", option);
}

static int take_braces(nl_arena *a, const char **at, const char *option, struct sql_copy *out, nl_error *err)
{
    struct pairs pairs = {0};
    bool ids = strcasecmp(option, "field_ids") == 0;
    if (!ids && strcasecmp(option, "kv_metadata") != 0)
        return invalid_option(option, "{…}", err);
    int rc = take_pairs(a, at, option, &pairs, err);
    for (size_t i = 0; ids && i < pairs.n && !rc; i++) {
        int64_t id;
        if (!nl_parse_i64(pairs.texts[2 * i + 1], &id) || id < 0 || id > INT32_MAX)
            rc = nl_fail(err, NL_INVALID, "COPY: %s is no field id", pairs.texts[2 * i + 1]);
    }
    if (rc)
        return rc;
    if (ids) {
        out->field_ids = pairs.texts;
        out->n_field_ids = pairs.n;
    } else {
        out->options.key_values = pairs.texts;
        out->options.n_key_values = pairs.n;
    }
    return NL_OK;
}

/* False: there is no such codec. */
static bool take_codec(const char *value, nl_parquet_codec *out)
{
    static const struct {
        const char *name;
        nl_parquet_codec codec;
    } codecs[] = {{"snappy", NL_PARQUET_SNAPPY},     {"zstd", NL_PARQUET_ZSTD},
                  {"gzip", NL_PARQUET_GZIP},         {"brotli", NL_PARQUET_BROTLI},
                  {"lz4_raw", NL_PARQUET_LZ4_RAW},   {"lz4", NL_PARQUET_LZ4_RAW},
                  {"none", NL_PARQUET_UNCOMPRESSED}, {"uncompressed", NL_PARQUET_UNCOMPRESSED}};
    for (size_t i = 0; i < NL_LEN(codecs); i++)
        if (strcasecmp(codecs[i].name, value) == 0) {
            *out = codecs[i].codec;
            return true;
        }
    return false;
}

static int take_option(const char *name, const char *value, nl_parquet_write_options *o, nl_error *err)
{
    int64_t number = 0;
    uint64_t size = 0;
    bool is_number = nl_parse_i64(value, &number) && number > 0;
    bool is_size = nl_parse_size(value, &size) && size > 0, known = false;
    if (strcasecmp(name, "format") == 0) {
        known = strcasecmp(value, "parquet") == 0;
    } else if (strcasecmp(name, "compression") == 0 || strcasecmp(name, "codec") == 0) {
        known = take_codec(value, &o->codec);
    } else if (strcasecmp(name, "compression_level") == 0) {
        known = is_number && number <= INT32_MAX;
        o->codec_level = known ? (int)number : 0;
    } else if (strcasecmp(name, "row_group_size") == 0 || strcasecmp(name, "chunk_size") == 0) {
        known = is_number;
        o->row_group_rows = number;
    } else if (strcasecmp(name, "row_group_size_bytes") == 0) {
        known = is_size;
        o->row_group_bytes = size;
    } else if (strcasecmp(name, "string_dictionary_page_size_limit") == 0) {
        known = is_size;
        o->dictionary_bytes = size;
    } else if (strcasecmp(name, "parquet_version") == 0) {
        o->data_page_v2 = strcasecmp(value, "v2") == 0;
        known = o->data_page_v2 || strcasecmp(value, "v1") == 0;
    }
    return known ? NL_OK : invalid_option(name, value, err);
}

/* (NAME value, …) at *at, or nothing. */
static int take_options(nl_arena *a, const char *at, struct sql_copy *out, nl_error *err)
{
    struct sql_token t = sql_token_next(&at);
    if (t.kind == SQL_END)
        return NL_OK;
    if (sql_token_is(&t, "with"))
        t = sql_token_next(&at);
    if (!sql_token_is_symbol(&t, "("))
        return nl_fail(err, NL_INVALID, "COPY: options stand in parentheses, not behind %.*s", (int)t.len, t.text);
    do {
        struct sql_token name = sql_token_next(&at), value = sql_token_next(&at);
        char *name_text = sql_token_value(a, &name), *value_text = sql_token_value(a, &value);
        if (!name_text || !value_text)
            return nl_fail_memory(err);
        int rc = sql_token_is_symbol(&value, "{") ? take_braces(a, &at, name_text, out, err)
                                                  : take_option(name_text, value_text, &out->options, err);
        if (rc)
            return rc;
        t = sql_token_next(&at);
    } while (sql_token_is_symbol(&t, ","));
    return sql_token_is_symbol(&t, ")") ? NL_OK : nl_fail(err, NL_INVALID, "COPY: the options are not closed");
}

/* What is between COPY and TO as a query: without its parentheses, or FROM a table. */
static char *source_query(nl_arena *a, const char *from, const char *end)
{
    while (end > from && strchr(" \t\r\n", end[-1]))
        end--;
    if (from[0] == '(' && end[-1] == ')')
        return nl_arena_strndup(a, from + 1, (size_t)(end - from) - 2);
    return nl_arena_printf(a, "FROM %.*s", (int)(end - from), from);
}

int sql_copy_parse(nl_arena *a, const char *text, size_t len, struct sql_copy *out, bool *is_copy, nl_error *err)
{
    *is_copy = false;
    *out = (struct sql_copy){0};
    const char *at = nl_arena_strndup(a, text, len);
    if (!at)
        return nl_fail_memory(err);
    struct sql_token t = sql_token_next(&at);
    if (!sql_token_is(&t, "copy"))
        return NL_OK;
    t = sql_token_next(&at);
    const char *from = t.text;
    for (int depth = 0; t.kind != SQL_END && (depth || !sql_token_is(&t, "to")); t = sql_token_next(&at))
        depth += sql_token_is_symbol(&t, "(") - sql_token_is_symbol(&t, ")");
    struct sql_token target = sql_token_next(&at);
    if (t.kind == SQL_END || target.kind != SQL_STRING)
        return NL_OK;
    out->uri = sql_token_value(a, &target);
    out->query = source_query(a, from, t.text);
    if (!out->uri || !out->query)
        return nl_fail_memory(err);
    *is_copy = nl_starts_with(out->uri, "s3://");
    return *is_copy ? take_options(a, at, out, err) : NL_OK;
}

/* ── the rows ── */

static int write_batches(nl_parquet_writer *w, struct ArrowArrayStream *rows, nl_cancel *cancel, nl_error *err)
{
    for (;;) {
        struct ArrowArray batch;
        int rc = nl_cancel_check(cancel, err);
        if (!rc)
            rc = arrow_stream_next(rows, &batch, err);
        if (rc || !batch.release)
            return rc ? rc : nl_parquet_finish(w, err);
        rc = nl_parquet_write(w, &batch, err);
        arrow_array_release(&batch);
        if (rc)
            return rc;
    }
}

/* FIELD_IDS, as the writer wants them: in the fields' metadata. */
static int set_field_ids(const struct sql_copy *copy, struct ArrowSchema *schema, nl_error *err)
{
    int rc = NL_OK;
    for (size_t i = 0; i < copy->n_field_ids && !rc; i++) {
        const char *name = copy->field_ids[2 * i], *id = copy->field_ids[2 * i + 1];
        int64_t at = arrow_schema_find(schema, name);
        if (at < 0)
            rc = nl_fail(err, NL_INVALID, "COPY: FIELD_IDS names a column %s, which there is not", name);
        else
            rc = arrow_metadata_set(schema->children[at], "PARQUET:field_id", id, strlen(id), err);
    }
    return rc;
}

static int write_file(const struct sql_copy *copy, struct ArrowArrayStream *rows, nl_sink *sink, nl_cancel *cancel,
                      nl_error *err)
{
    struct ArrowSchema schema;
    nl_parquet_writer *w = NULL;
    int rc = arrow_stream_schema(rows, &schema, err);
    if (rc)
        return rc;
    rc = set_field_ids(copy, &schema, err);
    if (!rc)
        rc = nl_parquet_writer_new(sink, &schema, &copy->options, &w, err);
    if (rc)
        nl_note(err, "%s", copy->uri);
    else
        rc = write_batches(w, rows, cancel, err);
    nl_parquet_writer_free(w);
    arrow_schema_release(&schema);
    return rc;
}

int sql_copy_write(const struct sql_copy *copy, struct ArrowArrayStream *rows, nl_store *store, nl_cancel *cancel,
                   nl_error *err)
{
    nl_sink *sink;
    int rc = nl_store_create(store, copy->uri, NULL, &sink, err);
    if (rc)
        return rc;
    rc = write_file(copy, rows, sink, cancel, err);
    if (rc) {
        nl_sink_abort(sink);
        return rc;
    }
    return nl_sink_commit(sink, err);
}
