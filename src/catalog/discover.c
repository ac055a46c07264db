/* discover.c: find the catalog that nobody named: neuralake.yaml here or above.
 *
 * D1  Only YAML is found, never code.
 * D2  Folder and file belong to the user, and a link to it too: whoever can write to /tmp or to a shared folder cannot put
 *     tables under our feet.
 * D3  The search ends at the home folder.
 */
#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/path.h"
#include "catalog/catalog.h"

#define DEFAULT_NAME "neuralake.yaml"

/* HOME, or the home of the user's record; without links. NULL: there is none. Caller frees. */
static char *home_folder(void)
{
    const char *home = getenv("HOME");
    if (!home || home[0] != '/') {
        const struct passwd *user = getpwuid(geteuid());
        home = user ? user->pw_dir : NULL;
    }
    return home ? realpath(home, NULL) : NULL;
}

enum found { FOUND_NOTHING, FOUND_OURS, FOUND_FOREIGN };

/* Is there a catalog in this folder, and is it ours (D2)? */
static enum found look_at(const char *folder, const char *path)
{
    struct stat dir, link, file;
    if (lstat(path, &link) || stat(path, &file) || !S_ISREG(file.st_mode) || stat(folder, &dir))
        return FOUND_NOTHING;
    uid_t me = geteuid();
    return dir.st_uid == me && link.st_uid == me && file.st_uid == me ? FOUND_OURS : FOUND_FOREIGN;
}

/* One folder up, in place. False: this is the root. */
static bool go_up(char *folder)
{
    char *slash = strrchr(folder, '/');
    if (!slash || !folder[1])
        return false;
    slash[slash == folder] = 0;
    return true;
}

/* Walk up from `folder` (changed). *foreign is a catalog that is not ours, for the message. */
static int walk(char *folder, const char *home, char **out, char **foreign, nl_error *err)
{
    do {
        char *path = nl_path_join(folder, DEFAULT_NAME);
        if (!path)
            return nl_fail_memory(err);
        enum found found = look_at(folder, path);
        if (found == FOUND_OURS) {
            *out = path;
            return NL_OK;
        }
        if (found == FOUND_FOREIGN && !*foreign)
            *foreign = path;
        else
            free(path);
    } while (!(home && strcmp(folder, home) == 0) && go_up(folder));
    return NL_OK;
}

static int search(char **out, nl_error *err)
{
    char *folder = getcwd(NULL, 0);
    if (!folder)
        return nl_fail_errno(err, errno, "the working folder");
    char *home = home_folder(), *foreign = NULL;
    int rc = walk(folder, home, out, &foreign, err);
    if (!rc && !*out) {
        rc = nl_fail(err, NL_NOT_FOUND, "there is no catalog: no %s in this folder or above", DEFAULT_NAME);
        if (foreign)
            nl_hint(err, "%s belongs to somebody else: where you trust it, name it with -c", foreign);
        else
            nl_hint(err, "name one with -c or NEURALAKE_CATALOG (a .yaml, .c or .so file)");
    }
    free(foreign);
    free(home);
    free(folder);
    return rc;
}

int catalog_discover_path(char **out, nl_error *err)
{
    *out = NULL;
    const char *named = getenv("NEURALAKE_CATALOG");
    if (!named || !*named)
        return search(out, err);
    *out = strdup(named);
    return *out ? NL_OK : nl_fail_memory(err);
}

int nl_catalog_discover(nl_catalog **out, nl_error *err)
{
    *out = NULL;
    char *path;
    int rc = catalog_discover_path(&path, err);
    if (!rc)
        rc = nl_catalog_load(path, out, err);
    free(path);
    return rc;
}
