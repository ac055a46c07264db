/* tests/parquet/write/roundtrip.c: what we write, our own reader gives back: every type × nulls × codec × dictionary, over
 * several row groups and pages, random values of a printed seed. Values are compared as the text that users see. */
#include <neuralake/parquet.h>

#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

/* Each Arrow type, and the one that it is read as. bits: how large its integers may be. */
static const struct type_case {
    const char *format, *back;
    int bits;
} types[] = {
    {"b", "b", 1},
    {"c", "c", 7},
    {"C", "C", 8},
    {"s", "s", 15},
    {"S", "S", 16},
    {"i", "i", 31},
    {"I", "I", 32},
    {"l", "l", 63},
    {"L", "L", 63},
    {"f", "f", 0},
    {"g", "g", 0},
    {"u", "u", 0},
    {"z", "z", 0},
    {"tdD", "tdD", 15},
    {"ttm", "ttm", 26},
    {"ttu", "ttu", 36},
    {"ttn", "ttn", 46},
    {"tsm:", "tsm:", 40},
    {"tsu:", "tsu:", 50},
    {"tsn:", "tsn:", 62},
    {"tsu:UTC", "tsu:UTC", 50},
    {"d:9,2", "d:9,2", 29},
    {"d:18,4", "d:18,4", 59},
    {"d:38,10", "d:38,10", 62},
    {"vu", "u", 0},
    {"U", "u", 0},
};

enum { ROWS = 5000, BATCH = 1700 };

/* One value of the type, out of `distinct` different ones (0: any). */
static int add_value(struct arrow_builder *b, const struct type_case *t, struct rng *r, uint64_t distinct,
                     nl_error *err)
{
    uint64_t v = distinct ? rng_below(r, distinct) * 7919 : rng_next(r);
    char text[64];
    if (t->format[0] == 'd')
        return arrow_builder_decimal(b, (__int128)(v & ((UINT64_C(1) << t->bits) - 1)) * (v % 2 ? -1 : 1), err);
    if (t->bits)
        return arrow_builder_int(b, (int64_t)(v & ((UINT64_C(1) << t->bits) - 1)), err);
    if (strchr("fg", t->format[0]))
        return arrow_builder_double(b, (double)(int64_t)v / 16, err);
    int len = snprintf(text, sizeof text, "%.*s%llu", (int)(v % 30), "a beginning that many values have",
                       (unsigned long long)v);
    return arrow_builder_bytes(b, text, v % 17 ? (size_t)len : 0, err);
}

static void make_column(const struct type_case *t, struct rng *r, bool nulls, uint64_t distinct, struct ArrowArray *out)
{
    struct arrow_builder *b;
    nl_error err = {0};
    CHECK_OK(arrow_builder_new(t->format, &b, &err), err);
    for (int i = 0; i < BATCH; i++)
        CHECK_OK(nulls && rng_below(r, 3) == 0 ? arrow_builder_null(b, &err) : add_value(b, t, r, distinct, &err), err);
    CHECK_OK(arrow_builder_finish(b, out, &err), err);
    arrow_builder_free(b);
}

/* Append each row's text, "-" for a null, and a newline. */
static void append_texts(const struct ArrowArray *batch, const char *format, nl_buf *out)
{
    struct arrow_type t;
    nl_error err = {0};
    const struct ArrowArray *column = batch->children[0];
    CHECK_OK(arrow_type_parse(format, &t, &err), err);
    for (int64_t i = 0; i < batch->length; i++) {
        CHECK_OK(arrow_is_valid(column, i) ? arrow_format_value(column, &t, i, out, &err) : nl_buf_putc(out, '-', &err),
                 err);
        CHECK_OK(nl_buf_putc(out, '\n', &err), err);
    }
}

/* Write ROWS rows of the type into *file, and what they say into *texts. */
static void write_case(const struct type_case *t, bool nulls, uint64_t distinct, const nl_parquet_write_options *o,
                       struct rng *r, nl_buf *file, nl_buf *texts)
{
    struct ArrowSchema schema;
    nl_sink *sink;
    nl_parquet_writer *w;
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(&schema, 1, &err), err);
    CHECK_OK(arrow_schema_field(schema.children[0], t->format, "x", nulls, &err), err);
    CHECK_OK(nl_sink_create_memory(file, &sink, &err), err);
    CHECK_OK(nl_parquet_writer_new(sink, &schema, o, &w, &err), err);
    for (int at = 0; at < ROWS; at += BATCH) {
        struct ArrowArray column, batch;
        make_column(t, r, nulls, distinct, &column);
        CHECK_OK(arrow_batch_make(&column, 1, BATCH, &batch, &err), err);
        append_texts(&batch, t->format, texts);
        CHECK_OK(nl_parquet_write(w, &batch, &err), err);
        arrow_array_release(&batch);
    }
    CHECK_OK(nl_parquet_finish(w, &err), err);
    nl_parquet_writer_free(w);
    CHECK_OK(nl_sink_commit(sink, &err), err);
    arrow_schema_release(&schema);
}

/* What our reader sees in the file. */
static void read_case(const nl_buf *file, const char *format, nl_buf *texts)
{
    nl_source *src;
    nl_parquet_file *f;
    nl_parquet_reader *reader;
    struct ArrowSchema schema;
    nl_error err = {0};
    CHECK_OK(nl_source_open_memory("case", file->data, file->len, &src, &err), err);
    CHECK_OK(nl_parquet_open(src, &f, &err), err);
    CHECK_OK(nl_parquet_schema(f, &schema, &err), err);
    CHECK_STR(schema.children[0]->format, format);
    CHECK_OK(nl_parquet_reader_new(f, NULL, &reader, &err), err);
    for (;;) {
        struct ArrowArray batch;
        CHECK_OK(nl_parquet_next(reader, &batch, &err), err);
        if (!batch.release)
            break;
        append_texts(&batch, format, texts);
        arrow_array_release(&batch);
    }
    nl_parquet_reader_free(reader);
    arrow_schema_release(&schema);
    nl_parquet_close(f);
    nl_source_close(src);
}

static void our_reader_gives_back_what_we_wrote(void **state)
{
    (void)state;
    struct rng r = rng_seed("roundtrip");
    for (size_t i = 0; i < NL_LEN(types); i++)
        for (int round = 0; round < 24; round++) {
            bool nulls = round & 1, no_dictionary = round & 2;
            uint64_t distinct = (round & 4) ? 20 : 0;
            nl_parquet_write_options o = {.codec = (nl_parquet_codec)(round / 8),
                                          .row_group_rows = 2100,
                                          .page_bytes = 3000,
                                          .dictionary_bytes = 5000,
                                          .no_dictionary = no_dictionary};
            nl_buf file = {0}, want = {0}, got = {0};
            check_why("%s, nulls %d, dictionary %d, %d distinct, codec %d", types[i].format, nulls, !no_dictionary,
                      (int)distinct, (int)o.codec);
            write_case(&types[i], nulls, distinct, &o, &r, &file, &want);
            read_case(&file, types[i].back, &got);
            CHECK_INT(got.len, want.len);
            CHECK_MEM(got.data, want.data, want.len);
            nl_buf_free(&file);
            nl_buf_free(&want);
            nl_buf_free(&got);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(our_reader_gives_back_what_we_wrote),
    };
    return cmocka_run_group_tests_name("parquet_roundtrip", tests, NULL, NULL);
}
