/* tests/server/s3/disk/sorted.c: files of names against arrays of them; every damage is noticed (O1). */
#include "server/s3/disk/sorted.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/tmp.h"

#define MOST 3000

static char names[MOST][S3_SORTED_NAME_MAX + 1];

static int by_bytes(const void *a, const void *b)
{
    return strcmp(a, b);
}

static s3_slice slice(const char *s)
{
    return (s3_slice){s, strlen(s)};
}

/* n distinct names in order, some as long as they may be. */
static void make_names(struct rng *r, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        size_t pad = rng_below(r, 50) == 0 ? S3_SORTED_NAME_MAX - 20 : rng_below(r, 20);
        snprintf(names[i], sizeof(names[i]), "%.*s%06zu", (int)rng_below(r, 12), "aaabbbcccddd", i);
        size_t len = strlen(names[i]);
        memset(names[i] + len, 'x', pad);
        names[i][len + pad] = '\0';
    }
    qsort(names, n, sizeof(names[0]), by_bytes);
}

static int open_file(const char *dir)
{
    char *path = tmp_path(dir, "names");
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    free(path);
    return fd;
}

static int write_names(int fd, uint64_t start, size_t n, s3_sorted *out, nl_error *err)
{
    s3_sorted_writer w;
    int rc = s3_sorted_begin(&w, fd, start, 77, err);
    if (rc)
        return rc;
    for (size_t i = 0; i < n && !rc; i++)
        rc = s3_sorted_add(&w, slice(names[i]), i % 3 != 0, err);
    if (!rc)
        return s3_sorted_finish(&w, out, err);
    s3_sorted_drop(&w);
    return rc;
}

/* From a place on, all names come as they are in the array. */
static void check_from(const s3_sorted *f, size_t n, const char *target, bool after)
{
    nl_error err = {0};
    s3_sorted_reader r = {.file = f};
    size_t i = 0;
    while (i < n && (strcmp(names[i], target) < 0 || (after && !strcmp(names[i], target))))
        i++;
    CHECK_OK(s3_sorted_seek(&r, slice(target), after, &err), err);
    for (size_t steps = 0; i < n && steps < 200; i++, steps++) {
        CHECK(r.any && r.name.len == strlen(names[i]) && !memcmp(r.name.data, names[i], r.name.len));
        CHECK(r.present == (i % 3 != 0));
        CHECK_OK(s3_sorted_next(&r, &err), err);
    }
    CHECK(i < n || !r.any);
}

static void finds_all_names(void **state)
{
    static const size_t counts[] = {0, 1, 2, 150, MOST};
    static const uint64_t starts[] = {0, S3_BLOCK, 12345};
    struct rng r = rng_seed("sorted");
    for (size_t c = 0; c < NL_LEN(counts); c++) {
        size_t n = counts[c];
        nl_error err = {0};
        s3_sorted f;
        int fd = open_file(*state);
        check_why("%zu names", n);
        make_names(&r, n);
        CHECK_OK(write_names(fd, starts[c % NL_LEN(starts)], n, &f, &err), err);
        CHECK_INT(f.records, n);
        check_from(&f, n, "", false);
        check_from(&f, n, "", true);
        check_from(&f, n, "zzz", false);
        for (int i = 0; i < 300 && n; i++) {
            const char *name = names[rng_below(&r, n)];
            char between[S3_SORTED_NAME_MAX + 2];
            snprintf(between, sizeof(between), "%s!", name);
            check_from(&f, n, name, false);
            check_from(&f, n, name, true);
            check_from(&f, n, between, false);
        }
        close(fd);
    }
}

/* Read everything; the first error, or NL_OK. */
static int read_all(const s3_sorted *f, size_t *n)
{
    nl_error err = {0};
    s3_sorted_reader r = {.file = f};
    *n = 0;
    int rc = s3_sorted_seek(&r, (s3_slice){"", 0}, false, &err);
    for (; !rc && r.any; ++*n)
        rc = s3_sorted_next(&r, &err);
    return rc;
}

static void damage_is_noticed(void **state)
{
    struct rng r = rng_seed("sorted damage");
    nl_error err = {0};
    s3_sorted f;
    size_t n;
    int fd = open_file(*state);
    make_names(&r, MOST);
    CHECK_OK(write_names(fd, 0, MOST, &f, &err), err);
    for (int i = 0; i < 300; i++) {
        uint8_t old, new;
        off_t at = (off_t)rng_below(&r, f.blocks * S3_BLOCK);
        check_why("byte %lld", (long long)at);
        CHECK_INT(pread(fd, &old, 1, at), 1);
        new = (uint8_t)(old ^ (1u << rng_below(&r, 8)));
        CHECK_INT(pwrite(fd, &new, 1, at), 1);
        CHECK_INT(read_all(&f, &n), NL_CORRUPT);
        CHECK_INT(pwrite(fd, &old, 1, at), 1);
    }
    check_why("whole again");
    CHECK_INT(read_all(&f, &n), NL_OK);
    CHECK_INT(n, MOST);
    check_why("a block in another's place");
    char block[S3_BLOCK];
    CHECK_INT(pread(fd, block, S3_BLOCK, 0), S3_BLOCK);
    CHECK_INT(pwrite(fd, block, S3_BLOCK, S3_BLOCK), S3_BLOCK);
    CHECK_INT(read_all(&f, &n), NL_CORRUPT);
    check_why("another file");
    CHECK_OK(write_names(fd, 0, MOST, &f, &err), err);
    f.id++;
    CHECK_INT(read_all(&f, &n), NL_CORRUPT);
    f.id--;
    check_why("cut");
    CHECK_INT(ftruncate(fd, (off_t)(f.blocks * S3_BLOCK - 1)), 0);
    CHECK_INT(read_all(&f, &n), NL_CORRUPT);
    check_why("a hole");
    CHECK_INT(ftruncate(fd, 0), 0);
    CHECK_INT(ftruncate(fd, (off_t)(f.blocks * S3_BLOCK)), 0);
    CHECK_INT(read_all(&f, &n), NL_CORRUPT);
    check_why("a name that is too long");
    static char longest[S3_SORTED_NAME_MAX + 2];
    memset(longest, 'L', sizeof(longest) - 1);
    s3_sorted_writer w;
    CHECK_OK(s3_sorted_begin(&w, fd, 0, 1, &err), err);
    CHECK_INT(s3_sorted_add(&w, slice(longest), true, NULL), NL_INTERNAL);
    s3_sorted_drop(&w);
    close(fd);
}

static void failures_are_told(void **state)
{
    static const struct {
        const char *why;
        int kind, errnum, code;
    } cases[] = {{"no memory", FAULT_ALLOC, ENOMEM, NL_NO_MEMORY},
                 {"full disk", FAULT_IO | FAULT_STICKY, ENOSPC, NL_IO},
                 {"bad disk", FAULT_IO, EIO, NL_IO}};
    struct rng r = rng_fixed(1);
    int fd = open_file(*state);
    make_names(&r, 300);
    for (size_t c = 0; c < NL_LEN(cases); c++) {
        check_why("%s", cases[c].why);
        FAULT_LOOP(f, cases[c].kind, cases[c].errnum)
        {
            s3_sorted file;
            size_t n = 0;
            int rc = write_names(fd, 0, 300, &file, NULL);
            if (!rc)
                rc = read_all(&file, &n);
            bool failed = fault_off(&f);
            CHECK_INT(rc, failed ? cases[c].code : NL_OK);
            CHECK(failed || n == 300);
        }
    }
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(finds_all_names, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(damage_is_noticed, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(failures_are_told, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
