/* tests/fault/base.c: each allocation and each call of the system fails in turn; nothing leaks, and K1 holds. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io/sink.h"
#include "base/io/source.h"
#include "base/path.h"
#include "base/pool.h"
#include "base/proc.h"
#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, tmp_setup, tmp_teardown)

/* A run that was hit says so by its code; one that was not succeeds. */
static void check_outcome(int rc, bool fired, int code)
{
    CHECK_INT(rc, fired ? code : NL_OK);
}

static void buffers_stay_as_they_were(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_buf b = {0};
        size_t len = 0;
        int rc = NL_OK;
        for (int i = 0; i < 200 && rc == NL_OK; i++) {
            len = b.len;
            rc = i % 2 ? nl_buf_puts(&b, "some text", NULL) : nl_buf_printf(&b, NULL, "%d numbers", i);
        }
        bool fired = fault_off(&f);
        check_outcome(rc, fired, NL_NO_MEMORY);
        CHECK(!fired || b.len == len);
        CHECK(!b.data || b.data[b.len] == '\0');
        nl_buf_free(&b);
    }
}

static void arenas_say_no_and_go_on(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_arena a = {0};
        int missing = 0;
        for (int i = 0; i < 200; i++)
            missing += !nl_arena_printf(&a, "%0100d", i);
        bool fired = fault_off(&f);
        CHECK_INT(missing, fired);
        nl_arena_free(&a);
    }
}

static void nothing(void *arg)
{
    (void)arg;
}

static void pools_start_whole_or_not_at_all(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_pool *p;
        nl_error err = {0};
        int rc = nl_pool_new(2, &p, &err);
        if (rc == NL_OK)
            rc = nl_pool_submit(p, nothing, NULL, &err);
        bool fired = fault_off(&f);
        check_outcome(rc, fired, NL_NO_MEMORY);
        nl_pool_free(p);
    }
}

static int read_both_ends(const char *path, nl_error *err)
{
    nl_source *s;
    int rc = nl_source_open_file(path, &s, err);
    if (rc)
        return rc;
    nl_bytes tail = {0}, b[2] = {{0}};
    nl_fetch *fetches[2];
    rc = nl_source_read_tail(s, 4, &tail, err);
    if (rc == NL_OK)
        rc = nl_source_submit(s, (const nl_range[]){{0, 4}, {4, 4}}, 2, fetches, err);
    if (rc == NL_OK)
        for (int i = 0; i < 2; i++) {
            int one = nl_fetch_wait(fetches[i], NULL, &b[i], err); /* S1: both end, whatever the first says */
            rc = rc ? rc : one;
        }
    nl_bytes_release(&tail);
    nl_bytes_release(&b[0]);
    nl_bytes_release(&b[1]);
    nl_source_close(s);
    return rc;
}

static void sources_fail_cleanly(void **state)
{
    char *path = tmp_path(*state, "f");
    tmp_write_text(path, "0123456789");
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_error err = {0};
        int rc = read_both_ends(path, &err);
        check_outcome(rc, fault_off(&f), NL_NO_MEMORY);
    }
    FAULT_LOOP(f, FAULT_IO, EIO)
    {
        nl_error err = {0};
        int rc = read_both_ends(path, &err);
        bool fired = fault_off(&f);
        CHECK(rc == NL_OK || (fired && rc == NL_IO)); /* that close() failed is nobody's concern */
        CHECK(rc == NL_OK || strstr(err.message, path));
    }
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_source *s;
        int rc = nl_source_open_memory("m", "abc", 3, &s, NULL);
        check_outcome(rc, fault_off(&f), NL_NO_MEMORY);
        nl_source_close(s);
    }
    free(path);
}

/* Write "new" in two pieces. */
static int write_new(const char *path, bool if_absent, nl_error *err)
{
    nl_sink *s;
    int rc = nl_sink_create_file_with(path, &(struct nl_file_sink_options){.if_absent = if_absent}, &s, err);
    if (rc)
        return rc;
    rc = nl_sink_write(s, "ne", 2, err);
    if (rc == NL_OK)
        rc = nl_sink_write(s, "w", 1, err);
    if (rc) {
        nl_sink_abort(s);
        return rc;
    }
    return nl_sink_commit(s, err);
}

/* After rc, the file is old or new as K1 says, and is alone in its folder. */
static void check_k1(const char *dir, const char *path, bool had_old, int rc)
{
    char *text = tmp_read(path, NULL);
    if (rc == NL_OK)
        CHECK_STR(text, "new");
    else
        CHECK_STR(text, had_old ? "old" : NULL);
    free(text);
    size_t expected = rc == NL_OK || had_old;
    CHECK_INT(tmp_entries(dir), expected);
}

/* The files whose names begin as those of killed processes: only a failed unlink() may leave one. */
static void sweep(const char *dir)
{
    struct nl_proc_result r;
    char script[600];
    snprintf(script, sizeof(script), "rm -f '%s'/.nl-tmp-* '%s'/f", dir, dir);
    CHECK_INT(nl_proc_run(&(struct nl_proc){.argv = (const char *const[]){"sh", "-c", script, NULL}}, &r, NULL), NL_OK);
    nl_proc_result_free(&r);
}

static size_t hidden_entries(const char *dir)
{
    size_t n = 0, all = tmp_entries(dir);
    char *path = tmp_path(dir, "f");
    n = all - tmp_exists(path);
    free(path);
    return n;
}

/* One run of the loop, with everything armed. */
static void one_write(struct fault *f, const char *dir, const char *path, bool had_old, bool if_absent)
{
    nl_error err = {0};
    int rc = write_new(path, if_absent, &err);
    bool fired = fault_off(f);
    check_why("call %ld, old file: %d, if absent: %d: %s", f->nth, had_old, if_absent, err.message);
    CHECK(rc == NL_OK || fired);
    CHECK_INT(err.code, rc);
    size_t left = hidden_entries(dir);
    if (left) { /* only where the removal itself was what failed: then the outcome is whole */
        CHECK_INT(left, 1);
        CHECK_INT(rc, NL_OK);
        char *text = tmp_read(path, NULL);
        CHECK_STR(text, "new");
        free(text);
    } else {
        check_k1(dir, path, had_old, rc);
    }
    sweep(dir);
}

static void file_sinks_leave_all_or_nothing(void **state)
{
    static const int kinds[] = {FAULT_ALLOC, FAULT_IO};
    for (size_t k = 0; k < NL_LEN(kinds); k++)
        for (int variant = 0; variant < 3; variant++) { /* new, replacing, if absent */
            char *path = tmp_path(*state, "f");
            struct fault f = fault_start(kinds[k], kinds[k] == FAULT_IO ? EIO : ENOMEM);
            for (;;) {
                if (variant == 1)
                    tmp_write_text(path, "old");
                if (!fault_next(&f))
                    break;
                one_write(&f, *state, path, variant == 1, variant == 2);
            }
            free(path);
            sweep(*state);
        }
}

static void other_sinks_fail_cleanly(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_buf b = {0};
        nl_sink *s;
        int rc = nl_sink_create_memory(&b, &s, NULL);
        if (rc == NL_OK) {
            rc = nl_sink_write(s, "abc", 3, NULL);
            if (rc)
                nl_sink_abort(s);
            else
                rc = nl_sink_commit(s, NULL);
        }
        check_outcome(rc, fault_off(&f), NL_NO_MEMORY);
        nl_buf_free(&b);
    }
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_sink *s;
        int rc = nl_sink_create_fd(1, &s, NULL);
        check_outcome(rc, fault_off(&f), NL_NO_MEMORY);
        nl_sink_abort(s);
    }
}

static void whole_files_and_folders(void **state)
{
    char *path = tmp_path(*state, "f"), *deep = tmp_path(*state, "a/b/c");
    tmp_write_text(path, "some text");
    for (int kind = FAULT_ALLOC; kind <= FAULT_IO; kind++) {
        int errnum = kind == FAULT_IO ? EIO : ENOMEM, code = kind == FAULT_IO ? NL_IO : NL_NO_MEMORY;
        FAULT_LOOP(f, kind, errnum)
        {
            nl_buf b = {0};
            int rc = nl_read_file(path, 100, &b, NULL);
            bool fired = fault_off(&f);
            CHECK(rc == NL_OK || (fired && rc == code));
            CHECK(rc != NL_OK || strcmp(b.data, "some text") == 0);
            nl_buf_free(&b);
        }
        FAULT_LOOP(f, kind, errnum)
        {
            int rc = nl_make_folders(deep, 0700, NULL);
            bool fired = fault_off(&f);
            CHECK(rc == NL_OK || (fired && rc == code));
            CHECK(rc != NL_OK || tmp_exists(deep));
        }
    }
    free(path);
    free(deep);
}

static void programs_and_paths(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC | FAULT_NET, ENOMEM)
    {
        struct nl_proc_result r;
        const char *const argv[] = {"sh", "-c", "echo x; echo y >&2", NULL};
        int rc = nl_proc_run(&(struct nl_proc){.argv = argv, .input = "in", .input_len = 2}, &r, NULL);
        bool fired = fault_off(&f);
        CHECK(rc == NL_OK || (fired && rc == NL_NO_MEMORY));
        nl_proc_result_free(&r);
    }
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        char *path;
        int rc = nl_resource_path("no/such", &path, NULL);
        bool fired = fault_off(&f);
        CHECK(rc == NL_NOT_FOUND || (fired && rc == NL_NO_MEMORY));
        CHECK(path == NULL);
    }
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_block *b = NULL, *w = NULL;
        uint8_t data[64];
        int rc = nl_block_new(10, &b, NULL);
        if (rc == NL_OK)
            rc = nl_block_wrap(data, 0, NULL, NULL, &w, NULL);
        check_outcome(rc, fault_off(&f), NL_NO_MEMORY);
        nl_block_unref(b);
        nl_block_unref(w);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(buffers_stay_as_they_were),
        cmocka_unit_test(arenas_say_no_and_go_on),
        cmocka_unit_test(pools_start_whole_or_not_at_all),
        IN_FOLDER(sources_fail_cleanly),
        IN_FOLDER(file_sinks_leave_all_or_nothing),
        cmocka_unit_test(other_sinks_fail_cleanly),
        IN_FOLDER(whole_files_and_folders),
        cmocka_unit_test(programs_and_paths),
    };
    return cmocka_run_group_tests_name("fault_base", tests, NULL, NULL);
}
