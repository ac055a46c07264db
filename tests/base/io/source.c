/* tests/base/io/source.c: files and memory answer alike; a file that changes is a conflict. */
#include "base/io/source.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/tmp.h"

enum { SIZE = 100000 };
static uint8_t content[SIZE];

/* A file "data" in the test's folder, with content; the caller frees its path. */
static char *make_file(const char *dir)
{
    struct rng r = rng_fixed(7);
    rng_bytes(&r, content, SIZE);
    char *path = tmp_path(dir, "data");
    tmp_write(path, content, SIZE);
    return path;
}

static void check_reads(nl_source *s)
{
    static const nl_range ranges[] = {{0, 10}, {99990, 10}, {0, SIZE}, {500, 0}, {SIZE, 0}, {12345, 54321}};
    nl_fetch *f[NL_LEN(ranges)];
    nl_error err = {0};
    CHECK_INT(nl_source_size(s), SIZE);
    CHECK_OK(nl_source_submit(s, ranges, NL_LEN(ranges), f, &err), err);
    static const size_t order[] = {5, 0, 3, 2, 4}; /* any order; 1 is dropped */
    nl_fetch_drop(f[1]);
    for (size_t k = 0; k < NL_LEN(order); k++) {
        size_t i = order[k];
        nl_bytes b;
        check_why("range %zu", i);
        CHECK_OK(nl_fetch_wait(f[i], NULL, &b, &err), err);
        CHECK_INT(b.len, ranges[i].length);
        CHECK_MEM(b.data, content + ranges[i].offset, b.len);
        nl_bytes_release(&b);
    }
    CHECK_OK(nl_source_submit(s, NULL, 0, NULL, &err), err);
    nl_fetch_drop(NULL);
}

static void check_tail(nl_source *s)
{
    static const uint64_t wants[] = {0, 1, 4096, SIZE, SIZE + 1, UINT64_MAX};
    for (size_t i = 0; i < NL_LEN(wants); i++) {
        uint64_t want = wants[i] < SIZE ? wants[i] : SIZE;
        nl_bytes b;
        nl_error err = {0};
        CHECK_OK(nl_source_read_tail(s, wants[i], &b, &err), err);
        CHECK_INT(b.len, want);
        CHECK_MEM(b.data, content + SIZE - want, b.len);
        nl_bytes_release(&b);
    }
}

static void check_outside(nl_source *s)
{
    static const nl_range bad[] = {{SIZE, 1}, {SIZE + 1, 0}, {0, SIZE + 1}, {1, UINT64_MAX}, {UINT64_MAX, UINT64_MAX}};
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        nl_bytes b;
        nl_error err = {0};
        nl_fetch *f[3];
        check_why("range %zu", i);
        CHECK_FAILS(nl_source_read(s, bad[i].offset, bad[i].length, &b, &err), NL_INVALID, err, "do not lie inside");
        CHECK_HAS(err.message, nl_source_name(s));
        const nl_range among[] = {{0, 1}, {2, 1}, bad[i]};
        CHECK_FAILS(nl_source_submit(s, among, 3, f, &err), NL_INVALID, err, NULL);
        CHECK(!f[0] && !f[1] && !f[2]);
    }
}

static void check_cancel(nl_source *s)
{
    nl_cancel c;
    nl_error err = {0};
    nl_fetch *f;
    nl_bytes b;
    nl_cancel_init(&c);
    nl_cancel_set(&c);
    CHECK_OK(nl_source_submit(s, &(nl_range){0, 10}, 1, &f, &err), err);
    CHECK_FAILS(nl_fetch_wait(f, &c, &b, &err), NL_CANCELLED, err, NULL); /* the handle ends all the same (S1) */
    CHECK(!b.data && !b.block);
    nl_cancel_destroy(&c);
}

static void files_and_memory_answer_alike(void **state)
{
    char *path = make_file(*state);
    nl_error err = {0};
    nl_source *s;
    for (int memory = 0; memory < 2; memory++) {
        int rc = memory ? nl_source_open_memory("mem", content, SIZE, &s, &err) : nl_source_open_file(path, &s, &err);
        CHECK_OK(rc, err);
        CHECK_STR(nl_source_name(s), memory ? "mem" : path);
        check_reads(s);
        check_tail(s);
        check_outside(s);
        check_cancel(s);
        nl_source_close(s);
    }
    nl_source_close(NULL);
    free(path);
}

static void bytes_outlive_the_source(void **state)
{
    char *path = make_file(*state);
    nl_error err = {0};
    nl_source *s;
    nl_bytes b;
    CHECK_OK(nl_source_open_file(path, &s, &err), err);
    CHECK_OK(nl_source_read(s, 100, 200, &b, &err), err);
    nl_source_close(s);
    CHECK_MEM(b.data, content + 100, 200);
    nl_bytes_release(&b);
    free(path);
}

static void empty_sources_have_an_empty_tail(void **state)
{
    char *path = tmp_path(*state, "empty");
    tmp_write(path, "", 0);
    nl_error err = {0};
    nl_source *s;
    for (int memory = 0; memory < 2; memory++) {
        int rc = memory ? nl_source_open_memory("m", NULL, 0, &s, &err) : nl_source_open_file(path, &s, &err);
        nl_bytes b;
        CHECK_OK(rc, err);
        CHECK_INT(nl_source_size(s), 0);
        CHECK_OK(nl_source_read_tail(s, 100, &b, &err), err);
        CHECK(b.len == 0 && b.data);
        nl_bytes_release(&b);
        nl_source_close(s);
    }
    free(path);
}

static void what_cannot_be_read_says_why(void **state)
{
    char *fifo = tmp_path(*state, "fifo"), *missing = tmp_path(*state, "missing"), *below = tmp_path(*state, "f/x");
    char *file = tmp_path(*state, "f");
    tmp_write_text(file, "x");
    CHECK_INT(mkfifo(fifo, 0600), 0);
    nl_error err = {0};
    nl_source *s = (nl_source *)(uintptr_t)1;
    CHECK_FAILS(nl_source_open_file(missing, &s, &err), NL_NOT_FOUND, err, "missing: No such file");
    CHECK(s == NULL);
    CHECK_FAILS(nl_source_open_file(below, &s, &err), NL_NOT_FOUND, err, "Not a directory");
    CHECK_FAILS(nl_source_open_file(*state, &s, &err), NL_INVALID, err, "is a folder");
    CHECK_FAILS(nl_source_open_file(fifo, &s, &err), NL_INVALID, err, "not a regular file"); /* and does not hang */
    CHECK_FAILS(nl_source_open_file("", &s, &err), NL_NOT_FOUND, err, NULL);
    if (geteuid() != 0) {
        CHECK_INT(chmod(file, 0), 0);
        CHECK_FAILS(nl_source_open_file(file, &s, &err), NL_DENIED, err, "Permission denied");
    }
    free(fifo);
    free(missing);
    free(below);
    free(file);
}

/* Give the file another time of modification, as a write would (whose own time may fall into the clock's same tick). */
static void touch(const char *path)
{
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, {.tv_sec = 1000}};
    CHECK_INT(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void shorten(const char *path)
{
    CHECK_INT(truncate(path, 50), 0);
}

static void lengthen(const char *path)
{
    CHECK_INT(truncate(path, SIZE + 1), 0);
}

static void a_changed_file_is_a_conflict(void **state)
{
    void (*const changes[])(const char *) = {touch, shorten, lengthen};
    for (size_t i = 0; i < NL_LEN(changes); i++) {
        char *path = make_file(*state);
        nl_error err = {0};
        nl_source *s;
        nl_bytes b;
        check_why("change %zu", i);
        CHECK_OK(nl_source_open_file(path, &s, &err), err);
        CHECK_OK(nl_source_read(s, 0, 100, &b, &err), err);
        nl_bytes_release(&b);
        changes[i](path);
        CHECK_FAILS(nl_source_read(s, 0, 100, &b, &err), NL_CONFLICT, err, "changed");
        CHECK_FAILS(nl_source_read(s, SIZE - 10, 10, &b, &err), NL_CONFLICT, err, "changed");
        CHECK(!b.block);
        nl_source_close(s);
        free(path);
    }
}

static void a_replaced_file_stays_readable(void **state)
{
    char *path = make_file(*state), *other = tmp_path(*state, "other");
    nl_error err = {0};
    nl_source *s;
    nl_bytes b;
    CHECK_OK(nl_source_open_file(path, &s, &err), err);
    tmp_write_text(other, "new");
    CHECK_INT(rename(other, path), 0);
    CHECK_OK(nl_source_read(s, 0, SIZE, &b, &err), err);
    CHECK_MEM(b.data, content, SIZE);
    nl_bytes_release(&b);
    nl_source_close(s);
    free(path);
    free(other);
}

static void short_reads_are_continued(void **state)
{
    char *path = make_file(*state);
    nl_error err = {0};
    nl_source *s;
    nl_bytes b;
    CHECK_OK(nl_source_open_file(path, &s, &err), err);
    fault_short(777);
    int rc = nl_source_read(s, 1, SIZE - 2, &b, &err);
    fault_short(0);
    CHECK_OK(rc, err);
    CHECK_MEM(b.data, content + 1, SIZE - 2);
    nl_bytes_release(&b);
    for (int nth = 1; nth <= 2; nth++) { /* an interrupted call is made again */
        fault_arm(FAULT_IO, nth, EINTR);
        rc = nl_source_read(s, 0, 10, &b, &err);
        fault_disarm();
        if (nth == 1)
            CHECK_OK(rc, err);
        nl_bytes_release(&b);
    }
    nl_source_close(s);
    free(path);
}

static void *read_all_over(void *arg)
{
    struct rng r = rng_fixed((uint64_t)(uintptr_t)&r);
    for (int i = 0; i < 300; i++) {
        uint64_t offset = rng_below(&r, SIZE), length = rng_below(&r, SIZE - offset + 1);
        nl_bytes b;
        if (nl_source_read(arg, offset, length, &b, NULL) || memcmp(b.data, content + offset, length) != 0)
            return arg; /* anything but NULL: wrong */
        nl_bytes_release(&b);
    }
    return NULL;
}

static void threads_share_a_source(void **state)
{
    char *path = make_file(*state);
    nl_error err = {0};
    nl_source *s;
    pthread_t threads[4];
    CHECK_OK(nl_source_open_file(path, &s, &err), err);
    for (size_t i = 0; i < NL_LEN(threads); i++)
        CHECK_INT(pthread_create(&threads[i], NULL, read_all_over, s), 0);
    for (size_t i = 0; i < NL_LEN(threads); i++) {
        void *result;
        pthread_join(threads[i], &result);
        CHECK(result == NULL);
    }
    nl_source_close(s);
    free(path);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, tmp_setup, tmp_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(files_and_memory_answer_alike),    IN_FOLDER(bytes_outlive_the_source),
        IN_FOLDER(empty_sources_have_an_empty_tail), IN_FOLDER(what_cannot_be_read_says_why),
        IN_FOLDER(a_changed_file_is_a_conflict),     IN_FOLDER(a_replaced_file_stays_readable),
        IN_FOLDER(short_reads_are_continued),        IN_FOLDER(threads_share_a_source),
    };
    return cmocka_run_group_tests_name("base_io_source", tests, NULL, NULL);
}
