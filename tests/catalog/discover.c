/* tests/catalog/discover.c: which catalog is found when nobody names one.
 * ctest: fault */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "catalog/catalog.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

/* root/home/a/b, and root/other; HOME is root/home. Paths without links, as getcwd() gives them. */
struct tree {
    char *tmp, *root, *home, *a, *b, *other, *before;
};

static int setup(void **state)
{
    struct tree *t = calloc(1, sizeof *t);
    CHECK(t);
    t->before = getcwd(NULL, 0);
    t->tmp = tmp_make();
    t->root = realpath(t->tmp, NULL);
    t->home = tmp_path(t->root, "home");
    t->a = tmp_path(t->home, "a");
    t->b = tmp_path(t->a, "b");
    t->other = tmp_path(t->root, "other");
    CHECK(!mkdir(t->home, 0700) && !mkdir(t->a, 0700) && !mkdir(t->b, 0700) && !mkdir(t->other, 0700));
    setenv("HOME", t->home, 1);
    unsetenv("NEURALAKE_CATALOG");
    *state = t;
    return 0;
}

static int teardown(void **state)
{
    struct tree *t = *state;
    CHECK_INT(chdir(t->before), 0);
    free(t->before);
    tmp_remove(t->tmp);
    free(t->root);
    free(t->home);
    free(t->a);
    free(t->b);
    free(t->other);
    free(t);
    return 0;
}

static void put(const char *folder)
{
    char *path = tmp_path(folder, "neuralake.yaml");
    tmp_write_text(path, "databases: []\n");
    free(path);
}

/* From `folder` the catalog of `want` is found; NULL: none, and the error has `part`. */
static void finds(const char *folder, const char *want, const char *part)
{
    char *path = NULL, expected[4096];
    nl_error err = {0};
    CHECK_INT(chdir(folder), 0);
    int rc = catalog_discover_path(&path, &err);
    if (!want) {
        CHECK_FAILS(rc, NL_NOT_FOUND, err, "there is no catalog: no neuralake.yaml in this folder or above");
        CHECK(!path);
        CHECK_HAS(err.hint, part);
        return;
    }
    CHECK_OK(rc, err);
    snprintf(expected, sizeof expected, "%s/neuralake.yaml", want);
    CHECK_STR(path, expected);
    free(path);
}

static void walks_up_to_the_home_folder(void **state)
{
    struct tree *t = *state;
    put(t->root); /* above home: never seen from inside it */
    finds(t->b, NULL, "name one with -c or NEURALAKE_CATALOG");
    put(t->home);
    finds(t->b, t->home, NULL);
    finds(t->home, t->home, NULL);
    put(t->a);
    finds(t->b, t->a, NULL);
    put(t->b);
    finds(t->b, t->b, NULL);
    finds(t->a, t->a, NULL);
    check_why("outside of home everything above is looked at");
    finds(t->other, t->root, NULL);
    check_why("%s", "");
}

static void only_yaml_is_found(void **state)
{
    struct tree *t = *state;
    char *c = tmp_path(t->b, "neuralake.c"), *so = tmp_path(t->b, "neuralake.so"),
         *folder = tmp_path(t->a, "neuralake.yaml");
    tmp_write_text(c, "");
    tmp_write_text(so, "");
    CHECK_INT(mkdir(folder, 0700), 0); /* a folder is no file */
    finds(t->b, NULL, "name one");
    free(c);
    free(so);
    free(folder);
}

static void what_others_own_is_not_ours(void **state)
{
    struct tree *t = *state;
    if (geteuid() != 0)
        skip(); /* only root gives files away */
    char *path = tmp_path(t->a, "neuralake.yaml"), *target = tmp_path(t->home, "real.yaml");
    check_why("the file");
    put(t->a);
    CHECK_INT(chown(path, 65534, 65534), 0);
    finds(t->b, NULL, "belongs to somebody else: where you trust it, name it with -c");
    check_why("the folder");
    CHECK_INT(chown(path, 0, 0), 0);
    CHECK_INT(chown(t->a, 65534, 65534), 0);
    finds(t->b, NULL, "belongs to somebody else");
    check_why("a folder of others on the way does not hide ours above it");
    put(t->home);
    finds(t->b, t->home, NULL);
    check_why("a link of others to our file");
    CHECK_INT(chown(t->a, 0, 0), 0);
    unlink(path);
    tmp_write_text(target, "databases: []\n");
    CHECK_INT(symlink(target, path), 0);
    finds(t->b, t->a, NULL);
    CHECK_INT(lchown(path, 65534, 65534), 0);
    finds(t->b, t->home, NULL);
    check_why("%s", "");
    free(path);
    free(target);
}

static void the_variable_names_any_form(void **state)
{
    struct tree *t = *state;
    char *path = NULL, *named = tmp_path(t->other, "x.yaml");
    nl_error err = {0};
    nl_catalog *c;
    put(t->b);
    CHECK_INT(chdir(t->b), 0);
    setenv("NEURALAKE_CATALOG", "some/where.c", 1);
    CHECK_OK(catalog_discover_path(&path, &err), err);
    CHECK_STR(path, "some/where.c");
    free(path);
    CHECK_FAILS(nl_catalog_discover(&c, &err), NL_NOT_FOUND, err, "catalog some/where.c: No such file or directory");
    tmp_write_text(named, "databases:\n- name: here\n");
    setenv("NEURALAKE_CATALOG", named, 1);
    CHECK_OK(nl_catalog_discover(&c, &err), err);
    CHECK_STR(catalog_database_name(c, 0), "here");
    nl_catalog_free(c);
    setenv("NEURALAKE_CATALOG", "", 1); /* empty is not set */
    finds(t->b, t->b, NULL);
    free(named);
}

static void survives_every_failing_allocation(void **state)
{
    struct tree *t = *state;
    put(t->home);
    CHECK_INT(chdir(t->b), 0);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_catalog *c = NULL;
        nl_error err = {0};
        int rc = nl_catalog_discover(&c, &err);
        fault_off(&f);
        CHECK(!rc == !!c);
        nl_catalog_free(c);
    }
}

#define T(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(walks_up_to_the_home_folder),       T(only_yaml_is_found),
        T(what_others_own_is_not_ours),       T(the_variable_names_any_form),
        T(survives_every_failing_allocation),
    };
    return cmocka_run_group_tests_name("catalog/discover", tests, NULL, NULL);
}
