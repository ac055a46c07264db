/* function.c: the table kind "function": read the arguments, know the schema, start a stream for each scan.
 *
 * rows    the declared columns are the schema; the function runs when a scan asks for batches
 * stream  the function runs at opening, since only its stream knows the schema; the first scan takes that stream
 */
#include "catalog/function.h"

#include <stdlib.h>
#include <string.h>

#include "arrow/arrow.h"
#include "catalog/rows.h"
#include "catalog/type.h"

struct open_function {
    struct catalog_open_base base;
    nl_arena arena; /* the arguments and their texts */
    nl_value *args;
    struct ArrowArrayStream stream; /* made at opening, not yet taken */
};

static const struct catalog_function *declaration_of(const struct catalog_table *t)
{
    return t->declaration;
}

static void close_function(struct catalog_open_base *base)
{
    struct open_function *o = (struct open_function *)base;
    arrow_stream_release(&o->stream);
    arrow_schema_release(&base->schema);
    nl_arena_free(&o->arena);
    free(o);
}

/* One argument, or its default, as a value of the parameter's type. */
static int read_argument(const struct catalog_parameter *p, const char *given, nl_arena *arena, nl_value *out,
                         nl_error *err)
{
    const char *text = given ? given : p->default_value;
    if (!text) {
        nl_fail(err, NL_INVALID, "parameter %s (%s) is required", p->name, catalog_format_name(p->format));
        if (p->description)
            nl_hint(err, "%s: %s", p->name, p->description);
        return NL_INVALID;
    }
    char *copy = nl_arena_strdup(arena, text);
    if (!copy)
        return nl_fail_memory(err);
    int rc = catalog_value_parse(p->format, copy, strlen(copy), out, err);
    if (rc)
        nl_note(err, given ? "parameter %s" : "parameter %s: its default", p->name);
    return rc;
}

static int read_arguments(struct open_function *o, const char *const *given, nl_error *err)
{
    const struct catalog_table *t = o->base.table;
    o->args = nl_arena_array(&o->arena, t->n_parameters, sizeof *o->args);
    if (!o->args)
        return nl_fail_memory(err);
    for (size_t i = 0; i < t->n_parameters; i++) {
        int rc = read_argument(&t->parameters[i], given ? given[i] : NULL, &o->arena, &o->args[i], err);
        if (rc)
            return rc;
    }
    return NL_OK;
}

/* Call a stream function. */
static int make_stream(const struct open_function *o, struct ArrowArrayStream *out, nl_error *err)
{
    const struct catalog_table *t = o->base.table;
    struct rows_source source = {.table = t, .args = o->args};
    nl_rows *handle;
    out->release = NULL;
    int rc = rows_handle_new(&source, &handle, err);
    if (rc)
        return rc;
    int result = declaration_of(t)->stream(handle, out);
    rc = rows_handle_error(handle, err);
    rows_handle_free(handle);
    if (!rc && (result != NL_ROWS_DONE || !out->release))
        rc = nl_fail(err, NL_INVALID, "its function returned %d %s stream, and did not say why by nl_rows_fail()",
                     result, out->release ? "with a" : "without a");
    if (rc)
        arrow_stream_release(out);
    return rc;
}

static int schema_of_stream(struct ArrowArrayStream *stream, struct ArrowSchema *out, nl_error *err)
{
    int rc = arrow_stream_schema(stream, out, err);
    if (rc) {
        nl_note(err, "the schema of its stream");
        return rc;
    }
    if (!out->release || !out->format || strcmp(out->format, "+s") != 0)
        return nl_fail(err, NL_INVALID, "its stream's schema is not a struct of columns");
    return NL_OK;
}

static int prepare(struct open_function *o, const char *const *args, nl_error *err)
{
    const struct catalog_table *t = o->base.table;
    int rc = read_arguments(o, args, err);
    if (rc)
        return rc;
    if (declaration_of(t)->rows)
        return rows_schema(t, &o->base.schema, err);
    rc = make_stream(o, &o->stream, err);
    return rc ? rc : schema_of_stream(&o->stream, &o->base.schema, err);
}

static int open_function(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                         struct catalog_open_base **out, nl_error *err)
{
    (void)store; /* a function has its own ways to its data */
    (void)cancel;
    *out = NULL;
    struct open_function *o = calloc(1, sizeof *o);
    if (!o)
        return nl_fail_memory(err);
    o->base.table = t;
    int rc = prepare(o, args, err);
    if (rc) {
        close_function(&o->base);
        return rc;
    }
    *out = &o->base;
    return NL_OK;
}

static int call_rows(nl_rows *rows, const void *ctx)
{
    const struct catalog_function *f = ctx;
    return f->rows(rows);
}

static int scan_function(struct catalog_open_base *base, const struct scan_request *req, struct scan **out,
                         nl_error *err)
{
    struct open_function *o = (struct open_function *)base;
    const struct catalog_function *f = declaration_of(base->table);
    struct ArrowArrayStream stream;
    int rc = NL_OK;
    if (f->rows) {
        struct rows_source source = {base->table, call_rows, f, o->args, req->cancel};
        rc = rows_stream(&source, &stream, err);
    } else if (o->stream.release) {
        stream = o->stream;
        o->stream.release = NULL;
    } else {
        rc = make_stream(o, &stream, err);
    }
    return rc ? rc : scan_stream(&stream, req, out, err);
}

static int64_t rows_of_function(struct catalog_open_base *base)
{
    (void)base;
    return -1;
}

static int describe_function(const struct catalog_table *t, void *ctx,
                             int (*line)(void *ctx, const char *key, const char *value, nl_error *err), nl_error *err)
{
    return line(ctx, "rows from",
                declaration_of(t)->rows ? "a C function, row by row" : "a C function, an Arrow stream", err);
}

const struct catalog_table_kind catalog_function_kind = {
    .name = "function",
    .open = open_function,
    .scan = scan_function,
    .close = close_function,
    .describe = describe_function,
    .rows = rows_of_function,
};

int catalog_typed_columns_check(const struct catalog_table *t, nl_error *err)
{
    if (!t->n_columns)
        return nl_fail(err, NL_INVALID, "table %s has no columns, and they are its schema", t->name);
    for (size_t i = 0; i < t->n_columns; i++)
        if (!t->columns[i].format)
            return nl_fail(err, NL_INVALID, "table %s: column %s has no type, and the columns are the schema", t->name,
                           t->columns[i].name);
    return NL_OK;
}

int catalog_function_check(const struct catalog_table *t, nl_error *err)
{
    const struct catalog_function *f = t->declaration;
    if (!f->rows && !f->stream)
        return nl_fail(err, NL_INVALID, "table %s %s", t->name, NL_FUNCTION_FORGOTTEN);
    if (f->rows && f->stream)
        return nl_fail(err, NL_INVALID, "table %s has both .rows and .stream: one of them is its function", t->name);
    return f->rows ? catalog_typed_columns_check(t, err) : NL_OK;
}
