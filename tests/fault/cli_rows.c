/* tests/fault/cli_rows.c: each allocation and each write fails in turn while rows become text and reach standard output, in every
 * format: the right code, nothing leaks, no half row is taken for a success. */
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "arrow/arrow.h"
#include "arrow/text/text.h"
#include "base/str.h"
#include "cli/rows.h"
#include "support/check.h"
#include "support/fault.h"

enum { BATCHES = 2, ROWS = 3 };
static const char *const column_formats[] = {"l", "u", "g", "d:9,2"};
enum { COLUMNS = NL_LEN(column_formats) };

static int make_column(const char *format, struct ArrowArray *out, nl_error *err)
{
    struct arrow_builder *b;
    int rc = arrow_builder_new(format, &b, err);
    for (int64_t i = 0; rc == NL_OK && i < ROWS; i++)
        rc = i == 1           ? arrow_builder_null(b, err)
             : *format == 'l' ? arrow_builder_int(b, i, err)
             : *format == 'g' ? arrow_builder_double(b, 0.1, err)
             : *format == 'd' ? arrow_builder_decimal(b, 150, err)
                              : arrow_builder_bytes(b, "a \"quoted\", | text\n of two lines", 33, err);
    if (rc == NL_OK)
        rc = arrow_builder_finish(b, out, err);
    arrow_builder_free(b);
    return rc;
}

static int next(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct ArrowArray columns[COLUMNS] = {0};
    *out = (struct ArrowArray){0};
    if (--*(int *)ctx < 0)
        return NL_OK;
    int rc = NL_OK;
    for (size_t i = 0; rc == NL_OK && i < COLUMNS; i++)
        rc = make_column(column_formats[i], &columns[i], err);
    if (rc == NL_OK)
        return arrow_batch_make(columns, COLUMNS, ROWS, out, err);
    for (size_t i = 0; i < COLUMNS; i++)
        arrow_array_release(&columns[i]);
    return rc;
}

static int make_schema(struct ArrowSchema *schema, nl_error *err)
{
    int rc = arrow_schema_struct(schema, COLUMNS, err);
    for (size_t i = 0; rc == NL_OK && i < COLUMNS; i++)
        rc = arrow_schema_field(schema->children[i], column_formats[i], "a name", true, err);
    if (rc)
        arrow_schema_release(schema);
    return rc;
}

/* A stream of BATCHES batches; *left counts them. */
static int make_stream(int *left, struct ArrowArrayStream *out, nl_error *err)
{
    struct ArrowSchema schema = {0};
    *left = BATCHES;
    int rc = make_schema(&schema, err);
    return rc ? rc : arrow_stream_make(&schema, next, NULL, left, out, err);
}

static void text_of_every_format(void **state)
{
    (void)state;
    for (int format = ARROW_TEXT_CSV; format <= ARROW_TEXT_MARKDOWN; format++)
        FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
        {
            struct ArrowSchema schema = {0};
            struct ArrowArray batch = {0};
            struct arrow_text *text = NULL;
            nl_sink *sink = NULL;
            nl_buf out = {0};
            int left = 1;
            check_why("format %d, allocation %ld", format, f.nth);
            int rc = make_schema(&schema, NULL);
            if (rc == NL_OK)
                rc = next(&left, &batch, NULL);
            if (rc == NL_OK)
                rc = nl_sink_create_memory(&out, &sink, NULL);
            if (rc == NL_OK)
                rc = arrow_text_new((enum arrow_text_format)format, &schema, sink, &text, NULL);
            if (rc == NL_OK)
                rc = arrow_text_batch(text, &batch, NULL);
            if (rc == NL_OK)
                rc = arrow_text_finish(text, NULL);
            bool fired = fault_off(&f);
            CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
            arrow_text_free(text);
            if (rc == NL_OK)
                CHECK_INT(nl_sink_commit(sink, NULL), NL_OK);
            else if (sink)
                nl_sink_abort(sink);
            CHECK_INT(out.len == 0, fired); /* K1: nothing of a failed text */
            nl_buf_free(&out);
            arrow_array_release(&batch);
            arrow_schema_release(&schema);
        }
}

/* Print to /dev/null, whatever the test itself prints to. */
static int print(const char *format, bool footer, nl_error *err)
{
    struct ArrowArrayStream stream = {0};
    struct cli_context x = {0};
    int left;
    nl_cancel_init(&x.cancel);
    int rc = make_stream(&left, &stream, err);
    if (rc == NL_OK)
        rc = cli_print_rows(&x, &stream, &(struct cli_rows_options){.format = format, .footer = footer}, err);
    nl_cancel_destroy(&x.cancel);
    return rc;
}

static int saved_output;

static int silence(void **state)
{
    (void)state;
    fflush(stdout);
    saved_output = dup(STDOUT_FILENO);
    int null = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (saved_output < 0 || null < 0 || dup2(null, STDOUT_FILENO) < 0)
        return -1;
    close(null);
    return 0;
}

static int speak(void **state)
{
    (void)state;
    fflush(stdout);
    clearerr(stdout);
    int rc = dup2(saved_output, STDOUT_FILENO);
    close(saved_output);
    return rc < 0;
}

static void rows_of_every_format(void **state)
{
    (void)state;
    for (const char *const *format = cli_row_formats; *format; format++)
        FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
        {
            nl_error err = {0};
            check_why("%s, allocation %ld", *format, f.nth);
            int rc = print(*format, true, &err);
            bool fired = fault_off(&f);
            CHECK_INT(rc, fired ? NL_NO_MEMORY : NL_OK);
            CHECK_INT(err.code, rc);
        }
}

static void a_full_disk(void **state)
{
    (void)state;
    for (const char *const *format = cli_row_formats; *format; format++)
        FAULT_LOOP(f, FAULT_IO, ENOSPC)
        {
            nl_error err = {0};
            check_why("%s, call %ld", *format, f.nth);
            int rc = print(*format, false, &err);
            bool fired = fault_off(&f);
            CHECK_INT(rc, fired ? NL_IO : NL_OK);
            CHECK(!fired || strstr(err.message, "No space left on device"));
            clearerr(stdout);
        }
}

static void tables_of_texts(void **state)
{
    (void)state;
    static const char *const titles[] = {"a", "b"}, *const cells[] = {"1", NULL, "3", "4"};
    for (size_t rows = 0; rows <= 2; rows++)
        FAULT_LOOP(f, FAULT_ALLOC | FAULT_IO, ENOMEM)
        {
            check_why("%zu rows, call %ld", rows, f.nth);
            int rc = cli_print_table(titles, 2, cells, rows, NULL);
            bool fired = fault_off(&f);
            CHECK_INT(rc != NL_OK, fired);
            clearerr(stdout);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(text_of_every_format),
        cmocka_unit_test_setup_teardown(rows_of_every_format, silence, speak),
        cmocka_unit_test_setup_teardown(a_full_disk, silence, speak),
        cmocka_unit_test_setup_teardown(tables_of_texts, silence, speak),
    };
    return cmocka_run_group_tests_name("fault_cli_rows", tests, NULL, NULL);
}
