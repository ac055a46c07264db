/* tests/parquet/read/file.c: whole files: what they hold, cut at every byte, every byte changed, every allocation failed.
 *
 * The files are the corpus of the fuzz target (tests/fuzz/corpus/parquet_file), which pyarrow, DuckDB and Polars wrote.
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "arrow/text/text.h"
#include "base/str.h"
#include "parquet/read/file.h"
#include "parquet/read/group.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/proc.h"
#include "support/tmp.h"

static char *load(const char *name, size_t *len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/parquet_file/%s", proc_source_dir(), name);
    char *data = tmp_read(path, len);
    check_why("%s", path);
    CHECK(data != NULL);
    return data;
}

/* All batches of a reader as text, "a,b;c,d;", nested values as JSON, appended to out. */
static int batches_of(nl_parquet_reader *reader, nl_buf *out, nl_error *err)
{
    struct ArrowSchema schema = {0};
    struct ArrowArray batch = {0};
    struct text_column *columns = NULL;
    nl_arena arena = {0};
    int rc = nl_parquet_reader_schema(reader, &schema, err);
    if (rc == NL_OK)
        rc = text_columns(&schema, &arena, &columns, err);
    for (int batches = 0; rc == NL_OK && batches < 1000; batches++) {
        rc = nl_parquet_next(reader, &batch, err);
        if (rc || !batch.release)
            break;
        for (int64_t i = 0; rc == NL_OK && i < batch.length; i++)
            for (int64_t c = 0; rc == NL_OK && c < batch.n_children; c++) {
                rc = text_plain_value(batch.children[c], &columns[c], i, out, err);
                if (rc == NL_OK)
                    rc = nl_buf_putc(out, c + 1 == batch.n_children ? ';' : ',', err);
            }
        batch.release(&batch);
    }
    nl_arena_free(&arena);
    arrow_schema_release(&schema);
    return rc;
}

static int rows_with(const nl_parquet_file *file, const nl_parquet_read_options *o, nl_buf *out, nl_error *err)
{
    nl_parquet_reader *reader;
    int rc = nl_parquet_reader_new(file, o, &reader, err);
    if (rc == NL_OK) {
        rc = batches_of(reader, out, err);
        nl_parquet_reader_free(reader);
    }
    return rc;
}

/* All columns that can be read. */
static int rows_of(const nl_parquet_file *file, bool views, int64_t batch_rows, nl_buf *out, nl_error *err)
{
    size_t columns[64], n = 0;
    for (size_t i = 0; i < file->schema.n_columns && n < 64; i++)
        if (pq_column_check(file, i, NULL) == NL_OK)
            columns[n++] = i;
    nl_parquet_read_options o = {.columns = columns, .n_columns = n, .string_views = views, .batch_rows = batch_rows};
    return rows_with(file, &o, out, err);
}

static int read_all(const void *data, size_t len, bool views, int64_t batch_rows, nl_buf *out, nl_error *err)
{
    nl_source *source;
    nl_parquet_file *file;
    int rc = nl_source_open_memory("the file", data, len, &source, err);
    if (rc)
        return rc;
    rc = nl_parquet_open(source, &file, err);
    if (rc == NL_OK)
        rc = rows_of(file, views, batch_rows, out, err);
    nl_parquet_close(file);
    nl_source_close(source);
    return rc;
}

static void values_of_a_file(void **state)
{
    (void)state;
    size_t len;
    char *data = load("duckdb", &len);
    nl_buf text = {0};
    nl_error err = {0};
    CHECK_OK(read_all(data, len, true, 0, &text, &err), err);
    check_why("range, 'x' || range where it is even, range as DECIMAL(9,2)");
    CHECK(text.data != NULL);
    CHECK(!strncmp(text.data, "0,x0,0.00;1,,1.00;2,x2,2.00;", 28));
    CHECK_HAS(text.data, ";29,,29.00;");
    nl_buf_free(&text);
    free(data);
}

/* Every way of reading gives the same rows. */
static void one_corpus_file(const char *name)
{
    size_t len;
    char *data = load(name, &len);
    nl_buf want = {0};
    nl_error err = {0};
    CHECK_OK(read_all(data, len, true, 0, &want, &err), err);
    for (int64_t rows = 1; rows < 70; rows += 11)
        for (int views = 0; views < 2; views++) {
            nl_buf got = {0};
            check_why("%s, %d rows a batch, views %d", name, (int)rows, views);
            CHECK_OK(read_all(data, len, views, rows, &got, &err), err);
            CHECK_STR(got.data ? got.data : "", want.data ? want.data : "");
            nl_buf_free(&got);
        }
    /* Cut: never read, never crashed. */
    for (size_t cut = 0; cut < len; cut++) {
        char *part = malloc(cut ? cut : 1);
        nl_buf got = {0};
        CHECK(part != NULL);
        memcpy(part, data, cut);
        check_why("%s cut at %zu of %zu", name, cut, len);
        CHECK_INT(read_all(part, cut, true, 0, &got, &err), NL_CORRUPT);
        nl_buf_free(&got);
        free(part);
    }
    /* Changed: any outcome but a crash, and an error that says which. */
    for (size_t at = 0; at < len; at++)
        for (int bit = 0; bit < 8; bit += 7) {
            nl_buf got = {0};
            data[at] = (char)(data[at] ^ 1 << bit);
            check_why("%s, byte %zu, bit %d", name, at, bit);
            int rc = read_all(data, len, bit, 0, &got, &err);
            CHECK(rc == NL_OK || rc == NL_CORRUPT || rc == NL_UNSUPPORTED || rc == NL_INVALID);
            CHECK(rc == NL_OK || strlen(err.message) > 10);
            data[at] = (char)(data[at] ^ 1 << bit);
            nl_buf_free(&got);
        }
    nl_buf_free(&want);
    free(data);
}

static void the_corpus_cut_and_changed(void **state)
{
    (void)state;
    static const char *const names[] = {"snappy_dict", "none_plain", "zstd_v2", "delta",  "delta_length", "split",
                                        "int96",       "nested",     "null",    "polars", "duckdb"};
    for (size_t i = 0; i < NL_LEN(names); i++)
        one_corpus_file(names[i]);
}

static void errors_name_the_place(void **state)
{
    (void)state;
    size_t len;
    char *data = load("snappy_dict", &len);
    nl_buf text = {0};
    nl_error err = {0};
    memset(data + 4, 0xFF, 3); /* the first page header */
    CHECK_FAILS(read_all(data, len, true, 0, &text, &err), NL_CORRUPT, err,
                "the file: row group 0, column i: page at byte 4: ");
    nl_buf_free(&text);
    free(data);
}

static void no_parquet_file(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        size_t len;
        char data[24];
        int want;
        const char *part;
    } cases[] = {
        {"empty", 0, "", NL_CORRUPT, "not a Parquet file: 0 bytes"},
        {"only magics", 8, "PAR1PAR1", NL_CORRUPT, "not a Parquet file"},
        {"no magic", 16, "PAR1........PARX", NL_CORRUPT, "does not end in \"PAR1\""},
        {"encrypted footer", 16, "PAR1....\1\0\0\0PARE", NL_UNSUPPORTED, "encrypted"},
        {"a footer longer than the file", 16, "PAR1....\5\0\0\0PAR1", NL_CORRUPT,
         "a footer of 5 bytes in a file of 16"},
        {"an empty footer", 12, "PAR1\0\0\0\0PAR1", NL_CORRUPT, "footer: "},
        {"a footer without a schema", 13, "PAR1\0\1\0\0\0PAR1", NL_CORRUPT, "no schema"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_buf text = {0};
        nl_error err = {0};
        check_why("%s", cases[i].why);
        CHECK_FAILS(read_all(cases[i].data, cases[i].len, true, 0, &text, &err), cases[i].want, err, cases[i].part);
        nl_buf_free(&text);
    }
}

static const struct projection_case {
    const char *paths[3];
    size_t n;
    int want;
    const char *text; /* the rows, or a part of the message */
} projections[] = {
    {{"z"}, 1, NL_OK, "1;2;3;"},
    {{"z", "l"}, 2, NL_OK, "1,[1];2,;3,[];"},
    {{"s.a", "z"}, 2, NL_OK, "{\"a\":1},1;,2;{\"a\":null},3;"},
    {{"m.key"}, 1, NL_OK, "[{\"key\":\"k\"}];;[];"},
    {{"m.value", "m"}, 2, NL_OK, "[{\"key\":\"k\",\"value\":1}];;[];"},
    {{"m.other"}, 1, NL_INVALID, "m.other: the file has no such column"},
    {{"l.element"}, 1, NL_INVALID, "no such column"},
    {{""}, 1, NL_INVALID, "no such column"},
};

static void paths_choose_columns_and_members(void **state)
{
    (void)state;
    size_t len;
    char *data = load("nested", &len);
    nl_source *source;
    nl_parquet_file *file;
    nl_error err = {0};
    CHECK_OK(nl_source_open_memory("nested", data, len, &source, &err), err);
    CHECK_OK(nl_parquet_open(source, &file, &err), err);
    for (size_t i = 0; i < NL_LEN(projections); i++) {
        const struct projection_case *c = &projections[i];
        nl_buf text = {0};
        check_why("%s %s", c->paths[0], c->paths[1] ? c->paths[1] : "");
        nl_parquet_read_options o = {.paths = c->paths, .n_paths = c->n};
        int rc = rows_with(file, &o, &text, &err);
        if (c->want)
            CHECK_FAILS(rc, c->want, err, c->text);
        else
            CHECK_OK(rc, err);
        if (!c->want)
            CHECK_STR(text.data, c->text);
        nl_buf_free(&text);
    }
    nl_parquet_close(file);
    nl_source_close(source);
    free(data);
}

static void rows_without_columns(void **state)
{
    (void)state;
    size_t len, nothing = 0;
    char *data = load("zstd_v2", &len);
    nl_source *source;
    nl_parquet_file *file;
    nl_parquet_reader *reader;
    struct ArrowArray batch;
    nl_error err = {0};
    CHECK_OK(nl_source_open_memory("zstd_v2", data, len, &source, &err), err);
    CHECK_OK(nl_parquet_open(source, &file, &err), err);
    CHECK_INT(nl_parquet_rows(file), 60);
    nl_parquet_read_options o = {.columns = &nothing, .first_row_group = 1};
    CHECK_OK(nl_parquet_reader_new(file, &o, &reader, &err), err);
    int64_t rows = 0;
    while (nl_parquet_next(reader, &batch, &err) == NL_OK && batch.release) {
        CHECK_INT(batch.n_children, 0);
        rows += batch.length;
        batch.release(&batch);
    }
    CHECK_INT(rows, 60 - nl_parquet_row_group_rows(file, 0));
    nl_parquet_reader_free(reader);
    nl_parquet_close(file);
    nl_source_close(source);
    free(data);
}

static void every_allocation_fails_once(void **state)
{
    (void)state;
    static const char *const names[] = {"snappy_dict", "delta", "zstd_v2", "nested"};
    for (size_t i = 0; i < NL_LEN(names); i++)
        for (int views = 0; views < 2; views++) {
            size_t len;
            char *data = load(names[i], &len);
            FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
            {
                nl_buf text = {0};
                nl_error err = {0};
                int rc = read_all(data, len, views, 20, &text, &err);
                bool failed = fault_off(&f);
                check_why("%s, views %d, allocation %ld", names[i], views, f.nth);
                CHECK(failed ? rc == NL_NO_MEMORY || rc == NL_OK : rc == NL_OK);
                nl_buf_free(&text);
            }
            free(data);
        }
}

/* From a file on disk, by row ranges, so that indexes are read too. */
static void every_read_fails_once(void **state)
{
    (void)state;
    static const char *const names[] = {"nested", "zstd_v2"};
    for (size_t i = 0; i < NL_LEN(names); i++) {
        char path[4096];
        snprintf(path, sizeof path, "%s/tests/fuzz/corpus/parquet_file/%s", proc_source_dir(), names[i]);
        FAULT_LOOP(f, FAULT_IO, EIO)
        {
            static const nl_parquet_range rows = {1, 2};
            nl_parquet_read_options o = {.ranges = &rows, .n_ranges = 1};
            nl_source *source = NULL;
            nl_parquet_file *file = NULL;
            nl_buf text = {0};
            nl_error err = {0};
            int rc = nl_source_open_file(path, &source, &err);
            if (rc == NL_OK)
                rc = nl_parquet_open(source, &file, &err);
            if (rc == NL_OK)
                rc = rows_with(file, &o, &text, &err);
            bool failed = fault_off(&f);
            check_why("%s, I/O %ld", names[i], f.nth);
            CHECK(failed ? rc != NL_OK : rc == NL_OK);
            CHECK(rc == NL_OK || strlen(err.message) > 10);
            nl_buf_free(&text);
            nl_parquet_close(file);
            if (source)
                nl_source_close(source);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_of_a_file),
        cmocka_unit_test(the_corpus_cut_and_changed),
        cmocka_unit_test(errors_name_the_place),
        cmocka_unit_test(no_parquet_file),
        cmocka_unit_test(paths_choose_columns_and_members),
        cmocka_unit_test(rows_without_columns),
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(every_read_fails_once),
    };
    return cmocka_run_group_tests_name("parquet/read/file", tests, NULL, NULL);
}
