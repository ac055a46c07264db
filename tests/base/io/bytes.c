/* tests/base/io/bytes.c: references are counted, padding is there. Meant for the sanitizers. */
#include "base/io/bytes.h"

#include <pthread.h>

#include "base/str.h"
#include "support/check.h"

static void blocks_are_aligned_and_padded(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, 63, 64, 65, 1000, 1 << 20};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        nl_block *b;
        nl_error err = {0};
        check_why("%zu bytes", sizes[i]);
        CHECK_OK(nl_block_new(sizes[i], &b, &err), err);
        CHECK_INT(nl_block_size(b), sizes[i]);
        CHECK_INT((uintptr_t)nl_block_data(b) % 64, 0);
        memset(nl_block_data(b), 1, sizes[i]);
        for (size_t k = 0; k < 64; k++) /* B1 */
            CHECK_INT(nl_block_data(b)[sizes[i] + k], 0);
        nl_block_unref(b);
    }
    nl_block *b;
    nl_error err = {0};
    CHECK_FAILS(nl_block_new(SIZE_MAX - 10, &b, &err), NL_NO_MEMORY, err, "out of memory");
    CHECK(b == NULL);
    nl_block_unref(NULL);
}

static void count_down(void *arg)
{
    --*(int *)arg;
}

static void foreign_memory_is_given_back_with_the_last_reference(void **state)
{
    (void)state;
    uint8_t data[128] = "foreign";
    int left = 1;
    nl_block *b;
    nl_error err = {0};
    CHECK_OK(nl_block_wrap(data, 64, count_down, &left, &b, &err), err);
    CHECK(nl_block_data(b) == data);
    CHECK_INT(nl_block_size(b), 64);
    nl_bytes whole = nl_bytes_of(b, 0, 7), part = nl_bytes_slice(whole, 4, 3);
    nl_block_unref(b);
    CHECK_INT(left, 1);
    nl_bytes_release(&whole);
    CHECK(!whole.data && !whole.block && !whole.len);
    nl_bytes_release(&whole); /* twice is fine: it holds nothing */
    CHECK_INT(left, 1);
    CHECK_MEM(part.data, "ign", 3);
    nl_bytes_release(&part);
    CHECK_INT(left, 0);
}

static void borrowed_bytes_have_no_block(void **state)
{
    (void)state;
    nl_bytes borrowed = {(const uint8_t *)"static", 6, NULL}, part = nl_bytes_slice(borrowed, 2, 2);
    CHECK(part.block == NULL);
    CHECK_MEM(part.data, "at", 2);
    nl_bytes_release(&part);
    nl_bytes_release(&borrowed);
}

enum { ROUNDS = 20000 };

static void *take_and_give(void *arg)
{
    for (int i = 0; i < ROUNDS; i++) {
        nl_bytes s = nl_bytes_of(arg, 1, 2);
        nl_bytes t = nl_bytes_slice(s, 1, 1);
        nl_bytes_release(&s);
        nl_bytes_release(&t);
    }
    nl_block_unref(arg);
    return NULL;
}

static void references_may_come_from_all_threads(void **state)
{
    (void)state;
    int left = 1;
    uint8_t data[128] = {0};
    nl_block *b;
    pthread_t threads[4];
    CHECK_INT(nl_block_wrap(data, 64, count_down, &left, &b, NULL), NL_OK);
    for (size_t i = 0; i < NL_LEN(threads); i++)
        CHECK_INT(pthread_create(&threads[i], NULL, take_and_give, nl_block_ref(b)), 0);
    nl_block_unref(b);
    for (size_t i = 0; i < NL_LEN(threads); i++)
        pthread_join(threads[i], NULL);
    CHECK_INT(left, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(blocks_are_aligned_and_padded),
        cmocka_unit_test(foreign_memory_is_given_back_with_the_last_reference),
        cmocka_unit_test(borrowed_bytes_have_no_block),
        cmocka_unit_test(references_may_come_from_all_threads),
    };
    return cmocka_run_group_tests_name("base_io_bytes", tests, NULL, NULL);
}
