/* load.h: the forms of a catalog, each into a model. path is what the user typed, and what messages show. */
#ifndef NL_CATALOG_LOAD_H
#define NL_CATALOG_LOAD_H

#include "base/buf.h"
#include "catalog/catalog.h"

/* YAML, from bytes. */
int catalog_from_yaml(const char *path, const char *text, size_t len, nl_catalog **out, nl_error *err);

/* A compiled catalog: `object` is loaded (it must have a slash), `path` shown. */
int catalog_from_object(const char *path, const char *object, nl_catalog **out, nl_error *err);

/* Compile a C catalog, or find it in the cache. *object is its path: yours. output as in catalog_load(). */
int catalog_compile(const char *path, nl_buf *output, char **object, nl_error *err);

#endif
