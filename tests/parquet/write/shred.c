/* tests/parquet/write/shred.c: nested arrays as levels: the specification's shapes, what is hidden, slices, and arrays that
 * lie about themselves. */
#include "parquet/write/shred.h"

#include <stdio.h>

#include "base/str.h"
#include "support/check.h"

/* ── schemas and arrays by hand ── */

static void release_schema(struct ArrowSchema *s)
{
    (void)s;
}

static void release_array(struct ArrowArray *a)
{
    (void)a;
}

#define FIELD(FORMAT, NAME, NULLABLE, ...)                                                                             \
    (struct ArrowSchema)                                                                                               \
    {                                                                                                                  \
        .format = (FORMAT), .name = (NAME), .flags = (NULLABLE) ? ARROW_FLAG_NULLABLE : 0, .release = release_schema,  \
        __VA_ARGS__                                                                                                    \
    }
#define ONE(CHILD)                                                                                                     \
    .n_children = 1, .children = (struct ArrowSchema *[])                                                              \
    {                                                                                                                  \
        CHILD                                                                                                          \
    }

/* An array of a list or a struct with one child, or of integers where child is NULL. validity NULL: no nulls. */
static struct ArrowArray make(int64_t length, int64_t offset, const uint8_t *validity, const void *data,
                              struct ArrowArray **child)
{
    static const void *buffers[64][2];
    static size_t next;
    const void **own = buffers[next++ % 64];
    own[0] = validity;
    own[1] = data;
    return (struct ArrowArray){.length = length,
                               .offset = offset,
                               .null_count = validity ? -1 : 0,
                               .n_buffers = data ? 2 : 1,
                               .buffers = own,
                               .n_children = child ? 1 : 0,
                               .children = child,
                               .release = release_array};
}

/* The one leaf of a schema of one column. */
static void leaf_of(struct ArrowSchema *column, nl_arena *arena, struct pq_write_tree *tree)
{
    nl_error err = {0};
    struct ArrowSchema root = FIELD("+s", "", false, ONE(column));
    CHECK_OK(pq_write_tree_build(&root, arena, tree, &err), err);
    CHECK_INT(tree->n_leaves, 1);
}

/* What came out as text: "repetition definition row" of each entry. */
static void show(const struct pq_levels *l, char *out, size_t cap)
{
    size_t at = 0;
    out[0] = 0;
    for (size_t i = 0; i < l->n; i++)
        at += (size_t)snprintf(out + at, cap - at, "%s%d%d%s", i ? " " : "", l->now.repetition[i], l->now.definition[i],
                               l->now.row[i] < 0 ? "-" : (char[]){(char)('0' + l->now.row[i]), 0});
}

static void check_levels(const char *why, struct ArrowSchema *column, const struct ArrowArray *a, size_t first,
                         size_t rows, const char *want)
{
    nl_arena arena = {0};
    struct pq_write_tree tree = {0};
    struct pq_levels levels = {0};
    nl_error err = {0};
    char text[256];
    check_why("%s", why);
    leaf_of(column, &arena, &tree);
    CHECK_OK(pq_check_nested(&tree.leaves[0], a, first + rows, &err), err);
    size_t taken = rows;
    CHECK_OK(pq_shred(&tree.leaves[0], a, first, &taken, &levels, &err), err);
    CHECK_INT(taken, rows);
    show(&levels, text, sizeof text);
    CHECK_STR(text, want);
    pq_levels_free(&levels);
    pq_write_tree_free(&tree);
    nl_arena_free(&arena);
}

/* ── shapes ── */

static const int32_t ints[16] = {0};
static const uint8_t all_but_1[] = {0xFD, 0xFF}, all_but_2[] = {0xFB, 0xFF}, all[] = {0xFF, 0xFF}, none[] = {0, 0};

static void lists_have_their_levels(void **state)
{
    (void)state;
    struct ArrowSchema item = FIELD("i", "item", true), list = FIELD("+l", "x", true, ONE(&item));
    struct ArrowSchema strict = FIELD("i", "item", false), plain = FIELD("+l", "x", false, ONE(&strict));
    struct ArrowArray values = make(6, 0, all_but_1, ints, NULL), *child[] = {&values};
    static const int32_t offsets[] = {0, 2, 2, 2, 3}, garbage[] = {0, 2, 5, 5, 6};
    struct ArrowArray a = make(4, 0, all_but_1, offsets, child);
    check_levels("[a, null], null, [], [b]", &list, &a, 0, 4, "030 121 00- 01- 032");
    a = make(4, 0, all_but_1, garbage, child);
    check_levels("what lies behind a null list is not looked at", &list, &a, 0, 4, "030 121 00- 01- 035");
    a = make(3, 1, all_but_1, offsets, child);
    check_levels("a slice", &list, &a, 0, 3, "00- 01- 032");
    a = make(4, 0, NULL, offsets, child);
    values = make(6, 0, NULL, ints, NULL);
    check_levels("nothing is nullable", &plain, &a, 0, 4, "010 111 00- 00- 012");
    check_levels("rows from the middle", &plain, &a, 3, 1, "012");
    static const int64_t large[] = {3, 4, 6};
    struct ArrowSchema wide = FIELD("+L", "x", true, ONE(&item));
    a = make(2, 0, NULL, large, child);
    check_levels("64-bit offsets that do not begin at 0", &wide, &a, 0, 2, "033 034 135");
}

static void lists_of_lists_repeat_at_their_own_level(void **state)
{
    (void)state;
    struct ArrowSchema item = FIELD("i", "item", true), inner = FIELD("+l", "item", true, ONE(&item));
    struct ArrowSchema outer = FIELD("+l", "x", true, ONE(&inner));
    struct ArrowArray values = make(4, 0, NULL, ints, NULL), *leaf[] = {&values};
    static const int32_t in[] = {0, 2, 2, 3, 3}, out[] = {0, 3, 3, 4};
    struct ArrowArray lists = make(4, 0, NULL, in, leaf), *child[] = {&lists};
    struct ArrowArray a = make(3, 0, NULL, out, child);
    check_levels("[[a, b], [], [c]], [], [[]]", &outer, &a, 0, 3, "050 251 13- 152 01- 03-");
}

static void structs_hide_what_is_below_their_nulls(void **state)
{
    (void)state;
    struct ArrowSchema x = FIELD("i", "x", true), s = FIELD("+s", "s", true, ONE(&x));
    struct ArrowArray values = make(8, 0, all_but_2, ints, NULL), *child[] = {&values};
    struct ArrowArray a = make(4, 0, all_but_1, NULL, child);
    check_levels("a null, a null member", &s, &a, 0, 4, "020 00- 012 023");
    a = make(3, 1, all_but_1, NULL, child);
    check_levels("the struct's offset is its member's", &s, &a, 0, 3, "00- 012 023");
    a = make(4, 0, NULL, NULL, child);
    check_levels("no nulls of its own", &s, &a, 1, 2, "021 012");
}

static void fixed_lists_and_views_are_lists(void **state)
{
    (void)state;
    struct ArrowSchema item = FIELD("i", "item", true), fixed = FIELD("+w:2", "x", true, ONE(&item));
    struct ArrowArray values = make(8, 0, NULL, ints, NULL), *child[] = {&values};
    struct ArrowArray a = make(3, 0, all_but_1, NULL, child);
    check_levels("a null fixed list has values, and shows none", &fixed, &a, 0, 3, "030 131 00- 034 135");
    a = make(2, 2, NULL, NULL, child);
    check_levels("its offset counts lists", &fixed, &a, 0, 2, "034 135 036 137");
    struct ArrowSchema view = FIELD("+vl", "x", true, ONE(&item));
    static const int32_t from[] = {4, 0, 4}, sizes[] = {2, 1, 0};
    const void *buffers[] = {NULL, from, sizes};
    a = make(3, 0, NULL, from, child);
    a.n_buffers = 3;
    a.buffers = buffers;
    check_levels("views go anywhere", &view, &a, 0, 3, "034 135 030 01-");
}

static void a_long_row_is_taken_alone(void **state)
{
    (void)state;
    enum { LONG = (int)PQ_SHRED_ENTRIES + 5 };
    struct ArrowSchema item = FIELD("n", "item", true), list = FIELD("+l", "x", false, ONE(&item));
    struct ArrowArray values = {.length = LONG + 2, .null_count = LONG + 2, .release = release_array};
    struct ArrowArray *child[] = {&values};
    static const int32_t offsets[] = {0, 1, LONG, LONG + 1};
    struct ArrowArray a = make(3, 0, NULL, offsets, child);
    nl_arena arena = {0};
    struct pq_write_tree tree = {0};
    struct pq_levels levels = {0};
    nl_error err = {0};
    leaf_of(&list, &arena, &tree);
    for (size_t at = 0; at < 3;) {
        size_t rows = 3 - at;
        CHECK_OK(pq_shred(&tree.leaves[0], &a, at, &rows, &levels, &err), err);
        CHECK_INT(rows, 1);
        CHECK_INT(levels.n, at == 1 ? LONG - 1 : 1);
        at += rows;
        if (at == 2) { /* and what is small again goes together */
            CHECK_INT(levels.now.repetition[0], 0);
            CHECK_INT(levels.now.repetition[LONG - 2], 1);
        }
    }
    pq_levels_free(&levels);
    pq_write_tree_free(&tree);
    nl_arena_free(&arena);
}

/* ── arrays that lie ── */

static void check_refused(const char *why, struct ArrowSchema *column, const struct ArrowArray *a, size_t rows,
                          const char *words)
{
    nl_arena arena = {0};
    struct pq_write_tree tree = {0};
    struct pq_levels levels = {0};
    nl_error err = {0};
    check_why("%s", why);
    leaf_of(column, &arena, &tree);
    int rc = pq_check_nested(&tree.leaves[0], a, rows, &err);
    if (!rc)
        rc = pq_shred(&tree.leaves[0], a, 0, &rows, &levels, &err);
    CHECK_FAILS(rc, NL_INVALID, err, words);
    pq_levels_free(&levels);
    pq_write_tree_free(&tree);
    nl_arena_free(&arena);
}

static void damaged_lists_are_refused_by_row(void **state)
{
    (void)state;
    static const struct {
        const char *why, *words;
        int32_t offsets[4];
    } cases[] = {
        {"offsets descend", "row 1 of the batch", {0, 3, 2, 3}},
        {"beyond the child", "row 2 of the batch", {0, 1, 2, 9}},
        {"far beyond", "row 0 of the batch", {0, INT32_MAX, INT32_MAX, INT32_MAX}},
        {"negative", "row 0 of the batch", {-1, 0, 0, 0}},
        {"all negative", "row 0 of the batch", {INT32_MIN, INT32_MIN, 0, 0}},
    };
    struct ArrowSchema item = FIELD("i", "item", true), list = FIELD("+l", "x", true, ONE(&item));
    struct ArrowArray values = make(4, 0, NULL, ints, NULL), *child[] = {&values};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct ArrowArray a = make(3, 0, NULL, cases[i].offsets, child);
        check_refused(cases[i].why, &list, &a, 3, cases[i].words);
    }
    struct ArrowSchema fixed = FIELD("+w:2", "x", true, ONE(&item)),
                       huge = FIELD("+w:2147483647", "x", true, ONE(&item));
    struct ArrowArray a = make(3, 0, NULL, NULL, child);
    check_refused("a fixed list beyond its child", &fixed, &a, 3, "row 2");
    check_refused("a fixed list of 2^31 values", &huge, &a, 3, "row 0");
    struct ArrowSchema view = FIELD("+vL", "x", true, ONE(&item));
    static const int64_t from[] = {0, 1, INT64_MAX}, sizes[] = {4, 3, 1}, negative[] = {4, -3, 1};
    const void *buffers[] = {NULL, from, sizes};
    a.n_buffers = 3;
    a.buffers = buffers;
    check_refused("a view beyond its child", &view, &a, 3, "row 2");
    buffers[2] = negative;
    check_refused("a view of a negative size", &view, &a, 3, "row 1");
}

static void nulls_are_refused_where_there_may_be_none(void **state)
{
    (void)state;
    struct ArrowSchema item = FIELD("i", "item", false), list = FIELD("+l", "x", true, ONE(&item));
    struct ArrowSchema bare = FIELD("+l", "x", false, ONE(&item));
    struct ArrowSchema s = FIELD("+s", "x", false, ONE(&item));
    static const int32_t offsets[] = {0, 0, 1, 2};
    struct ArrowArray values = make(3, 0, all_but_1, ints, NULL), *child[] = {&values};
    struct ArrowArray a = make(3, 0, NULL, offsets, child);
    check_refused("an element", &list, &a, 3, "row 2 of the batch");
    values = make(3, 0, all, ints, NULL);
    a = make(3, 0, all_but_1, offsets, child);
    check_refused("a list", &bare, &a, 3, "row 1 of the batch");
    a = make(3, 0, none, NULL, child);
    check_refused("a struct", &s, &a, 3, "row 0 of the batch");
}

static void other_shapes_are_refused(void **state)
{
    (void)state;
    struct ArrowSchema item = FIELD("i", "item", true), list = FIELD("+l", "x", true, ONE(&item));
    struct ArrowSchema s = FIELD("+s", "x", true, ONE(&item));
    static const int32_t offsets[] = {0, 1, 1, 1};
    struct ArrowArray values = make(2, 0, NULL, ints, NULL), *child[] = {&values}, *missing[] = {NULL};
    struct ArrowArray a = make(3, 0, NULL, offsets, child), dictionary = values;
    check_refused("fewer rows than asked for", &list, &a, 4, "3 rows");
    a.n_children = 2;
    check_refused("two children", &list, &a, 3, "shape");
    a = make(3, 0, NULL, offsets, missing);
    check_refused("a child that is not there", &list, &a, 3, "shape");
    a = make(3, 0, NULL, NULL, child);
    check_refused("without offsets", &list, &a, 3, "buffers");
    a = make(3, -1, NULL, offsets, child);
    check_refused("a negative offset", &list, &a, 3, "rows");
    a = make(INT64_MAX, 5, NULL, offsets, child);
    check_refused("more rows than there can be", &list, &a, 3, "rows");
    a = make(3, 0, NULL, NULL, child);
    check_refused("a member shorter than its struct", &s, &a, 3, "2 rows");
    a = make(3, 0, NULL, offsets, child);
    a.dictionary = &dictionary;
    check_refused("a dictionary of lists", &list, &a, 3, "shape");
    a.dictionary = NULL;
    values.release = NULL;
    check_refused("a released child", &list, &a, 3, "shape");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lists_have_their_levels),
        cmocka_unit_test(lists_of_lists_repeat_at_their_own_level),
        cmocka_unit_test(structs_hide_what_is_below_their_nulls),
        cmocka_unit_test(fixed_lists_and_views_are_lists),
        cmocka_unit_test(a_long_row_is_taken_alone),
        cmocka_unit_test(damaged_lists_are_refused_by_row),
        cmocka_unit_test(nulls_are_refused_where_there_may_be_none),
        cmocka_unit_test(other_shapes_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
