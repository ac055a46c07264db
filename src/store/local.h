/* local.h: between local.c and local_list.c. */
#ifndef STORE_LOCAL_H
#define STORE_LOCAL_H

#include "store/backend.h"

/* The path in a URI: points into it. NL_INVALID: "file://" without an absolute path. */
int store_local_path(const char *uri, const char **path, nl_error *err);
int store_local_list(store_backend *b, const char *uri, bool recursive, nl_list_fn fn, void *ctx, nl_error *err);

#endif
