/* tests/parquet/read/wide.c: files of very many columns of which three are read: how many allocations it takes. */
#include "parquet/read/file.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

enum { FIRST = 4, GROUPS = 3 };

/* Every column of every row group is the same page of the values 1, 2, 3. */
static void make_file(size_t columns, nl_buf *out)
{
    struct pq_schema_element *schema = calloc(columns + 1, sizeof *schema);
    struct pq_column_chunk *chunks = calloc(columns, sizeof *chunks);
    char(*names)[24] = calloc(columns, sizeof *names);
    struct pq_row_group groups[GROUPS];
    struct pq_page_header page = {.type = PQ_DATA_PAGE,
                                  .num_values = 3,
                                  .definition_encoding = PQ_RLE,
                                  .repetition_encoding = PQ_RLE,
                                  .compressed_size = 12,
                                  .uncompressed_size = 12};
    nl_error err;
    CHECK(schema && chunks && names);
    CHECK_OK(nl_buf_puts(out, "PAR1", &err), err);
    CHECK_OK(pq_page_header_encode(&page, out, &err), err);
    CHECK_OK(nl_buf_append(out, "\1\0\0\0\2\0\0\0\3\0\0\0", 12, &err), err);
    schema[0] = (struct pq_schema_element){.n_children = (int32_t)columns, .converted = PQ_CONVERTED_NONE};
    for (size_t i = 0; i < columns; i++) {
        snprintf(names[i], sizeof names[i], "c%zu", i);
        schema[i + 1] = (struct pq_schema_element){.name = {(const uint8_t *)names[i], strlen(names[i])},
                                                   .has_type = true,
                                                   .type = PQ_INT32,
                                                   .converted = PQ_CONVERTED_NONE};
        pq_column_chunk_init(&chunks[i]);
        chunks[i].has_meta = true;
        chunks[i].meta.type = PQ_INT32;
        chunks[i].meta.num_values = 3;
        chunks[i].meta.data_page_offset = FIRST;
        chunks[i].meta.total_compressed_size = (int64_t)(out->len - FIRST);
    }
    for (size_t i = 0; i < GROUPS; i++) {
        pq_row_group_init(&groups[i]);
        groups[i].n_columns = columns;
        groups[i].columns = chunks;
        groups[i].num_rows = 3;
    }
    struct pq_file_meta m = {
        .version = 1, .schema = schema, .n_schema = columns + 1, .row_groups = groups, .n_row_groups = GROUPS};
    size_t at = out->len;
    CHECK_OK(pq_file_meta_encode(&m, out, &err), err);
    uint32_t len = (uint32_t)(out->len - at);
    CHECK_OK(nl_buf_append(out, &len, 4, &err), err);
    CHECK_OK(nl_buf_puts(out, "PAR1", &err), err);
    free(names);
    free(chunks);
    free(schema);
}

/* Open, read three columns to the end, close; how many allocations it took. */
static long allocations(const nl_buf *bytes, bool by_path)
{
    static const char *const paths[] = {"c99", "c0", "c50"};
    static const size_t columns[] = {99, 0, 50};
    nl_parquet_read_options o = {.columns = by_path ? NULL : columns,
                                 .n_columns = by_path ? 0 : 3,
                                 .paths = by_path ? paths : NULL,
                                 .n_paths = by_path ? 3 : 0};
    nl_source *source;
    nl_parquet_file *file;
    nl_parquet_reader *reader;
    struct ArrowArray batch;
    nl_error err;
    int64_t rows = 0;
    fault_arm(FAULT_ALLOC, LONG_MAX, 0);
    CHECK_OK(nl_source_open_memory("wide", bytes->data, bytes->len, &source, &err), err);
    CHECK_OK(nl_parquet_open(source, &file, &err), err);
    CHECK_OK(nl_parquet_reader_new(file, &o, &reader, &err), err);
    for (; nl_parquet_next(reader, &batch, &err) == NL_OK && batch.release; batch.release(&batch)) {
        CHECK_INT(batch.n_children, 3);
        CHECK_INT(((const int32_t *)batch.children[1]->buffers[1])[0], 1);
        rows += batch.length;
    }
    CHECK_INT(rows, 3 * GROUPS);
    nl_parquet_reader_free(reader);
    nl_parquet_close(file);
    nl_source_close(source);
    return fault_disarm();
}

static void three_columns_cost_what_three_columns_cost(void **state)
{
    (void)state;
    for (int by_path = 0; by_path < 2; by_path++) {
        long few = 0;
        for (size_t columns = 100; columns <= 10000; columns *= 10) {
            nl_buf bytes = {0};
            make_file(columns, &bytes);
            long n = allocations(&bytes, by_path);
            few = few ? few : n;
            check_why("%zu columns, by path %d: %ld allocations, %ld with 100 columns", columns, by_path, n, few);
            CHECK(n <= few + 32); /* an arena's blocks double */
            nl_buf_free(&bytes);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(three_columns_cost_what_three_columns_cost)};
    return cmocka_run_group_tests_name("parquet/read/wide", tests, NULL, NULL);
}
