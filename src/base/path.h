/* path.h: paths as text, and the files that belong to this program.
 *
 *     build tree   build/neuralake        build/lib/neuralake/libduckdb.so     found beside the binary
 *     installed    PREFIX/bin/neuralake   PREFIX/lib/neuralake/libduckdb.so    found one folder up
 *     multiarch    PREFIX/lib/x86_64-linux-gnu/libneuralake.so                 found two folders up
 */
#ifndef NL_BASE_PATH_H
#define NL_BASE_PATH_H

#include <stdbool.h>

#include "base/error.h"

/* The path of a file or folder that came with Neuralake, "lib/neuralake/libduckdb.so": looked for beside the file that
 * holds this code (a program, or the shared library), then one and two folders above, then likewise from the running
 * program. *out is a string that the caller frees. NL_NOT_FOUND names the places. Any thread. */
int nl_resource_path(const char *relative, char **out, nl_error *err);
/* folder/name, with exactly one slash between; name alone where folder is "" or name is absolute. Caller frees; NULL: no
 * memory. */
char *nl_path_join(const char *folder, const char *name);
/* What is before the last slash: "a" of "a/b", "." of "b", "/" of "/b". Caller frees; NULL: no memory. */
char *nl_path_folder(const char *path);
/* What is behind the last slash; inside path. */
const char *nl_path_name(const char *path);

#endif
