/* explain.c: EXPLAIN (FORMAT json), and a walk over its tree without recursion. */
#include "sql/explain.h"

#include <jansson.h>
#include <string.h>

#include "base/buf.h"

#define FUNCTION_PREFIX "NEURALAKE_SCAN_"

/* The text of the condition of a FILTER, else NULL. */
static const char *condition_of(const json_t *node)
{
    const char *name = json_string_value(json_object_get(node, "name"));
    if (!name || strcmp(name, "FILTER") != 0)
        return NULL;
    return json_string_value(json_object_get(json_object_get(node, "extra_info"), "Expression"));
}

/* Queue the children of node, and report those that are scans. */
static bool visit(const json_t *node, json_t *queue, sql_scan_seen seen, void *ctx)
{
    size_t i;
    json_t *child;
    json_array_foreach(json_object_get(node, "children"), i, child)
    {
        const char *name = json_string_value(json_object_get(child, "name"));
        if (name && strncmp(name, FUNCTION_PREFIX, strlen(FUNCTION_PREFIX)) == 0)
            seen(ctx, name, condition_of(node));
        else if (json_array_append(queue, child))
            return false;
    }
    return true;
}

bool sql_plan_scans(const char *json, size_t len, sql_scan_seen seen, void *ctx)
{
    json_t *roots = json_loadb(json, len, 0, NULL), *queue = json_array();
    json_t *top = json_object(); /* above the plan: a scan may be its root */
    bool ok = json_is_array(roots) && queue && top && !json_object_set(top, "children", roots) &&
              !json_array_append(queue, top);
    for (size_t i = 0; ok && i < json_array_size(queue); i++)
        ok = visit(json_array_get(queue, i), queue, seen, ctx);
    json_decref(top);
    json_decref(queue);
    json_decref(roots);
    return ok;
}

/* The plan is the second column of the only row. */
static bool report(const struct sql_duckdb *duck, duckdb_result *result, sql_scan_seen seen, void *ctx)
{
    duckdb_data_chunk chunk = duck->fetch_chunk(*result);
    if (!chunk)
        return false;
    bool ok = false;
    if (duck->data_chunk_get_size(chunk) == 1 && duck->column_count(result) == 2) {
        const duckdb_string_t *s = duck->vector_get_data(duck->data_chunk_get_vector(chunk, 1));
        ok = sql_plan_scans(s->length <= sizeof s->inlined ? s->inlined : s->far.pointer, s->length, seen, ctx);
    }
    duck->destroy_data_chunk(&chunk);
    return ok;
}

bool sql_explain(const struct sql_duckdb *duck, duckdb_connection connection, const char *text, size_t len,
                 sql_scan_seen seen, void *ctx)
{
    nl_buf sql = {0};
    duckdb_result result;
    bool ok = !nl_buf_puts(&sql, "EXPLAIN (FORMAT json) ", NULL) && !nl_buf_append(&sql, text, len, NULL);
    if (ok) {
        ok = duck->query(connection, sql.data, &result) == 0 && report(duck, &result, seen, ctx);
        duck->destroy_result(&result);
    }
    nl_buf_free(&sql);
    return ok;
}
