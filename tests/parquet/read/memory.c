/* tests/parquet/read/memory.c: blocks of every size class, back and forth between threads. */
#include "parquet/read/memory.h"

#include <pthread.h>

#include "base/str.h"
#include "support/check.h"
#include "support/fault.h"

static void every_size_is_aligned_padded_and_its_own(void **state)
{
    (void)state;
    for (size_t size = 1; size <= (size_t)20 << 20; size += size / 7 + 1)
        for (int again = 0; again < 2; again++) {
            nl_block *a, *b;
            nl_error err = {0};
            check_why("%zu bytes", size);
            CHECK_OK(pq_memory_new(size, &a, &err), err);
            CHECK_OK(pq_memory_new(size, &b, &err), err);
            CHECK_INT(nl_block_size(a), size);
            CHECK_INT((uintptr_t)nl_block_data(a) % 64, 0);
            memset(nl_block_data(a), 0xAA, size);
            memset(nl_block_data(b), 0xBB, size);
            CHECK_INT(nl_block_data(a)[0], 0xAA);
            CHECK_INT(nl_block_data(a)[size - 1], 0xAA);
            for (size_t k = 0; k < 64; k++)
                CHECK_INT(nl_block_data(a)[size + k], 0);
            nl_block_unref(a);
            nl_block_unref(b);
        }
}

/* Make and drop blocks of a few sizes, each filled with this thread's own number. */
static void *churn(void *arg)
{
    uint8_t mine = *(uint8_t *)arg;
    for (size_t i = 0; i < 3000; i++) {
        nl_block *b;
        size_t size = 40000 + i % 5 * 100000;
        if (pq_memory_new(size, &b, NULL))
            return arg;
        memset(nl_block_data(b), mine, size);
        bool kept = nl_block_data(b)[0] == mine && nl_block_data(b)[size - 1] == mine;
        nl_block_unref(b);
        if (!kept)
            return arg;
    }
    return NULL;
}

static void threads_do_not_share_a_buffer(void **state)
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

static void a_failed_allocation_leaves_nothing(void **state)
{
    (void)state;
    FAULT_LOOP(f, FAULT_ALLOC, ENOMEM)
    {
        nl_block *b;
        nl_error err = {0};
        int rc = pq_memory_new((size_t)3 << 20, &b, &err);
        bool failed = fault_off(&f);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        CHECK_INT(b == NULL, failed);
        nl_block_unref(b);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_size_is_aligned_padded_and_its_own),
        cmocka_unit_test(threads_do_not_share_a_buffer),
        cmocka_unit_test(a_failed_allocation_leaves_nothing),
    };
    return cmocka_run_group_tests_name("parquet/read/memory", tests, NULL, NULL);
}
