/* tests/scan/run/lookup.c: what page indexes, bloom filters and dictionaries save: requests and bytes as firmly as rows. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#include "arrow/arrow.h"
#include "base/str.h"
#include "parquet/read/segments.h"
#include "scan/run/fake_store.h"
#include "scan/run/lookup.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"

enum { TAIL = 65536 };

/* A table of the one file "f", open. */
static struct scan_table *open_table(struct fake_parquet p)
{
    static const struct scan_file files[] = {{.uri = "f"}};
    struct scan_table *t;
    nl_error err;
    fake_reset();
    fake_put_parquet("f", p);
    CHECK_OK(scan_table_open(NULL, &(struct scan_file_set){.files = files, .n_files = 1}, NULL, &t, &err), err);
    return t;
}

static struct filter *compare(nl_arena *a, enum filter_op op, int64_t v)
{
    struct filter *f = filter_compare(a, op, 0, (nl_value){.kind = NL_VALUE_INT, .i = v});
    CHECK(f != NULL);
    return f;
}

/* What a scan of columns first to last gave. */
struct seen {
    int64_t rows, matches; /* rows that were read, delivered or not; those that came whose id is within low to high */
    struct scan_stats stats;
};

/* Read everything; column 0 is id where first is 0. Every name must be its id's. */
static struct seen scan(struct scan_table *t, const struct filter *f, size_t first, size_t n, int64_t low, int64_t high)
{
    struct seen seen = {0};
    struct scan_request req = {.columns = (size_t[]){first, first + 1}, .n_columns = n, .filter = f};
    struct scan *s;
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index;
    nl_error err;
    CHECK_OK(scan_files(t, &req, &s, &err), err);
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    for (;;) {
        CHECK_OK(scan_worker_next(w, &batch, &index, &err), err);
        if (!batch.release)
            break;
        const int64_t *ids = first || !n ? NULL : batch.children[0]->buffers[1];
        for (int64_t i = 0; ids && i < batch.length; i++) {
            char name[32];
            snprintf(name, sizeof name, "row %lld", (long long)ids[i]);
            if (n > 1) { /* a view: its length, and what the first 12 bytes say */
                const uint8_t *view = (const uint8_t *)batch.children[1]->buffers[1] + 16 * i;
                uint32_t len;
                memcpy(&len, view, 4);
                CHECK_INT(len, strlen(name));
                CHECK_MEM(view + 4, name, len <= 12 ? len : 4);
            }
            seen.matches += ids[i] >= low && ids[i] <= high;
        }
        seen.rows += batch.length;
        arrow_array_release(&batch);
    }
    scan_worker_free(w);
    scan_get_stats(s, &seen.stats);
    CHECK_INT(seen.stats.rows, seen.rows);
    seen.rows += (int64_t)seen.stats.rows_filtered;
    scan_free(s);
    return seen;
}

/* 200,000 rows in one row group, 2,000 a page: 3.5 MB, whose indexes came with the footer. */
static const struct fake_parquet paged = {.rows = 200000, .page_rows = 2000};

static void one_id_costs_two_requests(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct scan_table *t = open_table(paged);
    CHECK(scan_table_prunable(t));
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 123456), 0, 1, 123456, 123456);
    scan_table_free(t);
    CHECK_INT(seen.matches, 1);
    CHECK_INT(seen.rows, 2000);
    CHECK_INT(seen.stats.rows, 1);
    CHECK_INT(fake_counts().requests, 2); /* the footer, one page */
    CHECK_MAX(fake_counts().bytes, 96 * 1024);
    CHECK_INT(seen.stats.pages, 100);
    CHECK_INT(seen.stats.pages_pruned, 99);
    CHECK_INT(seen.stats.row_groups_pruned, 0);
    nl_arena_free(&arena);
}

static void columns_that_the_filter_does_not_name_are_narrowed_too(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct scan_table *t = open_table(paged);
    struct filter *f = compare(&arena, FILTER_EQ, 123456);
    struct seen both = scan(t, f, 0, 2, 123456, 123456), name = scan(t, f, 1, 1, 0, 0), none = scan(t, f, 0, 0, 0, 0);
    scan_table_free(t);
    CHECK_INT(both.matches, 1);
    CHECK_INT(both.rows, 2000);
    CHECK_INT(name.rows, 2000);
    CHECK_INT(none.rows, 2000);
    CHECK_INT(fake_counts().requests, 1 + 2 + 1 + 0);
    CHECK_MAX(fake_counts().bytes, TAIL + 2000 * (8 + 16) + 2000 * 16);
    nl_arena_free(&arena);
}

static void a_value_between_the_pages_reads_nothing(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = paged;
    p.step = 10;
    struct scan_table *t = open_table(p); /* page 1 begins at 20000, page 0 ends with 19990 */
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 19995), 0, 2, 0, 0);
    scan_table_free(t);
    CHECK_INT(seen.rows, 0);
    CHECK_INT(seen.stats.row_groups_pruned, 1);
    CHECK_INT(fake_counts().requests, 1);
    nl_arena_free(&arena);
}

static void ranges_at_both_ends(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct scan_table *t = open_table(paged);
    struct filter *ends[] = {compare(&arena, FILTER_LT, 10), compare(&arena, FILTER_GE, 199999)};
    struct seen seen = scan(t, filter_join(&arena, FILTER_OR, ends, 2), 0, 2, 0, 9);
    scan_table_free(t);
    CHECK_INT(seen.rows, 4000);
    CHECK_INT(seen.matches, 10);
    CHECK_MAX(fake_counts().requests, 5); /* the footer; two pages of each column, the last of which it may hold */
    nl_arena_free(&arena);
}

static void without_an_index_all_is_read(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = paged;
    p.no_index = true;
    struct scan_table *t = open_table(p);
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 123456), 0, 1, 123456, 123456);
    scan_table_free(t);
    CHECK_INT(seen.rows, 200000);
    CHECK_INT(seen.stats.pages, 0);
    nl_arena_free(&arena);
}

/* ── what does not come with the footer ── */

static void a_far_index_is_one_request_where_it_pays(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 1000000, .page_rows = 100, .no_name = true}; /* 8 MB; 10,000 pages */
    struct scan_table *t = open_table(p);
    uint64_t opening = fake_counts().requests;
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 123456), 0, 1, 123456, 123456);
    scan_table_free(t);
    CHECK_INT(seen.matches, 1);
    CHECK_INT(seen.rows, 100);
    CHECK_INT(fake_counts().requests, opening + 2);
    CHECK_MAX(fake_counts().bytes, TAIL + 600000);
    nl_arena_free(&arena);
}

static void and_is_left_alone_where_it_does_not(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 400000, .page_rows = 50, .no_name = true}; /* 3.2 MB; 8,000 pages */
    struct scan_table *t = open_table(p);
    uint64_t opening = fake_counts().requests;
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 1234), 0, 1, 1234, 1234);
    scan_table_free(t);
    CHECK_INT(seen.matches, 1);
    CHECK_INT(seen.rows, 400000);
    CHECK_INT(fake_counts().requests, opening + 1);
    nl_arena_free(&arena);
}

static void many_row_groups_are_looked_up_together(void **state)
{
    (void)state;
    nl_arena arena = {0};
    /* Ids come again in each of 4 row groups of 4.8 MB: 40,000 pages, whose indexes lie side by side. */
    struct fake_parquet p = {
        .rows = 2400000, .page_rows = 60, .group_rows = 600000, .distinct = 600000, .no_name = true};
    struct scan_table *t = open_table(p);
    uint64_t opening = fake_counts().requests;
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 123456), 0, 1, 123456, 123456);
    scan_table_free(t);
    CHECK_INT(seen.matches, 4);
    CHECK_INT(seen.rows, 240);
    CHECK_INT(fake_counts().requests, opening + 1 + 4);
    nl_arena_free(&arena);
}

/* U2: a file of more row groups than are looked up loses no row. */
static void very_many_row_groups(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 2 * (SCAN_LOOKUP_GROUPS + 20), .group_rows = 2, .page_rows = 1, .distinct = 2};
    p.no_name = true;
    struct scan_table *t = open_table(p);
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 1), 0, 1, 1, 1);
    scan_table_free(t);
    CHECK_INT(seen.stats.row_groups, SCAN_LOOKUP_GROUPS + 20);
    CHECK_INT(seen.matches, SCAN_LOOKUP_GROUPS + 20);
    nl_arena_free(&arena);
}

/* Nothing but footers arrives until the lookups of three files were asked for: one after the other would never end. */
static void files_are_looked_up_side_by_side(void **state)
{
    (void)state;
    static const struct scan_file files[] = {{.uri = "f0"}, {.uri = "f1"}, {.uri = "f2"}};
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 600000, .page_rows = 60, .no_name = true};
    struct scan_table *t;
    nl_error err;
    fake_reset();
    for (size_t i = 0; i < NL_LEN(files); i++)
        fake_put_parquet(files[i].uri, p);
    CHECK_OK(scan_table_open(NULL, &(struct scan_file_set){.files = files, .n_files = 3}, NULL, &t, &err), err);
    uint64_t footers = 3 * fake_counts().requests; /* of a long footer: two */
    fake_hold_ranges(footers + 3);
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 123456), 0, 1, 123456, 123456);
    scan_table_free(t);
    CHECK_INT(seen.matches, 3);
    CHECK_INT(seen.rows, 180);
    CHECK_INT(fake_counts().requests, footers + 3 + 3);
    CHECK_INT(fake_counts().opened, fake_counts().closed);
    nl_arena_free(&arena);
}

static void a_bloom_filter_excludes(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 600000, .step = 2, .bloom = true, .no_name = true, .no_index = true};
    struct scan_table *t = open_table(p);
    uint64_t opening = fake_counts().requests;
    size_t read = 0;
    for (int64_t odd = 1; odd < 200; odd += 2) {
        struct seen seen = scan(t, compare(&arena, FILTER_EQ, odd), 0, 1, odd, odd);
        CHECK_INT(seen.stats.row_groups_excluded, seen.rows == 0);
        read += seen.rows > 0;
    }
    CHECK_MAX(read, 10); /* of 100; 1 % is the filter's aim */
    CHECK_INT(fake_counts().requests, opening + 100 + read);
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 4242), 0, 1, 4242, 4242);
    CHECK_INT(seen.matches, 1); /* F1 */
    scan_table_free(t);
    nl_arena_free(&arena);
}

static void a_dictionary_excludes(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 100000, .distinct = 10000, .step = 2, .dictionary = true, .pad_bytes = 60};
    p.no_index = true;
    struct scan_table *t = open_table(p);
    uint64_t opening = fake_counts().requests;
    struct filter *f = compare(&arena, FILTER_EQ, 4243);
    size_t all[] = {0, 1, 2};
    struct scan *s;
    struct scan_stats stats;
    nl_error err;
    CHECK_OK(scan_files(t, &(struct scan_request){.columns = all, .n_columns = 3, .filter = f}, &s, &err), err);
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index;
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    CHECK_OK(scan_worker_next(w, &batch, &index, &err), err);
    CHECK(!batch.release);
    scan_worker_free(w);
    scan_get_stats(s, &stats);
    scan_free(s);
    CHECK_INT(stats.row_groups_excluded, 1);
    CHECK_INT(fake_counts().requests, opening + 1);
    CHECK_MAX(fake_counts().bytes, TAIL + 10000 * 8 + 1024);
    struct seen seen = scan(t, compare(&arena, FILTER_EQ, 4242), 0, 1, 4242, 4242);
    CHECK_INT(seen.matches, 10);
    scan_table_free(t);
    nl_arena_free(&arena);
}

/* ── damage, faults, chance ── */

/* G1: an index whose bytes make no sense costs bytes, not rows. */
static void a_damaged_index_reads_all(void **state)
{
    (void)state;
    nl_arena arena = {0};
    for (size_t k = 0; k < 40; k++) {
        struct scan_table *t = open_table(paged);
        struct pq_column_chunk c;
        nl_range r;
        nl_error err;
        CHECK_OK(pq_offset_index_range(t->first->file, 0, 0, &r, &err), err);
        CHECK_OK(pq_file_chunk(t->first->file, 0, 0, NULL, &c, &err), err);
        bool offsets = k % 2;
        check_why("byte %zu of the %s index", k / 2, offsets ? "offset" : "column");
        fake_damage("f", (offsets ? r.offset : (uint64_t)c.column_index_offset) + k / 2);
        struct filter *f = compare(&arena, FILTER_LT, 300000); /* on every page, whatever the bounds are */
        struct seen seen = scan(t, f, 0, 2, 0, 200000);
        CHECK(seen.rows <= 200000);
        CHECK(seen.matches == seen.rows && (offsets || k > 2 || seen.rows == 200000));
        scan_table_free(t);
    }
    nl_arena_free(&arena);
}

static void random_filters_lose_no_row(void **state)
{
    (void)state;
    struct rng rng = rng_seed("lookup");
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 30000, .page_rows = 700, .group_rows = 11000, .step = 3};
    struct scan_table *t = open_table(p);
    int64_t saved = 0;
    for (size_t round = 0; round < 200; round++) {
        int64_t low = (int64_t)rng_below(&rng, 95000), high = low + (int64_t)rng_below(&rng, 9000);
        struct filter *both[] = {compare(&arena, FILTER_GE, low), compare(&arena, FILTER_LE, high)};
        check_why("%lld to %lld", (long long)low, (long long)high);
        struct seen seen = scan(t, filter_join(&arena, FILTER_AND, both, 2), 0, 2, low, high);
        int64_t want = 0;
        for (int64_t i = 0; i < p.rows; i++)
            want += 3 * i >= low && 3 * i <= high;
        CHECK_INT(seen.matches, want);
        saved += p.rows - seen.rows;
    }
    CHECK(saved > 200 * 20000);
    scan_table_free(t);
    nl_arena_free(&arena);
}

static void no_memory_leaves_nothing_behind(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 9000, .page_rows = 1000, .group_rows = 5000, .pad_bytes = 10, .bloom = true};
    struct scan_table *t = open_table(p);
    struct filter *f = compare(&arena, FILTER_EQ, 4321);
    size_t got_through = 0;
    FAULT_LOOP(fault, FAULT_ALLOC, ENOMEM)
    {
        struct scan *s = NULL;
        struct scan_worker *w = NULL;
        struct ArrowArray batch;
        uint64_t index;
        nl_error err = {0};
        int64_t rows = 0;
        int rc = scan_files(t, &(struct scan_request){.filter = f}, &s, &err);
        if (!rc)
            rc = scan_worker_new(s, &w, &err);
        while (!rc && !(rc = scan_worker_next(w, &batch, &index, &err)) && batch.release) {
            rows += batch.length;
            arrow_array_release(&batch);
        }
        bool failed = fault_off(&fault);
        struct scan_stats stats = {0};
        if (s)
            scan_get_stats(s, &stats);
        int64_t looked_at = (int64_t)(stats.rows + stats.rows_filtered);
        check_why("fault %ld: %s", fault.nth, err.message);
        CHECK(rc == NL_NO_MEMORY || (rc == NL_OK && rows == 1));
        CHECK(rc == NL_NO_MEMORY || looked_at == 1000 || (failed && looked_at == 5000)); /* G1 */
        CHECK(failed || rc == NL_OK);
        got_through += rc == NL_OK;
        scan_worker_free(w);
        scan_free(s);
    }
    CHECK(got_through > 0);
    scan_table_free(t);
    CHECK_INT(fake_counts().opened, fake_counts().closed);
    nl_arena_free(&arena);
}

static void a_failed_request_is_reported(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 1000000, .page_rows = 100, .no_name = true};
    struct scan_table *t = open_table(p);
    struct scan *s;
    struct scan_worker *w;
    struct ArrowArray batch;
    uint64_t index;
    nl_error err;
    fake_fail("f");
    CHECK_OK(scan_files(t, &(struct scan_request){.filter = compare(&arena, FILTER_EQ, 5)}, &s, &err), err);
    CHECK_OK(scan_worker_new(s, &w, &err), err);
    CHECK_FAILS(scan_worker_next(w, &batch, &index, &err), NL_IO, err, "connection reset");
    scan_worker_free(w);
    scan_free(s);
    scan_table_free(t);
    nl_arena_free(&arena);
}

/* Nothing arrives: the planner waits for the index when the scan is freed. */
static void a_scan_may_be_left_while_it_is_looked_up(void **state)
{
    (void)state;
    nl_arena arena = {0};
    struct fake_parquet p = {.rows = 1000000, .page_rows = 100, .no_name = true};
    struct scan_table *t = open_table(p);
    struct scan *s;
    nl_error err;
    fake_hold(1000);
    CHECK_OK(scan_files(t, &(struct scan_request){.filter = compare(&arena, FILTER_EQ, 5)}, &s, &err), err);
    scan_free(s);
    scan_table_free(t);
    CHECK_INT(fake_counts().opened, fake_counts().closed);
    nl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_id_costs_two_requests),
        cmocka_unit_test(columns_that_the_filter_does_not_name_are_narrowed_too),
        cmocka_unit_test(a_value_between_the_pages_reads_nothing),
        cmocka_unit_test(ranges_at_both_ends),
        cmocka_unit_test(without_an_index_all_is_read),
        cmocka_unit_test(a_far_index_is_one_request_where_it_pays),
        cmocka_unit_test(and_is_left_alone_where_it_does_not),
        cmocka_unit_test(many_row_groups_are_looked_up_together),
        cmocka_unit_test(very_many_row_groups),
        cmocka_unit_test(files_are_looked_up_side_by_side),
        cmocka_unit_test(a_bloom_filter_excludes),
        cmocka_unit_test(a_dictionary_excludes),
        cmocka_unit_test(a_damaged_index_reads_all),
        cmocka_unit_test(random_filters_lose_no_row),
        cmocka_unit_test(no_memory_leaves_nothing_behind),
        cmocka_unit_test(a_failed_request_is_reported),
        cmocka_unit_test(a_scan_may_be_left_while_it_is_looked_up),
    };
    return cmocka_run_group_tests_name("scan/run/lookup", tests, NULL, NULL);
}
