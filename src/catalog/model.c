/* model.c: build a catalog, check its rules (see model.h), release it. */
#include "catalog/model.h"

#include <ctype.h>
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "catalog/function.h"
#include "catalog/parquet.h"
#include "catalog/values.h"

/* A limit that no honest name meets, so that messages and SQL stay readable. */
#define NAME_MAX_LENGTH 128

int model_new(const char *path, nl_catalog **out, nl_error *err)
{
    *out = NULL;
    nl_catalog *c = calloc(1, sizeof *c);
    if (!c)
        return nl_fail_memory(err);
    const char *slash = strrchr(path, '/');
    c->folder = nl_arena_strndup(&c->arena, path, slash ? (size_t)(slash + 1 - path) : 0);
    if (!c->folder) {
        nl_catalog_free(c);
        return nl_fail_memory(err);
    }
    *out = c;
    return NL_OK;
}

void nl_catalog_free(nl_catalog *c)
{
    if (!c)
        return;
    free(c->databases);
    free(c->tables);
    nl_arena_free(&c->arena);
    if (c->library)
        dlclose(c->library);
    free(c);
}

/* M1: what SQL takes without quotes. */
static int check_name(const char *what, const char *name, nl_error *err)
{
    if (!name || !*name)
        return nl_fail(err, NL_INVALID, "a %s has no name", what);
    size_t len = strlen(name);
    bool good = len <= NAME_MAX_LENGTH && !isdigit((unsigned char)name[0]);
    for (size_t i = 0; i < len && good; i++)
        good = isascii((unsigned char)name[i]) && (isalnum((unsigned char)name[i]) || name[i] == '_');
    if (!good)
        return nl_fail(err, NL_INVALID,
                       "%s name '%s' must be letters, digits and _, at most %d, and not begin with a digit", what, name,
                       NAME_MAX_LENGTH);
    return NL_OK;
}

/* Room for one more pointer-or-structure of `size` bytes in *array. */
static int grow(void **array, size_t *cap, size_t n, size_t size, nl_error *err)
{
    if (n < *cap)
        return NL_OK;
    size_t wanted = *cap ? *cap * 2 : 8;
    void *bigger = reallocarray(*array, wanted, size);
    if (!bigger)
        return nl_fail_memory(err);
    *array = bigger;
    *cap = wanted;
    return NL_OK;
}

static int add_database(nl_catalog *c, const char *name, const char *description, nl_error *err)
{
    int rc = check_name("database", name, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < c->n_databases; i++)
        if (strcasecmp(c->databases[i].name, name) == 0)
            return nl_fail(err, NL_INVALID, "database %s is declared twice (names ignore case)", name);
    if (c->n_databases == MODEL_MAX_DATABASES)
        return nl_fail(err, NL_UNSUPPORTED, "a catalog has at most %d databases", MODEL_MAX_DATABASES);
    rc = grow((void **)&c->databases, &c->cap_databases, c->n_databases, sizeof *c->databases, err);
    if (rc)
        return rc;
    c->databases[c->n_databases++] = (struct model_database){name, description};
    return NL_OK;
}

int model_add_database(nl_catalog *c, const char *name, const char *description, const char *at, nl_error *err)
{
    int rc = add_database(c, name, description, err);
    if (rc)
        nl_note(err, "%s", at);
    return rc;
}

int model_check_count(const char *what, size_t n, nl_error *err)
{
    return n <= MODEL_MAX_COLUMNS
               ? NL_OK
               : nl_fail(err, NL_UNSUPPORTED, "%zu %s, and at most %d are read", n, what, MODEL_MAX_COLUMNS);
}

/* Each column has a name, once. */
static int check_columns(const struct catalog_table *t, nl_error *err)
{
    int rc = model_check_count("columns", t->n_columns, err);
    if (rc) {
        nl_note(err, "table %s", t->name);
        return rc;
    }
    for (size_t i = 0; i < t->n_columns; i++) {
        const char *name = t->columns[i].name;
        if (!name || !*name)
            return nl_fail(err, NL_INVALID, "table %s: column %zu has no name", t->name, i + 1);
        for (size_t j = 0; j < i; j++)
            if (strcasecmp(name, t->columns[j].name) == 0)
                return nl_fail(err, NL_INVALID, "table %s: column %s is declared twice (names ignore case)", t->name,
                               name);
    }
    return NL_OK;
}

static int check_parameters(const struct catalog_table *t, nl_error *err)
{
    int rc = model_check_count("parameters", t->n_parameters, err);
    for (size_t i = 0; i < t->n_parameters && !rc; i++) {
        const struct catalog_parameter *p = &t->parameters[i];
        rc = check_name("parameter", p->name, err);
        if (!rc && !p->format)
            rc = nl_fail(err, NL_INVALID, "parameter %s has no type", p->name);
        /* SQL gives arguments by position: what may be left out must be at the end. */
        if (!rc && i && !p->default_value && t->parameters[i - 1].default_value)
            rc = nl_fail(err, NL_INVALID, "parameter %s is required, and stands behind %s, which is not", p->name,
                         t->parameters[i - 1].name);
        for (size_t j = 0; j < i && !rc; j++)
            if (strcasecmp(p->name, t->parameters[j].name) == 0)
                rc = nl_fail(err, NL_INVALID, "parameter %s is declared twice (names ignore case)", p->name);
    }
    if (rc)
        nl_note(err, "table %s", t->name);
    return rc;
}

static int check_texts(const struct catalog_table *t, nl_error *err)
{
    for (size_t i = 0; i < t->n_filters; i++)
        if (!t->filters[i] || !*t->filters[i])
            return nl_fail(err, NL_INVALID, "table %s: filter %zu is empty", t->name, i + 1);
    for (size_t i = 0; i < t->metadata.n_tags; i++)
        if (!t->metadata.tags[i] || !*t->metadata.tags[i])
            return nl_fail(err, NL_INVALID, "table %s: tag %zu is empty", t->name, i + 1);
    return NL_OK;
}

/* All rules for one table. */
static int check_table(const nl_catalog *c, const struct catalog_table *t, nl_error *err)
{
    int rc = check_name("table", t->name, err);
    if (rc)
        return rc;
    if (c->n_tables == MODEL_MAX_TABLES)
        return nl_fail(err, NL_UNSUPPORTED, "a catalog has at most %d tables", MODEL_MAX_TABLES);
    for (size_t i = 0; i < c->n_tables; i++)
        if (c->tables[i]->database == t->database && strcasecmp(c->tables[i]->name, t->name) == 0)
            return nl_fail(err, NL_INVALID,
                           "table %s is declared twice in database %s (names ignore case; first at %s)", t->name,
                           t->database, c->tables[i]->declared_at);
    if ((rc = check_columns(t, err)) || (rc = check_parameters(t, err)) || (rc = check_texts(t, err)))
        return rc;
    if (t->kind == &catalog_parquet_kind)
        return catalog_parquet_check(t, err);
    return t->kind == &catalog_function_kind ? catalog_function_check(t, err) : catalog_values_check(t, err);
}

int model_add_table(nl_catalog *c, const struct catalog_table *draft, nl_error *err)
{
    struct catalog_table *t = nl_arena_alloc(&c->arena, sizeof *t);
    if (!t)
        return nl_fail_memory(err);
    *t = *draft;
    t->database = c->databases[c->n_databases - 1].name;
    int rc = check_table(c, t, err);
    if (rc) {
        nl_note(err, "%s", t->declared_at);
        return rc;
    }
    if ((rc = grow((void **)&c->tables, &c->cap_tables, c->n_tables, sizeof(struct catalog_table *), err)))
        return rc;
    c->tables[c->n_tables++] = t;
    return NL_OK;
}

int model_resolve_uri(nl_catalog *c, const char *uri, const char **out, nl_error *err)
{
    *out = uri;
    if (!uri || !*uri || uri[0] == '/' || strstr(uri, "://") || !*c->folder)
        return NL_OK;
    *out = nl_arena_printf(&c->arena, "%s%s", c->folder, uri);
    return *out ? NL_OK : nl_fail_memory(err);
}

int model_partitioning_forgotten(const char *table, bool yaml, nl_error *err)
{
    if (yaml)
        return nl_fail(
            err, NL_INVALID,
            "table %s does not say how its files are partitioned: add `partitioning: none`, or `partitioning: "
            "{scheme: hive, columns: [{name: ..., type: ...}]}` (or scheme: directory) with the columns that "
            "its folders hold",
            table);
    return nl_fail(err, NL_INVALID, "table %s %s", table, NL_PARTITIONING_FORGOTTEN);
}
