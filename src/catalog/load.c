/* load.c: which form has this file? C and objects run code, so they are only ever loaded when somebody named them. */
#include "catalog/load.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io/sink.h"
#include "base/path.h"
#include "base/str.h"

/* Far above any catalog that a person or a generator writes. */
#define MAX_YAML (16u << 20)

static int load_yaml(const char *path, nl_catalog **out, nl_error *err)
{
    nl_buf text = {0};
    int rc = nl_read_file(path, MAX_YAML, &text, err);
    if (!rc)
        rc = catalog_from_yaml(path, text.data ? text.data : "", text.len, out, err);
    nl_buf_free(&text);
    return rc;
}

/* Somebody else may compile the changed source, and remove our object, before we have loaded it: then once more. */
static int load_c(const char *path, nl_buf *output, nl_catalog **out, nl_error *err)
{
    for (int tries = 0;; tries++) {
        char *object = NULL;
        int rc = catalog_compile(path, output, &object, err);
        if (!rc)
            rc = catalog_from_object(path, object, out, err);
        bool is_gone = rc && object && access(object, F_OK) != 0;
        free(object);
        if (!is_gone || tries == 2)
            return rc;
    }
}

/* dlopen() looks for a name without a slash in the system's folders: not for ours. */
static int load_object(const char *path, nl_catalog **out, nl_error *err)
{
    if (strchr(path, '/'))
        return catalog_from_object(path, path, out, err);
    char *here = nl_path_join(".", path);
    if (!here)
        return nl_fail_memory(err);
    int rc = catalog_from_object(path, here, out, err);
    free(here);
    return rc;
}

int catalog_load(const char *path, nl_buf *compiler_output, nl_catalog **out, nl_error *err)
{
    *out = NULL;
    bool yaml = nl_ends_with(path, ".yaml") || nl_ends_with(path, ".yml");
    bool c = nl_ends_with(path, ".c"), object = nl_ends_with(path, ".so");
    if (!yaml && !c && !object) {
        nl_fail(err, NL_UNSUPPORTED, "%s: a catalog is a .yaml, .c or .so file", path);
        return NL_UNSUPPORTED;
    }
    if (access(path, R_OK) != 0) {
        int rc = nl_fail_errno(err, errno, "catalog %s", path);
        nl_hint(err, "name another with -c or NEURALAKE_CATALOG");
        return rc;
    }
    if (yaml)
        return load_yaml(path, out, err);
    return c ? load_c(path, compiler_output, out, err) : load_object(path, out, err);
}

int nl_catalog_load(const char *path, nl_catalog **out, nl_error *err)
{
    return catalog_load(path, NULL, out, err);
}
