/* catalog.h: catalog → database → table, however it was declared (C source, YAML, a compiled .so): one model.
 *
 * A table kind is a vtable; kinds of upper rooms (SQL views, later) register theirs. A kind turns a declaration into an
 * open table, which knows its schema and starts scans.
 *
 *     declaration ──open──▶ catalog_open_table ──schema──▶ ArrowSchema
 *                                              └─scan────▶ struct scan (scan/scan.h)
 */
#ifndef NL_CATALOG_CATALOG_H
#define NL_CATALOG_CATALOG_H

#include <neuralake/catalog.h>
#include <neuralake/store.h>

#include "base/arena.h"
#include "base/buf.h"
#include "scan/scan.h"

struct catalog_column_doc {
    const char *name, *description;
    const char *format; /* Arrow; NULL: the type is not declared */
};

/* Who, what, how fresh: all may be NULL or empty. */
struct catalog_metadata {
    const char *data_input;       /* where the data comes from */
    const char *latency_info;     /* how old it may be */
    const char *example_notebook; /* a link or a query that shows it in use */
    const char *owner;
    const char *deprecated; /* why, and what to use instead; NULL: it is not */
    const char *const *tags;
    size_t n_tags;
};

/* A typed parameter of a function table: part('x') in SQL takes them by position or by name. */
struct catalog_parameter {
    const char *name, *format /* Arrow */, *description, *default_value /* as text; NULL: required */;
};

struct catalog_table {
    const char *database, *name, *description;
    const struct catalog_table_kind *kind;
    const void *declaration; /* the kind's own */
    const struct catalog_column_doc *columns;
    size_t n_columns;
    const char *const *filters; /* documentation: the columns one should filter on */
    size_t n_filters;
    const struct catalog_parameter *parameters;
    size_t n_parameters;
    struct catalog_metadata metadata;
    const char *declared_at; /* "catalog.yaml:12" or "catalog.c:30" */
};

struct catalog_open_table; /* each kind's own; begins with this */
struct catalog_open_base {
    const struct catalog_table *table;
    struct ArrowSchema schema; /* a struct; owned */
};

struct catalog_table_kind {
    const char *name; /* "parquet", "function", "values" */
    /* args: n_parameters texts in order, NULL where not given (args NULL: none is); they are borrowed for this call.
     * store is borrowed until close. A required argument that is not given is NL_INVALID. */
    int (*open)(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                struct catalog_open_base **out, nl_error *err);
    int (*scan)(struct catalog_open_base *o, const struct scan_request *req, struct scan **out, nl_error *err);
    void (*close)(struct catalog_open_base *o);
    /* Kind-specific lines of `describe` ("uri", "partitioning"…): calls line() for each. */
    int (*describe)(const struct catalog_table *t, void *ctx,
                    int (*line)(void *ctx, const char *key, const char *value, nl_error *err), nl_error *err);
    /* Estimated rows, or -1. */
    int64_t (*rows)(struct catalog_open_base *o);
    /* Can a filter save anything (scan_table_prunable())? NULL: no. */
    bool (*prunable)(struct catalog_open_base *o);
};

/* Open any table through its kind; the caller closes it with o->table->kind->close(o). */
int catalog_table_open(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                       struct catalog_open_base **out, nl_error *err);

/* ── the model, read ── (nl_catalog_load() and friends are in neuralake/catalog.h) */

/* Databases, in the order of declaration. */
size_t catalog_n_databases(const nl_catalog *c);
/* Borrowed from the catalog, as everything here. */
const char *catalog_database_name(const nl_catalog *c, size_t i);
/* NULL: it has none. */
const char *catalog_database_description(const nl_catalog *c, size_t i);
size_t catalog_n_tables(const nl_catalog *c); /* of all databases, in the order of declaration */
const struct catalog_table *catalog_table_at(const nl_catalog *c, size_t i);
/* "database.table"; case is ignored, as in SQL. NL_NOT_FOUND with the nearest name as hint. */
int catalog_find(const nl_catalog *c, const char *qualified, const struct catalog_table **out, nl_error *err);

/* Load as nl_catalog_load() does. compiler_output gets all that the compiler said where a C catalog does not compile (for
 * people: many lines); NULL where nobody wants it. The error has the first line of it in any case. */
int catalog_load(const char *path, nl_buf *compiler_output, nl_catalog **out, nl_error *err);
/* Is there a compiler for catalogs in C: CC, else cc, as catalog_load() looks for it? */
bool catalog_has_compiler(void);
/* The path of the catalog that nl_catalog_discover() would load. Yours: free(). */
int catalog_discover_path(char **out, nl_error *err);

/* A Parquet table that no catalog declares: 's3://…' and paths in SQL, `parquet head`. A pattern with * is a listing.
 * Yours; free with catalog_adhoc_free(). */
int catalog_adhoc_parquet(const char *uri, struct catalog_table **out, nl_error *err);
void catalog_adhoc_free(struct catalog_table *t);

#endif
