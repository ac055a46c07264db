/* path.c: paths as text, and where this program's own files are. */
#include "base/path.h"

#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

char *nl_path_join(const char *folder, const char *name)
{
    size_t n = strlen(folder);
    if (n == 0 || name[0] == '/')
        return strdup(name);
    size_t m = strlen(name), slash = folder[n - 1] != '/';
    char *path = malloc(n + slash + m + 1);
    if (!path)
        return NULL;
    memcpy(path, folder, n);
    if (slash)
        path[n] = '/';
    memcpy(path + n + slash, name, m + 1);
    return path;
}

char *nl_path_folder(const char *path)
{
    const char *slash = strrchr(path, '/');
    if (!slash)
        return strdup(".");
    return strndup(path, slash == path ? 1 : (size_t)(slash - path));
}

const char *nl_path_name(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash ? slash + 1 : path;
}

/* The folder of the file that holds this code, links resolved. Caller frees; NULL: not known. */
static char *folder_of_this_code(void)
{
    static const char here; /* dladdr() wants an address of an object, not of a function */
    Dl_info info;
    if (!dladdr(&here, &info) || !info.dli_fname || !strchr(info.dli_fname, '/'))
        return NULL; /* a program found by PATH has no folder in its name: /proc knows it */
    char *real = realpath(info.dli_fname, NULL);
    char *folder = real ? nl_path_folder(real) : NULL;
    free(real);
    return folder;
}

/* The folder of the running program. Caller frees; NULL: not known. */
static char *folder_of_program(void)
{
    char path[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", path, sizeof(path) - 1);
    if (n <= 0)
        return NULL;
    path[n] = '\0';
    return nl_path_folder(path);
}

/* Try folder, and two above. Caller frees *out, which stays NULL where there is nothing. */
static int look_from(const char *folder, const char *relative, char **out, nl_error *err)
{
    static const char *const up[] = {"", "../", "../../"};
    for (size_t i = 0; i < sizeof(up) / sizeof(up[0]); i++) {
        char *path;
        if (asprintf(&path, "%s/%s%s", folder, up[i], relative) < 0)
            return nl_fail_memory(err);
        if (access(path, R_OK) == 0) {
            *out = realpath(path, NULL);
            free(path);
            return *out ? NL_OK : nl_fail_memory(err);
        }
        free(path);
    }
    return NL_OK;
}

int nl_resource_path(const char *relative, char **out, nl_error *err)
{
    *out = NULL;
    char *places[] = {folder_of_this_code(), folder_of_program()};
    int rc = NL_OK;
    for (size_t i = 0; i < 2 && rc == NL_OK && !*out; i++)
        if (places[i])
            rc = look_from(places[i], relative, out, err);
    if (rc == NL_OK && !*out)
        rc = nl_fail(err, NL_NOT_FOUND, "'%s' is neither in '%s' nor one or two folders above", relative,
                     places[0]   ? places[0]
                     : places[1] ? places[1]
                                 : "the program's folder");
    free(places[0]);
    free(places[1]);
    return rc;
}
