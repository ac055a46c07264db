/* tests/scan/plan/prune.c: files by their paths, row groups by path and statistics; columns and ranges of a row group. */
#include "scan/plan/prune.h"

#include "arrow/arrow.h"
#include "base/io/sink.h"
#include "base/str.h"
#include "scan/plan/columns.h"
#include "scan/plan/morsel.h"
#include "support/check.h"

/* A file of the columns x, y BIGINT: x counts from 0, y is 1000 - x; two row groups of ten rows. */
static nl_parquet_file *make_file(nl_buf *bytes, nl_source **src)
{
    struct ArrowSchema schema;
    struct ArrowArray columns[2], batch;
    struct arrow_builder *b[2];
    nl_parquet_writer *w;
    nl_parquet_file *file;
    nl_sink *sink;
    nl_error err;
    static const char *const names[] = {"x", "y"};
    CHECK_OK(arrow_schema_struct(&schema, 2, &err), err);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(arrow_schema_field(schema.children[i], "l", names[i], true, &err), err);
        CHECK_OK(arrow_builder_new("l", &b[i], &err), err);
        for (int64_t row = 0; row < 20; row++)
            CHECK_OK(arrow_builder_int(b[i], i ? 1000 - row : row, &err), err);
        CHECK_OK(arrow_builder_finish(b[i], &columns[i], &err), err);
        arrow_builder_free(b[i]);
    }
    CHECK_OK(arrow_batch_make(columns, 2, 20, &batch, &err), err);
    CHECK_OK(nl_sink_create_memory(bytes, &sink, &err), err);
    CHECK_OK(nl_parquet_writer_new(sink, &schema, &(nl_parquet_write_options){.row_group_rows = 10}, &w, &err), err);
    CHECK_OK(nl_parquet_write(w, &batch, &err), err);
    CHECK_OK(nl_parquet_finish(w, &err), err);
    nl_parquet_writer_free(w);
    CHECK_OK(nl_sink_commit(sink, &err), err);
    arrow_array_release(&batch);
    arrow_schema_release(&schema);
    CHECK_OK(nl_source_open_memory("f", bytes->data, bytes->len, src, &err), err);
    CHECK_OK(nl_parquet_open(*src, &file, &err), err);
    return file;
}

/* The table's columns: x, y, z (which the file lacks), p (a partition column, 7). */
static const struct prune_case {
    const char *why;
    size_t column;
    enum filter_op op;
    int64_t value;
    bool by_path, first, second; /* may match: the file by its path, its row groups */
} cases[] = {
    {"the partition's value", 3, FILTER_EQ, 7, true, true, true},
    {"another value of the partition", 3, FILTER_EQ, 8, false, false, false},
    {"a range of the partition", 3, FILTER_GT, 7, false, false, false},
    {"the partition is not null", 3, FILTER_IS_NULL, 0, false, false, false},
    {"the first row group", 0, FILTER_LT, 10, true, true, false},
    {"the second row group", 0, FILTER_GE, 10, true, false, true},
    {"neither", 0, FILTER_GT, 19, true, false, false},
    {"another column's statistics", 1, FILTER_EQ, 1000, true, true, false},
    {"an absent column is null", 2, FILTER_IS_NULL, 0, true, true, true},
    {"an absent column equals nothing", 2, FILTER_EQ, 0, true, false, false},
};

static void units_match_as_the_table_says(void **state)
{
    (void)state;
    nl_buf bytes = {0};
    nl_source *src;
    nl_parquet_file *file = make_file(&bytes, &src);
    static const int32_t map[] = {0, 1, SCAN_ABSENT};
    nl_value seven = {.kind = NL_VALUE_INT, .i = 7};
    nl_arena arena = {0};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct prune_case *c = &cases[i];
        check_why("%s", c->why);
        nl_value v = {.kind = NL_VALUE_INT, .i = c->value};
        struct filter *f = c->op == FILTER_IS_NULL ? filter_null(&arena, c->op, c->column)
                                                   : filter_compare(&arena, c->op, c->column, v);
        struct scan_unit path = {&seven, 3, NULL, NULL, 0}, first = {&seven, 3, file, map, 0},
                         second = {&seven, 3, file, map, 1};
        CHECK_INT(scan_unit_may_match(f, &path), c->by_path);
        CHECK_INT(scan_unit_may_match(f, &first), c->first);
        CHECK_INT(scan_unit_may_match(f, &second), c->second);
    }
    nl_arena_free(&arena);
    nl_parquet_close(file);
    nl_source_close(src);
    nl_buf_free(&bytes);
}

static void a_row_group_needs_the_chunks_of_its_columns(void **state)
{
    (void)state;
    nl_buf bytes = {0};
    nl_source *src;
    nl_error err;
    nl_parquet_file *file = make_file(&bytes, &src);
    struct scan_partition_column hides_y = {"y", "l"};
    struct ArrowSchema schema;
    size_t n_file_columns;
    nl_range whole;
    int32_t map[2];
    CHECK_OK(scan_table_columns(file, &hides_y, 1, &schema, &n_file_columns, &err), err);
    CHECK_INT(n_file_columns, 1); /* N5: y is the path's */
    CHECK_INT(schema.n_children, 2);
    CHECK_STR(schema.children[1]->name, "y");
    CHECK_OK(scan_map_columns(file, &schema, 1, map, &err), err);
    CHECK_INT(map[0], 0);

    struct scan_morsel_plan plan;
    struct scan_projection p = {(size_t[]){1, 0}, 2, 1};
    CHECK_OK(scan_plan_morsel(file, 1, &p, &schema, map, &plan, &err), err);
    CHECK_INT(plan.n, 1);
    CHECK_INT(plan.columns.leaves[0], 0);
    CHECK_OK(pq_chunk_range(file, 1, 0, &whole, &err), err);
    CHECK_INT(plan.ranges[0].offset, whole.offset);
    CHECK_INT(plan.bytes, whole.length);
    scan_morsel_plan_free(&plan);
    CHECK_OK(scan_plan_morsel(file, 0, &(struct scan_projection){NULL, 0, 1}, &schema, map, &plan, &err), err);
    CHECK_INT(plan.bytes, 0);
    scan_morsel_plan_free(&plan);
    arrow_schema_release(&schema);
    nl_parquet_close(file);
    nl_source_close(src);
    nl_buf_free(&bytes);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(units_match_as_the_table_says),
        cmocka_unit_test(a_row_group_needs_the_chunks_of_its_columns),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
