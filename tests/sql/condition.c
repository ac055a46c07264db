/* tests/sql/condition.c: conditions as EXPLAIN writes them, and what is certain of them. */
#include "sql/condition.h"

#include "base/str.h"
#include "support/check.h"

static const char *const names[] = {"id", "name", "d", "ts", "price", "f", "b", "u", "tz", "n", "r", "raw"};
static const char *const formats[] = {"l", "vu", "tdD",     "tsu:",    "d:15,2", "g",
                                      "b", "I",  "tsu:UTC", "tsn:UTC", "f",      "vz"};

/* A filter as text. */
static void put(nl_buf *b, const struct filter *f)
{
    static const char *const ops[] = {"and", "or", "=", "<>", "<", "<=", ">", ">=", "in", "null", "not-null"};
    if (!f) {
        nl_buf_puts(b, "?", NULL);
        return;
    }
    nl_buf_printf(b, NULL, "(%s", ops[f->op]);
    if (f->op > FILTER_OR)
        nl_buf_printf(b, NULL, " %s", names[f->column]);
    for (size_t i = 0; i < f->n_values; i++) {
        const nl_value *v = &f->values[i];
        if (v->kind == NL_VALUE_BYTES)
            nl_buf_printf(b, NULL, " '%.*s'", (int)v->bytes.len, (const char *)v->bytes.data);
        else if (v->kind == NL_VALUE_DOUBLE)
            nl_buf_printf(b, NULL, " %g", v->d);
        else if (v->kind == NL_VALUE_DECIMAL)
            nl_buf_printf(b, NULL, " %lldd", (long long)v->decimal);
        else if (v->kind == NL_VALUE_BOOL)
            nl_buf_printf(b, NULL, " %s", v->b ? "true" : "false");
        else
            nl_buf_printf(b, NULL, " %lld%s", (long long)v->i, v->kind == NL_VALUE_UINT ? "u" : "");
    }
    for (size_t i = 0; i < f->n_children; i++) {
        nl_buf_putc(b, ' ', NULL);
        put(b, f->children[i]);
    }
    nl_buf_putc(b, ')', NULL);
}

static const struct condition_case {
    const char *why, *text, *want;
} cases[] = {
    {"a comparison", "(id = 4)", "(= id 4)"},
    {"without parentheses", "id >= -4", "(>= id -4)"},
    {"turned around", "(3 < id)", "(> id 3)"},
    {"between", "(id BETWEEN 3 AND 5)", "(and (>= id 3) (<= id 5))"},
    {"half a between", "(id BETWEEN 3 AND abs(x))", "(and (>= id 3))"},
    {"in", "(id IN (1, 2, -3))", "(in id 1 2 -3)"},
    {"in with a value that is none", "((id IN (1, f(2), 3)) AND (id < 9))", "(and (< id 9))"},
    {"null", "(name IS NULL)", "(null name)"},
    {"not null", "(name IS NOT NULL)", "(not-null name)"},
    {"and drops what is not known", "((id = 4) AND (upper(name) = 'X') AND b)", "(and (= id 4) (= b true))"},
    {"or with something unknown is unknown", "((id = 4) OR (upper(name) = 'X'))", "?"},
    {"or", "((id = 4) OR (name = 'it''s'))", "(or (= id 4) (= name 'it's'))"},
    {"or inside and", "((id = 4) AND ((f = 1.5) OR (f = 2.5)))", "(and (= id 4) (or (= f 1.5) (= f 2.5)))"},
    {"or with an and that lost a part", "((id = 4) OR ((f = 1.5) AND isnan(f)))", "(or (= id 4) (and (= f 1.5)))"},
    {"a BOOLEAN column", "b", "(= b true)"},
    {"not a BOOLEAN column", "(NOT b)", "(= b false)"},
    {"not of anything else", "(NOT (id > 3))", "?"},
    {"prefix", "prefix(name, 'Part')", "(and (>= name 'Part') (< name 'Paru'))"},
    {"the empty prefix", "prefix(name, '')", "(>= name '')"},
    {"dates", "(d < '1970-01-11'::DATE)", "(< d 10)"},
    {"dates of leap years", "((d = '2000-02-29'::DATE) AND (d > '0001-01-01'::DATE))",
     "(and (= d 11016) (> d -719162))"},
    {"dates of another shape", "(d = '10000-01-01'::DATE)", "?"},
    {"timestamps", "(ts >= '1970-01-02 00:00:01.5'::TIMESTAMP)", "(>= ts 86401500000)"},
    {"timestamps with a zone", "(tz = '1970-01-01 02:00:00+02'::TIMESTAMP WITH TIME ZONE)", "(= tz 0)"},
    {"nanoseconds with a zone are microseconds in SQL", "(n = '1970-01-01 00:00:00+00'::TIMESTAMP WITH TIME ZONE)",
     "?"},
    {"finer than the column", "(ts = '1970-01-01 00:00:00.0000001'::TIMESTAMP_NS)", "?"},
    {"decimals", "((price > 10.50) AND (price < -3.00))", "(and (> price 1050d) (< price -300d))"},
    {"decimals of another scale", "(price = 3.123)", "?"},
    {"doubles", "((f < 0.1) OR (f = 1e+300))", "(or (< f 0.1) (= f 1e+300))"},
    {"floats are compared as floats", "(r = 0.1)", "(= r 0.1)"},
    {"unsigned", "(u > 3)", "(> u 3u)"},
    {"unsigned and negative", "(u > -3)", "?"},
    {"an integer with a fraction", "(id > 3.5)", "?"},
    {"a column that is cast", "(CAST(id AS DOUBLE) > 3.5)", "?"},
    {"a column that is cast, in short", "(id::DOUBLE > 3.5)", "?"},
    {"two columns", "(id = u)", "?"},
    {"an unknown column", "(nope = 3)", "?"},
    {"arithmetic", "((id + 1) < 3)", "?"},
    {"arithmetic without parentheses", "(id + 1 < 3)", "?"},
    {"a case", "(CASE WHEN (id = 3) THEN b ELSE b END AND (id = 4))", "?"},
    {"is distinct from", "((id IS DISTINCT FROM 3) AND (id = 4))", "(and (= id 4))"},
    {"is not distinct from", "(b IS NOT DISTINCT FROM true)", "?"},
    {"like", "((name ~~ '%x') AND (name != 'q'))", "(and (<> name 'q'))"},
    {"a list that is not shown", "IN (...)", "?"},
    {"bytes", "(raw = '\\xAA'::BLOB)", "?"},
    {"a condition compared", "((id = 3) = true)", "?"},
    {"parentheses in a string", "((name = 'a) OR (b') AND (id = 4))", "(and (= name 'a) OR (b') (= id 4))"},
    {"not closed", "((id = 4) AND (id = 5)", "?"},
    {"closed twice", "(id = 4))", "?"},
    {"and beside or", "((id = 4) AND (id = 5) OR (id = 6))", "?"},
    {"nothing", "", "?"},
};

static void conditions_are_read_as_the_table_says(void **state)
{
    (void)state;
    struct arrow_type types[NL_LEN(names)];
    nl_error err;
    for (size_t i = 0; i < NL_LEN(names); i++)
        CHECK_OK(arrow_type_parse(formats[i], &types[i], &err), err);
    struct sql_columns columns = {names, types, NL_LEN(names)};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s: %s", cases[i].why, cases[i].text);
        nl_arena arena = {0};
        nl_buf got = {0};
        put(&got, sql_condition_parse(&arena, cases[i].text, &columns));
        CHECK_STR(got.data, cases[i].want);
        nl_buf_free(&got);
        nl_arena_free(&arena);
    }
}

static void depth_is_limited(void **state) /* Q2 */
{
    (void)state;
    static const size_t depths[] = {30, 45, 100000};
    struct arrow_type type;
    nl_error err;
    CHECK_OK(arrow_type_parse("l", &type, &err), err);
    struct sql_columns columns = {names, &type, 1};
    for (size_t i = 0; i < NL_LEN(depths); i++) {
        nl_arena arena = {0};
        nl_buf text = {0};
        for (size_t d = 0; d < depths[i]; d++)
            nl_buf_putc(&text, '(', NULL);
        nl_buf_puts(&text, "id = 4", NULL);
        for (size_t d = 0; d < depths[i]; d++)
            nl_buf_putc(&text, ')', NULL);
        check_why("%zu levels", depths[i]);
        CHECK_INT(sql_condition_parse(&arena, text.data, &columns) != NULL, depths[i] < 40);
        nl_buf_free(&text);
        nl_arena_free(&arena);
    }
}

static void names_that_can_be_read_back(void **state)
{
    (void)state;
    CHECK(sql_name_is_plain("p_partkey") && sql_name_is_plain("größe"));
    CHECK(!sql_name_is_plain("my col") && !sql_name_is_plain("") && !sql_name_is_plain("and") &&
          !sql_name_is_plain("1a"));
    CHECK(!sql_name_is_plain("a = 1) OR (b") && !sql_name_is_plain("a--") && !sql_name_is_plain(" a"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(conditions_are_read_as_the_table_says),
        cmocka_unit_test(depth_is_limited),
        cmocka_unit_test(names_that_can_be_read_back),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
