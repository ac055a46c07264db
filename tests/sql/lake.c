/* tests/sql/lake.c: files with known rows; results as text. */
#include "sql/lake.h"

#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "sql/duckdb.h"
#include "support/check.h"
#include "support/tmp.h"

static void fill_columns(struct arrow_builder *const b[4], int64_t first, int64_t rows)
{
    nl_error err;
    for (int64_t id = first; id < first + rows; id++) {
        char name[64];
        int len = snprintf(name, sizeof name, "name of %lld", (long long)id);
        CHECK_OK(arrow_builder_int(b[0], id, &err), err);
        CHECK_OK(id % 7 == 3 ? arrow_builder_null(b[1], &err) : arrow_builder_bytes(b[1], name, (size_t)len, &err),
                 err);
        CHECK_OK(arrow_builder_double(b[2], (double)id / 4, &err), err);
        CHECK_OK(arrow_builder_int(b[3], id % 100, &err), err);
    }
}

static void write_batch(const char *path, const struct ArrowSchema *schema, const struct ArrowArray *batch,
                        int64_t group_rows)
{
    nl_parquet_writer *w;
    nl_sink *sink;
    nl_error err;
    CHECK_OK(nl_sink_create_file(path, &sink, &err), err);
    nl_parquet_write_options options = {.row_group_rows = group_rows};
    CHECK_OK(nl_parquet_writer_new(sink, schema, &options, &w, &err), err);
    CHECK_OK(nl_parquet_write(w, batch, &err), err);
    CHECK_OK(nl_parquet_finish(w, &err), err);
    nl_parquet_writer_free(w);
    CHECK_OK(nl_sink_commit(sink, &err), err);
}

void lake_write_text(const char *dir, const char *name, const char *text)
{
    struct ArrowSchema schema;
    struct ArrowArray column, batch;
    struct arrow_builder *b;
    nl_error err;
    char *path = tmp_path(dir, name);
    CHECK_OK(arrow_schema_struct(&schema, 1, &err), err);
    CHECK_OK(arrow_schema_field(schema.children[0], "u", "s", true, &err), err);
    CHECK_OK(arrow_builder_new("u", &b, &err), err);
    CHECK_OK(arrow_builder_bytes(b, text, strlen(text), &err), err);
    CHECK_OK(arrow_builder_finish(b, &column, &err), err);
    CHECK_OK(arrow_batch_make(&column, 1, 1, &batch, &err), err);
    write_batch(path, &schema, &batch, 0);
    arrow_builder_free(b);
    arrow_array_release(&batch);
    arrow_schema_release(&schema);
    free(path);
}

void lake_write(const char *path, int64_t first, int64_t rows, int64_t group_rows)
{
    static const char *const formats[] = {"l", "u", "g", "tdD"}, *const names[] = {"id", "name", "price", "day"};
    struct ArrowSchema schema;
    struct ArrowArray columns[4], batch;
    struct arrow_builder *builders[4];
    nl_error err;
    CHECK_OK(arrow_schema_struct(&schema, 4, &err), err);
    for (int i = 0; i < 4; i++) {
        CHECK_OK(arrow_schema_field(schema.children[i], formats[i], names[i], i > 0, &err), err);
        CHECK_OK(arrow_builder_new(formats[i], &builders[i], &err), err);
    }
    fill_columns(builders, first, rows);
    for (int i = 0; i < 4; i++) {
        CHECK_OK(arrow_builder_finish(builders[i], &columns[i], &err), err);
        arrow_builder_free(builders[i]);
    }
    CHECK_OK(arrow_batch_make(columns, 4, rows, &batch, &err), err);
    write_batch(path, &schema, &batch, group_rows);
    arrow_array_release(&batch);
    arrow_schema_release(&schema);
}

static int put_batch(nl_buf *b, const struct ArrowSchema *schema, const struct ArrowArray *batch, nl_error *err)
{
    for (int64_t row = 0; row < batch->length; row++)
        for (int64_t i = 0; i < batch->n_children; i++) {
            struct arrow_type t;
            int rc = i || b->len ? nl_buf_putc(b, i ? ',' : ';', err) : NL_OK;
            if (!rc)
                rc = arrow_type_parse(schema->children[i]->format, &t, err);
            if (!rc && !arrow_is_valid(batch->children[i], row))
                rc = nl_buf_puts(b, "null", err);
            else if (!rc)
                rc = arrow_format_value(batch->children[i], &t, row, b, err);
            if (rc)
                return rc;
        }
    return NL_OK;
}

char *lake_query(nl_engine *e, const char *sql, nl_error *err)
{
    struct ArrowArrayStream rows;
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    nl_buf b = {0};
    *err = (nl_error){0};
    nl_buf_puts(&b, "", NULL);
    int rc = nl_engine_query(e, sql, &rows, err);
    if (!rc)
        rc = arrow_stream_schema(&rows, &schema, err);
    while (!rc) {
        rc = arrow_stream_next(&rows, &batch, err);
        if (rc || !batch.release)
            break;
        rc = put_batch(&b, &schema, &batch, err);
        arrow_array_release(&batch);
    }
    arrow_schema_release(&schema);
    arrow_stream_release(&rows);
    if (rc)
        nl_buf_free(&b);
    return rc ? NULL : nl_buf_steal(&b);
}

void lake_need_duckdb(void)
{
#ifdef __SANITIZE_THREAD__
    print_message("skipped: DuckDB is not built for the thread sanitizer\n");
    skip();
#endif
    char *path;
    nl_error err;
    if (sql_duckdb_find(&path, &err) != NL_OK) {
        print_message("skipped: %s\n", err.message);
        skip();
    }
    free(path);
}

struct lake lake_open(const nl_catalog *catalog, size_t threads)
{
    struct lake l;
    nl_error err;
    nl_engine_options options = {.threads = threads};
    CHECK_OK(nl_store_new(NULL, &l.store, &err), err);
    CHECK_OK(nl_engine_open(catalog, l.store, &options, &l.engine, &err), err);
    return l;
}

void lake_close(struct lake *l)
{
    nl_engine_close(l->engine);
    nl_store_free(l->store);
}
