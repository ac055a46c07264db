/* function.h: the table kind "function": a C function that appends rows or makes an Arrow stream. */
#ifndef NL_CATALOG_FUNCTION_H
#define NL_CATALOG_FUNCTION_H

#include "catalog/catalog.h"

/* The kind's declaration; exactly one of the two is there. */
struct catalog_function {
    int (*rows)(nl_rows *rows);
    int (*stream)(nl_rows *rows, struct ArrowArrayStream *out);
};

extern const struct catalog_table_kind catalog_function_kind;

/* The rules of the kind, for a table that is being declared. */
int catalog_function_check(const struct catalog_table *t, nl_error *err);
/* What function and values tables share: there are columns, and each has a type. */
int catalog_typed_columns_check(const struct catalog_table *t, nl_error *err);

#endif
