/* dump.c: models and rows as text. */
#include "catalog/dump.h"

#include <stdlib.h>

#include "arrow/arrow.h"
#include "support/check.h"

static void put(nl_buf *b, const char *key, const char *value)
{
    if (value)
        nl_buf_printf(b, NULL, "  %s: %s\n", key, value);
}

static int put_line(void *ctx, const char *key, const char *value, nl_error *err)
{
    (void)err;
    put(ctx, key, value);
    return NL_OK;
}

static void dump_table(nl_buf *b, const struct catalog_table *t)
{
    const struct catalog_metadata *m = &t->metadata;
    nl_buf_printf(b, NULL, "%s.%s\n", t->database, t->name);
    if (strcmp(t->kind->name, "parquet") == 0)
        t->kind->describe(t, b, put_line, NULL);
    put(b, "description", t->description);
    for (size_t i = 0; i < t->n_columns; i++)
        nl_buf_printf(b, NULL, "  column %s %s %s\n", t->columns[i].name,
                      t->columns[i].format ? t->columns[i].format : "-",
                      t->columns[i].description ? t->columns[i].description : "-");
    for (size_t i = 0; i < t->n_filters; i++)
        put(b, "filter", t->filters[i]);
    for (size_t i = 0; i < m->n_tags; i++)
        put(b, "tag", m->tags[i]);
    put(b, "data input", m->data_input);
    put(b, "latency", m->latency_info);
    put(b, "example", m->example_notebook);
    put(b, "owner", m->owner);
    put(b, "deprecated", m->deprecated);
}

char *dump_catalog(const nl_catalog *c)
{
    nl_buf b = {0};
    for (size_t i = 0; i < catalog_n_databases(c); i++)
        nl_buf_printf(&b, NULL, "database %s: %s\n", catalog_database_name(c, i),
                      catalog_database_description(c, i) ? catalog_database_description(c, i) : "-");
    for (size_t i = 0; i < catalog_n_tables(c); i++)
        dump_table(&b, catalog_table_at(c, i));
    return nl_buf_steal(&b);
}

static void dump_batch(nl_buf *b, const struct ArrowSchema *schema, const struct ArrowArray *batch)
{
    for (int64_t row = 0; row < batch->length; row++)
        for (int64_t i = 0; i < batch->n_children; i++) {
            struct arrow_type type;
            nl_buf_puts(b, i ? "," : "", NULL);
            if (arrow_type_parse(schema->children[i]->format, &type, NULL) == NL_OK)
                arrow_format_value(batch->children[i], &type, row, b, NULL);
            if (i + 1 == batch->n_children)
                nl_buf_putc(b, '\n', NULL);
        }
}

static int dump_scan(struct catalog_open_base *o, nl_buf *b, nl_error *err)
{
    struct scan *scan = NULL;
    struct scan_worker *worker = NULL;
    int rc = o->table->kind->scan(o, &(struct scan_request){0}, &scan, err);
    if (!rc)
        rc = scan_worker_new(scan, &worker, err);
    while (!rc) {
        struct ArrowArray batch;
        uint64_t index;
        rc = scan_worker_next(worker, &batch, &index, err);
        if (rc || !batch.release)
            break;
        dump_batch(b, &o->schema, &batch);
        arrow_array_release(&batch);
    }
    if (worker)
        scan_worker_free(worker);
    if (scan)
        scan_free(scan);
    return rc;
}

char *dump_rows(const struct catalog_table *t, const char *const *args)
{
    nl_buf b = {0};
    nl_error err = {0};
    nl_store *store = NULL;
    struct catalog_open_base *o = NULL;
    int rc = nl_store_new(NULL, &store, &err);
    if (!rc)
        rc = catalog_table_open(t, store, args, NULL, &o, &err);
    if (!rc)
        rc = dump_scan(o, &b, &err);
    if (rc)
        nl_buf_printf(&b, NULL, "error: %s", err.message);
    if (o)
        t->kind->close(o);
    nl_store_free(store);
    nl_buf_puts(&b, "", NULL);
    return nl_buf_steal(&b);
}
