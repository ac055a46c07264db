/* duckdb.c: find the DuckDB library, load it once, resolve its functions. */
#include "sql/duckdb.h"

#include <dlfcn.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/path.h"
#include "base/str.h"

#define LIBRARY "libduckdb.so"

/* The library has 40,000 references to its own C++ symbols. Looked up in itself first (DEEPBIND) instead of in the fifty
 * libraries below this program, they take a quarter less of the processor time of a whole small query. The address
 * sanitizer refuses DEEPBIND. */
#ifdef __SANITIZE_ADDRESS__
#define LOAD_FLAGS (RTLD_LAZY | RTLD_LOCAL)
#else
#define LOAD_FLAGS (RTLD_LAZY | RTLD_LOCAL | RTLD_DEEPBIND)
#endif

static const char how_to[] = "SQL needs it, all other commands work without; `make demo` fetches it with npm, or set "
                             "DUCKDB_ROOT to the folder of your own";

static bool readable(const char *path)
{
    return access(path, R_OK) == 0;
}

/* The path "folder/middle/libduckdb.so" in *path where that can be read, else NULL. */
static int try_folder(const char *folder, const char *middle, char **path, nl_error *err)
{
    nl_buf b = {0};
    int rc = nl_buf_printf(&b, err, "%s%s/" LIBRARY, folder, middle);
    if (!rc && readable(b.data))
        *path = nl_buf_steal(&b);
    nl_buf_free(&b);
    return rc;
}

/* DUCKDB_ROOT names the library itself, its folder, or the folder above its lib/. */
static int find_in_root(const char *root, char **path, nl_error *err)
{
    int rc;
    if (nl_ends_with(root, ".so") && readable(root)) {
        *path = strdup(root);
        return *path ? NL_OK : nl_fail_memory(err);
    }
    rc = try_folder(root, "", path, err);
    if (!rc && !*path)
        rc = try_folder(root, "/lib", path, err);
    if (rc || *path)
        return rc;
    nl_fail(err, NL_NOT_FOUND, "DUCKDB_ROOT is \"%s\", but there is no " LIBRARY " in it", root);
    nl_hint(err, "name the library, its folder, or the folder above its lib/; or unset DUCKDB_ROOT");
    return NL_NOT_FOUND;
}

/* The system's library by its plain name: only the loader knows whether there is one. */
static int find_in_system(char **path, nl_error *err)
{
    void *handle = dlopen(LIBRARY, RTLD_LAZY | RTLD_LOCAL);
    if (!handle) {
        nl_fail(err, NL_UNSUPPORTED, "the DuckDB library (" LIBRARY ") was not found");
        nl_hint(err, "%s", how_to);
        return NL_UNSUPPORTED;
    }
    dlclose(handle);
    *path = strdup(LIBRARY);
    return *path ? NL_OK : nl_fail_memory(err);
}

int sql_duckdb_find(char **path, nl_error *err)
{
    *path = NULL;
    const char *root = getenv("DUCKDB_ROOT");
    if (root && *root)
        return find_in_root(root, path, err);

    char *beside = NULL;
    nl_error ignored;
    if (nl_resource_path("lib/neuralake/" LIBRARY, &beside, &ignored) == NL_OK) {
        *path = beside;
        return NL_OK;
    }
    return find_in_system(path, err);
}

/* Resolve every function of the list into *api. */
static int resolve(void *handle, const char *path, struct sql_duckdb *api, nl_error *err)
{
    static const struct {
        const char *name;
        size_t offset;
    } functions[] = {
#define SQL_ROW(result, name, params) {"duckdb_" #name, offsetof(struct sql_duckdb, name)},
        SQL_DUCKDB_FUNCTIONS(SQL_ROW)
#undef SQL_ROW
    };
    for (size_t i = 0; i < NL_LEN(functions); i++) {
        void *symbol = dlsym(handle, functions[i].name);
        if (symbol) {
            /* A pointer to an object becomes one to a function: POSIX allows it, C has no cast for it. */
            memcpy((char *)api + functions[i].offset, &symbol, sizeof symbol);
            continue;
        }
        const char *version = api->library_version ? api->library_version() : NULL;
        if (version)
            nl_fail(err, NL_UNSUPPORTED, "%s is DuckDB %s, which lacks %s: 1.4 or newer is needed", path, version,
                    functions[i].name);
        else
            nl_fail(err, NL_UNSUPPORTED, "%s is no DuckDB library: it lacks %s", path, functions[i].name);
        nl_hint(err, "%s", how_to);
        return NL_UNSUPPORTED;
    }
    return NL_OK;
}

static struct sql_duckdb api;

const struct sql_duckdb *sql_duckdb(void)
{
    return &api;
}

int sql_duckdb_load(const char *path, const struct sql_duckdb **out, nl_error *err)
{
    static pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    static bool loaded;

    *out = NULL;
    int rc = NL_OK;
    pthread_mutex_lock(&mutex);
    if (!loaded) {
        void *handle = dlopen(path, LOAD_FLAGS);
        if (handle) {
            rc = resolve(handle, path, &api, err);
            if (rc)
                dlclose(handle);
        } else {
            rc = nl_fail(err, NL_UNSUPPORTED, "the DuckDB library cannot be loaded: %s", dlerror());
            nl_hint(err, "%s", how_to);
        }
        loaded = !rc;
    }
    pthread_mutex_unlock(&mutex);
    if (!rc)
        *out = &api;
    return rc;
}
