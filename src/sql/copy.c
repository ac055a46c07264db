/* copy.c: read a COPY statement, write its rows. */
#include "sql/copy.h"

#include <string.h>
#include <strings.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "sql/token.h"

/* ── the statement ── */

static int invalid_option(const char *name, const char *value, nl_error *err)
{
    nl_fail(err, NL_UNSUPPORTED, "COPY to S3 does not know %s %s", name, value);
    nl_hint(err, "it writes Parquet: FORMAT parquet, COMPRESSION snappy, zstd or uncompressed, ROW_GROUP_SIZE rows");
    return NL_UNSUPPORTED;
}

static int take_option(const char *name, const char *value, nl_parquet_write_options *o, nl_error *err)
{
    if (strcasecmp(name, "format") == 0 && strcasecmp(value, "parquet") == 0)
        return NL_OK;
    if (strcasecmp(name, "row_group_size") == 0 && nl_parse_i64(value, &o->row_group_rows) && o->row_group_rows > 0)
        return NL_OK;
    if (strcasecmp(name, "compression") != 0 && strcasecmp(name, "codec") != 0)
        return invalid_option(name, value, err);
    if (strcasecmp(value, "snappy") == 0)
        o->codec = NL_PARQUET_SNAPPY;
    else if (strcasecmp(value, "zstd") == 0)
        o->codec = NL_PARQUET_ZSTD;
    else if (strcasecmp(value, "uncompressed") == 0)
        o->codec = NL_PARQUET_UNCOMPRESSED;
    else
        return invalid_option(name, value, err);
    return NL_OK;
}

/* (NAME value, …) at *at, or nothing. */
static int take_options(nl_arena *a, const char *at, nl_parquet_write_options *o, nl_error *err)
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
        int rc = take_option(name_text, value_text, o, err);
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
    return *is_copy ? take_options(a, at, &out->options, err) : NL_OK;
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

static int write_file(const struct sql_copy *copy, struct ArrowArrayStream *rows, nl_sink *sink, nl_cancel *cancel,
                      nl_error *err)
{
    struct ArrowSchema schema;
    nl_parquet_writer *w = NULL;
    int rc = arrow_stream_schema(rows, &schema, err);
    if (rc)
        return rc;
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
