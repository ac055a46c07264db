/* tests/scan/run/stream.c: scans around Arrow streams: projection, errors, empty batches. */
#include <errno.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "scan/scan.h"
#include "support/check.h"
#include "support/fault.h"

/* Batches of columns a, b, c (a counts from 0, b = 10 a, c = 100 a) of these lengths; then the end, or an error. */
struct source {
    const int64_t *lengths;
    size_t n, at;
    int64_t next;
    bool fails, done;
};

static int next_batch(void *ctx, struct ArrowArray *out, nl_error *err)
{
    struct source *s = ctx;
    struct arrow_builder *b[3] = {0};
    struct ArrowArray columns[3] = {0};
    if (s->at == s->n)
        return s->fails ? nl_fail(err, NL_IO, "the device is gone") : NL_OK;
    int rc = NL_OK;
    int64_t n = s->lengths[s->at++];
    for (int i = 0; i < 3 && !rc; i++)
        rc = arrow_builder_new("l", &b[i], err);
    for (int64_t row = 0; row < n && !rc; row++, s->next++)
        for (int i = 0, times = 1; i < 3 && !rc; i++, times *= 10)
            rc = arrow_builder_int(b[i], s->next * times, err);
    for (int i = 0; i < 3; i++) {
        if (!rc)
            rc = arrow_builder_finish(b[i], &columns[i], err);
        arrow_builder_free(b[i]);
    }
    if (!rc)
        return arrow_batch_make(columns, 3, n, out, err);
    for (int i = 0; i < 3; i++)
        arrow_array_release(&columns[i]);
    return rc;
}

static void note_done(void *ctx)
{
    ((struct source *)ctx)->done = true;
}

static int make_stream(struct source *s, struct ArrowArrayStream *out, nl_error *err)
{
    struct ArrowSchema schema;
    static const char *const names[] = {"a", "b", "c"};
    *out = (struct ArrowArrayStream){0};
    int rc = arrow_schema_struct(&schema, 3, err);
    for (int i = 0; i < 3 && !rc; i++) {
        rc = arrow_schema_field(schema.children[i], "l", names[i], true, err);
        if (rc)
            arrow_schema_release(&schema);
    }
    return rc ? rc : arrow_stream_make(&schema, next_batch, note_done, s, out, err);
}

static int64_t at(const struct ArrowArray *batch, int column, int64_t row)
{
    return ((const int64_t *)batch->children[column]->buffers[1])[row];
}

static void projected_columns_in_the_order_asked_for(void **state)
{
    (void)state;
    static const int64_t lengths[] = {3, 0, 2};
    struct source source = {lengths, 3, 0, 0, false, false};
    struct ArrowArrayStream stream;
    struct scan *s;
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index, last = 0;
    int64_t rows = 0;
    nl_error err;
    CHECK_OK(make_stream(&source, &stream, &err), err);
    struct scan_request req = {.columns = (size_t[]){2, 0}, .n_columns = 2};
    CHECK_OK(scan_stream(&stream, &req, &s, &err), err);
    CHECK(!stream.release);
    CHECK_INT(scan_max_workers(s), 1);
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    for (;; arrow_array_release(&batch)) {
        CHECK_OK(scan_worker_next(w, &batch, &index, &err), err);
        if (!batch.release)
            break;
        CHECK(batch.length > 0 && batch.n_children == 2 && (rows == 0 || index > last));
        last = index;
        for (int64_t i = 0; i < batch.length; i++, rows++) {
            CHECK_INT(at(&batch, 0, i), rows * 100);
            CHECK_INT(at(&batch, 1, i), rows);
        }
    }
    CHECK_INT(rows, 5);
    scan_worker_free(w);
    scan_free(s);
    CHECK(source.done);
}

static void an_error_is_kept(void **state)
{
    (void)state;
    struct source source = {NULL, 0, 0, 0, true, false};
    struct ArrowArrayStream stream;
    struct scan *s;
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index;
    nl_error err;
    CHECK_OK(make_stream(&source, &stream, &err), err);
    CHECK_OK(scan_stream(&stream, &(struct scan_request){0}, &s, &err), err);
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    for (int i = 0; i < 2; i++)
        CHECK_FAILS(scan_worker_next(w, &batch, &index, &err), NL_IO, err, "the device is gone");
    scan_worker_free(w);
    scan_free(s);
}

static void a_column_that_is_not_there(void **state)
{
    (void)state;
    static const int64_t lengths[] = {3};
    struct source source = {lengths, 1, 0, 0, false, false};
    struct ArrowArrayStream stream;
    struct scan *s;
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index;
    nl_error err;
    CHECK_OK(make_stream(&source, &stream, &err), err);
    CHECK_OK(scan_stream(&stream, &(struct scan_request){.columns = (size_t[]){0, 3}, .n_columns = 2}, &s, &err), err);
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    CHECK_FAILS(scan_worker_next(w, &batch, &index, &err), NL_INVALID, err, "column 3 of a batch with 3");
    scan_worker_free(w);
    scan_free(s);
}

static void no_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    static const int64_t lengths[] = {3, 2};
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct source source = {lengths, 2, 0, 0, false, false};
        struct ArrowArrayStream stream;
        struct scan *s = NULL;
        struct scan_worker *w = NULL;
        struct ArrowArray batch;
        uint64_t index;
        int64_t rows = 0;
        nl_error err = {0};
        int rc = make_stream(&source, &stream, &err);
        if (!rc)
            rc = scan_stream(&stream, &(struct scan_request){.columns = (size_t[]){1}, .n_columns = 1}, &s, &err);
        if (!rc)
            rc = scan_worker_new(s, &w, &err);
        while (!rc && !(rc = scan_worker_next(w, &batch, &index, &err)) && batch.release) {
            rows += batch.length;
            arrow_array_release(&batch);
        }
        bool failed = fault_off(&f);
        check_why("fault %ld: %s", f.nth, err.message);
        CHECK(rc == NL_NO_MEMORY || (rc == NL_OK && rows == 5));
        CHECK(failed || rc == NL_OK);
        scan_worker_free(w);
        scan_free(s);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(projected_columns_in_the_order_asked_for),
        cmocka_unit_test(an_error_is_kept),
        cmocka_unit_test(a_column_that_is_not_there),
        cmocka_unit_test(no_memory_leaves_nothing_behind),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
