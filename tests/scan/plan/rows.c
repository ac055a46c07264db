/* tests/scan/plan/rows.c: which of a filter's columns can be tested in a file, and where they are. */
#include "scan/plan/rows.h"

#include <errno.h>

#include "base/str.h"
#include "scan/plan/columns.h"
#include "support/check.h"
#include "support/fault.h"

static void columns_find_their_place(void **state)
{
    (void)state;
    /* Columns 0 to 4 are of files, 5 lies in the path. Of those that are read, 3 is absent, 4 widened. */
    static const size_t read[] = {4, 3, 5, 2, 0};
    static const int32_t map[] = {7, 8, 9, SCAN_ABSENT, SCAN_OTHER_TYPE - 5};
    static const struct {
        const char *why;
        size_t column, place;
    } cases[] = {
        {"behind a widened one, an absent one and one of the path", 2, 1},
        {"the last one", 0, 2},
        {"not read", 1, SIZE_MAX},
        {"absent", 3, SIZE_MAX},
        {"widened: its values are not the table's", 4, SIZE_MAX},
        {"of the path", 5, SIZE_MAX},
    };
    struct scan_projection p = {read, NL_LEN(read), 5};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        nl_arena arena = {0};
        const struct filter *out;
        nl_error err = {0};
        struct filter *leaf = filter_null(&arena, FILTER_IS_NULL, cases[i].column);
        struct filter *f = filter_join(&arena, FILTER_OR, &leaf, 1);
        check_why("%s", cases[i].why);
        CHECK_OK(scan_plan_filter(f, &p, map, &arena, &out, &err), err);
        CHECK(out != f && out->children[0]->column == cases[i].place);
        CHECK_INT(leaf->column, cases[i].column);
        nl_arena_free(&arena);
    }
}

static void no_filter_and_no_memory(void **state)
{
    (void)state;
    nl_arena arena = {0};
    const struct filter *out;
    nl_error err = {0};
    static const int32_t map[] = {0};
    struct scan_projection p = {(size_t[]){0}, 1, 1};
    CHECK_OK(scan_plan_filter(NULL, &p, map, &arena, &out, &err), err);
    CHECK(!out);
    struct filter *f = filter_null(&arena, FILTER_IS_NULL, 0);
    FAULT_LOOP(fault, FAULT_ALLOC, ENOMEM)
    {
        nl_arena own = {0};
        int rc = scan_plan_filter(f, &p, map, &own, &out, &err);
        bool failed = fault_off(&fault);
        CHECK_INT(rc, failed ? NL_NO_MEMORY : NL_OK);
        nl_arena_free(&own);
    }
    nl_arena_free(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(columns_find_their_place),
        cmocka_unit_test(no_filter_and_no_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
