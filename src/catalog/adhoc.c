/* adhoc.c: a Parquet table for a URI or a path that a query names, without any catalog. A "/" at the end or a local
 * folder means the files below it, a * is a pattern, everything else is one file. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "catalog/parquet.h"
#include "store/web/url.h"

/* One allocation, so that one free() ends it. */
struct adhoc {
    struct catalog_table table;
    struct catalog_parquet declaration;
    char uri[];
};

static bool is_file(const char *uri, size_t len)
{
    struct stat st;
    if (!len || uri[len - 1] == '/' || strchr(uri, '*'))
        return false;
    return strstr(uri, "://") || stat(uri, &st) || !S_ISDIR(st.st_mode);
}

int catalog_adhoc_parquet(const char *uri, struct catalog_table **out, nl_error *err)
{
    *out = NULL;
    int rc = store_web_is(uri) ? store_web_parse(uri, NULL, NULL, err) : NL_OK;
    if (rc) /* before the table's name, which is the address, stands in a message */
        return rc;
    size_t len = strlen(uri);
    struct adhoc *a = calloc(1, sizeof *a + len + 1);
    if (!a)
        return nl_fail_memory(err);
    memcpy(a->uri, uri, len);
    a->declaration = (struct catalog_parquet){.uri = a->uri,
                                              .is_file = is_file(uri, len),
                                              .partitioning = {.scheme = NL_SCHEME_NONE}};
    a->table = (struct catalog_table){.name = a->uri, .kind = &catalog_parquet_kind, .declaration = &a->declaration};
    rc = catalog_parquet_check(&a->table, err);
    if (rc) {
        free(a);
        return rc;
    }
    *out = &a->table;
    return NL_OK;
}

void catalog_adhoc_free(struct catalog_table *t)
{
    free(t); /* the table is the first member */
}
