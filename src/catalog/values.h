/* values.h: the table kind "values": rows that stand in the catalog itself, for small reference tables in YAML. */
#ifndef NL_CATALOG_VALUES_H
#define NL_CATALOG_VALUES_H

#include "catalog/catalog.h"

/* The kind's declaration: n_rows × n_columns (of the table) cells, row after row. */
struct catalog_values {
    const nl_value *cells;
    size_t n_rows;
};

extern const struct catalog_table_kind catalog_values_kind;

/* The rules of the kind, for a table that is being declared. */
int catalog_values_check(const struct catalog_table *t, nl_error *err);

#endif
