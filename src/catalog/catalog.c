/* catalog.c: read the model: count, name, find, open. */
#include "catalog/catalog.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "catalog/model.h"

size_t catalog_n_databases(const nl_catalog *c)
{
    return c->n_databases;
}

const char *catalog_database_name(const nl_catalog *c, size_t i)
{
    return c->databases[i].name;
}

const char *catalog_database_description(const nl_catalog *c, size_t i)
{
    return c->databases[i].description;
}

size_t catalog_n_tables(const nl_catalog *c)
{
    return c->n_tables;
}

const struct catalog_table *catalog_table_at(const nl_catalog *c, size_t i)
{
    return c->tables[i];
}

/* Is "database.table" this table? */
static bool is_named(const struct catalog_table *t, const char *qualified)
{
    size_t len = strlen(t->database);
    return strncasecmp(qualified, t->database, len) == 0 && qualified[len] == '.' &&
           strcasecmp(qualified + len + 1, t->name) == 0;
}

/* The hint of a name that is not there: the nearest that is. Without memory there is no hint. */
static void hint_nearest(const nl_catalog *c, const char *qualified, nl_error *err)
{
    if (!err || !c->n_tables)
        return;
    nl_arena a = {0};
    const char **names = nl_arena_array(&a, c->n_tables, sizeof *names);
    size_t n = 0;
    for (; names && n < c->n_tables; n++)
        if (!(names[n] = nl_arena_printf(&a, "%s.%s", c->tables[n]->database, c->tables[n]->name)))
            break;
    if (names && n == c->n_tables) {
        const char *nearest = nl_nearest(qualified, names, n);
        /* A bare table name: is it in one of the databases? */
        for (size_t i = 0; i < n && !nearest; i++)
            if (strcasecmp(qualified, c->tables[i]->name) == 0)
                nearest = names[i];
        if (nearest)
            nl_hint(err, "did you mean %s?", nearest);
        else
            nl_hint(err, "`neuralake tables` lists the catalog's tables");
    }
    nl_arena_free(&a);
}

int catalog_find(const nl_catalog *c, const char *qualified, const struct catalog_table **out, nl_error *err)
{
    *out = NULL;
    for (size_t i = 0; i < c->n_tables; i++) {
        if (is_named(c->tables[i], qualified)) {
            *out = c->tables[i];
            return NL_OK;
        }
    }
    nl_fail(err, NL_NOT_FOUND, "the catalog has no table %s", qualified);
    hint_nearest(c, qualified, err);
    return NL_NOT_FOUND;
}

int catalog_table_open(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                       struct catalog_open_base **out, nl_error *err)
{
    *out = NULL;
    int rc = t->kind->open(t, store, args, cancel, out, err);
    if (rc && t->database)
        nl_note(err, "%s.%s", t->database, t->name);
    return rc;
}
