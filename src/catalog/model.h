/* model.h: a catalog while it is built; the rules that every form must obey are checked here, once.
 *
 *     C source ──compile──▶ .so ──entry──┐
 *                                        ├──▶ model_add_database, model_add_table ──▶ nl_catalog
 *     YAML ──tree────────────────────────┘
 *
 * M1  Names of databases and tables are letters, digits and "_", and unique without regard to case, so that SQL needs no quotes.
 * M2  A Parquet table says how it is partitioned.
 * M3  A function or values table has columns with types, all different; so have partition columns and parameters.
 * M4  Nothing is larger than a person or a generator makes it (MODEL_MAX_…), so that looking for doubles stays quick.
 * M5  Strings of drafts live as long as the catalog: in its arena, or in the library that it holds.
 */
#ifndef NL_CATALOG_MODEL_H
#define NL_CATALOG_MODEL_H

#include "catalog/catalog.h"

#define MODEL_MAX_DATABASES 10000
#define MODEL_MAX_TABLES    20000 /* of a catalog */
#define MODEL_MAX_COLUMNS   10000 /* of a table; partition columns and parameters too */

struct model_database {
    const char *name, *description;
};

struct nl_catalog {
    nl_arena arena;
    struct model_database *databases;
    size_t n_databases, cap_databases;
    struct catalog_table **tables;
    size_t n_tables, cap_tables;
    const char *folder; /* of the catalog's file, ending in "/", or "": relative paths start here */
    void *library;      /* of dlopen(), for C catalogs */
};

/* An empty catalog whose relative paths start in the folder of `path`. */
int model_new(const char *path, nl_catalog **out, nl_error *err);
/* at: "file:line[:column]", in front of the error. */
int model_add_database(nl_catalog *c, const char *name, const char *description, const char *at, nl_error *err);
/* Add to the database that came last. The draft's structure is copied, what it points to is not (M5). */
int model_add_table(nl_catalog *c, const struct catalog_table *draft, nl_error *err);

/* M4, for one list. what: "columns". */
int model_check_count(const char *what, size_t n, nl_error *err);

/* A table's uri as it is used: a relative path starts in the catalog's folder. NULL stays NULL. In the arena, or uri. */
int model_resolve_uri(nl_catalog *c, const char *uri, const char **out, nl_error *err);

/* NL_INVALID "table part does not say how…", with the ways to say it in the words of the form. */
int model_partitioning_forgotten(const char *table, bool yaml, nl_error *err);

#endif
