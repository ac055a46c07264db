/* tests/catalog/describe.c: tables over real files: what is found, what rows come, where contract and data disagree.
 * ctest: fault */
#include "catalog/describe.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "arrow/arrow.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "catalog/check.h"
#include "catalog/dump.h"
#include "catalog/load.h"
#include "gen/gen.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/proc.h"
#include "support/tmp.h"

#include <neuralake/parquet.h>

/* ── files ── */

/* The sample's first rows as a Parquet file; folders are made. */
static void write_parts(const char *dir, const char *name, int64_t rows)
{
    nl_error err = {0};
    const struct generator *g;
    struct ArrowArrayStream stream;
    struct ArrowSchema schema;
    struct ArrowArray batch;
    nl_sink *sink;
    nl_parquet_writer *w;
    char *path = tmp_path(dir, name);
    char *slash = strrchr(path, '/');
    *slash = 0;
    CHECK_OK(nl_make_folders(path, 0700, &err), err);
    *slash = '/';
    CHECK_OK(gen_find("parts", &g, &err), err);
    CHECK_OK(gen_schema(g, &schema, &err), err);
    CHECK_OK(g->stream(rows, 0, &stream, &err), err);
    CHECK_OK(nl_sink_create_file(path, &sink, &err), err);
    CHECK_OK(nl_parquet_writer_new(sink, &schema, NULL, &w, &err), err);
    while (CHECK_OK(arrow_stream_next(&stream, &batch, &err), err), batch.release) {
        CHECK_OK(nl_parquet_write(w, &batch, &err), err);
        arrow_array_release(&batch);
    }
    CHECK_OK(nl_parquet_finish(w, &err), err);
    CHECK_OK(nl_sink_commit(sink, &err), err);
    nl_parquet_writer_free(w);
    arrow_stream_release(&stream);
    arrow_schema_release(&schema);
    free(path);
}

/* A catalog beside the files: relative uris start there. */
static nl_catalog *catalog_in(const char *dir, const char *tables)
{
    char *path = tmp_path(dir, "neuralake.yaml");
    nl_buf text = {0};
    nl_catalog *c;
    nl_error err = {0};
    CHECK_OK(nl_buf_printf(&text, &err, "databases:\n- name: d\n  tables:\n%s", tables), err);
    CHECK_OK(catalog_from_yaml(path, text.data, text.len, &c, &err), err);
    nl_buf_free(&text);
    free(path);
    return c;
}

static void check_rows(const nl_catalog *c, const char *name, const char *want)
{
    const struct catalog_table *t;
    nl_error err = {0};
    check_why("%s", name);
    CHECK_OK(catalog_find(c, name, &t, &err), err);
    char *got = dump_rows(t, NULL);
    CHECK_STR(got, want);
    free(got);
    check_why("%s", "");
}

/* ── rows ── */

#define PART1 "1,Part#1,Brand#1,10.0"
#define PART2 "2,Part#2,Brand#2,20.0"

static void reads_files_in_every_layout(void **state)
{
    const char *dir = *state;
    write_parts(dir, "one.parquet", 2);
    write_parts(dir, "flat/b.parquet", 1);
    write_parts(dir, "flat/a.parquet", 2);
    write_parts(dir, "flat/_tmp/c.parquet", 2);
    write_parts(dir, "flat/.d.parquet", 2);
    write_parts(dir, "hive/day=2024-02-29/shop=a%2Fb/x.parquet", 1);
    write_parts(dir, "hive/day=2024-01-01/shop=__HIVE_DEFAULT_PARTITION__/x.parquet", 1);
    write_parts(dir, "dirs/2024/de/x.parquet", 1);
    write_parts(dir, "dirs/2023/fr/x.parquet", 1);
    char *note = tmp_path(dir, "hive/notes.txt");
    tmp_write_text(note, "not data");
    free(note);
    nl_catalog *c = catalog_in(
        dir,
        "  - {name: one, kind: parquet, uri: one.parquet, partitioning: none}\n"
        "  - {name: flat, kind: parquet, uri: flat, partitioning: none}\n"
        "  - {name: slash, kind: parquet, uri: flat/, partitioning: none}\n"
        "  - {name: pattern, kind: parquet, uri: '*/b.parquet', partitioning: none}\n"
        "  - {name: hive, kind: parquet, uri: hive, partitioning: {scheme: hive, columns: [{name: day, type: DATE}, "
        "{name: shop, type: VARCHAR}]}}\n"
        "  - {name: dirs, kind: parquet, uri: dirs/, partitioning: {scheme: directory, columns: [{name: year, type: "
        "INTEGER}, {name: land, type: VARCHAR}]}}\n"
        "  - {name: bad, kind: parquet, uri: dirs, partitioning: {scheme: directory, columns: [{name: year, type: "
        "DATE}, "
        "{name: land, type: VARCHAR}]}}\n"
        "  - {name: none, kind: parquet, uri: none, partitioning: none}\n"
        "  - {name: empty, kind: parquet, uri: flat/_tmp/*.csv, partitioning: none}\n");
    check_rows(c, "d.one", PART1 "\n" PART2 "\n");
    check_rows(c, "d.flat", PART1 "\n" PART2 "\n" PART1 "\n"); /* a.parquet, then b.parquet */
    check_rows(c, "d.slash", PART1 "\n" PART2 "\n" PART1 "\n");
    check_rows(c, "d.pattern", PART1 "\n");
    check_rows(c, "d.hive", PART1 ",2024-01-01,\n" PART1 ",2024-02-29,a/b\n");
    check_rows(c, "d.dirs", PART1 ",2023,fr\n" PART1 ",2024,de\n");
    const struct {
        const char *name, *has;
    } errors[] = {
        {"d.bad", "dirs/2023/fr/x.parquet: partition column year: '2023' is not a DATE"},
        {"d.none", "/none"},
        {"d.empty", "flat/_tmp/*.csv: there are no Parquet files"},
    };
    for (size_t i = 0; i < NL_LEN(errors); i++) {
        const struct catalog_table *t;
        nl_error err = {0};
        CHECK_OK(catalog_find(c, errors[i].name, &t, &err), err);
        char *got = dump_rows(t, NULL);
        CHECK_HAS(got, "error: d.");
        CHECK_HAS(got, errors[i].has);
        free(got);
    }
    nl_catalog_free(c);
}

static void reads_names_without_a_catalog(void **state)
{
    const char *dir = *state;
    write_parts(dir, "a/x.parquet", 1);
    write_parts(dir, "a/b/y.parquet", 2);
    write_parts(dir, "a/data", 2);
    const struct {
        const char *name, *rows;
    } cases[] = {
        {"a/x.parquet", PART1 "\n"},
        {"a/data", PART1 "\n" PART2 "\n"},
        {"a/*.parquet", PART1 "\n"},
        {"a/**.parquet", PART1 "\n" PART2 "\n" PART1 "\n"},
        {"a/*/y.parquet", PART1 "\n" PART2 "\n"},
        {"a", PART1 "\n" PART2 "\n" PART1 "\n"},
    };
    char *here = getcwd(NULL, 0);
    for (int relative = 0; relative < 2; relative++)
        for (size_t i = 0; i < NL_LEN(cases); i++) {
            struct catalog_table *t;
            nl_error err = {0};
            char *path = relative ? strdup(cases[i].name) : tmp_path(dir, cases[i].name);
            CHECK_INT(chdir(relative ? dir : "/"), 0);
            check_why("%s", path);
            CHECK_OK(catalog_adhoc_parquet(path, &t, &err), err);
            char *got = dump_rows(t, NULL);
            CHECK_STR(got, cases[i].rows);
            free(got);
            free(path);
            catalog_adhoc_free(t);
        }
    check_why("in this folder");
    struct catalog_table *t;
    nl_error err = {0};
    char *sub = tmp_path(dir, "a");
    CHECK_INT(chdir(sub), 0);
    CHECK_OK(catalog_adhoc_parquet("*.parquet", &t, &err), err);
    char *got = dump_rows(t, NULL);
    CHECK_STR(got, PART1 "\n");
    free(got);
    free(sub);
    catalog_adhoc_free(t);
    CHECK_INT(chdir(here), 0);
    free(here);
    check_why("%s", "");
}

/* The demo's supplier: a C function in one form, rows in the other. */
static void both_forms_give_the_same_rows(void **state)
{
    char *cache = tmp_path(*state, "cache");
    setenv("XDG_CACHE_HOME", cache, 1);
    const char *const names[] = {"examples/demo/neuralake.yaml", "examples/demo/catalog.c"};
    for (size_t i = 0; i < NL_LEN(names); i++) {
        if (i == 1 && !proc_have("cc")) {
            print_message("no C compiler: %s is not tried\n", names[i]);
            continue;
        }
        nl_error err = {0};
        nl_catalog *c;
        char *path = tmp_path(proc_source_dir(), names[i]);
        CHECK_OK(nl_catalog_load(path, &c, &err), err);
        check_rows(c, "demo_db.supplier", "1,Supplier#1,Brand#1\n2,Supplier#2,Brand#2\n3,Supplier#3,Brand#3\n");
        nl_catalog_free(c);
        free(path);
    }
    free(cache);
}

/* ── describe and check ── */

static const char mixed[] =
    "  - {name: good, kind: parquet, uri: parts.parquet, partitioning: none, filters: [p_partkey], owner: me, tags: "
    "[a, b],\n"
    "     columns: [{name: p_partkey, type: BIGINT}, {name: p_name}, {name: P_BRAND}, {name: p_retailprice, type: "
    "double}]}\n"
    "  - {name: stale, kind: parquet, uri: parts.parquet, partitioning: none, filters: [p_color],\n"
    "     columns: [{name: p_partkey, type: VARCHAR}, {name: p_size}, {name: p_name}, {name: p_brand}]}\n"
    "  - {name: gone, kind: parquet, uri: gone.parquet, partitioning: none}\n"
    "  - {name: damaged, kind: parquet, uri: damaged.parquet, partitioning: none}\n"
    "  - {name: codes, kind: values, columns: [{name: a, type: DATE}], rows: [[2024-01-01]]}\n"
    "  - {name: silent, kind: parquet, uri: parts.parquet, partitioning: none}\n";

static nl_catalog *mixed_catalog(const char *dir)
{
    char *damaged = tmp_path(dir, "damaged.parquet");
    write_parts(dir, "parts.parquet", 5);
    tmp_write_text(damaged, "this is not a Parquet file at all");
    free(damaged);
    return catalog_in(dir, mixed);
}

static void describes_contract_and_data(void **state)
{
    nl_catalog *c = mixed_catalog(*state);
    nl_store *store;
    nl_error err = {0};
    struct catalog_description d;
    CHECK_OK(nl_store_new(NULL, &store, &err), err);
    CHECK_OK(catalog_describe(catalog_table_at(c, 0), store, NULL, &d, &err), err);
    CHECK_INT(d.open_status, NL_OK);
    CHECK_INT(d.rows, 5);
    CHECK_INT(d.schema.n_children, 4);
    CHECK_INT(d.n_disagreements, 0);
    CHECK_INT(d.n_lines, 7);
    static const char *const keys[] = {"kind", "uri", "partitioning", "filter on", "tags", "owner", "declared at"};
    for (size_t i = 0; i < NL_LEN(keys); i++)
        CHECK_STR(d.lines[i].key, keys[i]);
    CHECK_STR(d.lines[2].value, "none");
    CHECK_STR(d.lines[4].value, "a, b");
    catalog_description_free(&d);

    CHECK_OK(catalog_describe(catalog_table_at(c, 1), store, NULL, &d, &err), err);
    static const struct {
        enum catalog_disagreement_kind kind;
        const char *text;
    } want[] = {
        {CATALOG_TYPE_DIFFERS, "column p_partkey is documented as VARCHAR, and is BIGINT in the data"},
        {CATALOG_COLUMN_MISSING, "column p_size is documented, and the data has none of that name"},
        {CATALOG_FILTER_MISSING, "filter p_color is no column of the data"},
        {CATALOG_COLUMN_UNDOCUMENTED, "column p_retailprice is in the data, and not documented"},
    };
    CHECK_INT(d.n_disagreements, NL_LEN(want));
    for (size_t i = 0; i < NL_LEN(want); i++) {
        CHECK_INT(d.disagreements[i].kind, want[i].kind);
        CHECK_STR(d.disagreements[i].text, want[i].text);
    }
    catalog_description_free(&d);

    CHECK_OK(catalog_describe(catalog_table_at(c, 3), store, NULL, &d, &err), err); /* described all the same */
    CHECK_INT(d.open_status, NL_CORRUPT);
    CHECK_HAS(d.open_error.message, "damaged.parquet");
    CHECK(!strstr(d.open_error.message, "d.damaged")); /* the reader knows which table this is */
    CHECK(!d.schema.release);
    CHECK_STR(d.lines[0].value, "parquet");
    catalog_description_free(&d);
    nl_store_free(store);
    nl_catalog_free(c);
}

static void checks_all_tables(void **state)
{
    nl_catalog *c = mixed_catalog(*state);
    nl_store *store;
    nl_error err = {0};
    struct catalog_report r;
    CHECK_OK(nl_store_new(NULL, &store, &err), err);
    CHECK_OK(catalog_check(c, store, NULL, &r, &err), err);
    static const struct {
        const char *table;
        enum catalog_severity severity;
        const char *part;
    } want[] = {
        {"stale", CATALOG_ERROR, "column p_partkey is documented as VARCHAR"},
        {"stale", CATALOG_ERROR, "column p_size"},
        {"stale", CATALOG_ERROR, "filter p_color"},
        {"stale", CATALOG_NOTICE, "column p_retailprice"},
        {"gone", CATALOG_ERROR, "gone.parquet"},
        {"damaged", CATALOG_ERROR, "damaged.parquet"},
    };
    CHECK_INT(r.n_tables, 6);
    CHECK_INT(r.n_errors, 5);
    CHECK_INT(r.n_findings, NL_LEN(want));
    for (size_t i = 0; i < NL_LEN(want); i++) {
        check_why("finding %zu", i);
        CHECK_STR(r.findings[i].table->name, want[i].table);
        CHECK_INT(r.findings[i].severity, want[i].severity);
        CHECK_HAS(r.findings[i].message, want[i].part);
    }
    check_why("%s", "");
    catalog_report_free(&r);

    nl_cancel cancel;
    nl_cancel_init(&cancel);
    nl_cancel_set(&cancel);
    CHECK_FAILS(catalog_check(c, store, &cancel, &r, &err), NL_CANCELLED, err, "cancelled");
    catalog_report_free(&r);
    nl_cancel_destroy(&cancel);
    nl_store_free(store);
    nl_catalog_free(c);
}

static void survives_every_failing_allocation(void **state)
{
    nl_catalog *c = mixed_catalog(*state);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct catalog_report r = {0};
        nl_store *store = NULL;
        nl_error err = {0};
        int rc = nl_store_new(NULL, &store, &err);
        if (!rc)
            rc = catalog_check(c, store, NULL, &r, &err);
        bool failed = fault_off(&f);
        CHECK(failed || rc == NL_OK);
        CHECK(rc == NL_OK || rc == NL_NO_MEMORY);
        catalog_report_free(&r);
        nl_store_free(store);
    }
    nl_catalog_free(c);
}

/* ── tables that need arguments ── */

static void describes_what_it_cannot_open(void **state)
{
    (void)state;
    static const struct catalog_column_doc columns[] = {{"a", "A.", "l"}};
    static const struct catalog_parameter parameters[] = {{"n", "l", "how many", NULL}, {"m", "u", NULL, "x"}};
    nl_catalog *c = catalog_in("/tmp", "  - {name: v, kind: values, columns: [{name: a, type: DATE}], rows: []}\n");
    struct catalog_table t = *catalog_table_at(c, 0);
    t.columns = columns;
    t.n_columns = 1;
    t.parameters = parameters;
    t.n_parameters = 2;
    struct catalog_table_kind kind = *t.kind; /* any kind: it is not opened */
    kind.open = NULL;
    kind.describe = NULL;
    t.kind = &kind;
    struct catalog_description d;
    nl_error err = {0};
    CHECK_OK(catalog_describe(&t, NULL, NULL, &d, &err), err);
    CHECK(d.needs_arguments);
    CHECK_STR(d.schema.children[0]->format, "l");
    CHECK_STR(d.lines[1].value, "n BIGINT, required: how many");
    CHECK_STR(d.lines[2].value, "m VARCHAR = x");
    catalog_description_free(&d);
    nl_catalog_free(c);
}

#define T(f) cmocka_unit_test_setup_teardown(f, tmp_setup, tmp_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        T(reads_files_in_every_layout),
        T(reads_names_without_a_catalog),
        T(both_forms_give_the_same_rows),
        T(describes_contract_and_data),
        T(checks_all_tables),
        T(survives_every_failing_allocation),
        cmocka_unit_test(describes_what_it_cannot_open),
    };
    return cmocka_run_group_tests_name("catalog/describe", tests, NULL, NULL);
}
