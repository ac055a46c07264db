/* tests/base/io/sink.c: at once, or never: K1 in all its cases. */
#include "base/io/sink.h"

#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/tmp.h"

/* The file holds this text, and the folder holds n entries. */
static void check_folder(const char *dir, const char *path, const char *text, size_t n)
{
    char *got = tmp_read(path, NULL);
    CHECK_STR(got, text);
    free(got);
    CHECK_INT(tmp_entries(dir), n);
}

static void nothing_is_seen_before_the_commit(void **state)
{
    char *path = tmp_path(*state, "f");
    nl_error err = {0};
    nl_sink *s;
    CHECK_OK(nl_sink_create_file(path, &s, &err), err);
    CHECK_OK(nl_sink_write(s, "one ", 4, &err), err);
    CHECK_OK(nl_sink_write(s, NULL, 0, &err), err);
    CHECK_OK(nl_sink_write(s, "two", 3, &err), err);
    CHECK_INT(nl_sink_written(s), 7);
    CHECK(!tmp_exists(path));
    CHECK(nl_sink_file_fd(s) >= 0);
    CHECK_INT(fcntl(nl_sink_file_fd(s), F_GETFD) & FD_CLOEXEC, FD_CLOEXEC);
    CHECK_OK(nl_sink_commit(s, &err), err);
    check_folder(*state, path, "one two", 1);
    free(path);
}

static void an_abort_leaves_nothing_new(void **state)
{
    char *path = tmp_path(*state, "f");
    nl_error err = {0};
    nl_sink *s;
    CHECK_OK(nl_sink_create_file(path, &s, &err), err);
    CHECK_OK(nl_sink_write(s, "x", 1, &err), err);
    nl_sink_abort(s);
    CHECK_INT(tmp_entries(*state), 0);
    tmp_write_text(path, "old");
    CHECK_OK(nl_sink_create_file(path, &s, &err), err);
    nl_sink_abort(s);
    check_folder(*state, path, "old", 1);
    nl_sink_abort(NULL);
    free(path);
}

static void large_writes_come_whole(void **state)
{
    enum { SIZE = 3000000 };
    char *path = tmp_path(*state, "f"), *data = malloc(SIZE);
    struct rng r = rng_seed("sink");
    rng_bytes(&r, data, SIZE);
    nl_error err = {0};
    nl_sink *s;
    CHECK_OK(nl_sink_create_file(path, &s, &err), err);
    for (size_t at = 0; at < SIZE;) {
        size_t n = (size_t)rng_below(&r, rng_below(&r, 10) ? 5000 : 700000);
        n = n < SIZE - at ? n : SIZE - at;
        fault_short(n % 3 ? 0 : 1000);
        int rc = nl_sink_write(s, data + at, n, &err);
        fault_short(0);
        CHECK_OK(rc, err);
        at += n;
    }
    CHECK_INT(nl_sink_written(s), SIZE);
    CHECK_OK(nl_sink_commit(s, &err), err);
    size_t len;
    char *got = tmp_read(path, &len);
    CHECK_INT(len, SIZE);
    CHECK_MEM(got, data, SIZE);
    free(got);
    free(data);
    free(path);
}

static void if_absent_is_decided_at_the_commit(void **state)
{
    char *path = tmp_path(*state, "f");
    const struct nl_file_sink_options o = {.if_absent = true};
    nl_error err = {0};
    nl_sink *first, *second;
    CHECK_OK(nl_sink_create_file_with(path, &o, &first, &err), err);
    CHECK_OK(nl_sink_create_file_with(path, &o, &second, &err), err);
    CHECK_OK(nl_sink_write(first, "first", 5, &err), err);
    CHECK_OK(nl_sink_write(second, "second", 6, &err), err);
    CHECK_OK(nl_sink_commit(second, &err), err);
    CHECK_FAILS(nl_sink_commit(first, &err), NL_CONFLICT, err, "exists already");
    check_folder(*state, path, "second", 1);
    free(path);
}

static void permissions(void **state)
{
    static const struct {
        const char *why;
        unsigned old, asked, want; /* old 0: no file before */
    } cases[] = {
        {"a new file follows the umask", 0, 0, 0640},
        {"what is asked for is not cut", 0, 0666, 0666},
        {"a secret stays one while it is written", 0, 0600, 0600},
        {"a replaced file keeps its own", 0600, 0, 0600},
        {"unless something is asked for", 0600, 0644, 0644},
    };
    mode_t before = umask(027);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char *path = tmp_path(*state, "f");
        struct stat st;
        nl_error err = {0};
        nl_sink *s;
        check_why("%s", cases[i].why);
        unlink(path);
        if (cases[i].old) {
            tmp_write_text(path, "old");
            CHECK_INT(chmod(path, cases[i].old), 0);
        }
        CHECK_OK(nl_sink_create_file_with(path, &(struct nl_file_sink_options){.mode = cases[i].asked}, &s, &err), err);
        CHECK_INT(fstat(nl_sink_file_fd(s), &st), 0);
        CHECK_INT(st.st_mode & 0777, cases[i].want);
        CHECK_OK(nl_sink_commit(s, &err), err);
        CHECK_INT(stat(path, &st), 0);
        CHECK_INT(st.st_mode & 0777, cases[i].want);
        free(path);
    }
    umask(before);
}

static void a_link_is_followed(void **state)
{
    char *path = tmp_path(*state, "link"), *target = tmp_path(*state, "target"), *lost = tmp_path(*state, "lost");
    nl_error err = {0};
    nl_sink *s;
    struct stat st;
    tmp_write_text(target, "old");
    CHECK_INT(symlink("target", path), 0);
    CHECK_INT(symlink("nowhere", lost), 0);
    CHECK_OK(nl_write_file(path, "new", 3, 0, &err), err);
    check_folder(*state, target, "new", 3);
    CHECK(lstat(path, &st) == 0 && S_ISLNK(st.st_mode));
    CHECK_FAILS(nl_sink_create_file(lost, &s, &err), NL_NOT_FOUND, err, "symbolic link");
    free(path);
    free(target);
    free(lost);
}

static void what_cannot_be_written_says_why(void **state)
{
    char *fifo = tmp_path(*state, "fifo"), *below = tmp_path(*state, "no/such/f"), *slash = tmp_path(*state, "f/");
    nl_error err = {0};
    nl_sink *s = (nl_sink *)(uintptr_t)1;
    CHECK_INT(mkfifo(fifo, 0600), 0);
    CHECK_FAILS(nl_sink_create_file(below, &s, &err), NL_NOT_FOUND, err, "cannot write 'f' into the folder");
    CHECK(s == NULL);
    CHECK_FAILS(nl_sink_create_file(*state, &s, &err), NL_INVALID, err, "is a folder");
    CHECK_FAILS(nl_sink_create_file(slash, &s, &err), NL_INVALID, err, "not the name of a file");
    CHECK_FAILS(nl_sink_create_file("", &s, &err), NL_INVALID, err, "not the name of a file");
    CHECK_FAILS(nl_sink_create_file(fifo, &s, &err), NL_INVALID, err, "not a regular file");
    CHECK_FAILS(nl_sink_create_file("/dev/null", &s, &err), NL_INVALID, err, "not a regular file");
    if (geteuid() != 0) {
        CHECK_INT(chmod(*state, 0500), 0);
        char *denied = tmp_path(*state, "f");
        CHECK_FAILS(nl_sink_create_file(denied, &s, &err), NL_DENIED, err, "cannot create");
        CHECK_INT(chmod(*state, 0700), 0);
        free(denied);
    }
    CHECK_INT(tmp_entries(*state), 1);
    free(fifo);
    free(below);
    free(slash);
}

static void a_bare_name_is_in_this_folder(void **state)
{
    char before[PATH_MAX];
    nl_error err = {0};
    CHECK(getcwd(before, sizeof(before)) != NULL);
    CHECK_INT(chdir(*state), 0);
    int rc = nl_write_file("bare", "x", 1, 0, &err);
    int back = chdir(before);
    CHECK_OK(rc, err);
    CHECK_INT(back, 0);
    char *path = tmp_path(*state, "bare");
    check_folder(*state, path, "x", 1);
    free(path);
}

static void a_full_disk_leaves_what_was(void **state)
{
    char *path = tmp_path(*state, "f"), *data = calloc(1, 1 << 20);
    nl_error err = {0};
    nl_sink *s;
    struct rlimit old, small;
    tmp_write_text(path, "old");
    CHECK_INT(getrlimit(RLIMIT_FSIZE, &old), 0);
    signal(SIGXFSZ, SIG_IGN);
    small = (struct rlimit){100000, old.rlim_max};
    for (size_t size = 50000; size <= 1 << 20; size *= 4) { /* fails at the commit, then at once */
        CHECK_OK(nl_sink_create_file(path, &s, &err), err);
        CHECK_INT(setrlimit(RLIMIT_FSIZE, &small), 0);
        int rc = nl_sink_write(s, data, size, &err);
        bool written = rc == NL_OK;
        if (written)
            rc = nl_sink_commit(s, &err);
        else
            nl_sink_abort(s);
        CHECK_INT(setrlimit(RLIMIT_FSIZE, &old), 0);
        check_why("%zu bytes", size);
        if (size < 100000) {
            CHECK_OK(rc, err);
            tmp_write_text(path, "old");
        } else {
            CHECK_FAILS(rc, NL_IO, err, "cannot write: File too large");
            CHECK_HAS(err.message, path);
            CHECK_INT(written, size < 256 << 10);
            check_folder(*state, path, "old", 1);
        }
    }
    free(data);
    free(path);
}

static void no_space_says_what_to_do(void **state)
{
    char *path = tmp_path(*state, "f");
    nl_error err = {0};
    nl_sink *s;
    CHECK_OK(nl_sink_create_file(path, &s, &err), err);
    CHECK_OK(nl_sink_write(s, "x", 1, &err), err);
    fault_arm(FAULT_IO, 1, ENOSPC);
    int rc = nl_sink_commit(s, &err);
    fault_disarm();
    CHECK_FAILS(rc, NL_IO, err, "No space left");
    CHECK_HAS(err.hint, "free some space");
    CHECK_INT(tmp_entries(*state), 0);
    free(path);
}

/* ── memory and descriptors ── */

static void memory_is_filled_by_the_commit(void **state)
{
    (void)state;
    nl_buf b = {0};
    nl_error err = {0};
    nl_sink *s;
    CHECK_OK(nl_buf_puts(&b, "before", &err), err);
    CHECK_OK(nl_sink_create_memory(&b, &s, &err), err);
    CHECK_OK(nl_sink_write(s, "abc", 3, &err), err);
    CHECK_STR(b.data, "before");
    CHECK_INT(nl_sink_file_fd(s), -1);
    CHECK_OK(nl_sink_commit(s, &err), err);
    CHECK_STR(b.data, "abc");
    CHECK_OK(nl_sink_create_memory(&b, &s, &err), err);
    CHECK_OK(nl_sink_write(s, "lost", 4, &err), err);
    nl_sink_abort(s);
    CHECK_STR(b.data, "abc");
    nl_buf_free(&b);
}

static void a_descriptor_gets_all_bytes(void **state)
{
    char *path = tmp_path(*state, "f"), *data = malloc(300000);
    struct rng r = rng_fixed(3);
    rng_bytes(&r, data, 300000);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    nl_error err = {0};
    nl_sink *s;
    CHECK(fd >= 0);
    CHECK_OK(nl_sink_create_fd(fd, &s, &err), err);
    static const size_t pieces[] = {1, 70000, 10, 65525, 65536, 0, 65537, 33391};
    size_t at = 0;
    for (size_t i = 0; i < NL_LEN(pieces); i++) {
        CHECK_OK(nl_sink_write(s, data + at, pieces[i], &err), err);
        at += pieces[i];
    }
    CHECK_INT(at, 300000);
    CHECK_INT(nl_sink_written(s), 300000);
    CHECK_OK(nl_sink_commit(s, &err), err);
    CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC); /* it stays open */
    close(fd);
    size_t len;
    char *got = tmp_read(path, &len);
    CHECK_INT(len, 300000);
    CHECK_MEM(got, data, len);
    free(got);
    free(data);
    free(path);
}

static void a_closed_pipe_is_an_error(void **state)
{
    (void)state;
    int ends[2];
    nl_error err = {0};
    nl_sink *s;
    signal(SIGPIPE, SIG_IGN);
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    close(ends[0]);
    CHECK_OK(nl_sink_create_fd(ends[1], &s, &err), err);
    CHECK_OK(nl_sink_write(s, "x", 1, &err), err); /* in the buffer */
    CHECK_FAILS(nl_sink_commit(s, &err), NL_IO, err, "Broken pipe");
    close(ends[1]);
    int full = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CHECK(full >= 0);
    CHECK_FAILS(nl_write_all(full, "x", 1, &err), NL_IO, err, "No space left");
    close(full);
}

static void *read_slowly(void *arg)
{
    char piece[1000];
    size_t sum = 0;
    for (ssize_t n; (n = read(*(int *)arg, piece, sizeof(piece))) > 0;)
        sum += (size_t)n;
    return (void *)(uintptr_t)sum;
}

static void a_full_pipe_that_does_not_block_is_waited_for(void **state)
{
    (void)state;
    int ends[2];
    nl_error err = {0};
    pthread_t reader;
    void *sum;
    enum { SIZE = 1 << 20 };
    char *data = calloc(1, SIZE);
    CHECK_INT(pipe2(ends, O_CLOEXEC), 0);
    CHECK_INT(fcntl(ends[1], F_SETFL, O_NONBLOCK), 0);
    CHECK_INT(pthread_create(&reader, NULL, read_slowly, &ends[0]), 0);
    int rc = nl_write_all(ends[1], data, SIZE, &err);
    close(ends[1]);
    pthread_join(reader, &sum);
    close(ends[0]);
    free(data);
    CHECK_OK(rc, err);
    CHECK_INT((uintptr_t)sum, SIZE);
}

int main(void)
{
#define IN_FOLDER(test) cmocka_unit_test_setup_teardown(test, tmp_setup, tmp_teardown)
    const struct CMUnitTest tests[] = {
        IN_FOLDER(nothing_is_seen_before_the_commit),
        IN_FOLDER(an_abort_leaves_nothing_new),
        IN_FOLDER(large_writes_come_whole),
        IN_FOLDER(if_absent_is_decided_at_the_commit),
        IN_FOLDER(permissions),
        IN_FOLDER(a_link_is_followed),
        IN_FOLDER(what_cannot_be_written_says_why),
        IN_FOLDER(a_bare_name_is_in_this_folder),
        IN_FOLDER(a_full_disk_leaves_what_was),
        IN_FOLDER(no_space_says_what_to_do),
        cmocka_unit_test(memory_is_filled_by_the_commit),
        IN_FOLDER(a_descriptor_gets_all_bytes),
        cmocka_unit_test(a_closed_pipe_is_an_error),
        cmocka_unit_test(a_full_pipe_that_does_not_block_is_waited_for),
    };
    return cmocka_run_group_tests_name("base_io_sink", tests, NULL, NULL);
}
