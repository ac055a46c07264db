/* tests/base/io/idle.c: a mapping that came back is given again for sizes close to its own; threads never share one. */
#include "base/io/idle.h"

#include <pthread.h>
#include <stdint.h>

#include "base/io/bytes.h"
#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

#define MIB ((size_t)1 << 20)

static void sizes_close_to_its_own(void **state)
{
    (void)state;
    for (size_t size = MIB; size <= 40 * MIB; size += 3 * MIB) {
        size_t first = size, second = size, less = size - size / 5, much_less = size / 2;
        check_why("%zu bytes", size);
        void *a = nl_idle_take(&first), *b = nl_idle_take(&second);
        CHECK(a && b && a != b && first >= size && second >= size);
        memset(a, 1, first);
        memset(b, 2, second);
        nl_idle_give(a, first);
        nl_idle_give(b, second);
        a = nl_idle_take(&less);
        b = nl_idle_take(&much_less);
        CHECK(a && b && a != b);
        CHECK(less >= size - size / 5 && less <= size + size / 3);
        CHECK(much_less >= size / 2 && much_less <= size / 2 + size / 6 + 2);
        memset(a, 3, less);
        memset(b, 4, much_less);
        nl_idle_give(a, less);
        nl_idle_give(b, much_less);
    }
}

/* I1: all that was in use at once stays for the next one. */
static void what_was_used_at_once_stays(void **state)
{
    (void)state;
    enum { PIECES = 60 };
    void *pieces[PIECES];
    size_t size = MIB, again = 0;
    for (size_t i = 0; i < PIECES; i++)
        CHECK((pieces[i] = nl_idle_take(&size)));
    for (size_t i = 0; i < PIECES; i++)
        nl_idle_give(pieces[i], size);
    for (size_t i = PIECES; i-- > 0;) { /* what came back last is given first */
        void *at = nl_idle_take(&size);
        CHECK(at);
        again += at == pieces[i];
        pieces[i] = at;
    }
    for (size_t i = 0; i < PIECES; i++)
        nl_idle_give(pieces[i], size);
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
    CHECK_INT(again, PIECES);
#else
    (void)again;
#endif
}

/* A block's padding is zero, whatever lay there before. */
static void blocks_of_idle_memory_are_padded(void **state)
{
    (void)state;
    for (size_t size = 2 * MIB; size > 2 * MIB - 1000; size -= 77) {
        nl_block *b;
        nl_error err = {0};
        check_why("%zu bytes", size);
        CHECK_OK(nl_block_new(size, &b, &err), err);
        for (size_t i = 0; i < 64; i++)
            CHECK_INT(nl_block_data(b)[size + i], 0);
        CHECK_INT((uintptr_t)nl_block_data(b) % 64, 0);
        CHECK_INT(nl_block_size(b), size);
        memset(nl_block_data(b), 0xAA, size);
        nl_block_unref(b);
    }
}

/* Take and give mappings of a few sizes, each filled with this thread's own number. */
static void *churn(void *arg)
{
    uint8_t mine = *(uint8_t *)arg;
    for (size_t i = 0; i < 500; i++) {
        size_t size = MIB + i % 5 * (MIB / 4);
        uint8_t *at = nl_idle_take(&size);
        if (!at)
            return arg;
        memset(at, mine, 5000);
        at[size - 1] = mine;
        bool kept = at[0] == mine && at[4999] == mine && at[size - 1] == mine;
        nl_idle_give(at, size);
        if (!kept)
            return arg;
    }
    return NULL;
}

static void threads_do_not_share(void **state)
{
    (void)state;
    pthread_t threads[4];
    uint8_t numbers[4] = {1, 2, 3, 4};
    for (size_t i = 0; i < NL_LEN(threads); i++)
        CHECK_INT(pthread_create(&threads[i], NULL, churn, &numbers[i]), 0);
    for (size_t i = 0; i < NL_LEN(threads); i++) {
        void *failed;
        pthread_join(threads[i], &failed);
        CHECK(!failed);
    }
}

static void no_memory_is_said(void **state)
{
    (void)state;
    size_t size = 900 * MIB; /* nothing of that size lies idle */
    fault_arm(FAULT_IO, 1, ENOMEM);
    void *at = nl_idle_take(&size);
    fault_disarm();
    CHECK(at == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(sizes_close_to_its_own),
        cmocka_unit_test(what_was_used_at_once_stays),
        cmocka_unit_test(blocks_of_idle_memory_are_padded),
        cmocka_unit_test(threads_do_not_share),
        cmocka_unit_test(no_memory_is_said),
    };
    return cmocka_run_group_tests_name("base_io_idle", tests, NULL, NULL);
}
