/* tests/arrow/array.c: ownership of parts, validity with offsets, foreign shapes, views to offsets. */
#include "arrow/arrow.h"
#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static void count_down(void *arg)
{
    --*(int *)arg;
}

/* A block that counts *left down when it goes. */
static nl_block *counted(int *left)
{
    static uint8_t data[128];
    nl_block *b;
    ++*left;
    CHECK_INT(nl_block_wrap(data, 64, count_down, left, &b, NULL), NL_OK);
    return b;
}

static void an_array_owns_buffers_children_and_extras(void **state)
{
    (void)state;
    int left = 0;
    nl_block *a = counted(&left), *extra = counted(&left), *of_child = counted(&left);
    nl_bytes buffers[2] = {{0}, nl_bytes_of(a, 0, 64)}, child_buffers[2] = {{0}, nl_bytes_of(of_child, 0, 64)};
    nl_block_unref(a);
    nl_block_unref(of_child);
    nl_error err = {0};
    struct ArrowArray child, out, moved;
    struct arrow_parts parts = {.length = 8, .buffers = child_buffers, .n_buffers = 2};
    CHECK_OK(arrow_array_make(&parts, &child, &err), err);
    CHECK(!child_buffers[1].block);
    parts = (struct arrow_parts){.length = 8,
                                 .null_count = 1,
                                 .offset = 2,
                                 .buffers = buffers,
                                 .n_buffers = 2,
                                 .children = &child,
                                 .n_children = 1,
                                 .extra = &extra,
                                 .n_extra = 1};
    CHECK_OK(arrow_array_make(&parts, &out, &err), err);
    CHECK(!child.release && !buffers[1].block && !extra);
    CHECK_INT(out.length, 8);
    CHECK_INT(out.null_count, 1);
    CHECK_INT(out.offset, 2);
    CHECK_INT(out.n_buffers, 2);
    CHECK_INT(out.n_children, 1);
    CHECK(out.buffers[0] == NULL && out.buffers[1] != NULL);
    arrow_array_move(&out, &moved);
    CHECK(!out.release);
    arrow_array_release(&out);
    CHECK_INT(left, 3);
    struct ArrowArray taken;
    arrow_array_move(moved.children[0], &taken);
    arrow_array_release(&moved);
    CHECK_INT(left, 1); /* the child goes on alone */
    CHECK_INT(taken.length, 8);
    arrow_array_release(&taken);
    CHECK_INT(left, 0);
    arrow_array_release(NULL);
}

static void batches_need_equal_columns(void **state)
{
    (void)state;
    int left = 0;
    for (int wrong = 0; wrong < 2; wrong++) {
        struct ArrowArray columns[2], batch;
        nl_error err = {0};
        for (int i = 0; i < 2; i++) {
            nl_bytes buffers[2] = {{0}, {0}};
            nl_block *b = counted(&left);
            buffers[1] = nl_bytes_of(b, 0, 8);
            nl_block_unref(b);
            struct arrow_parts parts = {.length = 4 + (i && wrong), .buffers = buffers, .n_buffers = 2};
            CHECK_OK(arrow_array_make(&parts, &columns[i], &err), err);
        }
        int rc = arrow_batch_make(columns, 2, 4, &batch, &err);
        if (wrong) {
            CHECK_FAILS(rc, NL_INVALID, err, "column 1 has 5 rows, the batch 4");
        } else {
            CHECK_OK(rc, err);
            CHECK_INT(batch.n_children, 2);
            CHECK_INT(batch.n_buffers, 1);
        }
        CHECK(!columns[0].release && !columns[1].release);
        CHECK_INT(left, wrong ? 0 : 2);
        arrow_array_release(&batch);
        CHECK_INT(left, 0);
    }
    struct ArrowArray none;
    nl_error err = {0};
    CHECK_OK(arrow_batch_make(NULL, 0, 7, &none, &err), err); /* rows without columns: count(*) */
    CHECK_INT(none.length, 7);
    arrow_array_release(&none);
}

static void validity_follows_the_offset(void **state)
{
    (void)state;
    const uint8_t bits[] = {0xA5, 0x01};
    const void *buffers[2] = {bits, bits};
    struct ArrowArray a = {.length = 9, .offset = 0, .null_count = -1, .n_buffers = 2, .buffers = buffers};
    static const bool want[] = {true, false, true, false, false, true, false, true, true};
    for (int offset = 0; offset < 9; offset++) {
        a.offset = offset;
        for (int i = 0; i + offset < 9; i++)
            CHECK_INT(arrow_is_valid(&a, i), want[i + offset]);
    }
    a.null_count = 0; /* said to have none: not looked at */
    a.offset = 0;
    CHECK(arrow_is_valid(&a, 1));
    a.null_count = -1;
    buffers[0] = NULL;
    CHECK(arrow_is_valid(&a, 1));
    struct ArrowArray nulls = {.length = 3, .null_count = 3};
    CHECK(!arrow_is_valid(&nulls, 1));
}

static void bytes_of_every_layout(void **state)
{
    (void)state;
    static const char *const formats[] = {"u", "U", "vu", "z", "Z", "vz", "w:4"};
    static const char *const values[] = {"four", "", "123456789012", "1234567890123", "last"};
    for (size_t k = 0; k < NL_LEN(formats); k++) {
        struct arrow_builder *b;
        struct ArrowArray a;
        struct arrow_type t;
        nl_error err = {0};
        bool fixed = formats[k][0] == 'w';
        check_why("%s", formats[k]);
        CHECK_OK(arrow_type_parse(formats[k], &t, &err), err);
        CHECK_OK(arrow_builder_new(formats[k], &b, &err), err);
        for (size_t i = 0; i < NL_LEN(values); i++)
            CHECK_OK(arrow_builder_bytes(b, fixed ? "abcd" : values[i], fixed ? 4 : strlen(values[i]), &err), err);
        CHECK_OK(arrow_builder_finish(b, &a, &err), err);
        CHECK_OK(arrow_array_check(&a, &t, &err), err);
        for (size_t offset = 0; offset < NL_LEN(values); offset++) {
            a.offset = (int64_t)offset;
            for (size_t i = 0; i + offset < NL_LEN(values); i++) {
                size_t len;
                const char *want = fixed ? "abcd" : values[i + offset];
                const uint8_t *got = arrow_bytes_at(&a, &t, (int64_t)i, &len);
                CHECK_INT(len, strlen(want));
                CHECK_MEM(got, want, len);
            }
        }
        arrow_array_release(&a);
        arrow_builder_free(b);
    }
}

static void no_release(struct ArrowArray *a)
{
    a->release = NULL;
}

static void foreign_shapes_are_checked(void **state)
{
    (void)state;
    static const uint8_t some[64];
    const void *buffers[3] = {NULL, some, some};
    const struct ArrowArray good = {.length = 4, .n_buffers = 2, .buffers = buffers, .release = no_release};
    struct arrow_type l, u, n, other;
    nl_error err = {0};
    CHECK_OK(arrow_type_parse("l", &l, &err), err);
    CHECK_OK(arrow_type_parse("u", &u, &err), err);
    CHECK_OK(arrow_type_parse("n", &n, &err), err);
    CHECK_OK(arrow_type_parse("+r", &other, &err), err);
    CHECK_OK(arrow_array_check(&good, &l, &err), err);
    CHECK_FAILS(arrow_array_check(&good, &u, &err), NL_INVALID, err, "2 buffers where its type has 3");
    CHECK_FAILS(arrow_array_check(&good, &n, &err), NL_INVALID, err, "2 buffers");
    CHECK_FAILS(arrow_array_check(&good, &other, &err), NL_UNSUPPORTED, err, NULL);
    struct ArrowArray bad = good;
    bad.release = NULL;
    CHECK_FAILS(arrow_array_check(&bad, &l, &err), NL_INVALID, err, "released");
    bad = good;
    bad.length = -1;
    CHECK_FAILS(arrow_array_check(&bad, &l, &err), NL_INVALID, err, "length -1");
    bad = good;
    bad.offset = INT64_MAX;
    CHECK_FAILS(arrow_array_check(&bad, &l, &err), NL_INVALID, err, "offset");
    bad = good;
    bad.null_count = 5;
    CHECK_FAILS(arrow_array_check(&bad, &l, &err), NL_INVALID, err, "5 nulls");
    buffers[1] = NULL;
    CHECK_FAILS(arrow_array_check(&good, &l, &err), NL_INVALID, err, "without its buffer 1");
    bad = good;
    bad.length = 0;
    CHECK_OK(arrow_array_check(&bad, &l, &err), err);
}

static void views_become_offsets(void **state)
{
    (void)state;
    struct rng r = rng_seed("views");
    static const char letters[] = "abcdefghijklmnopqrstuvwxyzabcdefghijklmnopqrstuvwxyz";
    for (int round = 0; round < 50; round++) {
        struct arrow_builder *views, *plain;
        struct ArrowArray a, want, got;
        struct arrow_type t = {.kind = ARROW_STRING};
        nl_error err = {0};
        CHECK_OK(arrow_builder_new("vu", &views, &err), err);
        CHECK_OK(arrow_builder_new("u", &plain, &err), err);
        int64_t n = (int64_t)rng_below(&r, 40), skip = (int64_t)rng_below(&r, (uint64_t)n + 1);
        for (int64_t i = 0; i < n; i++) {
            size_t len = (size_t)rng_below(&r, 30);
            bool null = round % 3 && rng_below(&r, 4) == 0;
            CHECK_OK(null ? arrow_builder_null(views, &err) : arrow_builder_bytes(views, letters, len, &err), err);
            if (i >= skip)
                CHECK_OK(null ? arrow_builder_null(plain, &err) : arrow_builder_bytes(plain, letters, len, &err), err);
        }
        CHECK_OK(arrow_builder_finish(views, &a, &err), err);
        CHECK_OK(arrow_builder_finish(plain, &want, &err), err);
        a.offset = skip;
        a.length = n - skip;
        a.null_count = -1;
        CHECK_OK(arrow_views_to_offsets(&a, &got, &err), err);
        CHECK_INT(got.length, want.length);
        CHECK_INT(got.n_buffers, 3);
        for (int64_t i = 0; i < got.length; i++) {
            size_t len, want_len;
            CHECK_INT(arrow_is_valid(&got, i), arrow_is_valid(&want, i));
            const uint8_t *s = arrow_bytes_at(&got, &t, i, &len), *w = arrow_bytes_at(&want, &t, i, &want_len);
            CHECK_INT(len, want_len);
            CHECK_MEM(s, w, len);
        }
        arrow_array_release(&got);
        arrow_array_release(&want);
        arrow_array_release(&a);
        arrow_builder_free(views);
        arrow_builder_free(plain);
    }
}

/* Many rows that all show the same megabyte: 3 GiB of text in 3,072 views. */
static void views_of_more_than_2_gib_are_refused(void **state)
{
    (void)state;
    enum { ROWS = 3072, LEN = 1 << 20 };
    static int32_t views[ROWS][4];
    static char text[LEN];
    for (int i = 0; i < ROWS; i++)
        views[i][0] = LEN;
    const void *buffers[4] = {NULL, views, text, NULL};
    struct ArrowArray a = {.length = ROWS, .n_buffers = 4, .buffers = buffers, .release = no_release}, out;
    nl_error err = {0};
    CHECK_FAILS(arrow_views_to_offsets(&a, &out, &err), NL_UNSUPPORTED, err, "2 GiB");
    CHECK(!out.release);
}

static void forget(struct ArrowArray *a)
{
    a->release = NULL;
}

static void forget_schema(struct ArrowSchema *s)
{
    s->release = NULL;
}

/* A list of {x: int32}, and all that can be wrong with it. */
static void nested_shapes_are_checked(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        int32_t offsets[4];
        int64_t members, numbers;
        const char *format;
        int64_t length;
        int rc;
        const char *part;
    } cases[] = {
        {"right", {0, 2, 2, 3}, 3, 3, "+l", 3, NL_OK, NULL},
        {"not all values are used", {1, 2, 2, 2}, 3, 9, "+l", 3, NL_OK, NULL},
        {"descends",
         {0, 2, 1, 3},
         3,
         3,
         "+l",
         3,
         NL_INVALID,
         "'l': offsets that descend, or leave the values, at row 2"},
        {"begins below 0", {-1, 2, 2, 3}, 3, 3, "+l", 3, NL_INVALID, "at row 0"},
        {"ends behind the values", {0, 2, 2, 4}, 3, 4, "+l", 3, NL_INVALID, "at row 3"},
        {"a member is too short", {0, 2, 2, 3}, 3, 2, "+l", 3, NL_INVALID, "'l': 'item': a child of 2 rows under 3"},
        {"a map has the same shape", {0, 2, 2, 3}, 3, 3, "+m", 3, NL_OK, NULL},
        {"lists of three", {0}, 9, 9, "+w:3", 3, NL_OK, NULL},
        {"lists of four", {0}, 9, 9, "+w:4", 3, NL_INVALID, "9 values for 3 lists of 4"},
        {"no lists at all", {0}, 0, 0, "+l", 0, NL_OK, NULL},
    };
    static const int32_t numbers[9];
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const void *number_buffers[] = {NULL, numbers}, *no_validity[] = {NULL},
                   *list_buffers[] = {NULL, cases[i].offsets};
        struct ArrowSchema x = {.format = "i", .name = "x", .release = forget_schema}, *xs[] = {&x};
        struct ArrowSchema s = {.format = "+s",
                                .name = "item",
                                .n_children = 1,
                                .children = xs,
                                .release = forget_schema},
                           *ss[] = {&s};
        struct ArrowSchema l = {.format = cases[i].format,
                                .name = "l",
                                .n_children = 1,
                                .children = ss,
                                .release = forget_schema},
                           *ls[] = {&l};
        struct ArrowSchema root = {.format = "+s", .n_children = 1, .children = ls, .release = forget_schema};
        struct ArrowArray number = {.length = cases[i].numbers,
                                    .n_buffers = 2,
                                    .buffers = number_buffers,
                                    .release = forget},
                          *as[] = {&number};
        struct ArrowArray item = {.length = cases[i].members,
                                  .n_buffers = 1,
                                  .buffers = no_validity,
                                  .n_children = 1,
                                  .children = as,
                                  .release = forget},
                          *items[] = {&item};
        struct ArrowArray list = {.length = cases[i].length,
                                  .n_buffers = cases[i].format[1] == 'w' ? 1 : 2,
                                  .buffers = list_buffers,
                                  .n_children = 1,
                                  .children = items,
                                  .release = forget},
                          *lists[] = {&list};
        struct ArrowArray batch = {.length = cases[i].length,
                                   .n_buffers = 1,
                                   .buffers = no_validity,
                                   .n_children = 1,
                                   .children = lists,
                                   .release = forget};
        nl_error err = {0};
        check_why("%s", cases[i].why);
        int rc = arrow_array_check_all(&batch, &root, &err);
        if (cases[i].rc)
            CHECK_FAILS(rc, cases[i].rc, err, cases[i].part);
        else
            CHECK_OK(rc, err);
        list.n_children = 0;
        CHECK_INT(arrow_array_check_all(&batch, &root, NULL), NL_INVALID);
        list.n_children = 1;
        number.release = NULL;
        CHECK_INT(arrow_array_check_all(&batch, &root, NULL), NL_INVALID);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nested_shapes_are_checked),  cmocka_unit_test(an_array_owns_buffers_children_and_extras),
        cmocka_unit_test(batches_need_equal_columns), cmocka_unit_test(validity_follows_the_offset),
        cmocka_unit_test(bytes_of_every_layout),      cmocka_unit_test(foreign_shapes_are_checked),
        cmocka_unit_test(views_become_offsets),       cmocka_unit_test(views_of_more_than_2_gib_are_refused),
    };
    return cmocka_run_group_tests_name("arrow_array", tests, NULL, NULL);
}
