/* tests/server/s3/op/range.c: the Range header. */
#include "server/s3/op/range.h"

#include "base/str.h"
#include "support/check.h"

static const struct range_case {
    const char *header;
    uint64_t size;
    enum s3_range_status want;
    uint64_t offset, length;
} cases[] = {
    {NULL, 10, S3_RANGE_WHOLE, 0, 10},
    {"bytes=0-9", 10, S3_RANGE_PARTIAL, 0, 10},
    {"bytes=0-0", 10, S3_RANGE_PARTIAL, 0, 1},
    {"bytes=3-", 10, S3_RANGE_PARTIAL, 3, 7},
    {"bytes=3-999999999999999999999999", 10, S3_RANGE_PARTIAL, 3, 7},
    {"BYTES=3-4", 10, S3_RANGE_PARTIAL, 3, 2},
    {"bytes=-3", 10, S3_RANGE_PARTIAL, 7, 3},
    {"bytes=-10", 10, S3_RANGE_PARTIAL, 0, 10},
    {"bytes=-99", 10, S3_RANGE_PARTIAL, 0, 10},
    {"bytes=-0", 10, S3_RANGE_UNSATISFIABLE, 0, 10},
    {"bytes=10-", 10, S3_RANGE_UNSATISFIABLE, 0, 10},
    {"bytes=10-10", 10, S3_RANGE_UNSATISFIABLE, 0, 10},
    {"bytes=99999999999999999999-", 10, S3_RANGE_UNSATISFIABLE, 0, 10},
    {"bytes=0-", 0, S3_RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=-1", 0, S3_RANGE_UNSATISFIABLE, 0, 0},
    {"bytes=5-3", 10, S3_RANGE_WHOLE, 0, 10},
    {"bytes=a-3", 10, S3_RANGE_WHOLE, 0, 10},
    {"bytes=-", 10, S3_RANGE_WHOLE, 0, 10},
    {"bytes=", 10, S3_RANGE_WHOLE, 0, 10},
    {"bytes=1-2,4-5", 10, S3_RANGE_WHOLE, 0, 10},
    {"bytes=1-2 ", 10, S3_RANGE_WHOLE, 0, 10},
    {"lines=1-2", 10, S3_RANGE_WHOLE, 0, 10},
    {"", 10, S3_RANGE_WHOLE, 0, 10},
};

static void range_table(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        s3_range r;
        check_why("%s of %d", cases[i].header ? cases[i].header : "none", (int)cases[i].size);
        CHECK_INT(s3_range_parse(cases[i].header, cases[i].size, &r), cases[i].want);
        CHECK_INT(r.offset, cases[i].offset);
        CHECK_INT(r.length, cases[i].length);
    }
}

static void copy_range_table(void **state)
{
    (void)state;
    s3_range r;
    CHECK(s3_copy_range_parse("bytes=2-5", 10, &r) && r.offset == 2 && r.length == 4);
    static const char *const bad[] = {"bytes=2-10", "bytes=5-2", "bytes=2-",      "bytes=-2",
                                      "2-5",        "Bytes=2-5", "bytes=2-5,7-8", "bytes=2-5 "};
    for (size_t i = 0; i < NL_LEN(bad); i++) {
        check_why("%s", bad[i]);
        CHECK(!s3_copy_range_parse(bad[i], 10, &r));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(range_table), cmocka_unit_test(copy_range_table)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
