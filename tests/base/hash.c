/* tests/base/hash.c: the values that XXH3's own description gives for the empty input, and stability. */
#include "base/hash.h"

#include "support/check.h"

static void known_values(void **state)
{
    (void)state;
    CHECK(nl_hash64("", 0) == 0x2D06800538D394C2u);
    CHECK(nl_hash64(NULL, 0) == 0x2D06800538D394C2u);
    CHECK(nl_hash64_seed("abc", 3, 0) == nl_hash64("abc", 3));
    CHECK(nl_hash64_seed("abc", 3, 1) != nl_hash64("abc", 3));
}

static void every_byte_counts(void **state)
{
    (void)state;
    uint8_t data[600] = {0};
    uint64_t zero = nl_hash64(data, sizeof(data));
    for (size_t i = 0; i < sizeof(data); i++) {
        data[i] = 1;
        CHECK(nl_hash64(data, sizeof(data)) != zero);
        data[i] = 0;
        CHECK(nl_hash64(data, i) != zero);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(known_values), cmocka_unit_test(every_byte_counts)};
    return cmocka_run_group_tests_name("base_hash", tests, NULL, NULL);
}
