/* tests/catalog/catalog_yaml.c: YAML into the model; every complaint with line and column; failing allocations.
 * ctest: fault */
#include "catalog/catalog_yaml.h"

#include <stdlib.h>

#include "base/str.h"
#include "catalog/load.h"
#include "catalog/parquet.h"
#include "catalog/values.h"
#include "support/check.h"
#include "support/fault.h"

static int load(const char *text, nl_catalog **out, nl_error *err)
{
    return catalog_from_yaml("dir/c.yaml", text, strlen(text), out, err);
}

#define DB    "databases:\n- name: d\n  tables:\n"
#define TABLE DB "  - name: t\n"

static const struct {
    const char *why, *text, *message, *hint; /* NULL hint: none */
} bad[] = {
    /* the file */
    {"empty", "", "dir/c.yaml: the file is empty", NULL},
    {"only a comment", "# nothing\n", "dir/c.yaml: the file is empty", NULL},
    {"a list", "- a\n", "dir/c.yaml:1:3: a catalog must be a mapping (key: value), and is a list", NULL},
    {"a text", "hello\n", "dir/c.yaml:1:1: a catalog must be a mapping (key: value), and is text", NULL},
    {"no databases", "neuralake: 1\n", "dir/c.yaml:1:1: a catalog has a list of databases", NULL},
    {"another version", "neuralake: 2\n", "dir/c.yaml:1:12: this Neuralake reads version 1 of the catalog format",
     NULL},
    {"two documents", "databases: []\n---\na: 1\n", "dir/c.yaml:3:1: a second document", NULL},
    {"not YAML", "databases: [\n", "dir/c.yaml:2:1: flow sequence without a closing bracket", NULL},
    {"a tab", "databases:\n\t- name: d\n", "dir/c.yaml:2:1: tab character may not be used as indentation", NULL},
    {"not UTF-8", "databases: \xff\n", "dir/c.yaml: the file is not UTF-8", NULL},
    {"what the parser does not survive", "a: 1\n? [b]:\t:\n", "dir/c.yaml:2: a tab in a line that begins with '?'",
     NULL},
    {"the same, behind other line ends", "a: 1\r- ? b:\t:\n", "dir/c.yaml:1: a tab in a line", NULL},
    {"the same, behind a byte order mark", "\xef\xbb\xbf? b:\t:\n", "dir/c.yaml:1: a tab in a line", NULL},
    {"a control character", "a: 1\nb: \x01\n", "dir/c.yaml:2: control character 0x01", NULL},
    /* keys */
    {"unknown key at the top", "databses: []\n", "dir/c.yaml:1:1: a catalog has no key 'databses'",
     "did you mean databases?"},
    {"unknown key of a database", "databases:\n- nam: d\n", "dir/c.yaml:2:3: a database has no key 'nam'",
     "did you mean name?"},
    {"unknown key of a table", TABLE "    partitionning: none\n", "dir/c.yaml:5:5: a table has no key 'partitionning'",
     "did you mean partitioning?"},
    {"no key for credentials", TABLE "    access_key: x\n", "dir/c.yaml:5:5: a table has no key 'access_key'", NULL},
    {"no key for commands", TABLE "    command: [rm]\n", "dir/c.yaml:5:5: a table has no key 'command'", NULL},
    {"a key twice", TABLE "    name: u\n", "dir/c.yaml:5:5: key name stands twice in this table", NULL},
    {"a key that is a list", DB "  - ? [a]\n    : b\n", "dir/c.yaml:4:8: a key of a table must be a plain word", NULL},
    {"a key without a value", TABLE "    uri:\n", "dir/c.yaml:5:5: key uri has no value", NULL},
    {"null", TABLE "    uri: ~\n", "dir/c.yaml:5:5: key uri has no value", NULL},
    /* types of values */
    {"number for text", TABLE "    owner: 42\n",
     "dir/c.yaml:5:12: owner must be text, and is a number: put it in quotes", NULL},
    {"truth for text", TABLE "    owner: true\n",
     "dir/c.yaml:5:12: owner must be text, and is a truth value: put it in quotes", NULL},
    {"list for text", TABLE "    owner: [a]\n", "dir/c.yaml:5:13: owner must be text, and is a list", NULL},
    {"mapping for text", TABLE "    owner: {a: b}\n", "dir/c.yaml:5:13: owner must be text, and is a mapping", NULL},
    {"empty text", TABLE "    owner: ''\n", "dir/c.yaml:5:13: owner is empty", NULL},
    {"text for list", TABLE "    tags: a\n", "dir/c.yaml:5:11: tags must be a list, and is text", NULL},
    {"number in list", TABLE "    tags: [a, 1]\n",
     "dir/c.yaml:5:15: tags must be text, and is a number: put it in quotes", NULL},
    {"zero byte", TABLE "    owner: \"a\\0b\"\n", "dir/c.yaml:5:13: owner has a zero byte", NULL},
    {"alias", TABLE "    description: &a x\n    owner: *a\n", "dir/c.yaml:6:13: a catalog has no aliases", NULL},
    {"alias of a list", "databases: *a\n", "dir/c.yaml:1:13: a catalog has no aliases", NULL},
    {"merge key", TABLE "    <<: {owner: x}\n", "dir/c.yaml:5:5: a table has no key '<<'", NULL},
    {"tag", TABLE "    owner: !!str 4\n", "dir/c.yaml:5:18: a catalog has no tags (!name)", NULL},
    /* databases and tables */
    {"databases is a mapping", "databases: {d: 1}\n", "dir/c.yaml:1:13: databases must be a list, and is a mapping",
     NULL},
    {"a database is a text", "databases: [d]\n",
     "dir/c.yaml:1:13: a database must be a mapping (key: value), and is text", NULL},
    {"no name of a database", "databases:\n- tables: []\n", "dir/c.yaml:2:3: this database has no name", NULL},
    {"no name of a table", DB "  - kind: parquet\n", "dir/c.yaml:4:5: this table has no name", NULL},
    {"a name with a dot", DB "  - {name: a.b, kind: parquet, uri: x, partitioning: none}\n",
     "dir/c.yaml:4:6: table name 'a.b' must be letters, digits and _", NULL},
    {"a name with a digit in front", "databases:\n- name: 1d\n", "dir/c.yaml:2:3: database name '1d' must be letters",
     NULL},
    {"databases that differ in case", "databases:\n- name: d\n- name: D\n",
     "dir/c.yaml:3:3: database D is declared twice", NULL},
    {"tables that differ in case",
     DB "  - {name: t, kind: parquet, uri: x, partitioning: none}\n  - {name: T, kind: parquet, uri: x, partitioning: "
        "none}\n",
     "dir/c.yaml:5:6: table T is declared twice in database d (names ignore case; first at dir/c.yaml:4:6)", NULL},
    {"no kind", TABLE "    uri: x\n", "dir/c.yaml:4:5: table t has no kind (parquet or values)", NULL},
    {"unknown kind", TABLE "    kind: csv\n",
     "dir/c.yaml:5:11: table t: the kind of a table is parquet or values, and not 'csv'", NULL},
    {"function", TABLE "    kind: function\n", "dir/c.yaml:5:11: table t: the kind of a table is parquet or values",
     "a function is C code: declare it in a C catalog, or give its rows here (kind: values)"},
    /* parquet */
    {"forgotten partitioning", TABLE "    kind: parquet\n    uri: s3://b/k\n    description: 'partitioning: none'\n",
     "dir/c.yaml:4:5: table t does not say how its files are partitioned: add `partitioning: none`, or `partitioning: "
     "{scheme: "
     "hive, columns: [{name: ..., type: ...}]}` (or scheme: directory) with the columns that its folders hold",
     NULL},
    {"forgotten uri", TABLE "    kind: parquet\n    partitioning: none\n",
     "dir/c.yaml:4:5: table t: the uri is missing", NULL},
    {"user and password", TABLE "    kind: parquet\n    partitioning: none\n    uri: s3://key:secret@bucket/x\n",
     "dir/c.yaml:4:5: table t: a uri cannot hold credentials", NULL},
    {"another word", TABLE "    kind: parquet\n    partitioning: hive\n    uri: x\n",
     "dir/c.yaml:6:19: partitioning is none, or {scheme: hive or directory, columns: [...]}, and not 'hive'", NULL},
    {"a list", TABLE "    kind: parquet\n    partitioning: [a]\n    uri: x\n",
     "dir/c.yaml:6:20: a partitioning must be a mapping (key: value), and is a list", NULL},
    {"no scheme", TABLE "    kind: parquet\n    partitioning: {columns: []}\n    uri: x\n",
     "dir/c.yaml:6:20: the partitioning has no scheme (hive or directory)", NULL},
    {"another scheme", TABLE "    kind: parquet\n    partitioning: {scheme: hove, columns: []}\n    uri: x\n",
     "dir/c.yaml:6:20: the scheme of a partitioning is hive or directory, and not 'hove'", NULL},
    {"no columns", TABLE "    kind: parquet\n    partitioning: {scheme: hive}\n    uri: x\n",
     "dir/c.yaml:6:20: the partitioning has no columns", NULL},
    {"an empty list of columns", TABLE "    kind: parquet\n    partitioning: {scheme: hive, columns: []}\n    uri: x\n",
     "dir/c.yaml:4:5: table t: the partitioning names no columns", NULL},
    {"a column without a type",
     TABLE "    kind: parquet\n    partitioning: {scheme: hive, columns: [{name: y}]}\n    uri: x\n",
     "dir/c.yaml:6:45: partition column y has no type", NULL},
    {"a column of a wrong type",
     TABLE "    kind: parquet\n    partitioning: {scheme: hive, columns: [{name: y, type: BIGNT}]}\n    uri: x\n",
     "dir/c.yaml:6:60: column y: 'BIGNT' is not a type", "did you mean BIGINT?"},
    {"a column twice",
     TABLE "    kind: parquet\n    partitioning: {scheme: hive, columns: [{name: y, type: DATE}, {name: Y, type: "
           "DATE}]}\n    uri: x\n",
     "dir/c.yaml:4:5: table t: partition column Y is declared twice", NULL},
    {"a pattern",
     TABLE "    kind: parquet\n    partitioning: {scheme: hive, columns: [{name: y, type: DATE}]}\n    uri: x/*\n",
     "dir/c.yaml:4:5: table t: the uri of a partitioned table is a folder, not a pattern with *", NULL},
    {"documented twice",
     TABLE "    kind: parquet\n    partitioning: none\n    uri: x\n    columns: [{name: a}, {name: A}]\n",
     "dir/c.yaml:4:5: table t: column A is declared twice", NULL},
    {"a column without a name", TABLE "    kind: parquet\n    columns: [{description: a}]\n",
     "dir/c.yaml:6:16: this column has no name", NULL},
    {"rows", TABLE "    kind: parquet\n    partitioning: none\n    uri: x\n    rows: [[1]]\n",
     "dir/c.yaml:8:13: table t: rows belong to a table of kind values", NULL},
    /* values */
    {"values without columns", TABLE "    kind: values\n    rows: []\n",
     "dir/c.yaml:4:5: table t has no columns, and they are its schema", NULL},
    {"values without types", TABLE "    kind: values\n    rows: []\n    columns: [{name: a}]\n",
     "dir/c.yaml:4:5: table t: column a has no type, and the columns are the schema", NULL},
    {"values without rows", TABLE "    kind: values\n    columns: [{name: a, type: DATE}]\n",
     "dir/c.yaml:4:5: table t has no rows", NULL},
    {"values with a uri", TABLE "    kind: values\n    uri: x\n",
     "dir/c.yaml:4:5: table t: a table of kind values has no uri", NULL},
    {"a row too short", TABLE "    kind: values\n    columns: [{name: a, type: DATE}]\n    rows: [[]]\n",
     "dir/c.yaml:7:5: this row has 0 values, and the table has 1 columns", NULL},
    {"a row too long", TABLE "    kind: values\n    columns: [{name: a, type: BIGINT}]\n    rows: [[1, 2]]\n",
     "dir/c.yaml:7:13: this row has 2 values, and the table has 1 columns", NULL},
    {"a row that is none", TABLE "    kind: values\n    columns: [{name: a, type: BIGINT}]\n    rows: [1]\n",
     "dir/c.yaml:7:12: a row must be a list, and is a number", NULL},
    {"text for a number", TABLE "    kind: values\n    columns: [{name: a, type: BIGINT}]\n    rows: [['1']]\n",
     "dir/c.yaml:7:14: column a is BIGINT, and this is text", NULL},
    {"number for a text", TABLE "    kind: values\n    columns: [{name: a, type: VARCHAR}]\n    rows: [[1]]\n",
     "dir/c.yaml:7:13: column a is VARCHAR, and this is a number: put it in quotes", NULL},
    {"a number too large",
     TABLE "    kind: values\n    columns: [{name: a, type: INTEGER}]\n    rows: [[2147483648]]\n",
     "dir/c.yaml:7:13: column a: '2147483648' is not a INTEGER", NULL},
    {"a list for a value", TABLE "    kind: values\n    columns: [{name: a, type: VARCHAR}]\n    rows: [[[a]]]\n",
     "dir/c.yaml:7:14: column a is VARCHAR, and this is a list", NULL},
    {"no date", TABLE "    kind: values\n    columns: [{name: a, type: DATE}]\n    rows: [[2024-02-30]]\n",
     "dir/c.yaml:7:13: column a: '2024-02-30' is not a DATE", NULL},
    {"alias for a value", TABLE "    kind: values\n    columns: [{name: a, type: VARCHAR}]\n    rows: [[&x a], [*x]]\n",
     "dir/c.yaml:7:22: a catalog has no aliases", NULL},
};

static void says_what_is_wrong(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        nl_catalog *c;
        nl_error err = {0};
        check_why("%s", bad[i].why);
        int rc = load(bad[i].text, &c, &err);
        CHECK_FAILS(rc, rc == NL_UNSUPPORTED ? NL_UNSUPPORTED : NL_INVALID, err, bad[i].message);
        CHECK(nl_starts_with(err.message, bad[i].message));
        CHECK(!c);
        if (bad[i].hint)
            CHECK_STR(err.hint, bad[i].hint);
    }
    check_why("%s", "");
}

static const char full[] =
    "neuralake: 1\n"
    "databases:\n"
    "- name: empty_db\n"
    "- name: sales\n"
    "  description: All of it.\n"
    "  tables:\n"
    "  - name: events\n"
    "    kind: parquet\n"
    "    uri: data/events\n"
    "    partitioning:\n"
    "      scheme: hive\n"
    "      columns: [{name: day, type: date}, {name: shop, type: VARCHAR}]\n"
    "    description: \"first\\nsecond\"\n"
    "    columns: [{name: id, type: BIGINT, description: The key.}, {name: any}]\n"
    "    filters: [day, id]\n"
    "    tags: [a, 'b']\n"
    "    data_input: i\n"
    "    latency_info: l\n"
    "    example_notebook: e\n"
    "    owner: '42'\n"
    "    deprecated: use sales.sold\n"
    "  - {name: sold, kind: parquet, uri: /abs/x.parquet, partitioning: none}\n"
    "  - name: codes\n"
    "    kind: values\n"
    "    columns: [{name: b, type: BOOLEAN}, {name: i, type: INTEGER}, {name: d, type: DOUBLE},\n"
    "              {name: s, type: VARCHAR}, {name: t, type: TIMESTAMP}, {name: y, type: DATE}]\n"
    "    rows:\n"
    "    - [true, -5, 1, 'x', 2024-01-02 03:04:05, 2024-01-02]\n"
    "    - [null, ~, 2.5, '', null, null]\n";

static void reads_everything(void **state)
{
    (void)state;
    nl_catalog *c;
    nl_error err = {0};
    CHECK_OK(load(full, &c, &err), err);
    CHECK_INT(catalog_n_databases(c), 2);
    CHECK_STR(catalog_database_description(c, 1), "All of it.");
    CHECK_INT(catalog_n_tables(c), 3);
    const struct catalog_table *t = catalog_table_at(c, 0);
    const struct catalog_parquet *p = t->declaration;
    CHECK_STR(t->database, "sales");
    CHECK_STR(t->declared_at, "dir/c.yaml:7:5");
    CHECK_STR(p->uri, "dir/data/events"); /* beside the catalog */
    CHECK_INT(p->partitioning.scheme, NL_SCHEME_HIVE);
    CHECK_INT(p->partitioning.n_columns, 2);
    CHECK_STR(p->partitioning.columns[0].format, "tdD");
    CHECK_STR(t->description, "first\nsecond");
    CHECK_INT(t->n_columns, 2);
    CHECK_STR(t->columns[0].format, "l");
    CHECK(!t->columns[1].format);
    CHECK_STR(t->filters[1], "id");
    CHECK_STR(t->metadata.tags[1], "b");
    CHECK_STR(t->metadata.owner, "42");
    CHECK_STR(t->metadata.deprecated, "use sales.sold");
    p = catalog_table_at(c, 1)->declaration;
    CHECK_STR(p->uri, "/abs/x.parquet");
    CHECK_INT(p->partitioning.scheme, NL_SCHEME_NONE);
    const struct catalog_values *v = catalog_table_at(c, 2)->declaration;
    CHECK_INT(v->n_rows, 2);
    CHECK(v->cells[0].b);
    CHECK_INT(v->cells[1].i, -5);
    CHECK_NEAR(v->cells[2].d, 1, 0);
    CHECK_INT(v->cells[4].i, INT64_C(1704164645000000));
    CHECK_INT(v->cells[5].i, 19724);
    CHECK_INT(v->cells[6].kind, NL_VALUE_NULL);
    CHECK_INT(v->cells[9].bytes.len, 0);
    CHECK_INT(v->cells[9].kind, NL_VALUE_BYTES);
    nl_catalog_free(c);
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_catalog *c = NULL;
        nl_error err = {0};
        int rc = load(full, &c, &err);
        bool failed = fault_off(&f);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        CHECK(!rc == !!c);
        nl_catalog_free(c);
    }
}

/* Depth and size: an error, soon, and no recursion that the file decides. */
static void survives_bombs(void **state)
{
    (void)state;
    enum { SIZE = 1 << 20 };
    char *text = calloc(1, SIZE + 1);
    nl_catalog *c;
    nl_error err = {0};
    CHECK(text);
    memset(text, '[', SIZE);
    CHECK_FAILS(load(text, &c, &err), NL_INVALID, err, "Max depth");
    for (size_t i = 0; i + 5 <= SIZE; i += 5) /* 200,000 keys, all alike: not quadratic */
        memcpy(text + i, "a: 1\n", 5);
    text[SIZE - SIZE % 5] = 0;
    CHECK_FAILS(load(text, &c, &err), NL_INVALID, err, "dir/c.yaml:1:1: a catalog has no key 'a'");

    nl_buf many = {0}; /* doubles are looked for pair by pair: there is a limit */
    CHECK_OK(nl_buf_puts(&many, TABLE "    kind: parquet\n    partitioning: none\n    uri: x\n    columns: [", &err),
             err);
    for (int i = 0; i < 10001; i++)
        CHECK_OK(nl_buf_printf(&many, &err, "{name: c%d},", i), err);
    CHECK_OK(nl_buf_puts(&many, "]\n", &err), err);
    CHECK_FAILS(load(many.data, &c, &err), NL_UNSUPPORTED, err, "table t: 10001 columns, and at most 10000 are read");
    nl_buf_free(&many);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(says_what_is_wrong),
        cmocka_unit_test(reads_everything),
        cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(survives_bombs),
    };
    return cmocka_run_group_tests_name("catalog/catalog_yaml", tests, NULL, NULL);
}
