/* tests/sql/nested.c: nested columns through our table function: what one engine computes, another one reads as a table.
 *
 *     engine "from" ──Arrow stream──▶ scan_stream ──▶ table lab.t ──▶ engine "to": equal to the same SELECT, row by row?
 */
#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "catalog/model.h"
#include "sql/lake.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

/* What lab.t is: a query of another engine. */
struct source {
    nl_engine *engine;
    const char *sql;
    bool sliced; /* without the first row of each batch, by an offset in each column */
    /* Change the stream's schema or batches; NULL: as they are. */
    void (*damage)(struct ArrowArray *batch);
    const char *pretend; /* the format that the schema names for column 0; NULL: its own */
    struct ArrowArrayStream stream;
};

static int next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct source *s = ctx;
    int rc = arrow_stream_next(&s->stream, out, err);
    if (!rc && out->release && s->damage)
        s->damage(out);
    if (rc || !out->release || !s->sliced)
        return rc;
    out->length--;
    for (int64_t i = 0; i < out->n_children; i++) {
        out->children[i]->offset++;
        out->children[i]->length--;
    }
    return NL_OK;
}

static void done(void *ctx)
{
    struct source *s = ctx;
    arrow_stream_release(&s->stream);
    free(s);
}

static int stream_of(const struct source *declared, struct ArrowArrayStream *out, nl_error *err)
{
    struct ArrowSchema schema;
    struct source *s = malloc(sizeof *s);
    if (!s)
        return nl_fail_memory(err);
    *s = *declared;
    int rc = nl_engine_query(s->engine, s->sql, &s->stream, err);
    if (!rc)
        rc = arrow_stream_schema(&s->stream, &schema, err);
    if (rc) {
        done(s);
        return rc;
    }
    if (s->pretend)
        schema.children[0]->format = s->pretend;
    return arrow_stream_make(&schema, next, done, s, out, err);
}

static int open_table(const struct catalog_table *t, nl_store *store, const char *const *args, nl_cancel *cancel,
                      struct catalog_open_base **out, nl_error *err)
{
    (void)store;
    (void)args;
    (void)cancel;
    struct ArrowArrayStream stream = {0};
    *out = calloc(1, sizeof **out);
    int rc = *out ? stream_of(t->declaration, &stream, err) : nl_fail_memory(err);
    if (!rc)
        rc = arrow_stream_schema(&stream, &(*out)->schema, err);
    arrow_stream_release(&stream);
    if (rc) {
        free(*out);
        *out = NULL;
        return rc;
    }
    (*out)->table = t;
    return NL_OK;
}

static int scan_table(struct catalog_open_base *o, const struct scan_request *req, struct scan **out, nl_error *err)
{
    struct ArrowArrayStream stream;
    int rc = stream_of(o->table->declaration, &stream, err);
    return rc ? rc : scan_stream(&stream, req, out, err);
}

static void close_table(struct catalog_open_base *o)
{
    arrow_schema_release(&o->schema);
    free(o);
}

static const struct catalog_table_kind kind = {.name = "query",
                                               .open = open_table,
                                               .scan = scan_table,
                                               .close = close_table};

/* Two engines and the table between them. */
struct pair {
    struct lake from, to;
    struct source source;
    struct catalog_table table, *tables[1];
    struct model_database database;
    nl_catalog catalog;
};

static void pair_open(struct pair *p)
{
    *p = (struct pair){.database = {.name = "lab"}};
    p->from = lake_open(NULL, 1);
    p->source.engine = p->from.engine;
    p->table = (struct catalog_table){.database = "lab", .name = "t", .kind = &kind, .declaration = &p->source};
    p->tables[0] = &p->table;
    p->catalog =
        (nl_catalog){.databases = &p->database, .n_databases = 1, .tables = p->tables, .n_tables = 1, .folder = ""};
    p->to = lake_open(&p->catalog, 2);
}

static void pair_close(struct pair *p)
{
    lake_close(&p->to);
    lake_close(&p->from);
}

static void expect(struct pair *p, const char *sql, const char *want)
{
    nl_error err;
    char *got = lake_query(p->to.engine, sql, &err);
    check_why("%s over %s: %s", sql, p->source.sql, got ? "" : err.message);
    CHECK(got != NULL);
    CHECK_STR(got, want);
    free(got);
}

/* ── values ── */

static const char *const columns[] = {
    "CASE WHEN i % 7 <> 3 THEN [i, NULL, i + 1] END",
    ("CASE WHEN i % 5 = 1 THEN NULL ELSE list_transform(range(i % 9), lambda x: CASE WHEN x % 4 <> 1 THEN 'text number "
     "' || "
     "x || "
     "' of ' || i END) END"),
    "list_transform(range(i % 4), lambda x: x = i % 3)",
    "[DATE '2020-01-01' + i::INTEGER, NULL]",
    "[(i / 7)::DECIMAL(9, 3), (i % 10)::DECIMAL(9, 3)]",
    "[TIMESTAMPTZ '2020-01-01 10:00:00+02' + to_hours(i)]",
    "[TIME '10:00:00' + to_seconds(i)]",
    "[('\\xAA')::BLOB || ('more than twelve bytes ' || i)::BLOB]",
    "{'a': i, 'b': 'a longer text ' || i, 'c': NULL::INTEGER, 'd': i % 2 = 0}",
    "CASE WHEN i % 3 <> 1 THEN {'a': CASE WHEN i % 5 <> 2 THEN {'x': i, 'y': [i]} END, 'b': 'text ' || i} END",
    ("CASE WHEN i % 4 <> 1 THEN list_transform(range(i % 3), lambda x: CASE WHEN x % 2 = 0 THEN {'n': 'name of row ' "
     "|| "
     "i, "
     "'l': "
     "range(x)} END) END"),
    ("CASE WHEN i % 6 <> 5 THEN map(list_transform(range(i % 4), lambda x: 'the key ' || x), list_transform(range(i % "
     "4), x "
     "-> "
     "CASE WHEN x % 3 <> 2 THEN [x] END)) END"),
    "MAP {i: {'a': i}}",
    "[[[i], []], NULL, [NULL, [i, i]]]",
    "CASE WHEN i > 4900 THEN range(5000) ELSE [] END",
    "[INTERVAL 1 MONTH * i::INTEGER, INTERVAL '-1.5 seconds' * i::INTEGER]",
    "[NULL::INTEGER]",
    "INTERVAL 1 DAY * i::INTEGER",
    "{'A': i, 'a b': i, '': i}",
    "['x'::VARCHAR, '', repeat('y', i::INTEGER % 30)]",
};

static void check_column(struct pair *p, const char *expression, bool sliced)
{
    char query[1024], sql[4096];
    const char *rows = sliced ? " WHERE i % 2048 <> 0" : "";
    snprintf(query, sizeof query, "SELECT i, %s AS v FROM range(5000) r(i)", expression);
    p->source.sql = query;
    p->source.sliced = sliced;
    snprintf(sql, sizeof sql,
             "SELECT count(*), count(*) FILTER (a.v IS DISTINCT FROM b.v), count(*) FILTER (a.i <> b.i), "
             "bool_and(typeof(a.v) = typeof(b.v)) FROM lab.t a POSITIONAL JOIN (FROM (%s)%s) b",
             query, rows);
    expect(p, sql, sliced ? "4997,0,0,true" : "5000,0,0,true");
    p->source.sql = NULL;
}

static void nested_columns_are_what_they_were(void **state)
{
    (void)state;
    lake_need_duckdb();
    struct pair p;
    pair_open(&p);
    for (size_t i = 0; i < NL_LEN(columns); i++) {
        check_column(&p, columns[i], false);
        check_column(&p, columns[i], true);
    }
    pair_close(&p);
}

/* Types that are another one on the way: what they are here, and their values as text. */
static void types_that_change(void **state)
{
    (void)state;
    lake_need_duckdb();
    static const struct {
        const char *query, *sql, *want;
    } cases[] = {
        {"SELECT [i, i + 1]::BIGINT[2] AS v FROM range(3) t(i)",
         "SELECT any_value(typeof(v)), sum(list_sum(v)) FROM lab.t", "BIGINT[],9"},
        {"SELECT {'l': [[i, NULL]::INTEGER[2], NULL]} AS v FROM range(2) t(i)", "SELECT v::VARCHAR FROM lab.t",
         "{'l': [[0, NULL], NULL]};{'l': [[1, NULL], NULL]}"},
        {"SET arrow_lossless_conversion = true; SELECT [UUID '00112233-4455-6677-8899-aabbccddeeff', NULL, UUID "
         "'ffffffff-ffff-ffff-ffff-ffffffffffff'] AS v",
         "SELECT typeof(v), v::VARCHAR FROM lab.t",
         "UUID[],[00112233-4455-6677-8899-aabbccddeeff, NULL, ffffffff-ffff-ffff-ffff-ffffffffffff]"},
        {"SET arrow_lossless_conversion = true; SELECT UUID '00112233-4455-6677-8899-aabbccddeeff' AS v",
         "SELECT count(*) FROM lab.t WHERE v = '00112233-4455-6677-8899-aabbccddeeff'", "1"},
        {"SELECT {'a': 1, 'b': NULL} AS v", "SELECT v.a, v.b, typeof(v) FROM lab.t",
         "1,null,STRUCT(a INTEGER, b INTEGER)"},
        {"SELECT MAP {'k': 7} AS v, 1 AS w", "SELECT v['k'], v['x'], map_keys(v)[1], w FROM lab.t", "7,null,k,1"},
        {"SELECT [3, 1, 2] AS v", "SELECT unnest(v) AS x FROM lab.t ORDER BY x", "1;2;3"},
        {"SELECT {'a': i, 'b': 'text ' || i} AS v FROM range(10000) t(i)",
         "SELECT count(*), min(v.b) FROM lab.t WHERE v.a > 9000", "999,text 9001"},
        {"SELECT {'a': i} AS v FROM range(10000) t(i)", "SELECT v.a FROM lab.t LIMIT 2 OFFSET 5000", "5000;5001"},
        {"SELECT 1 AS v, [1] AS w WHERE false", "SELECT count(w), count(*) FROM lab.t", "0,0"},
    };
    struct pair p;
    pair_open(&p);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        p.source.sql = cases[i].query;
        expect(&p, cases[i].sql, cases[i].want);
    }
    pair_close(&p);
}

/* 60 levels are read, 70 are refused by the name of their column; other columns do not mind. */
static void depth_has_a_limit(void **state)
{
    (void)state;
    lake_need_duckdb();
    struct pair p;
    nl_error err;
    pair_open(&p);
    static const int depths[] = {60, 70};
    for (size_t i = 0; i < NL_LEN(depths); i++) {
        char query[256];
        int at = snprintf(query, sizeof query, "SELECT 7 AS w, ");
        for (int d = 0; d < depths[i]; d++)
            query[at++] = '[';
        query[at++] = '1';
        for (int d = 0; d < depths[i]; d++)
            query[at++] = ']';
        snprintf(query + at, sizeof query - (size_t)at, " AS v");
        p.source.sql = query;
        char *got = lake_query(p.to.engine, "SELECT length(v::VARCHAR) FROM lab.t", &err);
        check_why("%d levels: %s", depths[i], got ? got : err.message);
        CHECK(i == 0 ? got && strcmp(got, "121") == 0 : !got && err.code == NL_UNSUPPORTED);
        free(got);
    }
    pair_close(&p);
}

/* ── arrays whose parts do not fit ── */

static void short_child(struct ArrowArray *batch)
{
    batch->children[0]->children[0]->length = 1;
}

static void falling_offsets(struct ArrowArray *batch)
{
    ((int32_t *)(uintptr_t)batch->children[0]->buffers[1])[1] = 100;
}

static void negative_offset(struct ArrowArray *batch)
{
    ((int32_t *)(uintptr_t)batch->children[0]->buffers[1])[0] = -1;
}

static void no_children(struct ArrowArray *batch)
{
    arrow_array_release(batch->children[0]->children[0]); /* who releases the list counts its children */
    batch->children[0]->n_children = 0;
}

static void damaged_arrays_are_errors(void **state)
{
    (void)state;
    lake_need_duckdb();
    static const struct {
        const char *why, *query;
        void (*damage)(struct ArrowArray *batch);
    } cases[] = {
        {"a list's elements are missing", "SELECT [i, i] AS v FROM range(100) t(i)", short_child},
        {"offsets that fall", "SELECT [i] AS v FROM range(5) t(i)", falling_offsets},
        {"a list before the beginning", "SELECT [i] AS v FROM range(5) t(i)", negative_offset},
        {"no child at all", "SELECT [i] AS v FROM range(5) t(i)", no_children},
        {"a member that is too short", "SELECT {'a': i} AS v FROM range(5) t(i)", short_child},
    };
    struct pair p;
    nl_error err;
    pair_open(&p);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        p.source.sql = cases[i].query;
        p.source.damage = cases[i].damage;
        char *got = lake_query(p.to.engine, "SELECT v FROM lab.t", &err);
        check_why("%s: %s", cases[i].why, got ? got : err.message);
        CHECK(!got);
        CHECK_INT(err.code, NL_INVALID);
        CHECK_HAS(err.message, "column v");
    }
    pair_close(&p);
}

static void what_has_no_sql_type_is_refused(void **state)
{
    (void)state;
    lake_need_duckdb();
    struct pair p;
    nl_error err;
    pair_open(&p);
    p.source.sql = "SELECT 1::INTEGER AS v, [7] AS w";
    p.source.pretend = "+r"; /* run ends, which nobody here reads */
    expect(&p, "SELECT w[1] FROM lab.t", "7");
    CHECK(lake_query(p.to.engine, "SELECT v FROM lab.t", &err) == NULL);
    CHECK_FAILS(err.code, NL_UNSUPPORTED, err, "column v (Arrow format +r)");
    pair_close(&p);
}

/* ── results ── */

/* What Arrow would get as another value is refused below lists, structs and maps too. */
static void wrong_types_inside_are_refused(void **state)
{
    (void)state;
    lake_need_duckdb();
    static const char *const inside[] = {"'101'::BIT", "TIMETZ '10:00:00+02'", "1::UHUGEINT", "'1'::BIGNUM"};
    static const char *const around[] = {"[%s]",
                                         "{'a': 1, 'b': %s}",
                                         "MAP {1: %s}",
                                         "MAP {%s: 1}",
                                         "[[{'a': [%s]}]]",
                                         "array_value(%s)",
                                         "union_value(a := %s)"};
    struct lake l = lake_open(NULL, 1);
    for (size_t i = 0; i < NL_LEN(inside); i++)
        for (size_t j = 0; j < NL_LEN(around); j++) {
            char sql[256];
            nl_error err = {0};
            int at = snprintf(sql, sizeof sql, "SELECT ");
            /* NOLINTNEXTLINE(clang-diagnostic-format-nonliteral): the formats are above */
            at += snprintf(sql + at, sizeof sql - (size_t)at, around[j], inside[i]);
            snprintf(sql + at, sizeof sql - (size_t)at, " AS x");
            check_why("%s", sql);
            CHECK(lake_query(l.engine, sql, &err) == NULL);
            CHECK_FAILS(err.code, NL_UNSUPPORTED, err, "column 'x' holds a ");
        }
    lake_close(&l);
}

/* Every allocation of ours fails once. */
static void no_memory_is_an_error(void **state)
{
    (void)state;
    lake_need_duckdb();
    static const char sql[] = "SELECT sum(len(v.l)), max(v.m['k']) FROM lab.t";
    struct pair p;
    pair_open(&p);
    p.source.sql = "SELECT {'l': ['a text of some length', NULL], 'm': MAP {'k': i}} AS v FROM range(5) t(i)";
    expect(&p, sql, "10,4");
    int failures = 0;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_error err;
        char *got = lake_query(p.to.engine, sql, &err);
        bool failed = fault_off(&f);
        check_why("fault %ld: %s", f.nth, got ? got : err.message);
        CHECK(got ? strcmp(got, "10,4") == 0 : err.code == NL_NO_MEMORY);
        CHECK(failed || got);
        failures += !got;
        free(got);
    }
    CHECK(failures > 50);
    pair_close(&p);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_columns_are_what_they_were),
        cmocka_unit_test(types_that_change),
        cmocka_unit_test(depth_has_a_limit),
        cmocka_unit_test(damaged_arrays_are_errors),
        cmocka_unit_test(what_has_no_sql_type_is_refused),
        cmocka_unit_test(wrong_types_inside_are_refused),
        cmocka_unit_test(no_memory_is_an_error),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
