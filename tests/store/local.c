/* local.c: files and folders behind the store's calls, and copying between kinds. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/str.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/tmp.h"

struct fixture {
    char *dir;
    nl_store *store;
};

static int setup(void **state)
{
    struct fixture *f = calloc(1, sizeof *f);
    f->dir = tmp_make();
    *state = f;
    return nl_store_new(NULL, &f->store, NULL);
}

static int teardown(void **state)
{
    struct fixture *f = *state;
    nl_store_free(f->store);
    tmp_remove(f->dir);
    free(f);
    return 0;
}

/* Put a text through the store. */
static int put(struct fixture *f, const char *name, const char *text, bool if_absent, nl_error *err)
{
    char *path = tmp_path(f->dir, name);
    nl_sink *sink;
    int rc = nl_store_create(f->store, path, &(nl_put_options){.if_absent = if_absent}, &sink, err);
    if (!rc) {
        rc = nl_sink_write(sink, text, strlen(text), err);
        if (rc)
            nl_sink_abort(sink);
        else
            rc = nl_sink_commit(sink, err);
    }
    free(path);
    return rc;
}

/* "name size;" of each entry, without the folder. */
struct collector {
    const char *dir;
    nl_buf out;
    int stop_after;
};

static int collect(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    struct collector *c = ctx;
    CHECK(nl_starts_with(uri, c->dir));
    CHECK(is_prefix == nl_ends_with(uri, "/"));
    CHECK(is_prefix || info->modified > 0);
    int rc = nl_buf_printf(&c->out, err, "%s %llu;", uri + strlen(c->dir), (unsigned long long)info->size);
    return rc ? rc : c->stop_after && !--c->stop_after ? NL_CANCELLED : NL_OK;
}

static void check_list(struct fixture *f, const char *uri, const char *strip, bool recursive, const char *want)
{
    struct collector c = {.dir = strip};
    nl_error err = {0};
    check_why("list %s, recursive %d", uri, recursive);
    CHECK_OK(nl_store_list(f->store, uri, recursive, collect, &c, &err), err);
    CHECK_STR(c.out.data ? c.out.data : "", want);
    nl_buf_free(&c.out);
}

static void listing_has_the_order_of_keys(void **state)
{
    struct fixture *f = *state;
    nl_error err = {0};
    static const char *const names[] = {"a/c", "a-b", "a0", "a/b/x", "b", "a.parquet", "z/1"};
    for (size_t i = 0; i < NL_LEN(names); i++)
        CHECK_OK(put(f, names[i], names[i], false, &err), err);
    CHECK_OK(put(f, ".nl-tmp-left-behind", "x", false, &err), err);
    char *link = tmp_path(f->dir, "loop"), *dangling = tmp_path(f->dir, "dangling"), *pipe = tmp_path(f->dir, "pipe");
    CHECK_INT(symlink(f->dir, link), 0);
    CHECK_INT(symlink("/nothing/here", dangling), 0);
    CHECK_INT(mkfifo(pipe, 0600), 0);
    check_list(f, f->dir, f->dir, true, "/a-b 3;/a.parquet 9;/a/b/x 5;/a/c 3;/a0 2;/b 1;/z/1 3;");
    check_list(f, f->dir, f->dir, false, "/a-b 3;/a.parquet 9;/a/ 0;/a0 2;/b 1;/z/ 0;");
    char *slash = tmp_path(f->dir, "a/"), *one = tmp_path(f->dir, "b");
    check_list(f, slash, f->dir, false, "/a/b/ 0;/a/c 3;");
    check_list(f, one, f->dir, true, "/b 1;");
    char uri[4096];
    snprintf(uri, sizeof uri, "file://%s", f->dir);
    check_list(f, uri, uri, false, "/a-b 3;/a.parquet 9;/a/ 0;/a0 2;/b 1;/z/ 0;");
    struct collector c = {.dir = f->dir, .stop_after = 2};
    CHECK_INT(nl_store_list(f->store, f->dir, true, collect, &c, &err), NL_CANCELLED);
    CHECK_STR(c.out.data, "/a-b 3;/a.parquet 9;");
    nl_buf_free(&c.out);
    free(link);
    free(dangling);
    free(pipe);
    free(slash);
    free(one);
}

static void put_head_delete(void **state)
{
    struct fixture *f = *state;
    nl_error err = {0};
    nl_object_info info;
    char *path = tmp_path(f->dir, "x/y/z");
    CHECK_OK(put(f, "x/y/z", "hello", true, &err), err);
    CHECK_FAILS(put(f, "x/y/z", "again", true, &err), NL_CONFLICT, err, "x/y/z");
    CHECK_OK(nl_store_head(f->store, path, &info, &err), err);
    CHECK_INT(info.size, 5);
    CHECK_OK(put(f, "x/y/z", "again!", false, &err), err);
    CHECK_OK(nl_store_head(f->store, path, &info, &err), err);
    CHECK_INT(info.size, 6);
    CHECK_OK(nl_store_delete(f->store, path, &err), err);
    CHECK_FAILS(nl_store_delete(f->store, path, &err), NL_NOT_FOUND, err, "x/y/z");
    CHECK_FAILS(nl_store_head(f->store, path, &info, &err), NL_NOT_FOUND, err, "x/y/z");
    CHECK_FAILS(nl_store_head(f->store, f->dir, &info, &err), NL_INVALID, err, "not a file");
    CHECK_FAILS(nl_store_list(f->store, path, true, collect, NULL, &err), NL_NOT_FOUND, err, "x/y/z");
    nl_source *s;
    CHECK_FAILS(nl_store_open(f->store, path, NULL, &s, &err), NL_NOT_FOUND, err, "x/y/z");
    CHECK_FAILS(nl_store_open(f->store, "", NULL, &s, &err), NL_INVALID, err, "empty");
    CHECK_FAILS(nl_store_open(f->store, "file://relative", NULL, &s, &err), NL_INVALID, err, "file:///absolute");
    CHECK_FAILS(nl_store_open(f->store, "ftp://host/x", NULL, &s, &err), NL_UNSUPPORTED, err, "ftp://host/x");
    free(path);
}

static void copies_of_every_size(void **state)
{
    struct fixture *f = *state;
    static const size_t sizes[] = {0, 1, 4 << 20, (4 << 20) + 1, 50000001};
    char *from = tmp_path(f->dir, "from"), *to = tmp_path(f->dir, "deep/er/to");
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        nl_error err = {0};
        struct rng r = rng_fixed(i);
        char *data = malloc(sizes[i] + 1);
        size_t len;
        rng_bytes(&r, data, sizes[i]);
        tmp_write(from, data, sizes[i]);
        check_why("%zu bytes", sizes[i]);
        CHECK_OK(nl_store_copy(f->store, from, to, &err), err);
        char *back = tmp_read(to, &len);
        CHECK_INT(len, sizes[i]);
        CHECK_MEM(back, data, len);
        free(back);
        free(data);
    }
    nl_error err = {0};
    char *missing = tmp_path(f->dir, "missing");
    CHECK_FAILS(nl_store_copy(f->store, missing, to, &err), NL_NOT_FOUND, err, "missing");
    free(missing);
    free(from);
    free(to);
}

static void every_failure_leaves_all_or_nothing(void **state)
{
    struct fixture *f = *state;
    nl_error err = {0};
    CHECK_OK(put(f, "d/a", "one", false, &err), err);
    char *from = tmp_path(f->dir, "d/a"), *to = tmp_path(f->dir, "e/b"), *parent = tmp_path(f->dir, "e");
    FAULT_LOOP(fault, FAULT_ALLOC | FAULT_IO, EIO)
    {
        struct collector c = {.dir = f->dir};
        err = (nl_error){0};
        int rc = nl_store_copy(f->store, from, to, &err);
        int listed = rc ? rc : nl_store_list(f->store, f->dir, true, collect, &c, &err);
        bool failed = fault_off(&fault);
        CHECK(failed || !listed);
        CHECK(failed || !strcmp(c.out.data, "/d/a 3;/e/b 3;"));
        if (rc && tmp_exists(to)) { /* only a failure after the rename may leave it, and then whole */
            char *back = tmp_read(to, NULL);
            CHECK_STR(back, "one");
            free(back);
        }
        CHECK(!tmp_exists(parent) || tmp_entries(parent) <= 1);
        unlink(to);
        rmdir(parent);
        nl_buf_free(&c.out);
    }
    free(from);
    free(to);
    free(parent);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        TEST(listing_has_the_order_of_keys),
        TEST(put_head_delete),
        TEST(copies_of_every_size),
        TEST(every_failure_leaves_all_or_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
