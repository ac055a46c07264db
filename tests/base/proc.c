/* tests/base/proc.c: another program is run, bounded, and never left behind. */
#include "base/proc.h"

#include <dirent.h>
#include <fcntl.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"

#define SH(script) ((const char *const[]){"sh", "-c", script, NULL})

static size_t open_descriptors(void)
{
    size_t n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

static void output_error_and_exit_code(void **state)
{
    (void)state;
    size_t before = open_descriptors();
    struct nl_proc_result r;
    nl_error err = {0};
    CHECK_OK(nl_proc_run(&(struct nl_proc){.argv = SH("echo out; echo err >&2; exit 3")}, &r, &err), err);
    CHECK_STR(r.out.data, "out\n");
    CHECK_STR(r.err.data, "err\n");
    CHECK_INT(r.exit_code, 3);
    CHECK_INT(r.signal, 0);
    CHECK(!r.cut);
    nl_proc_result_free(&r);
    CHECK_OK(nl_proc_run(&(struct nl_proc){.argv = SH("kill -9 $$")}, &r, &err), err);
    CHECK_INT(r.exit_code, -1);
    CHECK_INT(r.signal, SIGKILL);
    nl_proc_result_free(&r);
    CHECK_INT(open_descriptors(), before);
}

static void arguments_are_not_for_a_shell(void **state)
{
    (void)state;
    struct nl_proc_result r;
    nl_error err = {0};
    const char *const argv[] = {"printf", "%s|", "a b", "$HOME", "; exit 9", "*", "", NULL};
    CHECK_OK(nl_proc_run(&(struct nl_proc){.argv = argv}, &r, &err), err);
    CHECK_STR(r.out.data, "a b|$HOME|; exit 9|*||");
    nl_proc_result_free(&r);
}

static void input_folder_and_environment(void **state)
{
    (void)state;
    enum { SIZE = 500000 };
    char *input = malloc(SIZE);
    memset(input, 'i', SIZE);
    struct nl_proc_result r;
    nl_error err = {0};
    struct nl_proc p = {.argv = SH("cat; pwd; echo $X$HOME"),
                        .env = (const char *const[]){"X=set", "PATH=/usr/bin:/bin", NULL},
                        .folder = "/",
                        .input = input,
                        .input_len = SIZE};
    CHECK_OK(nl_proc_run(&p, &r, &err), err);
    CHECK_INT(r.out.len, SIZE + strlen("/\nset\n"));
    CHECK_MEM(r.out.data, input, SIZE);
    CHECK_STR(r.out.data + SIZE, "/\nset\n");
    nl_proc_result_free(&r);
    /* A program that does not read its input is no error, and no signal for us. */
    p.argv = SH("exec <&-; exit 0");
    CHECK_OK(nl_proc_run(&p, &r, &err), err);
    CHECK_INT(r.exit_code, 0);
    nl_proc_result_free(&r);
    p.argv = SH("cat");
    p.input_len = 0;
    CHECK_OK(nl_proc_run(&p, &r, &err), err);
    CHECK_INT(r.out.len, 0);
    nl_proc_result_free(&r);
    p = (struct nl_proc){.argv = SH("cat")}; /* no input: /dev/null */
    CHECK_OK(nl_proc_run(&p, &r, &err), err);
    CHECK_INT(r.exit_code, 0);
    nl_proc_result_free(&r);
    free(input);
}

static void output_beyond_the_limit_is_thrown_away(void **state)
{
    (void)state;
    struct nl_proc_result r;
    nl_error err = {0};
    struct nl_proc p = {.argv = SH("head -c 300000 /dev/zero; echo e >&2; exit 4"), .max_output = 1000};
    CHECK_OK(nl_proc_run(&p, &r, &err), err);
    CHECK_INT(r.out.len, 1000);
    CHECK_STR(r.err.data, "e\n");
    CHECK_INT(r.exit_code, 4);
    CHECK(r.cut);
    nl_proc_result_free(&r);
}

/* Wait until a process is gone (its group was killed); a defunct one counts as gone. */
static bool is_gone(pid_t pid)
{
    char path[64], text[512] = "";
    snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return true;
    ssize_t n = read(fd, text, sizeof(text) - 1);
    close(fd);
    const char *state = n > 0 ? strrchr(text, ')') : NULL;
    return !state || state[2] == 'Z' || state[2] == 'X';
}

static void a_late_program_is_killed_with_its_children(void **state)
{
    (void)state;
    struct nl_proc_result r;
    nl_error err = {0};
    struct nl_proc p = {.argv = SH("sleep 1000 & echo $!; wait"), .time_limit_ns = 300000000};
    CHECK_FAILS(nl_proc_run(&p, &r, &err), NL_IO, err, "'sh' took longer than 0.3 seconds");
    CHECK_INT(r.signal, SIGKILL);
    pid_t child = r.out.data ? (pid_t)strtol(r.out.data, NULL, 10) : 0;
    CHECK(child > 0);
    for (int i = 0; i < 100000000 && !is_gone(child); i++)
        sched_yield();
    CHECK(is_gone(child));
    nl_proc_result_free(&r);
}

static void *set_token(void *arg)
{
    nl_cancel_set(arg);
    return NULL;
}

static void a_cancel_ends_it(void **state)
{
    (void)state;
    struct nl_proc_result r;
    nl_error err = {0};
    nl_cancel c;
    pthread_t thread;
    nl_cancel_init(&c);
    CHECK_INT(pthread_create(&thread, NULL, set_token, &c), 0);
    int rc = nl_proc_run(&(struct nl_proc){.argv = SH("sleep 1000"), .cancel = &c}, &r, &err);
    pthread_join(thread, NULL);
    CHECK_FAILS(rc, NL_CANCELLED, err, "cancelled");
    CHECK_INT(r.signal, SIGKILL);
    nl_proc_result_free(&r);
    nl_cancel_destroy(&c);
}

/* The grandchild keeps the pipes open: the end of the program itself is what counts. */
static void a_daemon_is_not_waited_for(void **state)
{
    (void)state;
    struct nl_proc_result r;
    nl_error err = {0};
    CHECK_OK(nl_proc_run(&(struct nl_proc){.argv = SH("sleep 1000 & echo $!")}, &r, &err), err);
    CHECK_INT(r.exit_code, 0);
    pid_t child = r.out.data ? (pid_t)strtol(r.out.data, NULL, 10) : 0;
    CHECK(child > 1 && !is_gone(child));
    kill(child, SIGKILL);
    nl_proc_result_free(&r);
}

static void signals_and_descriptors_are_not_inherited(void **state)
{
    (void)state;
    struct nl_proc_result r;
    nl_error err = {0};
    sigset_t blocked, old;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    pthread_sigmask(SIG_BLOCK, &blocked, &old);
    CHECK_OK(nl_proc_run(&(struct nl_proc){.argv = SH("kill -TERM $$; exit 0")}, &r, &err), err);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    CHECK_INT(r.signal, SIGTERM);
    nl_proc_result_free(&r);
    CHECK_OK(nl_proc_run(&(struct nl_proc){.argv = SH("ls /proc/$$/fd")}, &r, &err), err);
    CHECK_STR(r.out.data, "0\n1\n2\n");
    nl_proc_result_free(&r);
}

static void what_cannot_run_says_why(void **state)
{
    (void)state;
    struct nl_proc_result r;
    nl_error err = {0};
    const char *const missing[] = {"no-such-program-here", NULL}, *const folder[] = {"/", NULL};
    size_t before = open_descriptors();
    CHECK_FAILS(nl_proc_run(&(struct nl_proc){.argv = missing}, &r, &err), NL_NOT_FOUND, err,
                "cannot run 'no-such-program-here': No such file");
    nl_proc_result_free(&r);
    CHECK_FAILS(nl_proc_run(&(struct nl_proc){.argv = folder}, &r, &err), NL_DENIED, err, "cannot run '/'");
    nl_proc_result_free(&r);
    CHECK_FAILS(nl_proc_run(&(struct nl_proc){.argv = SH("exit 0"), .folder = "/no/such"}, &r, &err), NL_NOT_FOUND, err,
                NULL);
    nl_proc_result_free(&r);
    CHECK_INT(open_descriptors(), before);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(output_error_and_exit_code),
        cmocka_unit_test(arguments_are_not_for_a_shell),
        cmocka_unit_test(input_folder_and_environment),
        cmocka_unit_test(output_beyond_the_limit_is_thrown_away),
        cmocka_unit_test(a_late_program_is_killed_with_its_children),
        cmocka_unit_test(a_cancel_ends_it),
        cmocka_unit_test(a_daemon_is_not_waited_for),
        cmocka_unit_test(signals_and_descriptors_are_not_inherited),
        cmocka_unit_test(what_cannot_run_says_why),
    };
    return cmocka_run_group_tests_name("base_proc", tests, NULL, NULL);
}
