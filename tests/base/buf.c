/* tests/base/buf.c: appending, in all the ways; always a NUL behind the bytes. */
#include "base/buf.h"

#include <stdlib.h>

#include "support/check.h"

static void appends_of_all_kinds_add_up(void **state)
{
    (void)state;
    nl_buf b = {0};
    nl_error err = {0};
    CHECK_OK(nl_buf_append(&b, "ab\0c", 4, &err), err);
    CHECK_OK(nl_buf_append(&b, NULL, 0, &err), err);
    CHECK_OK(nl_buf_puts(&b, "de", &err), err);
    CHECK_OK(nl_buf_putc(&b, 'f', &err), err);
    CHECK_OK(nl_buf_printf(&b, &err, "%d-%s", 42, "g"), err);
    CHECK_OK(nl_buf_printf(&b, &err, "%s", ""), err);
    CHECK_INT(b.len, 11);
    CHECK_MEM(b.data, "ab\0cdef42-g", 12);
    nl_buf_clear(&b);
    CHECK_INT(b.len, 0);
    CHECK_STR(b.data, "");
    nl_buf_free(&b);
    CHECK(!b.data && !b.len && !b.cap);
    nl_buf_clear(&b);
    nl_buf_free(&b);
}

static void it_grows_by_doubling(void **state)
{
    (void)state;
    nl_buf b = {0};
    nl_error err = {0};
    size_t moves = 0, cap = 0;
    for (int i = 0; i < 100000; i++) {
        CHECK_OK(nl_buf_putc(&b, (char)('a' + i % 26), &err), err);
        CHECK_INT(b.data[b.len], 0);
        moves += b.cap != cap;
        cap = b.cap;
    }
    CHECK_INT(b.len, 100000);
    CHECK_INT(b.data[99999], 'a' + 99999 % 26);
    CHECK_MAX(moves, 12);
    nl_buf_free(&b);
}

static void a_long_text_is_formatted_whole(void **state)
{
    (void)state;
    nl_buf b = {0};
    nl_error err = {0};
    CHECK_OK(nl_buf_puts(&b, "x", &err), err);
    CHECK_OK(nl_buf_printf(&b, &err, "%*d", 10000, 7), err);
    CHECK_INT(b.len, 10001);
    CHECK_STR(b.data + 9999, " 7");
    nl_buf_free(&b);
}

static void impossible_sizes_leave_it_as_it_was(void **state)
{
    (void)state;
    nl_buf b = {0};
    nl_error err = {0};
    CHECK_OK(nl_buf_puts(&b, "kept", &err), err);
    CHECK_FAILS(nl_buf_reserve(&b, SIZE_MAX, &err), NL_NO_MEMORY, err, "out of memory");
    CHECK_FAILS(nl_buf_reserve(&b, SIZE_MAX / 2 - 4, &err), NL_NO_MEMORY, err, "out of memory");
    CHECK_INT(b.len, 4);
    CHECK_STR(b.data, "kept");
    nl_buf_free(&b);
}

static void steal_hands_over_the_text(void **state)
{
    (void)state;
    nl_buf b = {0};
    char *empty = nl_buf_steal(&b);
    CHECK_STR(empty, "");
    free(empty);
    CHECK_INT(nl_buf_puts(&b, "mine", NULL), NL_OK);
    char *text = nl_buf_steal(&b);
    CHECK_STR(text, "mine");
    CHECK(!b.data && !b.len && !b.cap);
    free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(appends_of_all_kinds_add_up),    cmocka_unit_test(it_grows_by_doubling),
        cmocka_unit_test(a_long_text_is_formatted_whole), cmocka_unit_test(impossible_sizes_leave_it_as_it_was),
        cmocka_unit_test(steal_hands_over_the_text),
    };
    return cmocka_run_group_tests_name("base_buf", tests, NULL, NULL);
}
