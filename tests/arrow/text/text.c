/* tests/arrow/text/text.c: the same rows in each format, with what each must quote. */
#include "arrow/text/text.h"

#include <math.h>

#include "base/str.h"
#include "support/check.h"

enum { ROWS = 4 };

/* id BIGINT, name VARCHAR, price DOUBLE, with a null, an empty string, what must be quoted, and NaN. */
static void make_rows(struct ArrowSchema *schema, struct ArrowArray *batch)
{
    static const char *const formats[] = {"l", "u", "g"}, *const names[] = {"id", "na|me", "price"};
    static const char *const texts[ROWS] = {"a,\"b\"\nc|\\", "", NULL, "\xC3\xA9\xFF\x01"};
    static const double prices[ROWS] = {0.1, -1e300, INFINITY, NAN};
    struct ArrowArray columns[3];
    struct arrow_builder *b[3];
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(schema, 3, &err), err);
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(arrow_schema_field(schema->children[i], formats[i], names[i], true, &err), err);
        CHECK_OK(arrow_builder_new(formats[i], &b[i], &err), err);
    }
    for (size_t i = 0; i < ROWS; i++) {
        CHECK_OK(arrow_builder_int(b[0], i == 3 ? INT64_MIN : (int64_t)i, &err), err);
        CHECK_OK(texts[i] ? arrow_builder_bytes(b[1], texts[i], strlen(texts[i]), &err)
                          : arrow_builder_null(b[1], &err),
                 err);
        CHECK_OK(arrow_builder_double(b[2], prices[i], &err), err);
    }
    for (size_t i = 0; i < 3; i++) {
        CHECK_OK(arrow_builder_finish(b[i], &columns[i], &err), err);
        arrow_builder_free(b[i]);
    }
    CHECK_OK(arrow_batch_make(columns, 3, ROWS, batch, &err), err);
}

static void every_format_quotes_what_it_must(void **state)
{
    (void)state;
    static const struct {
        enum arrow_text_format format;
        const char *want;
    } cases[] = {
        {ARROW_TEXT_CSV, "id,na|me,price\n"
                         "0,\"a,\"\"b\"\"\nc|\\\",0.1\n"
                         "1,\"\",-1e+300\n"
                         "2,,Infinity\n"
                         "-9223372036854775808,\xC3\xA9\xFF\x01,NaN\n"},
        {ARROW_TEXT_NDJSON,
         "{\"id\":0,\"na|me\":\"a,\\\"b\\\"\\nc|\\\\\",\"price\":0.1}\n"
         "{\"id\":1,\"na|me\":\"\",\"price\":-1e+300}\n"
         "{\"id\":2,\"na|me\":null,\"price\":\"Infinity\"}\n"
         "{\"id\":-9223372036854775808,\"na|me\":\"\xC3\xA9\xEF\xBF\xBD\\u0001\",\"price\":\"NaN\"}\n"},
        {ARROW_TEXT_MARKDOWN, "| id | na\\|me | price |\n| ---: | --- | ---: |\n"
                              "| 0 | a,\"b\" c\\|\\\\ | 0.1 |\n"
                              "| 1 |  | -1e+300 |\n"
                              "| 2 |  | Infinity |\n"
                              "| -9223372036854775808 | \xC3\xA9\xFF\x01 | NaN |\n"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct ArrowSchema schema;
        struct ArrowArray batch;
        struct arrow_text *text;
        nl_sink *sink;
        nl_buf out = {0};
        nl_error err = {0};
        check_why("format %d", (int)cases[i].format);
        make_rows(&schema, &batch);
        CHECK_OK(nl_sink_create_memory(&out, &sink, &err), err);
        CHECK_OK(arrow_text_new(cases[i].format, &schema, sink, &text, &err), err);
        CHECK_OK(arrow_text_batch(text, &batch, &err), err);
        CHECK_OK(arrow_text_finish(text, &err), err);
        CHECK_OK(nl_sink_commit(sink, &err), err);
        CHECK_STR(out.data, cases[i].want);
        arrow_text_free(text);
        arrow_array_release(&batch);
        arrow_schema_release(&schema);
        nl_buf_free(&out);
    }
}

/* No rows are a header, or an empty array. */
static void no_rows_are_valid_text(void **state)
{
    (void)state;
    static const char *const want[] = {"x\n", "[]\n", "", "| x |\n| ---: |\n"};
    for (int format = ARROW_TEXT_CSV; format <= ARROW_TEXT_MARKDOWN; format++) {
        struct ArrowSchema schema;
        struct arrow_text *text;
        nl_sink *sink;
        nl_buf out = {0};
        nl_error err = {0};
        check_why("format %d", format);
        CHECK_OK(arrow_schema_struct(&schema, 1, &err), err);
        CHECK_OK(arrow_schema_field(schema.children[0], "l", "x", true, &err), err);
        CHECK_OK(nl_sink_create_memory(&out, &sink, &err), err);
        CHECK_OK(arrow_text_new((enum arrow_text_format)format, &schema, sink, &text, &err), err);
        CHECK_OK(arrow_text_finish(text, &err), err);
        CHECK_OK(nl_sink_commit(sink, &err), err);
        CHECK_STR(out.data ? out.data : "", want[format]);
        arrow_text_free(text);
        arrow_schema_release(&schema);
        nl_buf_free(&out);
    }
}

/* T1: a type may be 64 levels deep, not 65. */
static void depth_is_bounded(void **state)
{
    (void)state;
    static const int depths[] = {64, 65};
    for (size_t d = 0; d < NL_LEN(depths); d++) {
        struct ArrowSchema root;
        nl_error err = {0};
        CHECK_OK(arrow_schema_struct(&root, 1, &err), err);
        struct ArrowSchema *at = &root;
        for (int i = 1; i < depths[d]; i++) {
            at = at->children[0];
            CHECK_OK(arrow_schema_struct(at, 1, &err), err);
        }
        CHECK_OK(arrow_schema_field(at->children[0], "l", "x", true, &err), err);
        nl_arena arena = {0};
        struct text_column *columns;
        check_why("%d levels", depths[d]);
        CHECK_INT(text_columns(&root, &arena, &columns, &err), depths[d] > 64 ? NL_UNSUPPORTED : NL_OK);
        nl_arena_free(&arena);
        arrow_schema_release(&root);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_quotes_what_it_must),
        cmocka_unit_test(no_rows_are_valid_text),
        cmocka_unit_test(depth_is_bounded),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
