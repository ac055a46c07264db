/* tests/base/arena.c: every piece is aligned, zeroed, and nobody else's. */
#include "base/arena.h"

#include "support/check.h"
#include "support/rng.h"

static void pieces_are_aligned_zeroed_and_apart(void **state)
{
    (void)state;
    struct rng r = rng_fixed(1);
    nl_arena a = {0};
    enum { N = 3000 };
    unsigned char *pieces[N];
    size_t sizes[N], sum = 0;
    for (size_t i = 0; i < N; i++) {
        sizes[i] = (size_t)rng_below(&r, i % 50 ? 100 : 5000);
        pieces[i] = nl_arena_alloc(&a, sizes[i]);
        if (!pieces[i]) {
            fail_msg("no piece %zu", i);
            return;
        }
        CHECK_INT((uintptr_t)pieces[i] % 16, 0);
        for (size_t k = 0; k < sizes[i]; k++)
            CHECK_INT(pieces[i][k], 0);
        memset(pieces[i], (int)(i % 251) + 1, sizes[i]);
        sum += sizes[i];
    }
    for (size_t i = 0; i < N; i++)
        for (size_t k = 0; k < sizes[i]; k++)
            CHECK_INT(pieces[i][k], i % 251 + 1);
    CHECK(a.total >= sum);
    CHECK_MAX(a.total, 4 * sum); /* gaps and rounding up to 32 bytes a piece, and the last chunk's rest */
    nl_arena_free(&a);
    CHECK(!a.chunks && !a.total);
}

static void a_piece_may_be_larger_than_any_chunk(void **state)
{
    (void)state;
    nl_arena a = {0};
    char *small = nl_arena_strdup(&a, "small");
    char *large = nl_arena_alloc(&a, 5u << 20);
    CHECK(small && large);
    large[(5u << 20) - 1] = 1;
    char *after = nl_arena_strdup(&a, "after");
    CHECK_STR(small, "small");
    CHECK_STR(after, "after");
    nl_arena_free(&a);
    nl_arena_free(&a);
}

static void impossible_sizes_are_no_memory(void **state)
{
    (void)state;
    nl_arena a = {0};
    CHECK(!nl_arena_alloc(&a, SIZE_MAX));
    CHECK(!nl_arena_alloc(&a, SIZE_MAX - 20));
    CHECK(!nl_arena_array(&a, SIZE_MAX / 2, 3));
    CHECK(!nl_arena_array(&a, (size_t)1 << 32, (size_t)1 << 32));
    CHECK(!nl_arena_strndup(&a, "", SIZE_MAX));
    CHECK(nl_arena_array(&a, 0, 8) != NULL);
    CHECK(nl_arena_alloc(&a, 0) != NULL);
    nl_arena_free(&a);
}

static void strings_are_copied_with_their_end(void **state)
{
    (void)state;
    nl_arena a = {0};
    CHECK_STR(nl_arena_strndup(&a, "abcdef", 3), "abc");
    CHECK_MEM(nl_arena_strndup(&a, "a\0b", 3), "a\0b", 4);
    CHECK_STR(nl_arena_strndup(&a, NULL, 0), "");
    CHECK(!nl_arena_strdup(&a, NULL));
    CHECK_STR(nl_arena_printf(&a, "%s-%05d", "x", 42), "x-00042");
    char *wide = nl_arena_printf(&a, "%*s", 100000, "end");
    CHECK_INT(strlen(wide), 100000);
    CHECK_STR(wide + 99997, "end");
    nl_arena_free(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(pieces_are_aligned_zeroed_and_apart),
        cmocka_unit_test(a_piece_may_be_larger_than_any_chunk),
        cmocka_unit_test(impossible_sizes_are_no_memory),
        cmocka_unit_test(strings_are_copied_with_their_end),
    };
    return cmocka_run_group_tests_name("base_arena", tests, NULL, NULL);
}
