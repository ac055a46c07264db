/* result.c: pending statement → streaming result → chunks → Arrow batches. */
#include "sql/result.h"

#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "sql/types.h"

struct rows {
    const struct sql_duckdb *duck;
    struct sql_faults *faults;
    duckdb_prepared_statement statement;
    duckdb_result result;
    bool has_result;
    duckdb_arrow_options options;
    idx_t n_columns; /* 0: a statement without rows */
    void (*released)(void *ctx);
    void *ctx;
};

static void done(void *ctx)
{
    struct rows *r = ctx;
    if (r->options)
        r->duck->destroy_arrow_options(&r->options);
    if (r->has_result)
        r->duck->destroy_result(&r->result);
    r->duck->destroy_prepare(&r->statement);
    r->released(r->ctx);
    free(r);
}

/* DuckDB's error_data as ours; it is destroyed. */
static int take_error(const struct sql_duckdb *duck, duckdb_error_data data, const char *what, nl_error *err)
{
    int rc = NL_OK;
    if (data && duck->error_data_has_error(data)) {
        rc = nl_fail(err, NL_UNSUPPORTED, "%s", duck->error_data_message(data));
        nl_note(err, "%s", what);
    }
    if (data)
        duck->destroy_error_data(&data);
    return rc;
}

static int next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct rows *r = ctx;
    if (r->n_columns == 0)
        return NL_OK;
    duckdb_data_chunk chunk = r->duck->fetch_chunk(r->result);
    if (!chunk) {
        const char *text = r->duck->result_error(&r->result);
        return text ? sql_faults_explain(r->faults, r->duck->result_error_type(&r->result), text, err) : NL_OK;
    }
    int rc = take_error(r->duck, r->duck->data_chunk_to_arrow(r->options, chunk, out), "a result as Arrow", err);
    r->duck->destroy_data_chunk(&chunk);
    return rc;
}

static int execute(struct rows *r, nl_error *err)
{
    duckdb_pending_result pending = NULL;
    int rc = NL_OK;
    if (r->duck->pending_prepared_streaming(r->statement, &pending)) {
        rc = sql_faults_explain(r->faults, 0, pending ? r->duck->pending_error(pending) : NULL, err);
    } else {
        r->has_result = true;
        if (r->duck->execute_pending(pending, &r->result))
            rc = sql_faults_explain(r->faults, r->duck->result_error_type(&r->result),
                                    r->duck->result_error(&r->result), err);
    }
    r->duck->destroy_pending(&pending);
    return rc;
}

/* Run a statement without rows to its end: streaming, DuckDB works only while somebody fetches. */
static int drain(struct rows *r, nl_error *err)
{
    duckdb_data_chunk chunk;
    while ((chunk = r->duck->fetch_chunk(r->result)))
        r->duck->destroy_data_chunk(&chunk);
    const char *text = r->duck->result_error(&r->result);
    return text ? sql_faults_explain(r->faults, r->duck->result_error_type(&r->result), text, err) : NL_OK;
}

/* A type that DuckDB gives to Arrow as something else, so that its values would be wrong. NULL: it is none of them. */
static const char *wrong_type(duckdb_type type)
{
    static const struct {
        duckdb_type type;
        const char *name;
    } wrong[] = {{DUCKDB_TYPE_BIT, "BIT"},
                 {DUCKDB_TYPE_TIME_TZ, "TIME WITH TIME ZONE"},
                 {DUCKDB_TYPE_UHUGEINT, "UHUGEINT"},
                 {DUCKDB_TYPE_BIGNUM, "BIGNUM"}};
    for (size_t i = 0; i < NL_LEN(wrong); i++)
        if (wrong[i].type == type)
            return wrong[i].name;
    return NULL;
}

/* Part i of a nested type, to be destroyed; NULL: there are no more. */
static duckdb_logical_type part_of(const struct sql_duckdb *duck, duckdb_logical_type type, idx_t i)
{
    switch (duck->get_type_id(type)) {
    case DUCKDB_TYPE_LIST:
        return i ? NULL : duck->list_type_child_type(type);
    case DUCKDB_TYPE_ARRAY:
        return i ? NULL : duck->array_type_child_type(type);
    case DUCKDB_TYPE_MAP:
        return i == 0 ? duck->map_type_key_type(type) : i == 1 ? duck->map_type_value_type(type) : NULL;
    case DUCKDB_TYPE_STRUCT:
        return i < duck->struct_type_child_count(type) ? duck->struct_type_child_type(type, i) : NULL;
    case DUCKDB_TYPE_UNION:
        return i < duck->union_type_member_count(type) ? duck->union_type_member_type(type, i) : NULL;
    default:
        return NULL;
    }
}

/* Refuse wrong types, wherever they are. */
/* NOLINTNEXTLINE(misc-no-recursion): SQL_MAX_DEPTH ends it */
static int check_type(const struct sql_duckdb *duck, duckdb_logical_type type, const char *column, int depth,
                      nl_error *err)
{
    const char *wrong = wrong_type(duck->get_type_id(type));
    if (wrong) {
        nl_fail(err, NL_UNSUPPORTED, "column '%s' %s a %s, which a result cannot hold", column, depth ? "holds" : "is",
                wrong);
        nl_hint(err, "CAST(… AS VARCHAR) shows it");
        return NL_UNSUPPORTED;
    }
    if (depth == SQL_MAX_DEPTH)
        return nl_fail(err, NL_UNSUPPORTED, "column '%s' is nested deeper than %d levels", column, SQL_MAX_DEPTH);
    int rc = NL_OK;
    duckdb_logical_type part;
    for (idx_t i = 0; !rc && (part = part_of(duck, type, i)); i++) {
        rc = check_type(duck, part, column, depth + 1, err);
        duck->destroy_logical_type(&part);
    }
    return rc;
}

/* The result's columns; none where the statement has no rows. */
static int make_schema(struct rows *r, struct ArrowSchema *out, nl_error *err)
{
    if (r->duck->result_return_type(r->result) != DUCKDB_RESULT_TYPE_QUERY_RESULT) {
        int rc = drain(r, err);
        return rc ? rc : arrow_schema_struct(out, 0, err);
    }
    idx_t n = r->n_columns = r->duck->column_count(&r->result);
    r->options = r->duck->result_get_arrow_options(&r->result);
    duckdb_logical_type *types = calloc(n ? n : 1, sizeof *types);
    const char **names = calloc(n ? n : 1, sizeof *names);
    int rc = types && names ? NL_OK : nl_fail_memory(err);
    for (idx_t i = 0; i < n && !rc; i++) {
        types[i] = r->duck->column_logical_type(&r->result, i);
        names[i] = r->duck->column_name(&r->result, i);
        rc = check_type(r->duck, types[i], names[i], 0, err);
    }
    if (!rc)
        rc = take_error(r->duck, r->duck->to_arrow_schema(r->options, types, names, n, out), "a result as Arrow", err);
    for (idx_t i = 0; types && i < n; i++)
        if (types[i])
            r->duck->destroy_logical_type(&types[i]);
    free(types);
    free(names);
    return rc;
}

int sql_result_stream(const struct sql_duckdb *duck, duckdb_prepared_statement statement, struct sql_faults *faults,
                      void (*released)(void *ctx), void *ctx, struct ArrowArrayStream *out, nl_error *err)
{
    *out = (struct ArrowArrayStream){0};
    struct ArrowSchema schema = {0};
    struct rows *r = calloc(1, sizeof *r);
    if (!r) {
        duck->destroy_prepare(&statement);
        released(ctx);
        return nl_fail_memory(err);
    }
    *r = (struct rows){.duck = duck, .faults = faults, .statement = statement, .released = released, .ctx = ctx};
    int rc = execute(r, err);
    if (!rc)
        rc = make_schema(r, &schema, err);
    if (rc) {
        done(r);
        return rc;
    }
    return arrow_stream_make(&schema, next, done, r, out, err);
}
