/* dump.h: a catalog as text, so that two can be compared. */
#ifndef TEST_CATALOG_DUMP_H
#define TEST_CATALOG_DUMP_H

#include "catalog/catalog.h"

/* Everything that the two forms must say alike: all but where it stands, and (for tables that are no Parquet) the kind.
 * Yours: free(). */
char *dump_catalog(const nl_catalog *c);
/* The rows of a table as CSV lines, without a header; "error: …" where it fails. Yours: free(). */
char *dump_rows(const struct catalog_table *t, const char *const *args);

#endif
