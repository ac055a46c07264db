/* cache.c: the folder of compiled catalogs (see cache.h). A list is lines of "object <hash> <name>" and "file <hash> <path>". */
#include "catalog/cache.h"

#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/hash.h"
#include "base/io/sink.h"
#include "base/str.h"

#define MAX_FILE (256u << 20) /* of a source or an object */
#define MAX_LIST (16u << 20)
#define TITLE    "neuralake compiled catalog 1\n"

struct cache_hash cache_hash_of(const void *data, size_t len)
{
    struct cache_hash h;
    /* Two seeds make 128 bits. */
    snprintf(h.text, sizeof h.text, "%016llx%016llx", (unsigned long long)nl_hash64_seed(data, len, 0x6e65),
             (unsigned long long)nl_hash64_seed(data, len, 0x7572));
    return h;
}

int cache_hash_file(const char *path, struct cache_hash *out, nl_error *err)
{
    nl_buf b = {0};
    int rc = nl_read_file(path, MAX_FILE, &b, err);
    if (!rc)
        *out = cache_hash_of(b.data ? b.data : "", b.len);
    nl_buf_free(&b);
    return rc;
}

/* ── the folder ── */

/* Where caches lie: XDG_CACHE_HOME where it is absolute, as its specification wants, else ~/.cache. NULL: no home. */
static char *cache_home(nl_arena *a)
{
    const char *xdg = getenv("XDG_CACHE_HOME");
    if (xdg && xdg[0] == '/')
        return nl_arena_strdup(a, xdg);
    const char *home = getenv("HOME");
    if (!home || home[0] != '/') {
        const struct passwd *user = getpwuid(geteuid());
        home = user ? user->pw_dir : NULL;
    }
    return home ? nl_arena_printf(a, "%s/.cache", home) : NULL;
}

/* H2 */
static int check_folder(const char *path, nl_error *err)
{
    struct stat st;
    if (lstat(path, &st) != 0)
        return nl_fail_errno(err, errno, "cache folder %s", path);
    if (!S_ISDIR(st.st_mode))
        return nl_fail(err, NL_DENIED, "cache folder %s is %s", path, S_ISLNK(st.st_mode) ? "a link" : "no folder");
    if (st.st_uid != geteuid())
        return nl_fail(err, NL_DENIED, "cache folder %s belongs to user %u, not to you", path, (unsigned)st.st_uid);
    if (st.st_mode & 077) {
        nl_fail(err, NL_DENIED, "cache folder %s is open to others (mode %04o): compiled code lies there", path,
                (unsigned)st.st_mode & 07777);
        nl_hint(err, "look whether what is in it is yours, then: chmod 700 '%s'", path);
        return NL_DENIED;
    }
    return NL_OK;
}

int cache_folder(nl_arena *a, char **out, nl_error *err)
{
    char *home = cache_home(a);
    char *folder = home ? nl_arena_printf(a, "%s/neuralake", home) : NULL;
    if (!folder) {
        nl_fail(err, NL_NOT_FOUND, "there is no folder for compiled catalogs: neither XDG_CACHE_HOME nor HOME is set");
        return NL_NOT_FOUND;
    }
    int rc = nl_make_folders(home, 0700, err);
    if (rc)
        return rc;
    if (mkdir(folder, 0700) != 0 && errno != EEXIST)
        return nl_fail_errno(err, errno, "cache folder %s", folder);
    *out = folder;
    return check_folder(folder, err);
}

/* ── lists ── */

/* One line "word <hash> <rest>" of a list, cut in place. False: it is none. */
static bool split_line(char *line, const char **word, const char **hash, const char **rest)
{
    char *first = strchr(line, ' ');
    if (!first || strlen(first + 1) < 34 || first[33] != ' ')
        return false;
    *first = first[33] = 0;
    *word = line;
    *hash = first + 1;
    *rest = first + 34;
    return true;
}

/* Does the file still have this hash? Not to be found or read means no. */
static bool is_unchanged(const char *path, const char *hash)
{
    struct cache_hash now;
    return cache_hash_file(path, &now, NULL) == NL_OK && strcmp(now.text, hash) == 0;
}

/* Check all lines (H1). *name is the object's name where the list is well-formed, *valid where nothing changed. */
static void check_list(char *text, const char *folder, nl_arena *a, const char **name, bool *valid)
{
    *name = NULL;
    *valid = false;
    if (!nl_starts_with(text, TITLE))
        return;
    char *line = text + strlen(TITLE);
    bool good = true;
    while (*line) {
        char *end = strchr(line, '\n');
        const char *word, *hash, *rest;
        if (!end)
            return;
        *end = 0;
        if (!split_line(line, &word, &hash, &rest))
            return;
        if (strcmp(word, "object") == 0 && !strchr(rest, '/')) {
            *name = rest;
            const char *path = nl_arena_printf(a, "%s/%s", folder, rest);
            good = good && path && is_unchanged(path, hash);
        } else {
            good = good && is_unchanged(rest, hash);
        }
        line = end + 1;
    }
    *valid = good && *name;
}

static char *list_path(const char *folder, const struct cache_hash *key, nl_arena *a)
{
    return nl_arena_printf(a, "%s/%s.list", folder, key->text);
}

/* The list's object, valid or not; NULL: there is no list, or it is damaged. The text is in the arena. */
static int read_list(const char *folder, const struct cache_hash *key, nl_arena *a, const char **name, bool *valid,
                     nl_error *err)
{
    *name = NULL;
    *valid = false;
    char *path = list_path(folder, key, a);
    if (!path)
        return nl_fail_memory(err);
    nl_buf b = {0};
    nl_error why;
    int rc = nl_read_file(path, MAX_LIST, &b, &why);
    char *text = rc ? NULL : nl_arena_strndup(a, b.data ? b.data : "", b.len);
    nl_buf_free(&b);
    if (!rc && text)
        check_list(text, folder, a, name, valid);
    return rc == NL_NO_MEMORY || (!rc && !text) ? nl_fail_memory(err) : NL_OK;
}

int cache_find(const char *folder, const struct cache_hash *key, nl_arena *a, char **object, nl_error *err)
{
    const char *name;
    bool valid;
    *object = NULL;
    int rc = read_list(folder, key, a, &name, &valid, err);
    if (rc || !valid)
        return rc;
    *object = nl_arena_printf(a, "%s/%s", folder, name);
    return *object ? NL_OK : nl_fail_memory(err);
}

/* The file's hash, or zeros where it was changed since the compiler began. */
static int hash_dep(const char *path, int64_t start_ns, struct cache_hash *out, nl_error *err)
{
    struct stat st;
    if (stat(path, &st) == 0 && st.st_mtim.tv_sec * INT64_C(1000000000) + st.st_mtim.tv_nsec <= start_ns)
        return cache_hash_file(path, out, err);
    snprintf(out->text, sizeof out->text, "%032d", 0);
    return NL_OK;
}

static int write_list(nl_buf *b, const char *name, const struct cache_hash *hash, const struct cache_object *new,
                      nl_error *err)
{
    int rc = nl_buf_printf(b, err, TITLE "object %s %s\n", hash->text, name);
    for (size_t i = 0; i < new->n_deps && !rc; i++) {
        struct cache_hash h;
        rc = hash_dep(new->deps[i], new->start_ns, &h, err);
        if (!rc)
            rc = nl_buf_printf(b, err, "file %s %s\n", h.text, new->deps[i]);
    }
    return rc;
}

int cache_keep(const char *folder, const struct cache_hash *key, const struct cache_object *new, nl_arena *a,
               char **object, nl_error *err)
{
    struct cache_hash hash;
    const char *old;
    bool valid;
    int rc = cache_hash_file(new->made, &hash, err);
    if (rc || (rc = read_list(folder, key, a, &old, &valid, err)))
        return rc;
    char *name = nl_arena_printf(a, "%s-%s.so", key->text, hash.text);
    char *list = list_path(folder, key, a);
    *object = name ? nl_arena_printf(a, "%s/%s", folder, name) : NULL;
    if (!list || !*object)
        return nl_fail_memory(err);
    nl_buf b = {0};
    rc = write_list(&b, name, &hash, new, err);
    if (!rc && rename(new->made, *object) != 0)
        rc = nl_fail_errno(err, errno, "%s", *object);
    if (!rc)
        rc = nl_write_file(list, b.data, b.len, 0600, err);
    nl_buf_free(&b);
    /* Who has the old object loaded keeps it; nobody finds it any more. */
    const char *stale = !rc && old && strcmp(old, name) != 0 ? nl_arena_printf(a, "%s/%s", folder, old) : NULL;
    if (stale)
        unlink(stale);
    return rc;
}

/* ── dependency files ── */

/* The next path of a dependency file at *p into out (room for all of it); false at its end. In make's words "\ " is a
 * space, "\#" a #, "$$" a $, and "\" before a newline nothing. */
static bool next_dep(const char **p, char *out)
{
    const char *s = *p;
    for (;;) {
        if (*s == ' ' || *s == '\t' || *s == '\n' || *s == '\r')
            s++;
        else if (s[0] == '\\' && (s[1] == '\n' || s[1] == '\r'))
            s += 2;
        else
            break;
    }
    size_t n = 0;
    while (*s && *s != ' ' && *s != '\t' && *s != '\n' && *s != '\r') {
        if (s[0] == '\\' && (s[1] == '\n' || s[1] == '\r'))
            break;
        if ((s[0] == '\\' && (s[1] == ' ' || s[1] == '#')) || (s[0] == '$' && s[1] == '$'))
            s++;
        out[n++] = *s++;
    }
    out[n] = 0;
    *p = s;
    return n > 0;
}

int cache_parse_deps(const char *text, const char *base, nl_arena *a, const char ***deps, size_t *n_deps, nl_error *err)
{
    *n_deps = 0;
    const char *p = strchr(text, ':');
    if (!p)
        return nl_fail(err, NL_INVALID, "the compiler's list of the files that it read cannot be read");
    p++;
    /* There are no more paths than every second byte can begin. */
    char *one = nl_arena_alloc(a, strlen(p) + 1);
    *deps = nl_arena_array(a, strlen(p) / 2 + 1, sizeof **deps);
    if (!one || !*deps)
        return nl_fail_memory(err);
    while (next_dep(&p, one)) {
        if (strchr(one, '\n'))
            return nl_fail(err, NL_UNSUPPORTED, "a path with a newline");
        char *path = one[0] == '/' ? nl_arena_strdup(a, one) : nl_arena_printf(a, "%s/%s", base, one);
        if (!path)
            return nl_fail_memory(err);
        (*deps)[(*n_deps)++] = path;
    }
    return *n_deps ? NL_OK : nl_fail(err, NL_INVALID, "the compiler says that it read no file");
}
