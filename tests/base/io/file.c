/* tests/base/io/file.c: whole files, and folders on the way. */
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io/sink.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/tmp.h"

static void a_file_comes_back(void **state)
{
    char *path = tmp_path(*state, "f");
    nl_buf b = {0};
    nl_error err = {0};
    struct stat st;
    CHECK_OK(nl_buf_puts(&b, "what was there goes", &err), err);
    CHECK_OK(nl_write_file(path, "a\0b", 3, 0600, &err), err);
    CHECK(stat(path, &st) == 0 && (st.st_mode & 0777) == 0600);
    CHECK_OK(nl_read_file(path, 100, &b, &err), err);
    CHECK_INT(b.len, 3);
    CHECK_MEM(b.data, "a\0b", 4);
    CHECK_OK(nl_write_file(path, "", 0, 0600, &err), err);
    CHECK_OK(nl_read_file(path, 0, &b, &err), err);
    CHECK_INT(b.len, 0);
    CHECK_STR(b.data, "");
    nl_buf_free(&b);
    free(path);
}

static void the_limit_is_exact(void **state)
{
    enum { SIZE = 200000 };
    char *path = tmp_path(*state, "f"), *data = calloc(1, SIZE);
    nl_buf b = {0};
    nl_error err = {0};
    memset(data, 'x', SIZE);
    tmp_write(path, data, SIZE);
    CHECK_OK(nl_read_file(path, SIZE, &b, &err), err);
    CHECK_INT(b.len, SIZE);
    CHECK_MEM(b.data, data, SIZE);
    CHECK_FAILS(nl_read_file(path, SIZE - 1, &b, &err), NL_INVALID, err, "is longer than 199999 bytes");
    CHECK_HAS(err.message, path);
    CHECK_INT(b.len, SIZE); /* as it was */
    CHECK_OK(nl_read_file(path, SIZE_MAX, &b, &err), err);
    fault_short(777);
    int rc = nl_read_file(path, SIZE, &b, &err);
    fault_short(0);
    CHECK_OK(rc, err);
    CHECK_INT(b.len, SIZE);
    nl_buf_free(&b);
    free(data);
    free(path);
}

static void files_without_a_size_are_read_too(void **state)
{
    (void)state;
    nl_buf b = {0};
    nl_error err = {0};
    CHECK_OK(nl_read_file("/proc/self/status", 1 << 20, &b, &err), err);
    CHECK_HAS(b.data, "Name:");
    CHECK_FAILS(nl_read_file("/no/such/file", 10, &b, &err), NL_NOT_FOUND, err, "/no/such/file: No such file");
    CHECK_FAILS(nl_read_file("/", 10, &b, &err), NL_INVALID, err, "Is a directory");
    nl_buf_free(&b);
}

static void folders_are_made_on_the_way(void **state)
{
    char *deep = tmp_path(*state, "a/b//c/"), *a = tmp_path(*state, "a"), *file = tmp_path(*state, "file");
    char *below = tmp_path(*state, "file/x");
    nl_error err = {0};
    struct stat st;
    CHECK_OK(nl_make_folders(deep, 0700, &err), err);
    CHECK_OK(nl_make_folders(deep, 0700, &err), err);
    CHECK_INT(stat(deep, &st), 0);
    CHECK_INT(st.st_mode & 0777, 0700);
    CHECK_OK(nl_make_folders(a, 0700, &err), err);
    CHECK_OK(nl_make_folders("/", 0700, &err), err);
    CHECK_OK(nl_make_folders(".", 0700, &err), err);
    tmp_write_text(file, "x");
    CHECK_FAILS(nl_make_folders(file, 0700, &err), NL_INVALID, err, "is not a folder");
    CHECK_FAILS(nl_make_folders(below, 0700, &err), NL_INVALID, err, "is not a folder");
    CHECK_FAILS(nl_make_folders("", 0700, &err), NL_INVALID, err, "empty");
    free(deep);
    free(a);
    free(file);
    free(below);
}

/* Only a folder that is made is synced; one whose sync fails is not left to be taken for synced. */
static void made_folders_are_synced(void **state)
{
    char *deep = tmp_path(*state, "a/b//c/"), *c = tmp_path(*state, "a/b/c"), *b = tmp_path(*state, "a/b");
    char *a = tmp_path(*state, "a");
    nl_error err = {0};
    CHECK_OK(nl_make_folders(a, 0700, &err), err);
    CHECK_OK(nl_make_folders(deep, 0700, &err), err);
    fault_arm(FAULT_IO, 0, 0);
    CHECK_OK(nl_make_folders_durable(deep, 0700, &err), err);
    long there = fault_disarm();
    CHECK(!rmdir(c) && !rmdir(b));
    FAULT_LOOP(f, FAULT_IO, EIO)
    {
        int rc = nl_make_folders_durable(deep, 0700, &err);
        bool failed = fault_off(&f);
        CHECK(!rc || failed);
        CHECK(rc ? !tmp_exists(c) : tmp_exists(c));
        CHECK_OK(nl_make_folders_durable(deep, 0700, &err), err);
        CHECK(!rmdir(c) && !rmdir(b));
    }
    fault_arm(FAULT_IO, 0, 0);
    CHECK_OK(nl_make_folders_durable(deep, 0700, &err), err);
    long made = fault_disarm();
    CHECK(!rmdir(c) && !rmdir(b));
    fault_arm(FAULT_IO, 0, 0);
    CHECK_OK(nl_make_folders(deep, 0700, &err), err);
    long plain = fault_disarm();
    CHECK(made >= plain + 4); /* two are opened and synced */
    CHECK(made >= there + 2);
    free(deep);
    free(c);
    free(b);
    free(a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_file_comes_back, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(the_limit_is_exact, tmp_setup, tmp_teardown),
        cmocka_unit_test(files_without_a_size_are_read_too),
        cmocka_unit_test_setup_teardown(folders_are_made_on_the_way, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(made_folders_are_synced, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("base_io_file", tests, NULL, NULL);
}
