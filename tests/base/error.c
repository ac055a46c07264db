/* tests/base/error.c: one line, always; nobody's words are lost. */
#include "base/error.h"

#include <errno.h>

#include "base/str.h"
#include "support/check.h"

static void every_status_has_a_name(void **state)
{
    (void)state;
    static const char *const names[] = {"ok",        "invalid",     "not found",     "denied",
                                        "corrupt",   "unsupported", "conflict",      "input/output error",
                                        "no memory", "cancelled",   "internal error"};
    for (int i = 0; i < (int)NL_LEN(names); i++)
        CHECK_STR(nl_status_name(i), names[i]);
    CHECK_STR(nl_status_name((int)NL_LEN(names)), "unknown status");
    CHECK_STR(nl_status_name(-1), "unknown status");
}

static void a_fact_gets_notes_in_front_and_one_hint(void **state)
{
    (void)state;
    nl_error err = {0};
    CHECK_INT(nl_fail(&err, NL_CORRUPT, "run at byte %d needs %d bytes", 12, 40), NL_CORRUPT);
    nl_note(&err, "column %s", "p_name");
    nl_note(&err, "a.parquet");
    nl_hint(&err, "first");
    nl_hint(&err, "second");
    CHECK_INT(err.code, NL_CORRUPT);
    CHECK_STR(err.message, "a.parquet: column p_name: run at byte 12 needs 40 bytes");
    CHECK_STR(err.hint, "first");
    nl_fail(&err, NL_IO, "new");
    CHECK_STR(err.message, "new");
    CHECK_STR(err.hint, "");
    nl_error_clear(&err);
    CHECK_INT(err.code, NL_OK);
    CHECK_STR(err.message, "");
}

static void without_an_error_there_is_nothing_to_add_to(void **state)
{
    (void)state;
    nl_error err = {0};
    nl_note(&err, "note");
    nl_hint(&err, "hint");
    CHECK_STR(err.message, "");
    CHECK_STR(err.hint, "");
    CHECK_INT(nl_fail(NULL, NL_IO, "x"), NL_IO);
    CHECK_INT(nl_fail_errno(NULL, ENOENT, "x"), NL_NOT_FOUND);
    CHECK_INT(nl_fail_memory(NULL), NL_NO_MEMORY);
    nl_note(NULL, "note");
    nl_hint(NULL, "hint");
    nl_error_clear(NULL);
}

static void a_message_may_be_made_of_itself(void **state)
{
    (void)state;
    nl_error err = {0};
    nl_fail(&err, NL_IO, "inner");
    nl_fail(&err, NL_CORRUPT, "outer (%s)", err.message);
    CHECK_STR(err.message, "outer (inner)");
    nl_note(&err, "[%s]", err.message);
    CHECK_STR(err.message, "[outer (inner)]: outer (inner)");
}

static void errno_gives_code_and_reason(void **state)
{
    (void)state;
    static const struct {
        int errnum, code;
        const char *reason;
    } cases[] = {
        {ENOENT, NL_NOT_FOUND, "x: No such file or directory"},
        {ENOTDIR, NL_NOT_FOUND, "x: Not a directory"},
        {EACCES, NL_DENIED, "x: Permission denied"},
        {EPERM, NL_DENIED, "x: Operation not permitted"},
        {EROFS, NL_DENIED, "x: Read-only file system"},
        {ENOMEM, NL_NO_MEMORY, "x: Cannot allocate memory"},
        {EEXIST, NL_CONFLICT, "x: File exists"},
        {EISDIR, NL_INVALID, "x: Is a directory"},
        {EIO, NL_IO, "x: Input/output error"},
        {ENOSPC, NL_IO, "x: No space left on device"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_error err = {0};
        check_why("errno %d", cases[i].errnum);
        CHECK_FAILS(nl_fail_errno(&err, cases[i].errnum, "%c", 'x'), cases[i].code, err, NULL);
        CHECK_STR(err.message, cases[i].reason);
        CHECK_INT(err.hint[0] != 0, cases[i].errnum == ENOSPC);
    }
}

static void foreign_bytes_stay_on_one_line(void **state)
{
    (void)state;
    nl_error err = {0};
    nl_fail(&err, NL_INVALID, "'%s'", "a\nb\x1b[31m\x7f\xff\xc3ü\xc2\x9b");
    CHECK_STR(err.message, "'a\\x0Ab\\x1B[31m\\x7F\\xFF\\xC3ü\\xC2\\x9B'");
    nl_note(&err, "k\r");
    CHECK_STR(err.message, "k\\x0D: 'a\\x0Ab\\x1B[31m\\x7F\\xFF\\xC3ü\\xC2\\x9B'");
    nl_hint(&err, "\t");
    CHECK_STR(err.hint, "\\x09");
}

/* A message of n times the two bytes of "ü", behind `lead` single bytes: the cut falls on all parities. */
static void a_long_message_is_cut_between_characters(void **state)
{
    (void)state;
    for (size_t lead = 0; lead < 8; lead++)
        for (size_t n = sizeof(((nl_error *)0)->message) / 2 - 6; n < 700; n++) {
            char text[1600] = {0};
            memset(text, 'x', lead);
            for (size_t i = 0; i < n; i++)
                memcpy(text + lead + 2 * i, "ü", 2);
            nl_error err = {0};
            check_why("%zu bytes, then %zu characters", lead, n);
            nl_fail(&err, NL_IO, "%s", text);
            size_t len = strlen(err.message);
            CHECK(nl_utf8_valid((const uint8_t *)err.message, len));
            if (strlen(text) < sizeof(err.message))
                CHECK_STR(err.message, text);
            else {
                CHECK(nl_ends_with(err.message, "…"));
                CHECK(len >= sizeof(err.message) - 5);
                CHECK_MEM(err.message, text, len - 3);
            }
        }
}

static void a_long_note_leaves_room_for_the_fact(void **state)
{
    (void)state;
    char text[5000];
    memset(text, 'n', sizeof(text) - 1);
    text[sizeof(text) - 1] = '\0';
    nl_error err = {0};
    nl_fail(&err, NL_IO, "the fact");
    nl_note(&err, "%s", text);
    CHECK(nl_ends_with(err.message, "…: the fact"));
    nl_fail(&err, NL_IO, "%s", text);
    nl_note(&err, "note");
    CHECK(nl_starts_with(err.message, "note: nnn"));
    CHECK(nl_ends_with(err.message, "n…"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_status_has_a_name),
        cmocka_unit_test(a_fact_gets_notes_in_front_and_one_hint),
        cmocka_unit_test(without_an_error_there_is_nothing_to_add_to),
        cmocka_unit_test(a_message_may_be_made_of_itself),
        cmocka_unit_test(errno_gives_code_and_reason),
        cmocka_unit_test(foreign_bytes_stay_on_one_line),
        cmocka_unit_test(a_long_message_is_cut_between_characters),
        cmocka_unit_test(a_long_note_leaves_room_for_the_fact),
    };
    return cmocka_run_group_tests_name("base_error", tests, NULL, NULL);
}
