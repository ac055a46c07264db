/* tests/scan/run/files.c: rows, order, requests, bytes, errors and cancelling of scans over file sets. */
#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "scan/run/fake_store.h"
#include "support/check.h"
#include "support/fault.h"

enum { MAX_FILES = 200 };

/* A set of the files "f000" … and perhaps a partition column p, BIGINT, whose value is the file's number. */
struct set {
    char uris[MAX_FILES][32];
    struct scan_file files[MAX_FILES];
    nl_value values[MAX_FILES];
    struct scan_partition_column partition;
    struct scan_file_set set;
};

static void make_set(struct set *s, size_t n, bool partitioned)
{
    memset(s, 0, sizeof *s);
    for (size_t i = 0; i < n; i++) {
        snprintf(s->uris[i], sizeof s->uris[i], "f%03zu", i);
        s->values[i] = (nl_value){.kind = NL_VALUE_INT, .i = (int64_t)i};
        s->files[i] = (struct scan_file){.uri = s->uris[i], .partition_values = &s->values[i]};
    }
    s->partition = (struct scan_partition_column){"p", "l"};
    s->set = (struct scan_file_set){s->files, n, &s->partition, partitioned};
}

static struct scan_table *open_table(struct set *s)
{
    struct scan_table *t;
    nl_error err;
    CHECK_OK(scan_table_open(NULL, &s->set, NULL, &t, &err), err);
    return t;
}

/* n files of rows each; ids go on from file to file. */
static void put_files(size_t n, struct fake_parquet p)
{
    fake_reset();
    for (size_t i = 0; i < n; i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "f%03zu", i);
        p.first = (int64_t)i * p.rows;
        fake_put_parquet(uri, p);
    }
}

static int64_t int_at(const struct ArrowArray *batch, int column, int64_t row)
{
    const struct ArrowArray *a = batch->children[column];
    return ((const int64_t *)a->buffers[1])[a->offset + row];
}

/* Read all with one worker; checks that column 0 counts up from first; returns the rows, or -1 with err. */
static int64_t read_counting(struct scan *s, int64_t first, nl_error *err)
{
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index, before = 0;
    int64_t rows = 0;
    CHECK_OK(scan_worker_new(s, &w, err), *err);
    int rc;
    while (!(rc = scan_worker_next(w, &batch, &index, err)) && batch.release) {
        CHECK(rows == 0 || index > before); /* N1 */
        before = index;
        for (int64_t i = 0; i < batch.length && batch.n_children; i++)
            CHECK_INT(int_at(&batch, 0, i), first + rows + i);
        rows += batch.length;
        arrow_array_release(&batch);
    }
    scan_worker_free(w);
    return rc ? -1 : rows;
}

static int64_t count_rows(struct scan_table *t, const struct scan_request *req, int64_t first)
{
    struct scan *s;
    nl_error err;
    CHECK_OK(scan_files(t, req, &s, &err), err);
    int64_t rows = read_counting(s, first, &err);
    if (rows < 0)
        print_message("%s\n", err.message);
    scan_free(s);
    return rows;
}

/* ── requests and bytes ── */

static void a_small_file_is_one_request(void **state)
{
    (void)state;
    struct set set;
    put_files(1, (struct fake_parquet){.rows = 5});
    make_set(&set, 1, false);
    struct scan_table *t = open_table(&set);
    CHECK_INT(count_rows(t, &(struct scan_request){0}, 0), 5);
    scan_table_free(t);
    CHECK_INT(fake_counts().requests, 1);
    CHECK_INT(fake_counts().bytes, fake_size("f000"));
    CHECK_INT(fake_counts().opened, fake_counts().closed);
}

static void counting_reads_footers_only(void **state)
{
    (void)state;
    struct set set;
    size_t none[1];
    put_files(3, (struct fake_parquet){.rows = 5000, .pad_bytes = 100, .group_rows = 1000});
    make_set(&set, 3, false);
    struct scan_table *t = open_table(&set);
    CHECK_INT(count_rows(t, &(struct scan_request){.columns = none}, 0), 15000);
    scan_table_free(t);
    CHECK_INT(fake_counts().requests, 3);
    CHECK_MAX(fake_counts().bytes, 3 * 65536);
}

static void a_projection_reads_its_columns(void **state)
{
    (void)state;
    struct set set;
    put_files(1, (struct fake_parquet){.rows = 20000, .pad_bytes = 100, .group_rows = 10000});
    make_set(&set, 1, false);
    struct scan_table *t = open_table(&set);
    CHECK_INT(count_rows(t, &(struct scan_request){.columns = (size_t[]){0}, .n_columns = 1}, 0), 20000);
    scan_table_free(t);
    CHECK_INT(fake_counts().requests, 3);                     /* the footer; id of each row group */
    CHECK_MAX(fake_counts().bytes, 65536 + 20000 * 8 + 4096); /* not 2 MB */
}

static void one_id_costs_two_requests(void **state)
{
    (void)state;
    struct set set;
    nl_arena arena = {0};
    put_files(1, (struct fake_parquet){.rows = 10000, .pad_bytes = 100, .group_rows = 1000});
    make_set(&set, 1, false);
    struct scan_table *t = open_table(&set);
    CHECK(scan_table_prunable(t));
    struct filter *f = filter_compare(&arena, FILTER_EQ, 0, (nl_value){.kind = NL_VALUE_INT, .i = 4321});
    struct scan_request req = {.filter = f};
    struct scan *s;
    struct scan_stats stats;
    nl_error err;
    CHECK_OK(scan_files(t, &req, &s, &err), err);
    nl_arena_free(&arena); /* the scan has its own */
    CHECK_INT(scan_max_workers(s), 1);
    CHECK_INT(read_counting(s, 4321, &err), 1);
    scan_get_stats(s, &stats);
    CHECK_INT(stats.row_groups, 10);
    CHECK_INT(stats.row_groups_pruned, 9);
    CHECK_INT(stats.rows, 1);
    CHECK_INT(stats.rows_filtered, 999);
    scan_free(s);
    scan_table_free(t);
    CHECK_INT(fake_counts().requests, 2);
    CHECK_MAX(fake_counts().bytes, 65536 + 160000);
}

static void files_are_pruned_before_any_request(void **state)
{
    (void)state;
    struct set set;
    nl_arena arena = {0};
    put_files(100, (struct fake_parquet){.rows = 10});
    make_set(&set, 100, true);
    struct scan_table *t = open_table(&set);
    nl_value values[] = {{.kind = NL_VALUE_INT, .i = 70}, {.kind = NL_VALUE_INT, .i = 71}};
    struct filter *f = filter_in(&arena, 2, values, 2);
    struct scan *s;
    struct scan_stats stats;
    nl_error err;
    CHECK_OK(scan_files(t, &(struct scan_request){.filter = f}, &s, &err), err);
    CHECK_INT(read_counting(s, 700, &err), 20);
    scan_get_stats(s, &stats);
    CHECK_INT(stats.files_pruned, 98);
    scan_free(s);
    scan_table_free(t);
    nl_arena_free(&arena);
    CHECK_INT(fake_counts().requests, 3); /* the first footer for the schema, and the two */
}

static void footers_are_asked_for_ahead(void **state)
{
    (void)state;
    struct set set;
    put_files(150, (struct fake_parquet){.rows = 10});
    make_set(&set, 150, false);
    struct scan_table *t = open_table(&set);
    fake_hold(64); /* the first and 63 more must be under way before one of them comes */
    CHECK_INT(count_rows(t, &(struct scan_request){0}, 0), 1500);
    scan_table_free(t);
    CHECK_INT(fake_counts().requests, 150);
}

static void the_budget_holds(void **state)
{
    (void)state;
    struct set set;
    put_files(2, (struct fake_parquet){.rows = 10000, .pad_bytes = 1000, .group_rows = 1000}); /* 1 MB a row group */
    make_set(&set, 2, false);
    struct scan_table *t = open_table(&set);
    CHECK_INT(count_rows(t, &(struct scan_request){.memory = 3500000}, 0), 20000);
    CHECK_MAX(fake_counts().max_bytes_ahead, 3500000);
    CHECK(fake_counts().max_bytes_ahead > 2000000);                          /* and is used */
    CHECK_INT(count_rows(t, &(struct scan_request){.memory = 1}, 0), 20000); /* one row group always goes */
    scan_table_free(t);
}

/* ── columns that are not in the file ── */

static void partition_columns_are_constants(void **state)
{
    (void)state;
    struct set set;
    struct ArrowArray batch;
    struct scan *s;
    struct scan_worker *w;
    uint64_t index;
    nl_error err;
    put_files(3, (struct fake_parquet){.rows = 10});
    make_set(&set, 3, true);
    struct scan_table *t = open_table(&set);
    CHECK_STR(scan_table_schema(t)->children[2]->name, "p");
    CHECK_STR(scan_table_schema(t)->children[1]->format, "vu"); /* N4 */
    struct scan_request req = {.columns = (size_t[]){2, 0}, .n_columns = 2, .batch_rows = 4};
    CHECK_OK(scan_files(t, &req, &s, &err), err);
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    int64_t rows = 0;
    for (;; arrow_array_release(&batch)) {
        CHECK_OK(scan_worker_next(w, &batch, &index, &err), err);
        if (!batch.release)
            break;
        CHECK_MAX(batch.length, 4);
        for (int64_t i = 0; i < batch.length; i++, rows++) {
            CHECK_INT(int_at(&batch, 0, i), rows / 10);
            CHECK_INT(int_at(&batch, 1, i), rows);
        }
    }
    CHECK_INT(rows, 30);
    scan_worker_free(w);
    scan_free(s);
    scan_table_free(t);
}

static void an_absent_column_is_null(void **state) /* N5 */
{
    (void)state;
    struct set set;
    struct ArrowArray batch;
    struct scan *s;
    struct scan_worker *w;
    uint64_t index;
    nl_error err;
    fake_reset();
    fake_put_parquet("f000", (struct fake_parquet){.rows = 3});
    fake_put_parquet("f001", (struct fake_parquet){.first = 3, .rows = 3, .no_name = true, .pad_bytes = 1});
    make_set(&set, 2, false);
    struct scan_table *t = open_table(&set);
    CHECK_OK(scan_files(t, &(struct scan_request){0}, &s, &err), err);
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    CHECK_OK(scan_worker_next(w, &batch, &index, &err), err);
    CHECK(arrow_is_valid(batch.children[1], 0));
    arrow_array_release(&batch);
    CHECK_OK(scan_worker_next(w, &batch, &index, &err), err);
    CHECK_INT(batch.n_children, 2);
    for (int64_t i = 0; i < 3; i++)
        CHECK(!arrow_is_valid(batch.children[1], i));
    CHECK_INT(int_at(&batch, 0, 2), 5);
    arrow_array_release(&batch);
    scan_worker_free(w);
    scan_free(s);
    scan_table_free(t);
}

/* The first file's type is the table's; narrower ones of the others are widened, row group by row group. */
static void a_narrower_type_is_widened(void **state) /* N5 */
{
    (void)state;
    static const char *const formats[] = {"l", "i", "s", "I"};
    struct set set;
    fake_reset();
    for (size_t i = 0; i < NL_LEN(formats); i++) {
        char uri[32];
        snprintf(uri, sizeof uri, "f%03zu", i);
        fake_put_parquet(uri, (struct fake_parquet){.first = (int64_t)i * 1000,
                                                    .rows = 1000,
                                                    .group_rows = 100,
                                                    .id_format = formats[i]});
    }
    make_set(&set, NL_LEN(formats), true);
    struct scan_table *t = open_table(&set);
    CHECK_INT(count_rows(t, &(struct scan_request){0}, 0), 4000);
    CHECK_INT(count_rows(t, &(struct scan_request){.columns = (size_t[]){0}, .n_columns = 1}, 0), 4000);
    scan_table_free(t);
}

/* Bounds of a narrower signed integer prune; those of an unsigned one are another kind, and do not. */
static void a_widened_column_prunes(void **state)
{
    (void)state;
    struct set set;
    struct scan *s;
    struct scan_stats stats;
    nl_arena arena = {0};
    nl_error err;
    fake_reset();
    fake_put_parquet("f000", (struct fake_parquet){.rows = 1000, .group_rows = 100});
    fake_put_parquet("f001", (struct fake_parquet){.first = 1000, .rows = 1000, .group_rows = 100, .id_format = "i"});
    fake_put_parquet("f002", (struct fake_parquet){.first = 2000, .rows = 1000, .group_rows = 100, .id_format = "I"});
    make_set(&set, 3, false);
    struct scan_table *t = open_table(&set);
    nl_value value = {.kind = NL_VALUE_INT, .i = 1250};
    struct filter *filter = filter_compare(&arena, FILTER_EQ, 0, value);
    CHECK_OK(scan_files(t, &(struct scan_request){.filter = filter}, &s, &err), err);
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index;
    int64_t rows = 0, found = 0;
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    while (!scan_worker_next(w, &batch, &index, &err) && batch.release) {
        for (int64_t i = 0; i < batch.length; i++)
            found += int_at(&batch, 0, i) == 1250;
        rows += batch.length;
        arrow_array_release(&batch);
    }
    scan_get_stats(s, &stats);
    CHECK_INT(found, 1);
    CHECK_INT(rows, 100 + 1000);
    CHECK_INT(stats.row_groups_pruned, 10 + 9);
    scan_worker_free(w);
    scan_free(s);
    scan_table_free(t);
    nl_arena_free(&arena);
}

static void another_type_is_refused_once_it_is_read(void **state) /* N5 */
{
    (void)state;
    struct set set;
    struct scan *s;
    nl_error err;
    fake_reset();
    fake_put_parquet("f000", (struct fake_parquet){.rows = 3, .id_format = "L"});
    fake_put_parquet("f001", (struct fake_parquet){.first = 3, .rows = 3, .id_format = "l"});
    make_set(&set, 2, true);
    struct scan_table *t = open_table(&set);
    CHECK_INT(count_rows(t, &(struct scan_request){.columns = (size_t[]){2}, .n_columns = 0}, 0), 6);
    CHECK_OK(scan_files(t, &(struct scan_request){0}, &s, &err), err);
    CHECK_INT(read_counting(s, 0, &err), -1);
    CHECK_FAILS(err.code, NL_INVALID, err, "f001: column id is BIGINT here, and UBIGINT in the table's first file");
    scan_free(s);
    scan_table_free(t);
}

/* ── errors ── */

static void the_first_error_in_order_is_reported(void **state)
{
    (void)state;
    struct set set;
    struct scan *s;
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index;
    nl_error err;
    put_files(8, (struct fake_parquet){.rows = 10});
    make_set(&set, 8, false);
    snprintf(set.uris[3], sizeof set.uris[3], "gone");
    fake_fail("f005");
    fake_damage("f002", fake_size("f002") - 1);
    struct scan_table *t = open_table(&set);
    CHECK_OK(scan_files(t, &(struct scan_request){0}, &s, &err), err);
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    for (int i = 0; i < 2; i++) {
        CHECK_OK(scan_worker_next(w, &batch, &index, &err), err);
        CHECK_INT(int_at(&batch, 0, 0), i * 10);
        arrow_array_release(&batch);
    }
    CHECK_FAILS(scan_worker_next(w, &batch, &index, &err), NL_CORRUPT, err, "f002: not a Parquet file");
    CHECK_FAILS(scan_worker_next(w, &batch, &index, &err), NL_CORRUPT, err, "f002");
    scan_worker_free(w);
    scan_free(s);
    scan_table_free(t);
    CHECK_INT(fake_counts().opened, fake_counts().closed);
}

static void a_table_that_cannot_be_opened(void **state)
{
    (void)state;
    struct set set;
    struct scan_table *t;
    nl_error err;
    fake_reset();
    make_set(&set, 1, false);
    CHECK_FAILS(scan_table_open(NULL, &set.set, NULL, &t, &err), NL_NOT_FOUND, err, "f000: no such object");
    CHECK(!t);
    fake_put("f000", "no parquet", 10);
    CHECK_FAILS(scan_table_open(NULL, &set.set, NULL, &t, &err), NL_CORRUPT, err, "f000: not a Parquet file");
    make_set(&set, 0, false);
    CHECK_FAILS(scan_table_open(NULL, &set.set, NULL, &t, &err), NL_NOT_FOUND, err, "no files");
}

static void no_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    struct set set;
    size_t got_through = 0;
    put_files(3, (struct fake_parquet){.rows = 10});
    make_set(&set, 3, true);
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct scan_table *t = NULL;
        struct scan *s = NULL;
        struct scan_worker *w = NULL;
        struct ArrowArray batch;
        uint64_t index;
        nl_error err = {0};
        int64_t rows = 0;
        int rc = scan_table_open(NULL, &set.set, NULL, &t, &err);
        if (!rc)
            rc = scan_files(t, &(struct scan_request){0}, &s, &err);
        if (!rc)
            rc = scan_worker_new(s, &w, &err);
        while (!rc && !(rc = scan_worker_next(w, &batch, &index, &err)) && batch.release) {
            rows += batch.length;
            arrow_array_release(&batch);
        }
        bool failed = fault_off(&f);
        check_why("fault %ld: %s", f.nth, err.message);
        CHECK(rc == NL_NO_MEMORY || (rc == NL_OK && rows == 30));
        CHECK(failed || rc == NL_OK);
        got_through += rc == NL_OK;
        scan_worker_free(w);
        scan_free(s);
        scan_table_free(t);
    }
    CHECK(got_through > 0);
    CHECK_INT(fake_counts().opened, fake_counts().closed);
}

/* ── threads ── */

struct crowd {
    struct scan *scan;
    nl_cancel *cancel;
    atomic_int_least64_t rows, sum, failed;
};

static void *read_some(void *arg)
{
    struct crowd *c = arg;
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index;
    nl_error err;
    int rc = scan_worker_new(c->scan, &w, &err);
    if (rc)
        return NULL;
    while (!(rc = scan_worker_next(w, &batch, &index, &err)) && batch.release) {
        for (int64_t i = 0; i < batch.length; i++)
            c->sum += int_at(&batch, 0, i);
        c->rows += batch.length;
        arrow_array_release(&batch);
    }
    c->failed += rc != NL_OK;
    scan_worker_free(w);
    return NULL;
}

static void run_crowd(struct crowd *c, pthread_t threads[4])
{
    for (int i = 0; i < 4; i++)
        CHECK_INT(pthread_create(&threads[i], NULL, read_some, c), 0);
}

static void join_crowd(pthread_t threads[4])
{
    for (int i = 0; i < 4; i++)
        pthread_join(threads[i], NULL);
}

static void four_workers_read_every_row_once(void **state)
{
    (void)state;
    struct set set;
    pthread_t threads[4];
    struct crowd c = {0};
    nl_error err;
    put_files(20, (struct fake_parquet){.rows = 1000, .group_rows = 100, .pad_bytes = 64});
    make_set(&set, 20, false);
    struct scan_table *t = open_table(&set);
    for (uint64_t memory = 1; memory <= 1 << 20; memory <<= 20) { /* D1: a budget of one byte starves nobody */
        c = (struct crowd){0};
        CHECK_OK(scan_files(t, &(struct scan_request){.memory = memory}, &c.scan, &err), err);
        run_crowd(&c, threads);
        join_crowd(threads);
        scan_free(c.scan);
        CHECK_INT(c.failed, 0);
        CHECK_INT(c.rows, 20000);
        CHECK_INT(c.sum, 20000LL * 19999 / 2);
    }
    scan_table_free(t);
}

static void cancel_wakes_all(void **state)
{
    (void)state;
    struct set set;
    pthread_t threads[4];
    nl_cancel cancel;
    struct crowd c = {0};
    nl_error err;
    put_files(100, (struct fake_parquet){.rows = 10});
    make_set(&set, 100, false);
    struct scan_table *t = open_table(&set);
    nl_cancel_init(&cancel);
    fake_hold(UINT64_MAX); /* nothing comes any more */
    CHECK_OK(scan_files(t, &(struct scan_request){.cancel = &cancel}, &c.scan, &err), err);
    run_crowd(&c, threads);
    nl_cancel_set(&cancel);
    join_crowd(threads);
    CHECK_INT(c.failed, 4);
    scan_free(c.scan); /* the planner waits for a footer that never comes: it must end */
    scan_table_free(t);
    nl_cancel_destroy(&cancel);
    CHECK_INT(fake_counts().opened, fake_counts().closed);
}

static void a_scan_may_be_left_unread(void **state)
{
    (void)state;
    struct set set;
    struct scan *s;
    nl_error err;
    put_files(100, (struct fake_parquet){.rows = 1000, .group_rows = 100});
    make_set(&set, 100, false);
    struct scan_table *t = open_table(&set);
    fake_hold(UINT64_MAX);
    CHECK_OK(scan_files(t, &(struct scan_request){0}, &s, &err), err);
    scan_free(s);
    scan_table_free(t);
    CHECK_INT(fake_counts().opened, fake_counts().closed);
}

static int tear_down(void **state)
{
    (void)state;
    fake_reset();
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_small_file_is_one_request),
        cmocka_unit_test(counting_reads_footers_only),
        cmocka_unit_test(a_projection_reads_its_columns),
        cmocka_unit_test(one_id_costs_two_requests),
        cmocka_unit_test(files_are_pruned_before_any_request),
        cmocka_unit_test(footers_are_asked_for_ahead),
        cmocka_unit_test(the_budget_holds),
        cmocka_unit_test(partition_columns_are_constants),
        cmocka_unit_test(an_absent_column_is_null),
        cmocka_unit_test(a_narrower_type_is_widened),
        cmocka_unit_test(a_widened_column_prunes),
        cmocka_unit_test(another_type_is_refused_once_it_is_read),
        cmocka_unit_test(the_first_error_in_order_is_reported),
        cmocka_unit_test(a_table_that_cannot_be_opened),
        cmocka_unit_test(no_memory_leaves_nothing_behind),
        cmocka_unit_test(four_workers_read_every_row_once),
        cmocka_unit_test(cancel_wakes_all),
        cmocka_unit_test(a_scan_may_be_left_unread),
    };
    return cmocka_run_group_tests(tests, NULL, tear_down);
}
