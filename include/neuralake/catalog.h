/* neuralake/catalog.h: tables declared as code. (The macros of a C catalog follow below.)
 */
#ifndef NEURALAKE_CATALOG_H
#define NEURALAKE_CATALOG_H

#include <neuralake/arrow.h>
#include <neuralake/error.h>

typedef struct nl_catalog nl_catalog;

/* Load a catalog: ".yaml"/".yml", ".c" (compiled by the system compiler into a cache and loaded), ".so".
 * On failure *out is NULL. NL_INVALID carries file, line and column (or the compiler's own lines). */
NL_API int nl_catalog_load(const char *path, nl_catalog **out, nl_error *err);
/* Find and load the default: NEURALAKE_CATALOG, else neuralake.yaml in the working folder or above it (only in folders
 * that the user owns, not above the home folder). Only YAML is ever discovered. Where there is none: NL_NOT_FOUND. */
NL_API int nl_catalog_discover(nl_catalog **out, nl_error *err);
NL_API void nl_catalog_free(nl_catalog *c);

#endif
