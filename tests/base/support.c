/* tests/base/support.c: the test support itself: a tool that does not fail when it should proves nothing. */
#include "support/check.h"
#include "support/fault.h"
#include "support/proc.h"
#include "support/rng.h"
#include "support/tmp.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Three allocations: the loop must fail each of them once, and then let all pass. */
static void fault_loop_fails_each_allocation_once(void **state)
{
    (void)state;
    int failed[3] = {0}, runs = 0, passed = 0;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        void *volatile a = malloc(10), *volatile b = calloc(2, 5);
        char *volatile c = strdup("x");
        bool fired = fault_off(&f);
        failed[0] += !a;
        failed[1] += !b;
        failed[2] += !c;
        runs++;
        passed += !fired;
        free(a);
        free(b);
        free(c);
    }
    CHECK_INT(runs, 4);
    CHECK_INT(passed, 1);
    for (int i = 0; i < 3; i++)
        CHECK_INT(failed[i], 1);
}

static void io_faults_carry_the_errno_and_stick_when_asked(void **state)
{
    char *path = tmp_path(*state, "a");
    int fd = open(path, O_CREAT | O_RDWR, 0600);
    CHECK(fd >= 0);
    fault_arm(FAULT_IO, 2, ENOSPC);
    CHECK_INT(write(fd, "abc", 3), 3);
    CHECK_INT(write(fd, "abc", 3), -1);
    CHECK_INT(errno, ENOSPC);
    CHECK_INT(write(fd, "abc", 3), 3);
    CHECK_INT(fault_disarm(), 3);
    CHECK(fault_fired());

    fault_arm(FAULT_IO | FAULT_STICKY, 1, EIO);
    CHECK_INT(fsync(fd), -1);
    CHECK_INT(fsync(fd), -1);
    fault_disarm();

    fault_short(2);
    CHECK_INT(write(fd, "abc", 3), 2);
    fault_short(0);
    fault_arm(FAULT_IO, 1, EIO);
    CHECK_INT(close(fd), -1); /* F1: closed all the same */
    fault_disarm();
    CHECK_INT(close(fd), -1);
    CHECK_INT(errno, EBADF);
    free(path);
}

static void programs_are_fed_captured_and_limited(void **state)
{
    (void)state;
    struct proc_result r = proc_run(&(struct proc_spec){.argv = PROC_ARGS("sh", "-c", "cat; echo $X >&2; exit 3"),
                                                        .in = "hello",
                                                        .in_len = 5,
                                                        .env = PROC_ARGS("X=7", "HOME")});
    CHECK_INT(r.status, 3);
    CHECK_STR(r.out, "hello");
    CHECK_STR(r.err, "7\n");
    proc_result_free(&r);

    r = proc_run(&(struct proc_spec){.argv = PROC_ARGS("sleep", "60"), .limit_ms = 50});
    CHECK_INT(r.status, PROC_LATE);
    proc_result_free(&r);

    r = proc_run(&(struct proc_spec){.argv = PROC_ARGS("no-such-program-anywhere")});
    CHECK_INT(r.status, 127);
    proc_result_free(&r);
}

static void servers_say_a_line_and_stop_by_signal(void **state)
{
    (void)state;
    struct proc *p =
        proc_start(&(struct proc_spec){.argv = PROC_ARGS("sh", "-c", "echo ready; echo go; exec sleep 60")});
    char *line = proc_line(p, 10000);
    CHECK_STR(line, "ready");
    free(line);
    line = proc_line(p, 10000);
    CHECK_STR(line, "go");
    free(line);
    CHECK(!proc_line(p, 10));
    CHECK_INT(proc_stop(p, SIGTERM), 128 + SIGTERM);
}

static void files_come_back_as_written(void **state)
{
    char *path = tmp_path(*state, "b"), data[20000];
    struct rng r = rng_fixed(1);
    rng_bytes(&r, data, sizeof data);
    tmp_write(path, data, sizeof data);
    size_t len;
    char *got = tmp_read(path, &len);
    CHECK_INT(len, sizeof data);
    CHECK_MEM(got, data, len);
    CHECK_INT(tmp_entries(*state), 1);
    CHECK(!tmp_read("/does/not/exist", NULL));
    free(got);
    free(path);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fault_loop_fails_each_allocation_once),
        cmocka_unit_test_setup_teardown(io_faults_carry_the_errno_and_stick_when_asked, tmp_setup, tmp_teardown),
        cmocka_unit_test(programs_are_fed_captured_and_limited),
        cmocka_unit_test(servers_say_a_line_and_stop_by_signal),
        cmocka_unit_test_setup_teardown(files_come_back_as_written, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
