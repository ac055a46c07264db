/* tests/arrow/text/text.c: the same rows in each format, with what each must quote. */
#include "arrow/text/text.h"

#include <math.h>

#include "arrow/metadata.h"
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

static void ignore(struct ArrowArray *a)
{
    a->release = NULL;
}

static void keep(struct ArrowSchema *s)
{
    s->release = NULL;
}

/* A batch of one column, in memory that the test owns. */
static int print_column(struct ArrowSchema *field, struct ArrowArray *column, nl_buf *out, nl_error *err)
{
    struct ArrowSchema *fields[] = {field},
                       schema = {.format = "+s", .name = "", .n_children = 1, .children = fields, .release = keep};
    struct ArrowArray *columns[] = {column}, batch = {.length = column->length, .n_children = 1, .children = columns};
    struct arrow_text *text = NULL;
    nl_sink *sink;
    CHECK_OK(nl_sink_create_memory(out, &sink, err), *err);
    int rc = arrow_text_new(ARROW_TEXT_CSV, &schema, sink, &text, err);
    if (rc == NL_OK)
        rc = arrow_text_batch(text, &batch, err);
    if (rc == NL_OK)
        rc = arrow_text_finish(text, err);
    arrow_text_free(text);
    if (rc == NL_OK)
        return nl_sink_commit(sink, err);
    nl_sink_abort(sink);
    return rc;
}

/* Indices into a dictionary are shown as what they point to; one that points nowhere is an error. */
static void dictionaries_are_followed(void **state)
{
    (void)state;
    static const int32_t offsets[] = {0, 1, 1, 1};
    static const uint8_t dictionary_valid = 3, valid = 0xF7;
    static const struct {
        const char *why;
        uint8_t index[4];
        int want_rc;
        const char *want;
    } cases[] = {
        {"a value, an empty one, a null of the dictionary, a null", {0, 1, 2, 200}, NL_OK, "e\nx\n\"\"\n\n\n"},
        {"an index behind the end", {0, 3, 0, 0}, NL_INVALID, "column 'e': index 3 of a dictionary of 3"},
    };
    struct ArrowSchema words = {.format = "u", .name = "", .release = keep};
    struct ArrowSchema field = {.format = "C", .name = "e", .dictionary = &words, .release = keep};
    const void *word_buffers[] = {&dictionary_valid, offsets, "x"};
    struct ArrowArray values = {
        .length = 3, .null_count = 1, .n_buffers = 3, .buffers = word_buffers, .release = ignore};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const void *buffers[] = {&valid, cases[i].index};
        struct ArrowArray column = {
            .length = 4, .null_count = 1, .n_buffers = 2, .buffers = buffers, .dictionary = &values, .release = ignore};
        nl_buf out = {0};
        nl_error err = {0};
        check_why("%s", cases[i].why);
        CHECK_INT(print_column(&field, &column, &out, &err), cases[i].want_rc);
        CHECK_STR(cases[i].want_rc ? err.message : out.data, cases[i].want);
        nl_buf_free(&out);
    }
}

static void lists_of_a_fixed_size(void **state)
{
    (void)state;
    static const int32_t numbers[] = {9, 9, 9, 1, 2, 3, 0, 0, 0, 4, 5, 6};
    static const uint8_t valid = 0xFB; /* row 1 behind the offset is null */
    const void *number_buffers[] = {NULL, numbers}, *buffers[] = {&valid};
    struct ArrowSchema number = {.format = "i", .name = "", .release = keep}, *numbers_schema[] = {&number};
    struct ArrowSchema field = {
        .format = "+w:3", .name = "l", .n_children = 1, .children = numbers_schema, .release = keep};
    struct ArrowArray child = {.length = 12, .n_buffers = 2, .buffers = number_buffers, .release = ignore};
    struct ArrowArray *children[] = {&child};
    struct ArrowArray column = {.length = 3,
                                .offset = 1,
                                .null_count = 1,
                                .n_buffers = 1,
                                .buffers = buffers,
                                .n_children = 1,
                                .children = children,
                                .release = ignore};
    nl_buf out = {0};
    nl_error err = {0};
    CHECK_OK(print_column(&field, &column, &out, &err), err);
    CHECK_STR(out.data, "l\n\"[1,2,3]\"\n\n\"[4,5,6]\"\n");
    nl_buf_free(&out);
}

/* Fixed binary that its field calls a UUID; others are base64. */
static void uuids_by_their_field(void **state)
{
    (void)state;
    static const char *const names[] = {NULL, "arrow.uuid", "arrow.uuid2"},
                             *const want[] = {"u\nMDEyMzQ1Njc4OWFiY2RlZg==\n",
                                              "u\n30313233-3435-3637-3839-616263646566\n",
                                              "u\nMDEyMzQ1Njc4OWFiY2RlZg==\n"};
    const void *buffers[] = {NULL, "0123456789abcdef"};
    for (size_t i = 0; i < NL_LEN(names); i++) {
        struct ArrowSchema field;
        struct ArrowArray column = {.length = 1, .n_buffers = 2, .buffers = buffers, .release = ignore};
        nl_buf out = {0};
        nl_error err = {0};
        check_why("%s", names[i] ? names[i] : "no extension");
        CHECK_OK(arrow_schema_field(&field, "w:16", "u", true, &err), err);
        if (names[i])
            CHECK_OK(arrow_metadata_set(&field, "ARROW:extension:name", names[i], strlen(names[i]), &err), err);
        CHECK_OK(print_column(&field, &column, &out, &err), err);
        CHECK_STR(out.data, want[i]);
        arrow_schema_release(&field);
        nl_buf_free(&out);
    }
}

static void what_cannot_be_shown_is_named(void **state)
{
    (void)state;
    struct ArrowSchema words = {.format = "u", .name = "", .release = keep};
    struct ArrowSchema unions = {.format = "+us:0", .name = "u", .release = keep};
    struct ArrowSchema odd = {.format = "g", .name = "d", .dictionary = &words, .release = keep};
    struct ArrowArray column = {.release = ignore};
    nl_buf out = {0};
    nl_error err = {0};
    CHECK_FAILS(print_column(&unions, &column, &out, &err), NL_UNSUPPORTED, err, "column 'u': the Arrow type '+us:0'");
    err = (nl_error){0};
    CHECK_FAILS(print_column(&odd, &column, &out, &err), NL_INVALID, err, "column 'd': indices of the Arrow type 'g'");
    nl_buf_free(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_format_quotes_what_it_must),
        cmocka_unit_test(no_rows_are_valid_text),
        cmocka_unit_test(depth_is_bounded),
        cmocka_unit_test(dictionaries_are_followed),
        cmocka_unit_test(lists_of_a_fixed_size),
        cmocka_unit_test(uuids_by_their_field),
        cmocka_unit_test(what_cannot_be_shown_is_named),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
