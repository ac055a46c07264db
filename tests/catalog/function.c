/* tests/catalog/function.c: rows that C functions append: types, batches, every misuse, arguments, streams.
 * ctest: fault */
#include "catalog/function.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "catalog/rows.h"
#include "support/check.h"
#include "support/fault.h"

static const struct catalog_column_doc columns[] = {
    {"b", NULL, "b"}, {"i", NULL, "i"},   {"l", NULL, "l"},    {"g", NULL, "g"},
    {"u", NULL, "u"}, {"d", NULL, "tdD"}, {"t", NULL, "tsu:"},
};
static const struct catalog_parameter parameters[] = {
    {"n", "l", "how many", NULL},
    {"word", "u", NULL, "none"},
    {"factor", "g", NULL, "1.5"},
    {"flag", "b", NULL, "false"},
};

/* A function table around f, with the first n columns. */
static struct catalog_table table_of(const struct catalog_function *f, size_t n_columns, size_t n_parameters)
{
    return (struct catalog_table){
        .database = "d",
        .name = "t",
        .kind = &catalog_function_kind,
        .declaration = f,
        .columns = columns,
        .n_columns = n_columns,
        .parameters = parameters,
        .n_parameters = n_parameters,
    };
}

static int call(nl_rows *rows, const void *ctx)
{
    const struct catalog_function *f = ctx;
    return f->rows(rows);
}

/* All rows as CSV lines into b; the number of batches in *batches. */
static int drain(struct ArrowArrayStream *stream, nl_buf *b, size_t *batches, int64_t *rows, nl_error *err)
{
    struct ArrowSchema schema;
    int rc = arrow_stream_schema(stream, &schema, err);
    if (rc)
        return rc;
    for (struct ArrowArray batch; !(rc = arrow_stream_next(stream, &batch, err)) && batch.release;
         arrow_array_release(&batch)) {
        ++*batches;
        *rows += batch.length;
        for (int64_t row = 0; row < batch.length && row < 10; row++)
            for (int64_t i = 0; i < batch.n_children; i++) {
                struct arrow_type type;
                nl_error ignored = {0};
                CHECK_OK(arrow_type_parse(schema.children[i]->format, &type, &ignored), ignored);
                CHECK_OK(arrow_format_value(batch.children[i], &type, row, b, &ignored), ignored);
                nl_buf_putc(b, i + 1 == batch.n_children ? '\n' : ',', NULL);
            }
    }
    arrow_schema_release(&schema);
    return rc;
}

struct outcome {
    int rc;
    nl_error err;
    char *text; /* the first rows of each batch */
    size_t batches;
    int64_t rows;
};

/* Run f over the first n_columns. Free the text. */
static struct outcome run(int (*f)(nl_rows *), size_t n_columns)
{
    const struct catalog_function function = {f, NULL};
    const struct catalog_table t = table_of(&function, n_columns, 0);
    const struct rows_source source = {&t, call, &function, NULL, NULL};
    struct ArrowArrayStream stream;
    struct outcome o = {0};
    nl_buf b = {0};
    o.rc = rows_stream(&source, &stream, &o.err);
    if (!o.rc) {
        o.rc = drain(&stream, &b, &o.batches, &o.rows, &o.err);
        arrow_stream_release(&stream);
    }
    nl_buf_puts(&b, "", NULL);
    o.text = nl_buf_steal(&b);
    return o;
}

/* ── values ── */

static int all_types(nl_rows *r)
{
    nl_rows_begin(r);
    nl_rows_int(r, 1);
    nl_rows_int(r, -2147483648);
    nl_rows_int(r, INT64_MIN);
    nl_rows_double(r, 0.5);
    nl_rows_text(r, "d\xc3\xa9");
    nl_rows_int(r, 19724);
    nl_rows_int(r, INT64_C(1704164645000000));
    nl_rows_end(r);
    nl_rows_begin(r);
    for (int i = 0; i < 4; i++)
        nl_rows_null(r);
    nl_rows_text(r, NULL);
    nl_rows_null(r);
    nl_rows_null(r);
    nl_rows_end(r);
    nl_rows_begin(r);
    nl_rows_int(r, 0);
    nl_rows_int(r, 7);
    nl_rows_int(r, 7);
    nl_rows_int(r, -7); /* a whole number for a DOUBLE */
    nl_rows_text_n(r, "abc", 2);
    nl_rows_int(r, 0);
    nl_rows_int(r, 0);
    nl_rows_end(r);
    return NL_ROWS_DONE;
}

static void appends_all_types(void **state)
{
    (void)state;
    struct outcome o = run(all_types, NL_LEN(columns));
    CHECK_OK(o.rc, o.err);
    CHECK_STR(o.text, "true,-2147483648,-9223372036854775808,0.5,d\xc3\xa9,2024-01-02,2024-01-02T03:04:05\n"
                      ",,,,,,\n"
                      "false,7,7,-7.0,ab,1970-01-01,1970-01-01T00:00:00\n");
    CHECK_INT(o.batches, 1);
    free(o.text);
}

static int nothing(nl_rows *r)
{
    (void)r;
    return NL_ROWS_DONE;
}

/* 200,000 rows at once: cut into batches. */
static int many(nl_rows *r)
{
    for (int i = 0; i < 200000; i++) {
        nl_rows_begin(r);
        nl_rows_int(r, i % 2);
        nl_rows_end(r);
    }
    return NL_ROWS_DONE;
}

/* The same, in as many calls as there are batches; the state counts them. */
static int many_in_calls(nl_rows *r)
{
    int *calls = nl_rows_state(r, sizeof *calls);
    if (!calls)
        return nl_rows_fail(r, "no state");
    if (++*calls > 5)
        return nl_rows_fail(r, "called %d times", *calls);
    for (int64_t i = nl_rows_count(r); i < 200000; i++) {
        if (nl_rows_full(r))
            return NL_ROWS_MORE;
        nl_rows_begin(r);
        nl_rows_int(r, i % 2);
        nl_rows_end(r);
    }
    return NL_ROWS_DONE;
}

static void cuts_batches(void **state)
{
    (void)state;
    int (*const functions[])(nl_rows *) = {many, many_in_calls};
    for (size_t i = 0; i < NL_LEN(functions); i++) {
        check_why("%zu", i);
        struct outcome o = run(functions[i], 1);
        CHECK_OK(o.rc, o.err);
        CHECK_INT(o.rows, 200000);
        CHECK_INT(o.batches, 4); /* 3 × 65,536, and the rest */
        free(o.text);
    }
    check_why("no rows");
    struct outcome o = run(nothing, 1);
    CHECK_OK(o.rc, o.err);
    CHECK_INT(o.batches, 0);
    free(o.text);
    check_why("%s", "");
}

/* ── misuse ── */

static int value_outside(nl_rows *r)
{
    nl_rows_int(r, 1);
    return NL_ROWS_DONE;
}
static int begin_twice(nl_rows *r)
{
    nl_rows_begin(r);
    nl_rows_begin(r);
    return NL_ROWS_DONE;
}
static int end_alone(nl_rows *r)
{
    nl_rows_end(r);
    return NL_ROWS_DONE;
}
static int too_few(nl_rows *r)
{
    nl_rows_begin(r);
    nl_rows_int(r, 1);
    nl_rows_end(r);
    return NL_ROWS_DONE;
}
static int too_many(nl_rows *r)
{
    nl_rows_begin(r);
    nl_rows_int(r, 1);
    nl_rows_int(r, 1);
    nl_rows_int(r, 1);
    return NL_ROWS_DONE;
}
static int wrong_type(nl_rows *r)
{
    nl_rows_begin(r);
    nl_rows_int(r, 1);
    nl_rows_text(r, "x");
    return NL_ROWS_DONE;
}
static int too_large(nl_rows *r)
{
    nl_rows_begin(r);
    nl_rows_int(r, 1);
    nl_rows_int(r, INT64_C(2147483648));
    return NL_ROWS_DONE;
}
static int no_truth(nl_rows *r)
{
    nl_rows_begin(r);
    nl_rows_int(r, 2);
    return NL_ROWS_DONE;
}
static int inside_a_row(nl_rows *r)
{
    nl_rows_begin(r);
    nl_rows_int(r, 1);
    return NL_ROWS_DONE;
}
static int unknown_result(nl_rows *r)
{
    (void)r;
    return 5;
}
static int failed_silently(nl_rows *r)
{
    (void)r;
    return NL_ROWS_FAILED;
}
static int failed(nl_rows *r)
{
    too_few(r); /* 2 columns: the first error is kept… */
    return nl_rows_fail(r, "the device %s is off", "A");
}
static int failed_first(nl_rows *r)
{
    nl_rows_fail(r, "the device %s is off", "A");
    return wrong_type(r); /* …and nothing after it counts */
}
static int two_states(nl_rows *r)
{
    nl_rows_state(r, 8);
    nl_rows_state(r, 16);
    return NL_ROWS_DONE;
}
static int unknown_argument(nl_rows *r)
{
    nl_rows_int_argument(r, "x");
    return NL_ROWS_DONE;
}
/* A loop that trusts nl_rows_full() ends also after an error. */
static int loops_until_full(nl_rows *r)
{
    while (!nl_rows_full(r)) {
        nl_rows_begin(r);
        nl_rows_text(r, "x");
        nl_rows_end(r);
    }
    return NL_ROWS_MORE;
}

static const struct {
    const char *why;
    int (*function)(nl_rows *);
    const char *message;
} misuses[] = {
    {"a value outside of a row", value_outside, "table t: a value outside of a row: call nl_rows_begin() first"},
    {"begin twice", begin_twice, "table t: row 1, column b: nl_rows_begin() inside a row: nl_rows_end() is missing"},
    {"end alone", end_alone, "table t: nl_rows_end() without nl_rows_begin()"},
    {"too few values", too_few, "table t: row 1, column i: the row ends before this column got a value"},
    {"too many values", too_many, "table t: row 1: a value too many: the table has 2 columns"},
    {"another type", wrong_type, "table t: row 1, column i: the column is INTEGER, and got a text"},
    {"does not fit", too_large, "table t: row 1, column i: 2147483648 does not fit a INTEGER"},
    {"no truth value", no_truth, "table t: row 1, column b: 2 does not fit a BOOLEAN"},
    {"returned inside a row", inside_a_row, "column i: the function returned inside a row: nl_rows_end() is missing"},
    {"unknown result", unknown_result, "table t: the function returned 5, and did not say why by nl_rows_fail()"},
    {"no reason", failed_silently, "table t: the function returned -1, and did not say why"},
    {"the first error is kept", failed, "the row ends before this column got a value"},
    {"its own words", failed_first, "table t: the device A is off"},
    {"two sizes of state", two_states, "nl_rows_state() was asked for 16 bytes, and for 8 before"},
    {"an argument that is none", unknown_argument, "the table has no parameter x"},
    {"a loop ends", loops_until_full, "table t: row 1, column b: the column is BOOLEAN, and got a text"},
};

static void says_how_it_was_misused(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(misuses); i++) {
        check_why("%s", misuses[i].why);
        struct outcome o = run(misuses[i].function, 2);
        CHECK_FAILS(o.rc, NL_INVALID, o.err, misuses[i].message);
        CHECK_INT(o.rows, 0);
        free(o.text);
    }
    check_why("%s", "");
}

static int not_utf8(nl_rows *r)
{
    nl_rows_begin(r);
    for (int i = 0; i < 4; i++)
        nl_rows_null(r);
    nl_rows_text(r, "d\xc3");
    return NL_ROWS_DONE;
}

static void texts_are_utf8(void **state)
{
    (void)state;
    struct outcome o = run(not_utf8, NL_LEN(columns));
    CHECK_FAILS(o.rc, NL_INVALID, o.err, "table t: row 1, column u: the text is not UTF-8");
    free(o.text);
}

static void stops_when_cancelled(void **state)
{
    (void)state;
    const struct catalog_function function = {many_in_calls, NULL};
    const struct catalog_table t = table_of(&function, 1, 0);
    nl_cancel cancel;
    nl_cancel_init(&cancel);
    const struct rows_source source = {&t, call, &function, NULL, &cancel};
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    nl_error err = {0};
    CHECK_OK(rows_stream(&source, &stream, &err), err);
    CHECK_OK(arrow_stream_next(&stream, &batch, &err), err);
    arrow_array_release(&batch);
    nl_cancel_set(&cancel);
    CHECK_FAILS(arrow_stream_next(&stream, &batch, &err), NL_CANCELLED, err, "cancelled");
    arrow_stream_release(&stream);
    nl_cancel_destroy(&cancel);
}

static void survives_every_failing_allocation(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        const struct catalog_function function = {all_types, NULL};
        const struct catalog_table t = table_of(&function, NL_LEN(columns), 0);
        const struct rows_source source = {&t, call, &function, NULL, NULL};
        struct ArrowArrayStream stream;
        struct ArrowArray batch = {0};
        nl_error err = {0};
        int rc = rows_stream(&source, &stream, &err);
        if (!rc) {
            rc = arrow_stream_next(&stream, &batch, &err);
            arrow_stream_release(&stream);
        }
        bool failed_here = fault_off(&f);
        CHECK_INT(rc, failed_here ? NL_NO_MEMORY : NL_OK);
        CHECK_INT(batch.length, failed_here ? 0 : 3);
        arrow_array_release(&batch);
    }
}

/* ── arguments ── */

static char seen[200]; /* what the function got */

static int with_arguments(nl_rows *r, struct ArrowArrayStream *out)
{
    snprintf(seen, sizeof seen, "%" PRId64 " %s %g %" PRId64, nl_rows_int_argument(r, "n"),
             nl_rows_text_argument(r, "word"), nl_rows_double_argument(r, "factor"), nl_rows_int_argument(r, "flag"));
    if (nl_rows_int_argument(r, "n") < 0)
        return nl_rows_fail(r, "n is negative");
    if (!nl_rows_has_argument(r, "word"))
        return nl_rows_fail(r, "no word");
    static const struct catalog_function inner = {all_types, NULL};
    static struct catalog_table t;
    t = table_of(&inner, NL_LEN(columns), 0);
    const struct rows_source source = {&t, call, &inner, NULL, NULL};
    return rows_stream(&source, out, NULL) ? nl_rows_fail(r, "no stream") : NL_ROWS_DONE;
}

static int open_with(const struct catalog_table *t, const char *const *args, nl_error *err)
{
    struct catalog_open_base *o = NULL;
    int rc = catalog_table_open(t, NULL, args, NULL, &o, err);
    CHECK(!rc == !!o);
    if (o) {
        CHECK_INT(o->schema.n_children, NL_LEN(columns));
        CHECK_INT(t->kind->rows(o), -1);
        t->kind->close(o);
    }
    return rc;
}

static void reads_arguments(void **state)
{
    (void)state;
    const struct catalog_function f = {NULL, with_arguments};
    const struct catalog_table t = table_of(&f, 0, NL_LEN(parameters));
    nl_error err = {0};
    CHECK_OK(open_with(&t, (const char *const[]){"12", NULL, NULL, NULL}, &err), err);
    CHECK_STR(seen, "12 none 1.5 0");
    CHECK_OK(open_with(&t, (const char *const[]){"0", "x y", "-2", "true"}, &err), err);
    CHECK_STR(seen, "0 x y -2 1");
    static const struct {
        const char *n, *message;
    } cases[] = {
        {NULL, "d.t: parameter n (BIGINT) is required"},
        {"x", "d.t: parameter n: 'x' is not a BIGINT"},
        {"-1", "d.t: n is negative"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].message);
        CHECK_FAILS(open_with(&t, (const char *const[]){cases[i].n, NULL, NULL, NULL}, &err), NL_INVALID, err,
                    cases[i].message);
    }
    CHECK_FAILS(open_with(&t, NULL, &err), NL_INVALID, err, "parameter n (BIGINT) is required");
    CHECK_STR(err.hint, "n: how many");
    check_why("%s", "");
}

static int wrong_arguments(nl_rows *r)
{
    nl_rows_text_argument(r, "n");
    return NL_ROWS_DONE;
}
static int stream_that_appends(nl_rows *r, struct ArrowArrayStream *out)
{
    (void)out;
    nl_rows_begin(r);
    return NL_ROWS_DONE;
}
static int stream_that_is_none(nl_rows *r, struct ArrowArrayStream *out)
{
    (void)r;
    (void)out;
    return NL_ROWS_DONE;
}

static void refuses_wrong_streams_and_arguments(void **state)
{
    (void)state;
    nl_error err = {0};
    const struct catalog_function appends = {NULL, stream_that_appends}, none = {NULL, stream_that_is_none};
    struct catalog_table t = table_of(&appends, 0, 0);
    CHECK_FAILS(open_with(&t, NULL, &err), NL_INVALID, err, "a function that makes a stream cannot append rows");
    t = table_of(&none, 0, 0);
    CHECK_FAILS(open_with(&t, NULL, &err), NL_INVALID, err, "its function returned 0 without a stream");

    const struct catalog_function wrong = {wrong_arguments, NULL};
    const nl_value args[] = {{.kind = NL_VALUE_INT},
                             {.kind = NL_VALUE_NULL},
                             {.kind = NL_VALUE_NULL},
                             {.kind = NL_VALUE_NULL}};
    t = table_of(&wrong, 1, NL_LEN(parameters));
    const struct rows_source source = {&t, call, &wrong, args, NULL};
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    CHECK_OK(rows_stream(&source, &stream, &err), err);
    CHECK_FAILS(arrow_stream_next(&stream, &batch, &err), NL_INVALID, err,
                "parameter n is BIGINT, and is read as another type");
    arrow_stream_release(&stream);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_all_types),       cmocka_unit_test(cuts_batches),
        cmocka_unit_test(says_how_it_was_misused), cmocka_unit_test(texts_are_utf8),
        cmocka_unit_test(stops_when_cancelled),    cmocka_unit_test(survives_every_failing_allocation),
        cmocka_unit_test(reads_arguments),         cmocka_unit_test(refuses_wrong_streams_and_arguments),
    };
    return cmocka_run_group_tests_name("catalog/function", tests, NULL, NULL);
}
