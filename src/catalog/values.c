/* values.c: the table kind "values". */
#include "catalog/values.h"

#include <stdio.h>
#include <stdlib.h>

#include "catalog/function.h"
#include "catalog/rows.h"

static void close_values(struct catalog_open_base *base)
{
    arrow_schema_release(&base->schema);
    free(base);
}

static int open_values(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                       struct catalog_open_base **out, nl_error *err)
{
    (void)store;
    (void)args;
    (void)cancel;
    *out = NULL;
    struct catalog_open_base *o = calloc(1, sizeof *o);
    if (!o)
        return nl_fail_memory(err);
    o->table = t;
    int rc = rows_schema(t, &o->schema, err);
    if (rc) {
        free(o);
        return rc;
    }
    *out = o;
    return NL_OK;
}

/* Append rows until a batch is full; called again it goes on where it was. */
static int produce(nl_rows *rows, const void *ctx)
{
    const struct catalog_table *t = ctx;
    const struct catalog_values *v = t->declaration;
    for (size_t i = (size_t)nl_rows_count(rows); i < v->n_rows; i++) {
        if (nl_rows_full(rows))
            return NL_ROWS_MORE;
        nl_rows_begin(rows);
        for (size_t column = 0; column < t->n_columns; column++)
            rows_put(rows, &v->cells[i * t->n_columns + column]);
        nl_rows_end(rows);
    }
    return NL_ROWS_DONE;
}

static int scan_values(struct catalog_open_base *base, const struct scan_request *req, struct scan **out, nl_error *err)
{
    struct rows_source source = {.table = base->table, .produce = produce, .ctx = base->table, .cancel = req->cancel};
    struct ArrowArrayStream stream;
    int rc = rows_stream(&source, &stream, err);
    return rc ? rc : scan_stream(&stream, req, out, err);
}

static int64_t rows_of_values(struct catalog_open_base *base)
{
    return (int64_t)((const struct catalog_values *)base->table->declaration)->n_rows;
}

static int describe_values(const struct catalog_table *t, void *ctx,
                           int (*line)(void *ctx, const char *key, const char *value, nl_error *err), nl_error *err)
{
    char text[64];
    snprintf(text, sizeof text, "%zu in the catalog itself", ((const struct catalog_values *)t->declaration)->n_rows);
    return line(ctx, "rows", text, err);
}

const struct catalog_table_kind catalog_values_kind = {
    .name = "values",
    .open = open_values,
    .scan = scan_values,
    .close = close_values,
    .describe = describe_values,
    .rows = rows_of_values,
};

int catalog_values_check(const struct catalog_table *t, nl_error *err)
{
    return catalog_typed_columns_check(t, err);
}
