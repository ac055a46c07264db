/* tests/parquet/read/faults.c: every allocation and every read fails once, through every public call that reads and with
 * every option: the error comes out, names the file where a read failed, and nothing leaks; without a failure the rows are
 * the same as ever. ctest: fault
 */
#include <stdio.h>
#include <stdlib.h>

#include <neuralake/parquet.h>

#include "arrow/arrow.h"
#include "base/io/source.h"
#include "base/str.h"
#include "parquet/check/check.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/proc.h"
#include "support/tmp.h"

/* ── a source whose nth read fails ── */

static char name[] = "the file";

struct wire {
    nl_source base;
    const uint8_t *data;
    long left; /* reads until one fails; 0: none does */
    bool at_submit;
};

struct wire_fetch {
    nl_fetch base;
    nl_range range;
};

static bool is_cut(struct wire *w)
{
    return w->left > 0 && --w->left == 0;
}

static void wire_drop(nl_fetch *f)
{
    free(f);
}

static int wire_submit(nl_source *s, const nl_range *ranges, size_t n, nl_fetch **out, nl_error *err)
{
    struct wire *w = (struct wire *)s;
    int rc = NL_OK;
    for (size_t i = 0; i < n && rc == NL_OK; i++) {
        struct wire_fetch *f = malloc(sizeof *f);
        out[i] = f ? &f->base : NULL;
        if (f)
            *f = (struct wire_fetch){{s}, ranges[i]};
        rc = !f ? nl_fail_memory(err) : nl_source_check_range(s, ranges[i], err);
        if (rc == NL_OK && w->at_submit && is_cut(w))
            rc = nl_fail(err, NL_IO, "%s: the wire was cut", name);
    }
    for (size_t i = 0; i < n && rc; i++) {
        free(out[i]);
        out[i] = NULL;
    }
    return rc;
}

static int wire_submit_tail(nl_source *s, uint64_t want, nl_fetch **out, nl_error *err)
{
    uint64_t size = nl_source_size(s), take = want < size ? want : size;
    return wire_submit(s, &(nl_range){size - take, take}, 1, out, err);
}

static int wire_wait(nl_fetch *f, nl_cancel *cancel, nl_bytes *out, nl_error *err)
{
    struct wire *w = (struct wire *)f->source;
    nl_range r = ((struct wire_fetch *)f)->range;
    (void)cancel;
    free(f);
    if (!w->at_submit && is_cut(w))
        return nl_fail(err, NL_IO, "%s: the wire was cut", name);
    *out = (nl_bytes){w->data + r.offset, (size_t)r.length, NULL};
    return NL_OK;
}

static const struct nl_source_ops wire_ops = {.submit_tail = wire_submit_tail,
                                              .submit = wire_submit,
                                              .wait = wire_wait,
                                              .drop = wire_drop};

/* ── ways to read ── */

static char *load(const char *file, size_t *len)
{
    char path[4096];
    snprintf(path, sizeof path, "%s/tests/fuzz/corpus/parquet_file/%s", proc_source_dir(), file);
    char *data = tmp_read(path, len);
    check_why("%s", path);
    CHECK(data != NULL);
    return data;
}

static struct ArrowSchema *const *wider_schema;
static const char *const some_paths[] = {"s.x", "m.key", "ls.tags"};
static const nl_parquet_range some_rows[] = {{1, 3}, {9, 8}};
static const size_t some_columns[] = {4, 0};

static const struct way {
    const char *why, *file;
    nl_parquet_read_options o;
    bool wider, stream;
    int64_t rows;
} ways[] = {
    {"all of it", "arrow_flat", {0}, false, false, 23},
    {"views", "arrow_dictionary", {.string_views = true, .batch_rows = 7}, false, false, 23},
    {"columns", "ours_nested", {.columns = some_columns, .n_columns = 2}, false, false, 23},
    {"paths", "ours_nested", {.paths = some_paths, .n_paths = 3}, false, false, 23},
    {"ranges", "ours_nested", {.ranges = some_rows, .n_ranges = 2}, false, false, 11},
    {"threads", "ours_nested_v2", {.threads = 2}, false, false, 23},
    {"threads and ranges", "arrow_nested", {.threads = 3, .ranges = some_rows, .n_ranges = 2}, false, false, 11},
    {"checksums", "ours_flat", {.verify_checksums = true}, false, false, 23},
    {"row groups", "arrow_groups", {.first_row_group = 1, .n_row_groups = 2}, false, false, 14},
    {"another schema", "arrow_groups", {.batch_rows = 5}, true, false, 23},
    {"another schema, by field id", "arrow_groups", {.by_field_id = true}, true, false, -1},
    {"a stream", "arrow_flat", {0}, false, true, 23},
    {"a variant", "duckdb_variant", {0}, false, false, 4},
    {"DELTA", "ours_delta", {.string_views = true}, false, false, 23},
    {"bit streams and Brotli", "arrow_brotli", {0}, false, false, 23},
};

static int read_stream(nl_parquet_reader *reader, int64_t *rows, nl_error *err)
{
    struct ArrowArrayStream stream;
    struct ArrowArray batch;
    int rc = nl_parquet_reader_stream(reader, &stream, err);
    if (rc)
        return rc;
    while ((rc = arrow_stream_next(&stream, &batch, err)) == NL_OK && batch.release) {
        *rows += batch.length;
        batch.release(&batch);
    }
    arrow_stream_release(&stream);
    return rc;
}

static int read_batches(nl_parquet_reader *reader, int64_t *rows, nl_error *err)
{
    struct ArrowSchema schema;
    struct ArrowArray batch;
    int rc = nl_parquet_reader_schema(reader, &schema, err);
    if (rc == NL_OK)
        arrow_schema_release(&schema);
    while (rc == NL_OK && (rc = nl_parquet_next(reader, &batch, err)) == NL_OK && batch.release) {
        *rows += batch.length;
        batch.release(&batch);
    }
    nl_parquet_reader_free(reader);
    return rc;
}

/* From opening to the last row. */
static int read_way(nl_source *source, const struct way *way, int64_t *rows, nl_error *err)
{
    nl_parquet_file *file;
    nl_parquet_reader *reader;
    nl_parquet_read_options o = way->o;
    struct ArrowSchema schema = {0};
    *rows = 0;
    o.schema = way->wider ? *wider_schema : NULL;
    int rc = nl_parquet_open(source, &file, err);
    CHECK(rc == NL_OK || !file);
    if (rc)
        return rc;
    rc = nl_parquet_schema(file, &schema, err);
    arrow_schema_release(&schema);
    if (rc == NL_OK) {
        rc = nl_parquet_reader_new(file, &o, &reader, err);
        CHECK(rc == NL_OK || !reader);
    }
    if (rc == NL_OK)
        rc = way->stream ? read_stream(reader, rows, err) : read_batches(reader, rows, err);
    nl_parquet_close(file);
    return rc;
}

/* ── faults ── */

static void every_allocation_fails_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(ways); i++) {
        size_t len;
        char *data = load(ways[i].file, &len);
        FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
        {
            struct wire w = {.base = {&wire_ops, name, len}, .data = (const uint8_t *)data};
            nl_error err = {0};
            int64_t rows;
            int rc = read_way(&w.base, &ways[i], &rows, &err);
            bool failed = fault_off(&f);
            check_why("%s, allocation %ld: %s", ways[i].why, f.nth, err.message);
            CHECK_INT(err.code, rc);
            if (failed)
                CHECK(rc == NL_NO_MEMORY || rc == NL_OK || (rc == NL_INVALID && ways[i].rows < 0));
            else
                CHECK_INT(rc, ways[i].rows < 0 ? NL_INVALID : NL_OK);
            if (rc == NL_OK)
                CHECK_INT(rows, ways[i].rows);
        }
        free(data);
    }
}

/* As it is asked for, and as it is waited for. */
static void every_read_fails_once(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2 * NL_LEN(ways); i++) {
        const struct way *way = &ways[i / 2];
        size_t len;
        char *data = load(way->file, &len);
        int rc = NL_IO;
        long n = 0;
        while (rc == NL_IO) {
            struct wire w = {.base = {&wire_ops, name, len},
                             .data = (const uint8_t *)data,
                             .left = ++n,
                             .at_submit = i % 2};
            nl_error err = {0};
            int64_t rows;
            rc = read_way(&w.base, way, &rows, &err);
            check_why("%s, read %ld (%d): %s", way->why, n, w.at_submit, err.message);
            CHECK_INT(err.code, rc);
            if (rc == NL_IO) {
                CHECK(!strncmp(err.message, "the file: ", 10));
                CHECK(!strstr(err.message, "the file: the file")); /* not said twice */
                CHECK_HAS(err.message, "the wire was cut");
            }
        }
        CHECK_INT(rc, way->rows < 0 ? NL_INVALID : NL_OK);
        CHECK(n > 2 || way->rows < 0); /* the footer, and pages */
        free(data);
    }
}

static int ignore(void *ctx, const struct pq_finding *f, nl_error *err)
{
    (void)err;
    *(size_t *)ctx += !f->warning;
    return NL_OK;
}

/* What cannot be read or held in memory is no finding. */
static void the_check_fails_once(void **state)
{
    (void)state;
    size_t len, errors = 0;
    char *data = load("ours_flat", &len);
    for (int reads = 0; reads < 2; reads++) {
        int rc = NL_IO;
        for (long n = 1; rc != NL_OK; n++) {
            struct wire w = {.base = {&wire_ops, name, len}, .data = (const uint8_t *)data, .left = reads ? n : 0};
            nl_parquet_file *file;
            nl_error err = {0};
            struct pq_check_result r;
            fault_arm(FAULT_ALLOC, reads ? 0 : n, ENOMEM);
            rc = nl_parquet_open(&w.base, &file, &err);
            if (rc == NL_OK)
                rc = pq_check(file, &(struct pq_check_options){.found = ignore, .ctx = &errors}, &r, &err);
            nl_parquet_close(file);
            fault_disarm();
            check_why("%s %ld: %s", reads ? "read" : "allocation", n, err.message);
            CHECK(rc == NL_OK || rc == (reads ? NL_IO : NL_NO_MEMORY));
            CHECK(n < 100000);
        }
    }
    CHECK_INT(errors, 0);
    free(data);
}

/* The columns of arrow_groups, wider, and one that it lacks. */
static int make_wider(void **state)
{
    static struct ArrowSchema schema, *is_at = &schema;
    static const char *const formats[] = {"l", "U", "g"}, *const names[] = {"i8", "s", "none"};
    (void)state;
    wider_schema = &is_at;
    int rc = arrow_schema_struct(&schema, 3, NULL);
    for (size_t i = 0; rc == NL_OK && i < 3; i++)
        rc = arrow_schema_field(schema.children[i], formats[i], names[i], true, NULL);
    return rc;
}

static int free_wider(void **state)
{
    (void)state;
    arrow_schema_release(*wider_schema);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_allocation_fails_once),
        cmocka_unit_test(every_read_fails_once),
        cmocka_unit_test(the_check_fails_once),
    };
    return cmocka_run_group_tests_name("parquet/read/faults", tests, make_wider, free_wider);
}
