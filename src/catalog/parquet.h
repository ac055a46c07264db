/* parquet.h: the table kind "parquet": files below a uri, with or without values in their folders. */
#ifndef NL_CATALOG_PARQUET_H
#define NL_CATALOG_PARQUET_H

#include "catalog/catalog.h"
#include "catalog/partition.h"

/* The kind's declaration. */
struct catalog_parquet {
    const char *uri; /* a file, a folder, or a pattern with * */
    bool is_file;    /* certainly one file, whatever its name */
    struct catalog_partitioning partitioning;
};

extern const struct catalog_table_kind catalog_parquet_kind;

/* The rules of the kind (model.h, M2), for a table that is being declared. */
int catalog_parquet_check(const struct catalog_table *t, nl_error *err);
/* Does the path match the pattern? "*" is any text without "/", "**" any text. */
bool catalog_glob(const char *pattern, const char *path);

#endif
