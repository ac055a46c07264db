/* tests/arrow/take.c: rows of batches in another order: every layout, nulls, offsets, sorting by several keys; every
 * allocation failing once. */
#include "arrow/take.h"

#include <stdlib.h>

#include "arrow/text/text.h"
#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

/* ── columns from few letters ── */

/* Integers; INT64_MIN is a null. */
static void ints(struct ArrowArray *out, const char *format, const int64_t *values, size_t n)
{
    nl_error err = {0};
    struct arrow_builder *b;
    CHECK_OK(arrow_builder_new(format, &b, &err), err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(values[i] == INT64_MIN ? arrow_builder_null(b, &err) : arrow_builder_int(b, values[i], &err), err);
    CHECK_OK(arrow_builder_finish(b, out, &err), err);
    arrow_builder_free(b);
}

static void texts(struct ArrowArray *out, const char *format, const char *const *values, size_t n)
{
    nl_error err = {0};
    struct arrow_builder *b;
    CHECK_OK(arrow_builder_new(format, &b, &err), err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(values[i] ? arrow_builder_bytes(b, values[i], strlen(values[i]), &err) : arrow_builder_null(b, &err),
                 err);
    CHECK_OK(arrow_builder_finish(b, out, &err), err);
    arrow_builder_free(b);
}

enum { N = 4, COLUMNS = 4 };

/* { i: int32, s: utf8, b: bool, l: list<utf8> } */
static void make_schema(struct ArrowSchema *out)
{
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(out, COLUMNS, &err), err);
    CHECK_OK(arrow_schema_field(out->children[0], "i", "i", true, &err), err);
    CHECK_OK(arrow_schema_field(out->children[1], "u", "s", true, &err), err);
    CHECK_OK(arrow_schema_field(out->children[2], "b", "b", true, &err), err);
    CHECK_OK(arrow_schema_nested(out->children[3], "+l", "l", true, 1, &err), err);
    CHECK_OK(arrow_schema_field(out->children[3]->children[0], "u", "element", true, &err), err);
}

static void make_batch(struct ArrowArray *out, const int64_t *i, const char *const *s, const int64_t *b)
{
    static const char *const elements[] = {"p", "q", NULL, "r", "s"};
    static const int32_t offsets[N + 1] = {0, 2, 2, 3, 5};
    nl_error err = {0};
    struct ArrowArray columns[COLUMNS], element;
    ints(&columns[0], "i", i, N);
    texts(&columns[1], "u", s, N);
    ints(&columns[2], "b", b, N);
    texts(&element, "u", elements, NL_LEN(elements));
    nl_bytes buffers[2] = {{0}, {(const uint8_t *)offsets, sizeof offsets, NULL}};
    struct arrow_parts parts = {.length = N, .buffers = buffers, .n_buffers = 2, .children = &element, .n_children = 1};
    CHECK_OK(arrow_array_make(&parts, &columns[3], &err), err);
    CHECK_OK(arrow_batch_make(columns, COLUMNS, N, out, &err), err);
}

static void make_two(struct ArrowSchema *schema, struct ArrowArray batches[2])
{
    static const int64_t i[2][N] = {{3, 1, INT64_MIN, 2}, {1, -5, 3, 1}};
    static const char *const s[2][N] = {{"c", "a", "x", NULL}, {"b", "", "c", "a"}};
    static const int64_t b[2][N] = {{1, 0, 1, INT64_MIN}, {0, 0, 1, 1}};
    make_schema(schema);
    for (size_t k = 0; k < 2; k++)
        make_batch(&batches[k], i[k], s[k], b[k]);
}

/* Every row as JSON, side by side. */
static int show(const struct ArrowSchema *schema, const struct ArrowArray *a, nl_buf *out, nl_error *err)
{
    nl_arena arena = {0};
    struct text_column *columns;
    int rc = text_columns(schema, &arena, &columns, err);
    for (int64_t i = 0; rc == NL_OK && i < a->length; i++)
        for (int64_t k = 0; rc == NL_OK && k < schema->n_children; k++) {
            rc = text_json_value(a->children[k], &columns[k], i, out, err);
            if (rc == NL_OK)
                rc = nl_buf_putc(out, k + 1 < schema->n_children ? ' ' : '\n', err);
        }
    nl_arena_free(&arena);
    return rc;
}

static int sort_and_show(const struct ArrowSchema *schema, const struct ArrowArray *batches,
                         const struct arrow_sort_key *keys, size_t n_keys, nl_buf *out, nl_error *err)
{
    const struct ArrowArray *both[] = {&batches[0], &batches[1]};
    struct arrow_row *rows = NULL;
    struct ArrowArray sorted = {0};
    size_t n = 0;
    int rc = arrow_sort(schema, batches, 2, keys, n_keys, &rows, &n, err);
    if (rc == NL_OK)
        rc = arrow_take(schema, both, 2, rows, n, &sorted, err);
    if (rc == NL_OK)
        rc = show(schema, &sorted, out, err);
    arrow_array_release(&sorted);
    free(rows);
    return rc;
}

static const size_t by_i[] = {0}, by_s[] = {1}, by_b[] = {2}, by_l[] = {3};

static const struct sort_case {
    const char *why;
    struct arrow_sort_key keys[2];
    size_t n;
    const char *want;
} cases[] = {
    {"two keys, nulls last",
     {{by_i, 1, false, false}, {by_s, 1, true, false}},
     2,
     "-5 \"\" false []\n"
     "1 \"b\" false [\"p\",\"q\"]\n"
     "1 \"a\" false []\n"
     "1 \"a\" true [\"r\",\"s\"]\n"
     "2 null null [\"r\",\"s\"]\n"
     "3 \"c\" true [\"p\",\"q\"]\n"
     "3 \"c\" true [null]\n"
     "null \"x\" true [null]\n"},
    {"descending, nulls first",
     {{by_s, 1, true, true}},
     1,
     "2 null null [\"r\",\"s\"]\n"
     "null \"x\" true [null]\n"
     "3 \"c\" true [\"p\",\"q\"]\n"
     "3 \"c\" true [null]\n"
     "1 \"b\" false [\"p\",\"q\"]\n"
     "1 \"a\" false []\n"
     "1 \"a\" true [\"r\",\"s\"]\n"
     "-5 \"\" false []\n"},
    {"equal rows keep their order",
     {{by_b, 1, false, false}},
     1,
     "1 \"a\" false []\n"
     "1 \"b\" false [\"p\",\"q\"]\n"
     "-5 \"\" false []\n"
     "3 \"c\" true [\"p\",\"q\"]\n"
     "null \"x\" true [null]\n"
     "3 \"c\" true [null]\n"
     "1 \"a\" true [\"r\",\"s\"]\n"
     "2 null null [\"r\",\"s\"]\n"},
};

static void rows_come_in_order(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct ArrowArray batches[2];
    make_two(&schema, batches);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf text = {0};
        nl_error err = {0};
        check_why("%s", cases[i].why);
        CHECK_OK(sort_and_show(&schema, batches, cases[i].keys, cases[i].n, &text, &err), err);
        CHECK_STR(text.data, cases[i].want);
        nl_buf_free(&text);
    }
    check_why("%s", "");
    CHECK(arrow_bytes_of(&schema, &batches[0]) >= 4 * N + 8);
    struct arrow_sort_key list = {by_l, 1, false, false};
    struct arrow_row *rows;
    size_t n;
    nl_error err = {0};
    CHECK_FAILS(arrow_sort(&schema, batches, 2, &list, 1, &rows, &n, &err), NL_UNSUPPORTED, err,
                "no order of column l");
    arrow_array_release(&batches[0]);
    arrow_array_release(&batches[1]);
    arrow_schema_release(&schema);
}

/* Numbers whose order is not that of their bytes. */
static void numbers_have_their_order(void **state)
{
    (void)state;
    static const struct {
        const char *format;
        int64_t values[3]; /* in order */
    } kinds[] = {{"c", {-128, -1, 127}},
                 {"C", {0, 127, 255}},
                 {"s", {-300, 0, 300}},
                 {"S", {0, 300, 65535}},
                 {"l", {INT64_MIN + 1, 0, INT64_MAX}},
                 {"tdD", {-1, 0, 1}},
                 {"tsu:", {-5, 0, 5}},
                 {"I", {1, 2, UINT32_MAX}}};
    for (size_t k = 0; k < NL_LEN(kinds); k++) {
        const int64_t *v = kinds[k].values, mixed[] = {v[1], v[2], v[0]};
        struct ArrowSchema schema;
        struct ArrowArray column, batch;
        struct arrow_row *rows;
        struct arrow_sort_key key = {by_i, 1, false, false};
        size_t n;
        nl_error err = {0};
        check_why("%s", kinds[k].format);
        CHECK_OK(arrow_schema_struct(&schema, 1, &err), err);
        CHECK_OK(arrow_schema_field(schema.children[0], kinds[k].format, "x", true, &err), err);
        ints(&column, kinds[k].format, mixed, 3);
        CHECK_OK(arrow_batch_make(&column, 1, 3, &batch, &err), err);
        CHECK_OK(arrow_sort(&schema, &batch, 1, &key, 1, &rows, &n, &err), err);
        CHECK_INT(n, 3);
        CHECK(rows[0].row == 2 && rows[1].row == 0 && rows[2].row == 1);
        free(rows);
        arrow_array_release(&batch);
        arrow_schema_release(&schema);
    }
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    struct ArrowSchema schema;
    struct ArrowArray batches[2];
    make_two(&schema, batches);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_buf text = {0};
        nl_error err = {0};
        int rc = sort_and_show(&schema, batches, cases[0].keys, cases[0].n, &text, &err);
        bool failed = fault_off(&f);
        CHECK(rc == NL_OK || (failed && rc == NL_NO_MEMORY));
        nl_buf_free(&text);
    }
    arrow_array_release(&batches[0]);
    arrow_array_release(&batches[1]);
    arrow_schema_release(&schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(rows_come_in_order),
        cmocka_unit_test(numbers_have_their_order),
        cmocka_unit_test(every_allocation_fails_once),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
