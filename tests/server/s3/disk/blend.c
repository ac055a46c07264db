/* tests/server/s3/disk/blend.c: a file and layers of changes, read as one, against a plain set (V1, Y1). */
#include "server/s3/disk/blend.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "support/check.h"
#include "support/fault.h"
#include "support/rng.h"
#include "support/tmp.h"

/* The names are "n00" to "n99": a set is a row of flags. */
#define NAMES  100
#define LAYERS 6

static s3_slice name_of(size_t i, char out[static 8])
{
    snprintf(out, 8, "n%02zu", i);
    return (s3_slice){out, 3};
}

/* A layer of random changes, which the set makes too. */
static int random_layer(struct rng *r, size_t n, bool *set, s3_layer **out, nl_error *err)
{
    s3_tail tail = {0};
    int rc = NL_OK;
    for (size_t i = 0; i < n && !rc; i++) {
        char text[8];
        size_t at = rng_below(r, NAMES);
        bool present = rng_below(r, 2) == 0;
        rc = s3_tail_add(&tail, name_of(at, text), present, err);
        set[at] = present;
    }
    if (!rc)
        rc = s3_tail_fold(&tail, out, err);
    s3_tail_free(&tail);
    return rc;
}

/* A file of the set, and a descriptor for it. */
static int file_of(const char *dir, const bool *set, s3_sorted *out)
{
    char *path = tmp_path(dir, "base"), text[8];
    nl_error err = {0};
    s3_sorted_writer w;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC, 0600);
    CHECK(fd >= 0);
    free(path);
    CHECK_OK(s3_sorted_begin(&w, fd, 0, 5, &err), err);
    for (size_t i = 0; i < NAMES; i++)
        if (set[i])
            CHECK_OK(s3_sorted_add(&w, name_of(i, text), true, &err), err);
    CHECK_OK(s3_sorted_finish(&w, out, &err), err);
    return fd;
}

/* From name number `from` on (behind it), the blend has what the set has. */
static void check_same(s3_blend *b, const bool *set, size_t from, bool after)
{
    char text[8];
    nl_error err = {0};
    CHECK_OK(s3_blend_seek(b, name_of(from, text), after, &err), err);
    for (size_t i = from + after; i < NAMES; i++)
        if (set[i]) {
            CHECK(b->any);
            CHECK_MEM(b->name.data, name_of(i, text).data, 3);
            CHECK_OK(s3_blend_next(b, &err), err);
        }
    CHECK(!b->any);
}

static void reads_as_the_newest_say(void **state)
{
    struct rng r = rng_seed("blend");
    for (int round = 0; round < 200; round++) {
        bool set[NAMES] = {false};
        s3_layer *layers[LAYERS];
        s3_sorted base;
        s3_blend b = {0};
        nl_error err = {0};
        size_t n = rng_below(&r, LAYERS + 1);
        for (size_t i = 0; i < NAMES; i++)
            set[i] = rng_below(&r, 2) == 0;
        int fd = file_of(*state, set, &base);
        check_why("round %d, %zu layers", round, n);
        CHECK_OK(s3_blend_file(&b, &base, &err), err);
        for (size_t i = 0; i < n; i++) {
            CHECK_OK(random_layer(&r, rng_below(&r, 60), set, &layers[i], &err), err);
            CHECK_OK(s3_blend_layer(&b, layers[i], &err), err);
        }
        check_same(&b, set, 0, false);
        for (int i = 0; i < 10; i++)
            check_same(&b, set, rng_below(&r, NAMES), rng_below(&r, 2) == 0);
        s3_blend_free(&b);
        while (n > 1) { /* two layers as one are the same */
            s3_layer *both;
            CHECK_OK(s3_layer_merge(layers[n - 2], layers[n - 1], &both, &err), err);
            s3_layer_release(layers[n - 2]);
            s3_layer_release(layers[n - 1]);
            layers[n-- - 2] = both;
        }
        CHECK_OK(s3_blend_file(&b, &base, &err), err);
        if (n)
            CHECK_OK(s3_blend_layer(&b, layers[0], &err), err);
        check_same(&b, set, 0, false);
        s3_blend_free(&b);
        if (n)
            s3_layer_release(layers[0]);
        close(fd);
    }
}

static void count_ticks(void *ctx)
{
    ++*(int *)ctx;
}

/* What is written is what is read, without what was removed. */
static void is_written_as_one_file(void **state)
{
    struct rng r = rng_seed("blend write");
    bool set[NAMES] = {true, true, true};
    s3_sorted base, out;
    s3_layer *layer;
    s3_blend b = {0}, again = {0};
    nl_error err = {0};
    int ticks = 0;
    int fd = file_of(*state, set, &base);
    CHECK_OK(random_layer(&r, 80, set, &layer, &err), err);
    CHECK_OK(s3_blend_file(&b, &base, &err), err);
    CHECK_OK(s3_blend_layer(&b, layer, &err), err);
    CHECK_OK(s3_blend_write(&b, fd, base.blocks * S3_BLOCK, 6, (s3_tick){count_ticks, &ticks}, &out, &err), err);
    CHECK_INT(ticks, 0); /* too few names */
    CHECK_OK(s3_blend_file(&again, &out, &err), err);
    check_same(&again, set, 0, false);
    s3_blend_free(&b);
    s3_blend_free(&again);
    s3_layer_release(layer);
    close(fd);
}

static void memory_may_fail(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        struct rng r = rng_fixed(3);
        bool set[NAMES] = {false};
        s3_layer *one = NULL, *two = NULL, *both = NULL;
        s3_blend b = {0};
        int rc = random_layer(&r, 40, set, &one, NULL);
        if (!rc)
            rc = random_layer(&r, 40, set, &two, NULL);
        if (!rc)
            rc = s3_layer_merge(one, two, &both, NULL);
        if (!rc)
            rc = s3_blend_layer(&b, both, NULL);
        bool failed = fault_off(&f);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        if (!failed)
            check_same(&b, set, 0, false);
        s3_blend_free(&b);
        s3_layer_release(one);
        s3_layer_release(two);
        s3_layer_release(both);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(reads_as_the_newest_say, tmp_setup, tmp_teardown),
        cmocka_unit_test_setup_teardown(is_written_as_one_file, tmp_setup, tmp_teardown),
        cmocka_unit_test(memory_may_fail),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
