/* tables.c: which tables a statement needs, and their views. */
#include "sql/tables.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/pool.h"
#include "base/str.h"
#include "sql/message.h"

#define MAX_OPENERS 16

/* ── slots ── */

static struct sql_table *add_slot(struct sql_tables *tables, const struct catalog_table *declared, nl_error *err)
{
    struct sql_table *t = calloc(1, sizeof *t);
    if (!t) {
        nl_fail_memory(err);
        return NULL;
    }
    *t = (struct sql_table){.next = tables->first,
                            .context = &tables->context,
                            .declared = declared,
                            .id = ++tables->next_id};
    tables->first = t;
    return t;
}

static struct sql_table *slot_of(struct sql_tables *tables, const struct catalog_table *declared, nl_error *err)
{
    for (struct sql_table *t = tables->first; t; t = t->next)
        if (t->declared == declared)
            return t;
    return add_slot(tables, declared, err);
}

/* The slot of a path. An ad hoc table's name is its path. */
static struct sql_table *slot_of_path(struct sql_tables *tables, const char *path, nl_error *err)
{
    for (struct sql_table *t = tables->first; t; t = t->next)
        if (t->adhoc && strcmp(t->path, path) == 0)
            return t;
    struct catalog_table *adhoc;
    if (catalog_adhoc_parquet(path, &adhoc, err))
        return NULL;
    struct sql_table *t = add_slot(tables, adhoc, err);
    char *copy = t ? strdup(path) : NULL;
    if (!copy) {
        catalog_adhoc_free(adhoc);
        if (t)
            t->declared = NULL; /* the slot stays, and is never found */
        nl_fail_memory(err);
        return NULL;
    }
    t->adhoc = adhoc;
    t->path = copy;
    return t;
}

/* ── which ── */

static bool needs_arguments(const struct catalog_table *t)
{
    for (size_t i = 0; i < t->n_parameters; i++)
        if (!t->parameters[i].default_value)
            return true;
    return false;
}

struct list {
    struct sql_wanted *items;
    size_t n, cap;
};

static int add_wanted(struct list *l, nl_arena *arena, struct sql_table *t, bool is_call, nl_error *err)
{
    if (!t)
        return err->code;
    for (size_t i = 0; i < l->n; i++)
        if (l->items[i].table == t && l->items[i].is_call == is_call)
            return NL_OK;
    if (l->n == l->cap) {
        size_t cap = l->cap ? l->cap * 2 : 16;
        struct sql_wanted *items = nl_arena_array(arena, cap, sizeof *items);
        if (!items)
            return nl_fail_memory(err);
        if (l->n)
            memcpy(items, l->items, l->n * sizeof *items);
        l->items = items;
        l->cap = cap;
    }
    l->items[l->n++] = (struct sql_wanted){t, is_call};
    return NL_OK;
}

/* The table of a name, or NULL: most names are none. */
static const struct catalog_table *find(const struct sql_tables *tables, const struct sql_name *name)
{
    const char *database = name->database ? name->database : tables->use;
    for (size_t i = 0; database && tables->catalog && i < catalog_n_tables(tables->catalog); i++) {
        const struct catalog_table *t = catalog_table_at(tables->catalog, i);
        if (strcasecmp(t->name, name->name) == 0 && strcasecmp(t->database, database) == 0)
            return t;
    }
    return NULL;
}

static int list_wanted(struct sql_tables *tables, const struct sql_statement *s, nl_arena *arena, struct list *l,
                       nl_error *err)
{
    int rc = NL_OK;
    for (const struct sql_name *name = s->names; name && !rc; name = name->next) {
        const struct catalog_table *t = find(tables, name);
        if (t)
            rc = add_wanted(l, arena, slot_of(tables, t, err), name->is_call, err);
    }
    for (const struct sql_path *p = s->paths; p && !rc; p = p->next)
        rc = add_wanted(l, arena, slot_of_path(tables, p->text, err), false, err);
    for (size_t i = 0; s->everything && tables->catalog && i < catalog_n_tables(tables->catalog) && !rc; i++)
        rc = add_wanted(l, arena, slot_of(tables, catalog_table_at(tables->catalog, i), err), false, err);
    return rc;
}

/* ── open, side by side ── */

struct job {
    struct sql_table *table;
    int status;
    nl_error error;
};

static void open_one(void *arg)
{
    struct job *j = arg;
    struct sql_table *t = j->table;
    j->status = sql_open_new(t->declared, t->context->store, NULL, t->context->cancel, &t->open, &j->error);
}

/* Each footer is a round trip: all at once. */
static int open_jobs(struct job *jobs, size_t n, nl_error *err)
{
    nl_pool *pool = NULL;
    int rc = n > 1 ? nl_pool_new(n < MAX_OPENERS ? n : MAX_OPENERS, &pool, err) : NL_OK;
    for (size_t i = 0; i < n && !rc; i++)
        if (!pool)
            open_one(&jobs[i]);
        else
            rc = nl_pool_submit(pool, open_one, &jobs[i], err);
    nl_pool_free(pool);
    for (size_t i = 0; i < n && !rc; i++)
        if (jobs[i].status) {
            if (err)
                *err = jobs[i].error;
            rc = jobs[i].status;
        }
    return rc;
}

int sql_tables_open(struct sql_tables *tables, const struct sql_statement *s, nl_arena *arena,
                    struct sql_wanted **wanted, size_t *n, nl_error *err)
{
    struct list l = {0};
    int rc = list_wanted(tables, s, arena, &l, err);
    struct job *jobs = rc ? NULL : nl_arena_array(arena, l.n, sizeof *jobs);
    if (!rc && !jobs)
        rc = nl_fail_memory(err);
    size_t n_jobs = 0;
    for (size_t i = 0; i < l.n && !rc; i++)
        if (!l.items[i].table->open && !l.items[i].is_call && !needs_arguments(l.items[i].table->declared))
            jobs[n_jobs++].table = l.items[i].table;
    if (!rc)
        rc = open_jobs(jobs, n_jobs, err);
    *wanted = l.items;
    *n = l.n;
    return rc;
}

/* ── views and macros ── */

static int put_qualified(nl_buf *b, const struct sql_table *t, nl_error *err)
{
    int rc = sql_put_identifier(b, t->declared->database, err);
    if (!rc)
        rc = nl_buf_putc(b, '.', err);
    return rc ? rc : sql_put_identifier(b, t->declared->name, err);
}

static int put_schema(nl_buf *b, const char *database, nl_error *err)
{
    int rc = nl_buf_puts(b, "CREATE SCHEMA IF NOT EXISTS ", err);
    if (!rc)
        rc = sql_put_identifier(b, database, err);
    return rc ? rc : nl_buf_puts(b, "; ", err);
}

static int put_view(nl_buf *b, const struct sql_table *t, nl_error *err)
{
    char function[64];
    snprintf(function, sizeof function, "neuralake_scan_%u", t->id);
    int rc = t->adhoc ? NL_OK : put_schema(b, t->declared->database, err);
    if (!rc)
        rc = nl_buf_puts(b, t->adhoc ? "CREATE OR REPLACE TEMP VIEW " : "CREATE OR REPLACE VIEW ", err);
    if (!rc)
        rc = t->adhoc ? sql_put_identifier(b, t->path, err) : put_qualified(b, t, err);
    if (!rc)
        rc = nl_buf_puts(b, " AS ", err);
    if (!rc)
        rc = sql_put_view_query(b, t->open, function, err);
    return rc ? rc : nl_buf_puts(b, "; ", err);
}

/* [CAST(CAST(a AS BIGINT) AS VARCHAR), …]: the inner cast refuses what is no BIGINT, in DuckDB's words. */
static int put_arguments(nl_buf *b, const struct catalog_table *t, nl_error *err)
{
    int rc = nl_buf_putc(b, '[', err);
    for (size_t i = 0; i < t->n_parameters && !rc; i++) {
        struct arrow_type type;
        char text[64];
        rc = arrow_type_parse(t->parameters[i].format, &type, err);
        if (!rc)
            rc = nl_buf_puts(b, i ? ", CAST(CAST(" : "CAST(CAST(", err);
        if (!rc)
            rc = sql_put_identifier(b, t->parameters[i].name, err);
        if (!rc)
            rc = nl_buf_printf(b, err, " AS %s) AS VARCHAR)", arrow_type_sql(&type, text));
    }
    return rc ? rc : nl_buf_putc(b, ']', err);
}

static int put_macro(nl_buf *b, const struct sql_table *t, nl_error *err)
{
    const struct catalog_table *d = t->declared;
    int rc = put_schema(b, d->database, err);
    if (!rc)
        rc = nl_buf_puts(b, "CREATE OR REPLACE MACRO ", err);
    if (!rc)
        rc = put_qualified(b, t, err);
    for (size_t i = 0; i < d->n_parameters && !rc; i++) {
        rc = nl_buf_puts(b, i ? ", " : "(", err);
        if (!rc)
            rc = sql_put_identifier(b, d->parameters[i].name, err);
        if (!rc && d->parameters[i].default_value)
            rc = nl_buf_puts(b, " := NULL", err);
    }
    if (!rc)
        rc = nl_buf_printf(b, err, "%s) AS TABLE SELECT * FROM neuralake_call_%u(", d->n_parameters ? "" : "(", t->id);
    if (!rc)
        rc = put_arguments(b, d, err);
    return rc ? rc : nl_buf_puts(b, "); ", err);
}

/* USE lab, where nothing of lab was named yet. */
static int put_used_schema(nl_buf *b, const struct sql_tables *tables, const char *use, nl_error *err)
{
    for (size_t i = 0; use && tables->catalog && i < catalog_n_databases(tables->catalog); i++)
        if (strcasecmp(catalog_database_name(tables->catalog, i), use) == 0)
            return put_schema(b, use, err);
    return NL_OK;
}

static int create_one(nl_buf *b, const struct sql_wanted *w, duckdb_connection connection, nl_error *err)
{
    int rc = NL_OK;
    if (w->is_call) {
        rc = sql_register_call(w->table, connection, err);
        return rc ? rc : put_macro(b, w->table, err);
    }
    if (w->table->open)
        rc = sql_register_scan(w->table, connection, err);
    return rc || !w->table->open ? rc : put_view(b, w->table, err);
}

int sql_tables_create(struct sql_tables *tables, const struct sql_statement *s, const struct sql_wanted *wanted,
                      size_t n, duckdb_connection connection, nl_error *err)
{
    struct sql_context *c = &tables->context;
    nl_buf b = {0};
    int rc = put_used_schema(&b, tables, s->use, err);
    for (size_t i = 0; i < n && !rc; i++)
        rc = create_one(&b, &wanted[i], connection, err);
    if (!rc && b.len) {
        duckdb_result result;
        if (c->duck->query(connection, b.data, &result))
            rc = sql_faults_explain(&c->faults, c->duck->result_error_type(&result), c->duck->result_error(&result),
                                    err);
        c->duck->destroy_result(&result);
    }
    nl_buf_free(&b);
    return rc;
}

/* ── the end ── */

void sql_tables_close(struct sql_tables *tables)
{
    for (struct sql_table *t = tables->first; t; t = t->next) {
        sql_open_unref(t->open);
        t->open = NULL;
    }
}

void sql_tables_free(struct sql_tables *tables)
{
    sql_tables_close(tables);
    while (tables->first) {
        struct sql_table *t = tables->first;
        tables->first = t->next;
        catalog_adhoc_free(t->adhoc);
        free(t->path);
        free(t);
    }
    free(tables->use);
}

/* ── a table that is not there ── */

/* The nearest of all tables by the last part of their names: for a name without a database. */
static void hint_nearest(const nl_catalog *c, const char *name, nl_error *err)
{
    size_t n = catalog_n_tables(c);
    const char **names = calloc(n ? n : 1, sizeof *names);
    for (size_t i = 0; names && i < n; i++)
        names[i] = catalog_table_at(c, i)->name;
    const char *nearest = names ? nl_nearest(name, names, n) : NULL;
    for (size_t i = 0; nearest && i < n; i++)
        if (names[i] == nearest)
            nl_hint(err, "did you mean %s.%s?", catalog_table_at(c, i)->database, nearest);
    free(names);
}

/* DuckDB knows the schema only once a table of it was opened; the catalog knows better. The line stays. */
static void say_no_table(const nl_catalog *c, const struct sql_name *name, nl_error *err)
{
    const char *line = strstr(err->message, " (line ");
    char where[32];
    snprintf(where, sizeof where, "%s", line ? line : "");
    for (size_t i = 0; i < catalog_n_databases(c); i++)
        if (strcasecmp(catalog_database_name(c, i), name->database) == 0)
            nl_fail(err, NL_INVALID, "database %s has no table %s%s", catalog_database_name(c, i), name->name, where);
}

/* Is it the one that DuckDB misses: prt or demo_db.prt? */
static bool is_missing(const struct sql_name *name, const char *qualified, const char *missing)
{
    return name->database && strcasecmp(strchr(missing, '.') ? qualified : name->name, missing) == 0;
}

void sql_tables_hint(const struct sql_tables *tables, const struct sql_statement *s, nl_error *err)
{
    char missing[256];
    if (!sql_message_missing_table(err->message, missing, sizeof missing))
        return;
    if (!tables->catalog) {
        if (strstr(err->message, " because schema "))
            nl_hint(err, "there is no catalog: name one with -c, or NEURALAKE_CATALOG");
        return;
    }
    for (const struct sql_name *name = s->names; name; name = name->next) {
        char qualified[512];
        nl_error found = {0};
        const struct catalog_table *t;
        snprintf(qualified, sizeof qualified, "%s.%s", name->database ? name->database : "", name->name);
        if (!is_missing(name, qualified, missing))
            continue;
        if (catalog_find(tables->catalog, qualified, &t, &found) == NL_OK) {
            nl_hint(err, "%s takes arguments: %s(…)", qualified, qualified);
            return;
        }
        say_no_table(tables->catalog, name, err);
        if (found.hint[0])
            nl_hint(err, "%s", found.hint);
        return;
    }
    const char *dot = strrchr(missing, '.');
    hint_nearest(tables->catalog, dot ? dot + 1 : missing, err);
}
