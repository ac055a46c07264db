/* tests/catalog/catalog.c: find tables, ad-hoc tables, which file is which form. */
#include "catalog/catalog.h"

#include <stdlib.h>
#include <sys/stat.h>

#include "base/str.h"
#include "catalog/load.h"
#include "catalog/parquet.h"
#include "support/check.h"
#include "support/tmp.h"

static nl_catalog *sample(void)
{
    static const char text[] = "databases:\n"
                               "- name: demo_db\n"
                               "  tables:\n"
                               "  - {name: part, kind: parquet, uri: x, partitioning: none}\n"
                               "  - {name: supplier, kind: parquet, uri: x, partitioning: none}\n"
                               "- name: Other\n"
                               "  tables:\n"
                               "  - {name: Part, kind: parquet, uri: x, partitioning: none}\n";
    nl_catalog *c;
    nl_error err = {0};
    CHECK_OK(catalog_from_yaml("c.yaml", text, strlen(text), &c, &err), err);
    return c;
}

static void finds_tables(void **state)
{
    (void)state;
    static const struct {
        const char *name, *database, *table, *hint;
    } cases[] = {
        {"demo_db.part", "demo_db", "part", NULL},
        {"DEMO_DB.Part", "demo_db", "part", NULL},
        {"other.part", "Other", "Part", NULL},
        {"demo_db.parts", NULL, NULL, "did you mean demo_db.part?"},
        {"demodb.supplier", NULL, NULL, "did you mean demo_db.supplier?"},
        {"supplier", NULL, NULL, "did you mean demo_db.supplier?"},
        {"xyz.qqqqqqqqqqqq", NULL, NULL, "`neuralake tables` lists the catalog's tables"},
        {"", NULL, NULL, "`neuralake tables` lists the catalog's tables"},
        {"demo_db.", NULL, NULL, ""},
        {".part", NULL, NULL, ""},
    };
    nl_catalog *c = sample();
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct catalog_table *t;
        nl_error err = {0};
        check_why("'%s'", cases[i].name);
        int rc = catalog_find(c, cases[i].name, &t, &err);
        if (cases[i].table) {
            CHECK_OK(rc, err);
            CHECK_STR(t->database, cases[i].database);
            CHECK_STR(t->name, cases[i].table);
        } else {
            CHECK_FAILS(rc, NL_NOT_FOUND, err, "the catalog has no table");
            CHECK(!t);
            CHECK_HAS(err.hint, cases[i].hint);
        }
    }
    check_why("%s", "");
    nl_catalog_free(c);
}

static void makes_tables_of_names(void **state)
{
    char *folder = tmp_path(*state, "folder.parquet");
    CHECK_INT(mkdir(folder, 0700), 0);
    const struct {
        const char *uri;
        bool is_file;
    } cases[] = {
        {"s3://b/x.parquet", true}, {"s3://b/x.data", true}, {"s3://b/folder/", false}, {"s3://b/*.parquet", false},
        {"x.parquet", true},        {"/no/such/file", true}, {folder, false},           {"a@b.parquet", true},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct catalog_table *t;
        nl_error err = {0};
        check_why("%s", cases[i].uri);
        CHECK_OK(catalog_adhoc_parquet(cases[i].uri, &t, &err), err);
        const struct catalog_parquet *p = t->declaration;
        CHECK_STR(p->uri, cases[i].uri);
        CHECK_INT(p->is_file, cases[i].is_file);
        catalog_adhoc_free(t);
    }
    check_why("%s", "");
    struct catalog_table *t;
    nl_error err = {0};
    CHECK_FAILS(catalog_adhoc_parquet("", &t, &err), NL_INVALID, err, "the uri is missing");
    CHECK_FAILS(catalog_adhoc_parquet("s3://k:s@b/x", &t, &err), NL_INVALID, err, "a uri cannot hold credentials");
    CHECK(!t);
    free(folder);
}

static void knows_forms_by_their_names(void **state)
{
    nl_catalog *c;
    nl_error err = {0};
    char *json = tmp_path(*state, "c.json"), *yml = tmp_path(*state, "c.yml"), *none = tmp_path(*state, "none.yaml");
    tmp_write_text(json, "{}");
    tmp_write_text(yml, "databases: []");
    CHECK_FAILS(nl_catalog_load(json, &c, &err), NL_UNSUPPORTED, err, "a catalog is a .yaml, .c or .so file");
    CHECK_OK(nl_catalog_load(yml, &c, &err), err);
    CHECK_INT(catalog_n_tables(c), 0);
    nl_catalog_free(c);
    CHECK_FAILS(nl_catalog_load(none, &c, &err), NL_NOT_FOUND, err, "none.yaml: No such file or directory");
    CHECK(!c);
    CHECK_FAILS(nl_catalog_load(*state, &c, &err), NL_UNSUPPORTED, err, "a catalog is");
    free(json);
    free(yml);
    free(none);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_tables),
        cmocka_unit_test_setup_teardown(makes_tables_of_names, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(knows_forms_by_their_names, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("catalog/catalog", tests, NULL, NULL);
}
