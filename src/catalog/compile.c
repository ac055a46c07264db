/* compile.c: a C catalog into a shared object, by the system's compiler, unless the cache has it (cache.h).
 *
 *     CC, else cc ──▶ words ──▶ found in PATH ──▶ its file (path, size, times, inode) names the compiler's version: asking
 *     it by --version would start a process each time
 *
 * The object needs nothing of ours to link: include/neuralake/catalog.h is data, and calls through a table.
 */
#include <errno.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <neuralake/catalog.h>

#include "base/clock.h"
#include "base/io/sink.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "catalog/cache.h"
#include "catalog/load.h"

#define MAX_WORDS  32
#define TIME_LIMIT (INT64_C(120) * 1000000000)
#define PROBE      "include/neuralake/catalog.h"

/* -z,defs: a function that is missing is an error of the link, with its name, and not one of loading. An unused table is
 * one that was forgotten in NL_TABLES. */
static const char *const flags[] = {
    "-std=gnu17",
    "-O2",
    "-fPIC",
    "-shared",
    "-fvisibility=hidden",
    "-Wall",
    "-Werror=unused-const-variable",
    "-Werror=implicit-function-declaration",
    "-Werror=int-conversion",
    "-Werror=incompatible-pointer-types",
    "-Wl,-z,defs",
};
/* Variables that change what compilers read. */
static const char *const variables[] = {
    "CPATH", "C_INCLUDE_PATH", "LIBRARY_PATH", "COMPILER_PATH", "GCC_EXEC_PREFIX", "SYSROOT", "CCACHE_PREFIX",
};

struct job {
    const char *path; /* of the source, as typed */
    nl_arena arena;
    const char *compiler[MAX_WORDS]; /* the words of CC */
    size_t n_compiler;
    const char *compiler_file; /* what the first word is */
    char *include;             /* folder of our headers */
    char *folder;              /* the cache */
    char *work;                /* working folder: relative paths of the compiler start here */
    struct cache_hash key;
};

/* ── which compiler ── */

/* An executable file of this name in PATH, or the name itself where it has a slash. In the arena; NULL: there is none. */
static const char *find_program(nl_arena *a, const char *name)
{
    if (strchr(name, '/'))
        return access(name, X_OK) == 0 ? name : NULL;
    const char *path = getenv("PATH");
    for (const char *p = path ? path : "/usr/local/bin:/usr/bin:/bin"; *p;) {
        size_t len = strcspn(p, ":");
        char *candidate = nl_arena_printf(a, "%.*s/%s", len ? (int)len : 1, len ? p : ".", name);
        if (candidate && access(candidate, X_OK) == 0)
            return candidate;
        p += len + (p[len] == ':');
    }
    return NULL;
}

static int find_compiler(struct job *j, nl_error *err)
{
    const char *cc = getenv("CC");
    if (!cc || !*cc)
        cc = "cc";
    for (const char *p = cc + strspn(cc, " \t"); *p;) {
        size_t len = strcspn(p, " \t");
        if (j->n_compiler == MAX_WORDS)
            return nl_fail(err, NL_INVALID, "CC has more than %d words", MAX_WORDS);
        const char *word = nl_arena_strndup(&j->arena, p, len);
        if (!word)
            return nl_fail_memory(err);
        j->compiler[j->n_compiler++] = word;
        p += len;
        p += strspn(p, " \t");
    }
    j->compiler_file = j->n_compiler ? find_program(&j->arena, j->compiler[0]) : NULL;
    if (j->compiler_file)
        return NL_OK;
    nl_fail(err, NL_NOT_FOUND, "%s: a catalog in C needs a C compiler, and there is no '%s'", j->path, cc);
    nl_hint(err, "install one (Debian: apt install gcc libc6-dev), or name yours in CC, or write the catalog in YAML, "
                 "which needs none");
    return NL_NOT_FOUND;
}

bool catalog_has_compiler(void)
{
    struct job j = {.path = ""};
    bool found = find_compiler(&j, NULL) == NL_OK;
    nl_arena_free(&j.arena);
    return found;
}

/* ── the key ── */

static int add_text(nl_buf *b, const char *text, nl_error *err)
{
    return nl_buf_append(b, text ? text : "", text ? strlen(text) + 1 : 1, err);
}

/* The compiler's file, without links: its path, size, times and inode. */
static int add_compiler(const struct job *j, nl_buf *b, nl_error *err)
{
    struct stat st;
    char *real = realpath(j->compiler_file, NULL);
    if (!real || stat(real, &st) != 0) {
        int errnum = errno;
        free(real);
        return nl_fail_errno(err, errnum, "compiler %s", j->compiler_file);
    }
    int rc = nl_buf_printf(b, err, "%s\n%lld %lld.%09ld %lld.%09ld %llu %llu\n", real, (long long)st.st_size,
                           (long long)st.st_mtim.tv_sec, st.st_mtim.tv_nsec, (long long)st.st_ctim.tv_sec,
                           st.st_ctim.tv_nsec, (unsigned long long)st.st_dev, (unsigned long long)st.st_ino);
    free(real);
    for (size_t i = 0; i < j->n_compiler && !rc; i++)
        rc = add_text(b, j->compiler[i], err);
    return rc;
}

static int make_key(struct job *j, nl_error *err)
{
    nl_buf b = {0};
    int rc = nl_buf_printf(&b, err, "%u %zu " NL_VERSION "\n", NL_CATALOG_ABI, sizeof(struct nl_catalog_entry));
    if (!rc)
        rc = add_compiler(j, &b, err);
    for (size_t i = 0; i < NL_LEN(flags) && !rc; i++)
        rc = add_text(&b, flags[i], err);
    for (size_t i = 0; i < NL_LEN(variables) && !rc; i++)
        rc = add_text(&b, getenv(variables[i]), err);
    const char *const paths[] = {j->include, j->work, j->path};
    for (size_t i = 0; i < NL_LEN(paths) && !rc; i++)
        rc = add_text(&b, paths[i], err);
    if (!rc)
        j->key = cache_hash_of(b.data, b.len);
    nl_buf_free(&b);
    return rc;
}

static int prepare(struct job *j, nl_error *err)
{
    int rc = find_compiler(j, err);
    if (rc)
        return rc;
    rc = nl_resource_path(PROBE, &j->include, err);
    if (rc) {
        nl_note(err, "Neuralake's headers, which a catalog in C includes");
        return rc;
    }
    j->include[strlen(j->include) - strlen(PROBE) + strlen("include")] = 0;
    j->work = getcwd(NULL, 0);
    if (!j->work)
        return nl_fail_errno(err, errno, "the working folder");
    rc = cache_folder(&j->arena, &j->folder, err);
    return rc ? rc : make_key(j, err);
}

/* ── compile ── */

/* Our environment, but for two: messages are in English and ASCII, since the first error is looked for by its word, and the
 * compiler's own temporary files go where nobody else can enter. */
static const char **compiler_environment(nl_arena *a, const char *folder)
{
    size_t n = 0, kept = 0;
    while (environ[n])
        n++;
    const char **env = nl_arena_array(a, n + 3, sizeof *env);
    const char *temporary = nl_arena_printf(a, "TMPDIR=%s", folder);
    if (!env || !temporary)
        return NULL;
    for (size_t i = 0; i < n; i++)
        if (!nl_starts_with(environ[i], "LC_ALL=") && !nl_starts_with(environ[i], "TMPDIR="))
            env[kept++] = environ[i];
    env[kept++] = "LC_ALL=C";
    env[kept] = temporary;
    return env;
}

static int run_compiler(struct job *j, const char *object, const char *deps, struct nl_proc_result *result,
                        nl_error *err)
{
    const char *argv[MAX_WORDS + NL_LEN(flags) + 12];
    size_t n = 0;
    for (size_t i = 0; i < j->n_compiler; i++)
        argv[n++] = j->compiler[i];
    for (size_t i = 0; i < NL_LEN(flags); i++)
        argv[n++] = flags[i];
    /* A source that begins with "-" must not be an option. */
    const char *source = j->path[0] == '-' ? nl_arena_printf(&j->arena, "./%s", j->path) : j->path;
    const char *const rest[] = {"-I",      j->include, "-MD",  "-MF",  deps,  "-MT",
                                "catalog", "-o",       object, source, "-lm", NULL};
    for (size_t i = 0; i < NL_LEN(rest); i++)
        argv[n++] = rest[i];
    struct nl_proc p = {.argv = argv, .env = compiler_environment(&j->arena, j->folder), .time_limit_ns = TIME_LIMIT};
    if (!source || !p.env)
        return nl_fail_memory(err);
    int rc = nl_proc_run(&p, result, err);
    if (rc)
        nl_note(err, "%s: compiler %s", j->path, j->compiler[0]);
    return rc;
}

/* The line that says most: the first error of the compiler; where only the linker failed, the first name that it misses. */
static const char *telling_line(const char *text)
{
    const char *line = strstr(text, "undefined reference");
    if (!line)
        line = strstr(text, "error:");
    if (!line)
        return text;
    while (line > text && line[-1] != '\n')
        line--;
    return line;
}

/* The length of "my.c:2:1" at the begin of p, where p begins with a place in the source; else 0. */
static size_t own_place(const struct job *j, const char *p)
{
    size_t len = strlen(j->path);
    if (strncmp(p, j->path, len) != 0 || p[len] != ':')
        return 0;
    return len + strspn(p + len, ":0123456789") - 1;
}

/* The telling line as people want it. An error inside a macro stands at a place in our header, and the lines below it say
 * where the source uses the macro: that place goes in front of the error's words. */
static void format_error(const struct job *j, const char *line, char *out, size_t size)
{
    int len = (int)strcspn(line, "\n");
    const char *words = strstr(line, "error: ");
    if (!own_place(j, line) && words && words < line + len) {
        const char *next = strstr(words + 1, "error: ");
        for (const char *p = strchr(line, '\n'); p && p[1] && (!next || p < next); p = strchr(p + 1, '\n')) {
            size_t place = own_place(j, p + 1);
            if (place) {
                snprintf(out, size, "%.*s: %.*s", (int)place, p + 1, (int)(line + len - words), words);
                return;
            }
        }
    }
    snprintf(out, size, "%.*s", len, line);
}

/* The compiler said no: its first error into err, everything into output. */
static int report(const struct job *j, const struct nl_proc_result *r, nl_buf *output, nl_error *err)
{
    const char *text = r->err.len ? r->err.data : "";
    if (output)
        nl_buf_append(output, text, strlen(text), NULL); /* without memory the first line must do */
    const char *line = telling_line(text);
    if (!*line)
        return nl_fail(err, NL_INVALID, "%s does not compile: %s ended with %d", j->path, j->compiler[0],
                       r->signal ? r->signal : r->exit_code);
    char first[900];
    format_error(j, line, first, sizeof first);
    size_t errors = 0;
    for (const char *p = text; (p = strstr(p, "error: ")); p++)
        errors++;
    if (errors > 1)
        return nl_fail(err, NL_INVALID, "%s does not compile: %s (and %zu more)", j->path, first, errors - 1);
    return nl_fail(err, NL_INVALID, "%s does not compile: %s", j->path, first);
}

/* Compile to `made`, then give it its place in the cache. */
static int compile_to(struct job *j, const char *made, const char *deps_path, nl_buf *output, char **object,
                      nl_error *err)
{
    struct nl_proc_result result = {0};
    int64_t start = nl_wall_ns();
    int rc = run_compiler(j, made, deps_path, &result, err);
    if (!rc && result.exit_code != 0)
        rc = report(j, &result, output, err);
    nl_proc_result_free(&result);
    if (rc)
        return rc;
    nl_buf text = {0};
    const char **deps = NULL;
    size_t n_deps = 0;
    rc = nl_read_file(deps_path, 16u << 20, &text, err);
    if (!rc)
        rc = cache_parse_deps(text.data ? text.data : "", j->work, &j->arena, &deps, &n_deps, err);
    nl_buf_free(&text);
    if (rc) {
        nl_note(err, "%s: compiled by %s", j->path, j->compiler[0]);
        return rc;
    }
    struct cache_object new = {made, deps, n_deps, start};
    return cache_keep(j->folder, &j->key, &new, &j->arena, object, err);
}

/* Compile, under temporary names that nobody else has, in the cache folder, which nobody else can enter. */
static int compile(struct job *j, nl_buf *output, char **object, nl_error *err)
{
    static atomic_uint calls;
    unsigned call = atomic_fetch_add(&calls, 1);
    char *made = nl_arena_printf(&j->arena, "%s/.nl-tmp-%ld-%u.so", j->folder, (long)getpid(), call);
    char *deps = nl_arena_printf(&j->arena, "%s/.nl-tmp-%ld-%u.d", j->folder, (long)getpid(), call);
    if (!made || !deps)
        return nl_fail_memory(err);
    int rc = compile_to(j, made, deps, output, object, err);
    unlink(made);
    unlink(deps);
    return rc;
}

int catalog_compile(const char *path, nl_buf *output, char **object, nl_error *err)
{
    *object = NULL;
    struct job j = {.path = path};
    char *found = NULL;
    int rc = prepare(&j, err);
    if (!rc)
        rc = cache_find(j.folder, &j.key, &j.arena, &found, err);
    if (!rc && !found)
        rc = compile(&j, output, &found, err);
    *object = found ? strdup(found) : NULL;
    if (!rc && !*object)
        rc = nl_fail_memory(err);
    free(j.include);
    free(j.work);
    nl_arena_free(&j.arena);
    return rc;
}
