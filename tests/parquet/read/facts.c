/* tests/parquet/read/facts.c: whole files made by hand, each with something that is legal and rare, or refused by name.
 *
 *     "PAR1" │ pages of one column │ footer, a few raw bytes before its end │ its length │ "PAR1"
 */
#include "parquet/read/file.h"

#include <stdlib.h>

#include "arrow/text/text.h"
#include "base/str.h"
#include "parquet/codec/codec.h"
#include "support/check.h"

#define TEXT(s)                                                                                                        \
    {                                                                                                                  \
        (const uint8_t *)(s), sizeof(s) - 1                                                                            \
    }
#define RAW(s)  .raw = (s), .n_raw = sizeof(s) - 1
#define BODY(s) .body = (s), .n_body = sizeof(s) - 1
#define INTS    BODY("\1\0\0\0\2\0\0\0\3\0\0\0")
#define WANTED  "1;2;3;"

enum { FIRST = 4 }; /* the byte behind the magic */

/* A file before it is written: what a case may change. */
struct made {
    struct pq_schema_element schema[2];
    struct pq_row_group group;
    struct pq_column_chunk chunk;
    struct pq_file_meta meta;
    struct pq_page_header dictionary, page;
};

struct fact {
    const char *why;
    void (*change)(struct made *); /* NULL: nothing */
    const char *dictionary;        /* PLAIN; NULL: none */
    size_t n_dictionary;
    const char *body; /* of a data page of three values, INT32 and required where nothing else is said */
    size_t n_body;
    const char *raw; /* fields for the end of the footer */
    size_t n_raw;
    int want;
    const char *text; /* the rows, or a part of the message */
};

/* ── what is changed ── */

static void indices(struct made *m)
{
    m->page.encoding = PQ_RLE_DICTIONARY;
}

static void dictionary_at_zero(struct made *m)
{
    indices(m);
    m->chunk.meta.dictionary_page_offset = 0;
}

static void dictionary_is_told(struct made *m)
{
    indices(m);
    m->chunk.meta.dictionary_page_offset = FIRST; /* make_file() moves data_page_offset behind it */
}

static void chunk_is_short(struct made *m)
{
    m->chunk.meta.total_compressed_size -= 9;
}

static void footer_of_no_rows(struct made *m)
{
    m->meta.num_rows = 0;
}

static void type_from_the_future(struct made *m)
{
    m->schema[1].logical = (struct pq_logical){.kind = 99};
}

static void no_row_groups(struct made *m)
{
    m->meta.n_row_groups = 0;
}

static void a_group_of_no_rows(struct made *m)
{
    m->group.num_rows = m->chunk.meta.num_values = 0;
    m->chunk.meta.data_page_offset = 0;
}

static void no_columns(struct made *m)
{
    m->meta.n_schema = 1;
    m->schema[0].n_children = 0;
    m->group.n_columns = 0;
}

static void no_metadata(struct made *m)
{
    m->chunk.has_meta = false;
}

static void in_another_file(struct made *m)
{
    m->chunk.file_path = (struct pq_slice)TEXT("part-7.parquet");
}

static void lzo(struct made *m)
{
    m->chunk.meta.codec = PQ_CODEC_LZO;
}

static void another_type(struct made *m)
{
    m->chunk.meta.type = PQ_INT64;
}

static void fewer_values_than_rows(struct made *m)
{
    m->chunk.meta.num_values = 2;
}

static void int96(struct made *m)
{
    m->schema[1].type = m->chunk.meta.type = PQ_INT96;
    m->group.num_rows = m->chunk.meta.num_values = m->page.num_values = 1;
}

static void booleans(struct made *m)
{
    m->schema[1].type = m->chunk.meta.type = PQ_BOOLEAN;
    m->page.encoding = PQ_RLE;
}

static void split(struct made *m)
{
    m->page.encoding = PQ_BYTE_STREAM_SPLIT;
}

static void version_2(struct made *m)
{
    m->page.type = PQ_DATA_PAGE_V2;
    m->page.num_rows = 3;
    m->page.is_compressed = false;
    m->chunk.meta.codec = PQ_CODEC_ZSTD;
}

static void future_order(struct made *m)
{
    static enum pq_column_order orders[] = {(enum pq_column_order)9};
    m->meta.column_orders = orders;
    m->meta.n_column_orders = 1;
}

static void ordinal_that_overflowed(struct made *m)
{
    m->group.has_ordinal = true;
    m->group.ordinal = INT16_MIN;
}

static const struct fact facts[] = {
    {"nothing rare", NULL, INTS, .text = WANTED},
    {"indices of width 0: one entry, no payload", dictionary_is_told, .dictionary = "\7\0\0\0", .n_dictionary = 4,
     BODY("\0"), .text = "7;7;7;"},
    {"a dictionary at data_page_offset, of which no offset tells", indices, .dictionary = "\7\0\0\0\x8\0\0\0",
     .n_dictionary = 8, BODY("\1\2\0\2\1\2\0"), .text = "7;8;7;"},
    {"the same, and dictionary_page_offset is 0", dictionary_at_zero, .dictionary = "\7\0\0\0\x8\0\0\0",
     .n_dictionary = 8, BODY("\1\6\1"), .text = "8;8;8;"},
    {"total_compressed_size is 9 bytes short", chunk_is_short, INTS, .text = WANTED},
    {"num_rows of the footer is 0", footer_of_no_rows, INTS, .text = WANTED},
    {"created_by is a number, num_rows a text: skipped", NULL, INTS, RAW("\x05\x0C\x0E\x08\x06\1x"), .text = WANTED},
    {"key values are a struct, the schema a double: skipped", NULL, INTS,
     RAW("\x0C\x0A\x15\2\0\x07\4\1\2\3\4\5\6\7\x8"), .text = WANTED},
    {"fields from the future: a list of structs, a map", NULL, INTS,
     RAW("\x09\xC8\1\x2C\x15\2\0\0\x0B\xCA\1\1\x58\2\1z"), .text = WANTED},
    {"a logical type from the future is its storage", type_from_the_future, INTS, .text = WANTED},
    {"an order of columns from the future", future_order, INTS, .text = WANTED},
    {"an ordinal that overflowed its 16 bits", ordinal_that_overflowed, INTS, .text = WANTED},
    {"no row groups", no_row_groups, INTS, .text = ""},
    {"a row group without rows, whose chunk is nowhere", a_group_of_no_rows, INTS, .text = ""},
    {"no columns", no_columns, INTS, .text = ""},
    {"booleans in runs, behind a length of four bytes", booleans, BODY("\2\0\0\0\3\5"), .text = "true;false;true;"},
    {"byte streams of INT32", split, BODY("\1\2\3\0\0\0\0\0\0\0\0\1"), .text = "1;2;16777219;"},
    {"a page of version 2 that is not compressed, in a compressed chunk", version_2, INTS, .text = WANTED},
    {"INT96 in range", int96, BODY("\1\0\0\0\0\0\0\0\x8C\x3D\x25\0"), .text = "1970-01-01T00:00:00.000000001;"},
    {"INT96 beyond 64 bits of nanoseconds", int96, BODY("\0\0\0\0\0\0\0\0\xFF\xFF\xFF\x7F"), .want = NL_UNSUPPORTED,
     .text = "Julian day 2147483647"},

    {"no metadata of the chunk", no_metadata, INTS, .want = NL_CORRUPT,
     .text = "row group 0, column x: the footer has no"},
    {"the same behind a plain footer of an encrypted file", no_metadata, INTS, RAW("\x0C\x10\0"),
     .want = NL_UNSUPPORTED, .text = "row group 0, column x: the column is encrypted"},
    {"in another file", in_another_file, INTS, .want = NL_UNSUPPORTED,
     .text = "row group 0, column x: its data lies in another file, part-7.parquet"},
    {"LZO", lzo, INTS, .want = NL_UNSUPPORTED, .text = "LZO"},
    {"another type than the schema's", another_type, INTS, .want = NL_CORRUPT,
     .text = "the chunk is of type INT64, the schema says INT32"},
    {"fewer values than rows", fewer_values_than_rows, INTS, .want = NL_CORRUPT, .text = "2 values in 3 rows"},
};

/* ── the file ── */

static void start(struct made *m)
{
    *m = (struct made){0};
    m->schema[0] = (struct pq_schema_element){.name = TEXT("root"), .n_children = 1, .converted = PQ_CONVERTED_NONE};
    m->schema[1] = (struct pq_schema_element){.name = TEXT("x"),
                                              .has_type = true,
                                              .type = PQ_INT32,
                                              .converted = PQ_CONVERTED_NONE};
    pq_row_group_init(&m->group);
    pq_column_chunk_init(&m->chunk);
    m->chunk.has_meta = true;
    m->chunk.meta.type = PQ_INT32;
    m->chunk.meta.num_values = m->group.num_rows = m->meta.num_rows = 3;
    m->chunk.meta.data_page_offset = FIRST;
    m->group.n_columns = m->meta.n_row_groups = 1;
    m->group.columns = &m->chunk;
    m->meta.version = 1;
    m->meta.schema = m->schema;
    m->meta.n_schema = 2;
    m->meta.row_groups = &m->group;
    m->dictionary = (struct pq_page_header){.type = PQ_DICTIONARY_PAGE, .encoding = PQ_PLAIN};
    m->page = (struct pq_page_header){.type = PQ_DATA_PAGE,
                                      .num_values = 3,
                                      .definition_encoding = PQ_RLE,
                                      .repetition_encoding = PQ_RLE};
}

static void add_page(struct pq_page_header *h, const char *body, size_t len, nl_buf *out)
{
    nl_error err;
    h->compressed_size = h->uncompressed_size = (int32_t)len;
    CHECK_OK(pq_page_header_encode(h, out, &err), err);
    CHECK_OK(nl_buf_append(out, body, len, &err), err);
}

static void make_file(const struct fact *f, nl_buf *out)
{
    struct made m;
    nl_error err;
    start(&m);
    CHECK_OK(nl_buf_puts(out, "PAR1", &err), err);
    m.dictionary.num_values = (int32_t)f->n_dictionary / 4;
    if (f->change)
        f->change(&m);
    if (f->dictionary)
        add_page(&m.dictionary, f->dictionary, f->n_dictionary, out);
    size_t dictionary = out->len - FIRST;
    add_page(&m.page, f->body, f->n_body, out);
    m.chunk.meta.total_compressed_size += (int64_t)(out->len - FIRST);
    if (m.chunk.meta.dictionary_page_offset > 0)
        m.chunk.meta.data_page_offset += (int64_t)dictionary;
    size_t at = out->len;
    CHECK_OK(pq_file_meta_encode(&m.meta, out, &err), err);
    out->len--; /* the end of the footer's struct */
    CHECK_OK(nl_buf_append(out, f->raw ? f->raw : "", f->n_raw, &err), err);
    CHECK_OK(nl_buf_putc(out, '\0', &err), err);
    uint32_t len = (uint32_t)(out->len - at);
    CHECK_OK(nl_buf_append(out, &len, 4, &err), err);
    CHECK_OK(nl_buf_puts(out, "PAR1", &err), err);
}

static int rows_of(const nl_parquet_file *file, nl_buf *out, nl_error *err)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    struct text_column *columns;
    nl_parquet_reader *reader;
    nl_arena arena = {0};
    int rc = nl_parquet_reader_new(file, NULL, &reader, err);
    if (rc)
        return rc;
    CHECK_OK(nl_parquet_reader_schema(reader, &schema, err), *err);
    CHECK_OK(text_columns(&schema, &arena, &columns, err), *err);
    while ((rc = nl_parquet_next(reader, &batch, err)) == NL_OK && batch.release) {
        for (int64_t i = 0; batch.n_children && i < batch.length; i++) {
            CHECK_OK(text_plain_value(batch.children[0], &columns[0], i, out, err), *err);
            CHECK_OK(nl_buf_putc(out, ';', err), *err);
        }
        batch.release(&batch);
    }
    schema.release(&schema);
    nl_arena_free(&arena);
    nl_parquet_reader_free(reader);
    return rc;
}

static void run(const struct fact *f)
{
    nl_buf bytes = {0}, text = {0};
    nl_source *source;
    nl_parquet_file *file;
    nl_error err = {0};
    check_why("%s", f->why);
    make_file(f, &bytes);
    CHECK_OK(nl_source_open_memory("the file", bytes.data, bytes.len, &source, &err), err);
    CHECK_OK(nl_parquet_open(source, &file, &err), err);
    int rc = rows_of(file, &text, &err);
    if (f->want)
        CHECK_FAILS(rc, f->want, err, f->text);
    else
        CHECK_OK(rc, err);
    if (!f->want)
        CHECK_STR(text.data ? text.data : "", f->text);
    nl_parquet_close(file);
    nl_source_close(source);
    nl_buf_free(&text);
    nl_buf_free(&bytes);
}

static void the_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(facts); i++)
        run(&facts[i]);
}

/* Two small pages of Snappy, a batch each: the first batch is still what it was when the second was read. */
static void batches_outlive_the_pages_behind_them(void **state)
{
    (void)state;
    struct made m;
    nl_buf bytes = {0};
    nl_source *source;
    nl_parquet_file *file;
    nl_parquet_reader *reader;
    struct ArrowArray batches[2];
    nl_error err;
    start(&m);
    CHECK_OK(nl_buf_puts(&bytes, "PAR1", &err), err);
    static const char *const pages[] = {"\x0C\x2C\1\0\0\0\2\0\0\0\3\0\0\0", "\x0C\x2C\4\0\0\0\5\0\0\0\6\0\0\0"};
    for (size_t i = 0; i < 2; i++) {
        m.page.compressed_size = 14;
        m.page.uncompressed_size = 12;
        CHECK_OK(pq_page_header_encode(&m.page, &bytes, &err), err);
        CHECK_OK(nl_buf_append(&bytes, pages[i], 14, &err), err);
    }
    m.chunk.meta.codec = PQ_CODEC_SNAPPY;
    m.chunk.meta.num_values = m.group.num_rows = 6;
    m.chunk.meta.total_compressed_size = (int64_t)bytes.len - FIRST;
    size_t at = bytes.len;
    CHECK_OK(pq_file_meta_encode(&m.meta, &bytes, &err), err);
    uint32_t len = (uint32_t)(bytes.len - at);
    CHECK_OK(nl_buf_append(&bytes, &len, 4, &err), err);
    CHECK_OK(nl_buf_puts(&bytes, "PAR1", &err), err);
    CHECK_OK(nl_source_open_memory("the file", bytes.data, bytes.len, &source, &err), err);
    CHECK_OK(nl_parquet_open(source, &file, &err), err);
    CHECK_OK(nl_parquet_reader_new(file, &(nl_parquet_read_options){.batch_rows = 3}, &reader, &err), err);
    for (size_t i = 0; i < 2; i++)
        CHECK_OK(nl_parquet_next(reader, &batches[i], &err), err);
    nl_parquet_reader_free(reader);
    nl_parquet_close(file);
    nl_source_close(source);
    nl_buf_free(&bytes);
    for (size_t i = 0; i < 2; i++) {
        CHECK_INT(batches[i].length, 3);
        for (int k = 0; k < 3; k++)
            CHECK_INT(((const int32_t *)batches[i].children[0]->buffers[1])[k], (int)i * 3 + k + 1);
        batches[i].release(&batches[i]);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_table),
                                       cmocka_unit_test(batches_outlive_the_pages_behind_them)};
    return cmocka_run_group_tests_name("parquet/read/facts", tests, NULL, NULL);
}
