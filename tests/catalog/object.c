/* tests/catalog/object.c: C catalogs: both compilers, forgotten partitioning, the cache and who may touch it, objects of
 * other versions.
 * ctest: fault */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "catalog/cache.h"
#include "catalog/catalog.h"
#include "catalog/dump.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/proc.h"
#include "support/tmp.h"

/* Each test has its own folder, cache and compiler. */
struct box {
    char *dir, *cache, *source;
};

static int setup(void **state)
{
    struct box *b = calloc(1, sizeof *b);
    CHECK(b);
    b->dir = tmp_make();
    b->cache = tmp_path(b->dir, "cache");
    b->source = tmp_path(b->dir, "my.c");
    setenv("XDG_CACHE_HOME", b->cache, 1);
    unsetenv("CC");
    *state = b;
    return 0;
}

static int teardown(void **state)
{
    struct box *b = *state;
    tmp_remove(b->dir);
    free(b->cache);
    free(b->source);
    free(b);
    return 0;
}

static void write_catalog(const struct box *b, const char *tables, const char *list)
{
    char text[4096];
    snprintf(text, sizeof text,
             "#include <neuralake/catalog.h>\n%s\nNL_DATABASE(d, .tables = NL_TABLES(%s));\nNL_CATALOG(&d);\n", tables,
             list);
    tmp_write_text(b->source, text);
}

static int load(const struct box *b, nl_buf *output, nl_error *err)
{
    nl_catalog *c;
    int rc = catalog_load(b->source, output, &c, err);
    nl_catalog_free(c);
    return rc;
}

#define GOOD "NL_PARQUET_TABLE(t, .uri = \"x\", .partitioning = NL_NOT_PARTITIONED);"

static const char *const compilers[] = {"gcc", "clang"};

/* ── what compiles, and what does not ── */

static void both_compilers_and_yaml_give_one_model(void **state)
{
    struct box *b = *state;
    char *yaml_path = tmp_path(proc_source_dir(), "examples/demo/neuralake.yaml");
    char *c_path = tmp_path(proc_source_dir(), "examples/demo/catalog.c");
    nl_catalog *yaml, *c;
    nl_error err = {0};
    CHECK_OK(nl_catalog_load(yaml_path, &yaml, &err), err);
    char *want = dump_catalog(yaml);
    CHECK_HAS(want, "demo_db.part\n  uri: s3://neuralake-bucket/parts.parquet\n  partitioning: none\n");
    for (size_t i = 0; i < NL_LEN(compilers); i++) {
        if (!proc_have(compilers[i])) {
            print_message("%s is not here: not tried\n", compilers[i]);
            continue;
        }
        setenv("CC", compilers[i], 1);
        check_why("%s", compilers[i]);
        CHECK_OK(nl_catalog_load(c_path, &c, &err), err);
        char *got = dump_catalog(c);
        CHECK_STR(got, want);
        free(got);
        nl_catalog_free(c);
    }
    nl_catalog_free(yaml);
    free(want);
    free(yaml_path);
    free(c_path);
    (void)b;
}

static const struct {
    const char *why, *tables, *message;
    bool gcc_is_fooled; /* then loading says it */
} bad[] = {
    {"forgotten partitioning", "NL_PARQUET_TABLE(t, .uri = \"x\");",
     "table t does not say how its files are partitioned: add .partitioning = NL_NOT_PARTITIONED, or .partitioning = "
     "NL_HIVE(...) or NL_DIRECTORY(...) with the columns that its folders hold",
     false},
    {"a description fools GCC", "NL_PARQUET_TABLE(t, .uri = \"x\", .description = \"a .partitioning\");",
     "table t does not say how its files are partitioned: add .partitioning = NL_NOT_PARTITIONED", true},
    {"forgotten function", "NL_FUNCTION_TABLE(t, .name = \"t\");",
     "table t has no function: add .rows = a function that appends rows, or .stream = one that makes an Arrow stream",
     false},
    {"a field that is none", "NL_PARQUET_TABLE(t, .url = \"x\", .partitioning = NL_NOT_PARTITIONED);", "'url'", false},
    {"a table that is in no database", GOOD " NL_PARQUET_TABLE(u, .uri = \"x\", .partitioning = NL_NOT_PARTITIONED);",
     "'u'", false},
    {"a function that is nowhere",
     "int f(nl_rows *r); NL_FUNCTION_TABLE(t, .rows = f, .columns = NL_COLUMNS({\"a\", \"\", NL_BIGINT}));",
     "undefined reference to `f'", false},
};

static void says_what_does_not_compile(void **state)
{
    struct box *b = *state;
    for (size_t k = 0; k < NL_LEN(compilers); k++) {
        if (!proc_have(compilers[k])) {
            print_message("%s is not here: not tried\n", compilers[k]);
            continue;
        }
        setenv("CC", compilers[k], 1);
        for (size_t i = 0; i < NL_LEN(bad); i++) {
            nl_error err = {0};
            nl_buf output = {0};
            check_why("%s, %s", compilers[k], bad[i].why);
            write_catalog(b, bad[i].tables, "&t");
            CHECK_FAILS(load(b, &output, &err), NL_INVALID, err, bad[i].message);
            if (!bad[i].gcc_is_fooled) {
                if (!strstr(bad[i].message, "undefined"))
                    CHECK_HAS(err.message, "my.c:2:");
                CHECK_HAS(err.message, "my.c does not compile: ");
                CHECK_HAS(output.data, bad[i].message);
            }
            nl_buf_free(&output);
        }
    }
    check_why("%s", "");
}

static const struct {
    const char *why, *tables, *list, *message;
} unsound[] = {
    {"twice", GOOD, "&t, &t", "my.c:2: table t is declared twice in database d"},
    {"a name that is none", "NL_PARQUET_TABLE(t, .name = \"a b\", .uri = \"x\", .partitioning = NL_NOT_PARTITIONED);",
     "&t", "my.c:2: table name 'a b' must be letters, digits and _"},
    {"no uri", "NL_PARQUET_TABLE(t, .partitioning = NL_NOT_PARTITIONED);", "&t", "my.c:2: table t: the uri is missing"},
    {"a type that is none", "NL_PARQUET_TABLE(t, .uri = \"x\", .partitioning = NL_HIVE({\"a\", 77}));", "&t",
     "my.c:2: partition column a has type 77"},
    {"no type", "NL_PARQUET_TABLE(t, .uri = \"x\", .partitioning = NL_DIRECTORY({\"a\"}));", "&t",
     "my.c:2: table t: partition column a has no type"},
    {"a function without columns", "static int f(nl_rows *r) { (void)r; return 0; } NL_FUNCTION_TABLE(t, .rows = f);",
     "&t", "my.c:2: table t has no columns, and they are its schema"},
    {"a parameter twice",
     "static int f(nl_rows *r) { (void)r; return 0; } NL_FUNCTION_TABLE(t, .rows = f, .columns = NL_COLUMNS({\"a\", "
     "\"\", "
     "NL_BIGINT}), .parameters = NL_PARAMETERS({\"p\", NL_BIGINT}, {\"P\", NL_BIGINT}));",
     "&t", "my.c:2: table t: parameter P is declared twice"},
    {"a required parameter behind one with a default",
     "static int f(nl_rows *r) { (void)r; return 0; } NL_FUNCTION_TABLE(t, .rows = f, .columns = NL_COLUMNS({\"a\", "
     "\"\", "
     "NL_BIGINT}), .parameters = NL_PARAMETERS({\"p\", NL_BIGINT, NULL, \"1\"}, {\"q\", NL_BIGINT}));",
     "&t", "my.c:2: table t: parameter q is required, and stands behind p, which is not"},
    {"an empty tag",
     "NL_PARQUET_TABLE(t, .uri = \"x\", .partitioning = NL_NOT_PARTITIONED, .tags = NL_TEXTS(\"a\", \"\"));", "&t",
     "my.c:2: table t: tag 2 is empty"},
    {"NULL in the list", GOOD, "&t, 0", "a table of the list is not made by NL_PARQUET_TABLE"},
};

static void checks_what_compiles(void **state)
{
    struct box *b = *state;
    for (size_t i = 0; i < NL_LEN(unsound); i++) {
        nl_error err = {0};
        check_why("%s", unsound[i].why);
        write_catalog(b, unsound[i].tables, unsound[i].list);
        CHECK_FAILS(load(b, NULL, &err), NL_INVALID, err, unsound[i].message);
    }
    check_why("%s", "");
}

static void needs_a_compiler(void **state)
{
    struct box *b = *state;
    nl_error err = {0};
    write_catalog(b, GOOD, "&t");
    setenv("CC", "no-such-compiler -m64", 1);
    CHECK_FAILS(load(b, NULL, &err), NL_NOT_FOUND, err,
                "a catalog in C needs a C compiler, and there is no 'no-such-compiler -m64'");
    CHECK_HAS(err.hint, "YAML, which needs none");
    setenv("CC", " ", 1);
    CHECK_FAILS(load(b, NULL, &err), NL_NOT_FOUND, err, "needs a C compiler");
}

static void compile_object(const struct box *b, const char *source, const char *object)
{
    char *include = tmp_path(proc_source_dir(), "include");
    struct proc_result r =
        proc_run(&(struct proc_spec){.argv = PROC_ARGS("cc", "-shared", "-fPIC", "-I", include, "-o", object, source),
                                     .dir = b->dir});
    CHECK_STR(r.err, "");
    CHECK_INT(r.status, 0);
    proc_result_free(&r);
    free(include);
}

/* ── the cache ── */

/* A compiler that counts its calls in the folder's "calls". */
static void count_compiles(const struct box *b)
{
    char *wrapper = tmp_path(b->dir, "counting cc");
    char *folder = tmp_path(b->dir, "bin");
    char *in_path = tmp_path(folder, "counting-cc");
    char text[1024], path[2048];
    CHECK_INT(mkdir(folder, 0700), 0);
    snprintf(text, sizeof text, "#!/bin/sh\necho >> '%s/calls'\nexec cc \"$@\"\n", b->dir);
    tmp_write_text(in_path, text);
    CHECK_INT(chmod(in_path, 0700), 0);
    snprintf(path, sizeof path, "%s:%s", folder, getenv("PATH"));
    setenv("PATH", path, 1);
    setenv("CC", "counting-cc -DONE=1", 1);
    free(wrapper);
    free(folder);
    free(in_path);
}

static size_t compiles(const struct box *b)
{
    char *path = tmp_path(b->dir, "calls");
    size_t n = 0;
    char *text = tmp_read(path, &n);
    free(text);
    free(path);
    return n;
}

static char *cache_path(const struct box *b)
{
    return tmp_path(b->cache, "neuralake");
}

/* The search path, a copy. */
static char *path_now(void)
{
    const char *path = getenv("PATH");
    CHECK(path != NULL);
    return strdup(path);
}

static void compiles_once(void **state)
{
    struct box *b = *state;
    nl_error err = {0};
    char *path_before = path_now();
    count_compiles(b);
    write_catalog(b, GOOD, "&t");
    CHECK_OK(load(b, NULL, &err), err);
    CHECK_INT(compiles(b), 1);
    CHECK_OK(load(b, NULL, &err), err);
    CHECK_INT(compiles(b), 1);

    check_why("other flags");
    setenv("CC", "counting-cc -DONE=2", 1);
    CHECK_OK(load(b, NULL, &err), err);
    CHECK_INT(compiles(b), 2);

    check_why("other places for headers");
    setenv("CPATH", b->dir, 1);
    CHECK_OK(load(b, NULL, &err), err);
    unsetenv("CPATH");
    CHECK_INT(compiles(b), 3);

    check_why("the source changed");
    write_catalog(b, GOOD " /* changed */", "&t");
    CHECK_OK(load(b, NULL, &err), err);
    CHECK_INT(compiles(b), 4);

    check_why("folder and files are the user's alone");
    struct stat st;
    char *folder = cache_path(b);
    CHECK_INT(stat(folder, &st), 0);
    CHECK_INT(st.st_mode & 07777, 0700);
    CHECK_INT(tmp_entries(folder),
              6); /* three keys; the object of the changed source is gone, and so are temporary files */
    free(folder);
    setenv("PATH", path_before, 1);
    free(path_before);
}

static void compiles_again_where_a_header_changed(void **state)
{
    struct box *b = *state;
    nl_error err = {0};
    char *path_before = path_now();
    char *header = tmp_path(b->dir, "with space.h");
    count_compiles(b);
    tmp_write_text(header, "#define WHAT \"one\"\n");
    write_catalog(b,
                  "#include \"with space.h\"\n"
                  "NL_PARQUET_TABLE(t, .uri = \"x\", .partitioning = NL_NOT_PARTITIONED, .description = WHAT);",
                  "&t");
    static const char *const words[] = {"one", "two", "one"};
    for (size_t i = 0; i < NL_LEN(words); i++) {
        nl_catalog *c;
        char text[64];
        snprintf(text, sizeof text, "#define WHAT \"%s\"\n", words[i]);
        tmp_write_text(header, text);
        check_why("%zu: %s", i, words[i]);
        for (int twice = 0; twice < 2; twice++) {
            CHECK_OK(nl_catalog_load(b->source, &c, &err), err);
            CHECK_STR(catalog_table_at(c, 0)->description, words[i]);
            nl_catalog_free(c);
        }
        CHECK_INT(compiles(b), i + 1);
    }
    check_why("the header is gone");
    CHECK_INT(unlink(header), 0);
    CHECK_FAILS(load(b, NULL, &err), NL_INVALID, err, "with space.h");
    free(header);
    setenv("PATH", path_before, 1);
    free(path_before);
}

/* Somebody cut or changed what is in the cache: it is made again, never loaded. */
static void compiles_again_where_the_cache_is_damaged(void **state)
{
    struct box *b = *state;
    nl_error err = {0};
    write_catalog(b, GOOD, "&t");
    CHECK_OK(load(b, NULL, &err), err);
    char *folder = cache_path(b), command[512];
    static const char *const damages[] = {"printf x > %s/*.so",
                                          "rm %s/*.so",
                                          "printf x > %s/*.list",
                                          "printf '' > %s/*.list",
                                          "sed -i 's/^object/file/' %s/*.list",
                                          "sed -i '$ s/ .*//' %s/*.list",
                                          "sed -i 's, [^ ]*[.]so, ../x.so,' %s/*.list"};
    for (size_t i = 0; i < NL_LEN(damages); i++) {
        check_why("%s", damages[i]);
        size_t len = strlen(folder), at = (size_t)(strstr(damages[i], "%s") - damages[i]);
        CHECK(at + len + strlen(damages[i]) < sizeof command);
        memcpy(command, damages[i], at);
        memcpy(command + at, folder, len);
        memcpy(command + at + len, damages[i] + at + 2, strlen(damages[i] + at + 2) + 1);
        struct proc_result r = proc_run(&(struct proc_spec){.argv = PROC_ARGS("sh", "-c", command)});
        CHECK_INT(r.status, 0);
        proc_result_free(&r);
        CHECK_OK(load(b, NULL, &err), err);
    }
    check_why("%s", "");
    free(folder);
}

static void refuses_a_cache_of_others(void **state)
{
    struct box *b = *state;
    nl_error err = {0};
    char *folder = cache_path(b), *elsewhere = tmp_path(b->dir, "elsewhere");
    write_catalog(b, GOOD, "&t");
    CHECK_INT(mkdir(b->cache, 0755), 0);
    static const mode_t modes[] = {0755, 0770, 0707, 0777, 01777, 0701};
    for (size_t i = 0; i < NL_LEN(modes); i++) {
        check_why("mode %04o", (unsigned)modes[i]);
        rmdir(folder);
        CHECK_INT(mkdir(folder, 0700), 0);
        CHECK_INT(chmod(folder, modes[i]), 0);
        CHECK_FAILS(load(b, NULL, &err), NL_DENIED, err, "is open to others");
        CHECK_HAS(err.hint, "chmod 700");
    }
    check_why("a link");
    rmdir(folder);
    CHECK_INT(mkdir(elsewhere, 0700), 0);
    CHECK_INT(symlink(elsewhere, folder), 0);
    CHECK_FAILS(load(b, NULL, &err), NL_DENIED, err, "is a link");
    check_why("a file");
    unlink(folder);
    tmp_write_text(folder, "");
    CHECK_FAILS(load(b, NULL, &err), NL_DENIED, err, "is no folder");
    check_why("of another user");
    unlink(folder);
    CHECK_INT(mkdir(folder, 0700), 0);
    if (geteuid() == 0) {
        CHECK_INT(chown(folder, 65534, 65534), 0);
        CHECK_FAILS(load(b, NULL, &err), NL_DENIED, err, "belongs to user 65534, not to you");
    } else {
        print_message("not root: a folder of another user is not tried\n");
    }
    check_why("%s", "");
    free(folder);
    free(elsewhere);
}

/* A compiler that is fast: it copies an object that was made before, and says that it read the source alone. */
static void copy_compiler(const struct box *b)
{
    char *compiler = tmp_path(b->dir, "copycc");
    char text[2048];
    snprintf(text, sizeof text,
             "#!/bin/sh\nwhile [ $# -gt 0 ]; do case \"$1\" in -o) o=$2;; -MF) d=$2;; esac; shift; done\n"
             "cp '%s/made.so' \"$o\" && echo 'catalog: %s' > \"$d\"\n",
             b->dir, b->source);
    compile_object(b, "my.c", "made.so");
    tmp_write_text(compiler, text);
    CHECK_INT(chmod(compiler, 0700), 0);
    setenv("CC", compiler, 1);
    free(compiler);
}

/* A full disk or a lack of memory anywhere: an error or a catalog, nothing half-written, and the next load works. */
static void survives_every_fault(void **state)
{
    struct box *b = *state;
    nl_error err = {0};
    write_catalog(b, GOOD, "&t");
    copy_compiler(b);
    char *folder = cache_path(b);
    static const struct {
        int kind, errnum;
        bool cached; /* before each run */
    } faults[] = {{FAULT_ALLOC, ENOMEM, true},
                  {FAULT_ALLOC, ENOMEM, false},
                  {FAULT_IO, ENOSPC, true},
                  {FAULT_IO, ENOSPC, false}};
    for (size_t i = 0; i < NL_LEN(faults); i++) {
        check_why("fault %zu", i);
        bool fired = true;
        for (long nth = 1; fired; nth++) {
            nl_catalog *c;
            tmp_remove(strdup(folder));
            if (faults[i].cached)
                CHECK_OK(load(b, NULL, &err), err);
            fault_arm(faults[i].kind, nth, faults[i].errnum);
            int rc = nl_catalog_load(b->source, &c, &err);
            fault_disarm();
            fired = fault_fired();
            CHECK(!rc == !!c);
            CHECK(fired || !rc);
            nl_catalog_free(c);
            CHECK_OK(load(b, NULL, &err), err);
            CHECK_MAX(tmp_entries(folder),
                      3); /* list and object; and a temporary file where its unlink() was the fault */
        }
    }
    check_why("%s", "");
    free(folder);
}

/* ── dependency files ── */

static void reads_dependencies(void **state)
{
    (void)state;
    static const struct {
        const char *text, *want[4];
        size_t n;
    } cases[] = {
        {"catalog: a.c /b.h\n", {"/w/a.c", "/b.h"}, 2},
        {"catalog: a.c \\\n  b.h \\\n\tc.h\n", {"/w/a.c", "/w/b.h", "/w/c.h"}, 3},
        {"catalog: a\\ b.c x$$y \\#z q\\q\n", {"/w/a b.c", "/w/x$y", "/w/#z", "/w/q\\q"}, 4},
        {"catalog: a\\\nb\n", {"/w/a", "/w/b"}, 2},
        {"catalog:\\", {"/w/\\"}, 1},
        {"catalog: \\\n", {NULL}, 0},
        {"nothing", {NULL}, 0},
        {"", {NULL}, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_arena a = {0};
        nl_error err = {0};
        const char **deps;
        size_t n;
        check_why("%s", cases[i].text);
        int rc = cache_parse_deps(cases[i].text, "/w", &a, &deps, &n, &err);
        CHECK_INT(rc, cases[i].n ? NL_OK : NL_INVALID);
        CHECK_INT(n, cases[i].n);
        for (size_t k = 0; k < n; k++)
            CHECK_STR(deps[k], cases[i].want[k]);
        nl_arena_free(&a);
    }
    check_why("%s", "");
}

/* ── objects ── */

static void checks_objects(void **state)
{
    struct box *b = *state;
    static const struct {
        const char *why, *source, *message;
        int want;
    } cases[] = {
        {"sound", "#include <neuralake/catalog.h>\nNL_CATALOG(0);\n", "a database of the list is NULL", NL_INVALID},
        {"no entry", "int x;\n", "my.so is not a catalog: it exports no neuralake_catalog", NL_INVALID},
        {"something else", "char neuralake_catalog[100] = \"x\";\n",
         "my.so is not a catalog: its neuralake_catalog is something else", NL_INVALID},
        {"another version",
         "#include <neuralake/catalog.h>\n#undef NL_CATALOG_ABI\n#define NL_CATALOG_ABI 7\nNL_CATALOG(0);\n",
         "my.so was compiled for version 7 of the catalog's C interface, this is version 1", NL_UNSUPPORTED},
        {"a function that is nowhere", "extern int gone(void); int neuralake_catalog(void) { return gone(); }\n",
         "undefined symbol: gone", NL_INVALID},
    };
    char *object = tmp_path(b->dir, "my.so");
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_catalog *c;
        nl_error err = {0};
        check_why("%s", cases[i].why);
        unlink(object);
        tmp_write_text(b->source, cases[i].source);
        compile_object(b, "my.c", "my.so");
        CHECK_FAILS(nl_catalog_load(object, &c, &err), cases[i].want, err, cases[i].message);
    }
    check_why("no object at all");
    nl_catalog *c;
    nl_error err = {0};
    unlink(object);
    tmp_write_text(object, "hello");
    CHECK_FAILS(nl_catalog_load(object, &c, &err), NL_INVALID, err, "my.so cannot be loaded: ");
    check_why("a name without a slash is a file here, not a library of the system");
    CHECK_FAILS(nl_catalog_load("libc.so", &c, &err), NL_NOT_FOUND, err, "catalog libc.so: No such file");
    write_catalog(b, GOOD, "&t");
    unlink(object);
    compile_object(b, "my.c", "my.so");
    char *here = getcwd(NULL, 0);
    CHECK_INT(chdir(b->dir), 0);
    CHECK_OK(nl_catalog_load("my.so", &c, &err), err);
    CHECK_STR(catalog_table_at(c, 0)->declared_at, "my.c:2");
    nl_catalog_free(c);
    CHECK_INT(chdir(here), 0);
    free(here);
    free(object);
    check_why("%s", "");
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    if (!proc_have("cc")) {
        print_message("skipped: there is no C compiler\n");
        return 77;
    }
    const struct CMUnitTest tests[] = {
        T(both_compilers_and_yaml_give_one_model),
        T(says_what_does_not_compile),
        T(checks_what_compiles),
        T(needs_a_compiler),
        T(compiles_once),
        T(compiles_again_where_a_header_changed),
        T(compiles_again_where_the_cache_is_damaged),
        T(refuses_a_cache_of_others),
        T(survives_every_fault),
        T(reads_dependencies),
        T(checks_objects),
    };
    return cmocka_run_group_tests_name("catalog/object", tests, NULL, NULL);
}
