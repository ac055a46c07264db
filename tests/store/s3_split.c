/* s3_split.c: places where a listing may be cut, guessed from a key, by a table. */
#include "store/s3/split.h"

#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "base/str.h"
#include "support/check.h"

static void guesses(void **state)
{
    (void)state;
    static const struct {
        const char *why, *last;
        size_t prefix;
        const char *until;
        size_t most;
        const char *want; /* with a blank behind each */
    } cases[] = {
        {"a number", "p-78", 2, NULL, 64, "p-8 p-9 p-79 "},
        {"the prefix stays", "7/7", 2, NULL, 64, "7/8 7/9 "},
        {"nines have none", "p-99", 0, NULL, 64, ""},
        {"letters have none", "part", 0, NULL, 64, ""},
        {"a hash", "x/0e9d.bin", 2, "x/5", 64,
         "x/1 x/2 x/3 x/4 x/0f x/0ea x/0eb x/0ec x/0ed x/0ee x/0ef x/0e9e x/0e9f "},
        {"a word of hexadecimal letters", "faces/1", 0, NULL, 3, "faces/2 faces/3 faces/4 "},
        {"three are no hash", "a1b", 0, NULL, 2, "a2 a3 "},
        {"an end", "d=07", 2, "d=2", 64, "d=1 d=08 d=09 "},
        {"an end before all", "d=07", 2, "d=07", 64, ""},
        {"at most", "000", 0, NULL, 2, "1 2 "},
        {"none at all", "000", 0, NULL, 0, ""},
        {"an empty key", "", 0, NULL, 64, ""},
        {"a prefix longer than the key", "0", 9, NULL, 64, ""},
        {"other bytes", "\xc3\xa4 8\xff", 0, NULL, 64, "\xc3\xa4 9 "},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_arena arena = {0};
        nl_buf got = {0};
        const char *out[64];
        check_why("%s", cases[i].why);
        size_t n = store_split_guess(&arena, cases[i].last, cases[i].prefix, cases[i].until, out, cases[i].most);
        CHECK_MAX(n, cases[i].most);
        for (size_t j = 0; j < n; j++) {
            CHECK(strcmp(out[j], cases[i].last) > 0);
            nl_buf_puts(&got, out[j], NULL);
            nl_buf_puts(&got, " ", NULL);
        }
        CHECK_STR(got.len ? got.data : "", cases[i].want);
        nl_buf_free(&got);
        nl_arena_free(&arena);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(guesses)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
