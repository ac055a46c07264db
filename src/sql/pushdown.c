/* pushdown.c: ask DuckDB for its plan, read the conditions above our scans. */
#include "sql/pushdown.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "sql/explain.h"

/* The table whose function has this name; EXPLAIN writes names in capitals. */
static struct sql_table *table_of(const struct sql_tables *tables, const char *function)
{
    const char *number = strrchr(function, '_');
    uint64_t id;
    if (!number || !nl_parse_u64(number + 1, &id))
        return NULL;
    for (struct sql_table *t = tables->first; t; t = t->next)
        if (t->id == id)
            return t;
    return NULL;
}

static void seen(void *ctx, const char *function, const char *condition)
{
    struct sql_table *t = table_of(ctx, function);
    if (!t || !t->open)
        return;
    struct filter *f = condition ? sql_condition_parse(&t->open->arena, condition, &t->open->columns) : NULL;
    if (f && t->n_filters < NL_LEN(t->filters))
        t->filters[t->n_filters++] = f;
    else
        t->unfiltered = true;
}

void sql_clear_filters(struct sql_tables *tables)
{
    for (struct sql_table *t = tables->first; t; t = t->next) {
        t->n_filters = 0;
        t->unfiltered = false;
        if (t->open)
            t->open->filter = NULL;
    }
}

static bool worth_it(const struct sql_tables *tables, const struct sql_statement *s)
{
    if (!s->has_condition)
        return false;
    for (const struct sql_table *t = tables->first; t; t = t->next)
        if (t->open && sql_open_prunable(t->open))
            return true;
    return false;
}

/* Run a statement whose outcome does not matter. */
static void run_quietly(const struct sql_duckdb *duck, duckdb_connection connection, const char *sql)
{
    duckdb_result result;
    duck->query(connection, sql, &result);
    duck->destroy_result(&result);
}

void sql_push_filters(struct sql_tables *tables, const struct sql_statement *s, duckdb_connection connection)
{
    const struct sql_duckdb *duck = tables->context.duck;
    sql_clear_filters(tables);
    if (!worth_it(tables, s))
        return;
    /* A long IN becomes a join with a list, which hides its values: not in this plan. */
    if (s->has_in)
        run_quietly(duck, connection, "SET disabled_optimizers = 'in_clause'");
    bool ok = sql_explain(duck, connection, s->text, s->len, seen, tables);
    if (s->has_in)
        run_quietly(duck, connection, "RESET disabled_optimizers");
    for (struct sql_table *t = tables->first; t && ok; t = t->next)
        if (t->open && !t->unfiltered && t->n_filters)
            t->open->filter = filter_join(&t->open->arena, FILTER_OR, t->filters, t->n_filters);
}
