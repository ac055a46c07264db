/* tests/catalog/partition.c: folders into values, for both schemes; which paths are data; patterns. */
#include "catalog/partition.h"

#include "base/str.h"
#include "catalog/parquet.h"
#include "support/check.h"

static const struct scan_partition_column columns[] = {{"year", "i"}, {"country", "u"}};

static const struct {
    const char *why;
    enum nl_partition_scheme scheme;
    const char *path;
    int want;
    const char *message; /* or the country */
} cases[] = {
    {"hive", NL_SCHEME_HIVE, "year=2024/country=de/x.parquet", NL_OK, "de"},
    {"hive, other order, folders between", NL_SCHEME_HIVE, "a/country=de/b=c/year=2024/x.parquet", NL_OK, "de"},
    {"hive, name in another case", NL_SCHEME_HIVE, "Year=2024/COUNTRY=de/x.parquet", NL_OK, "de"},
    {"hive, percent-encoded", NL_SCHEME_HIVE, "year=2024/country=a%2Fb%20%c3%A9/x.parquet", NL_OK, "a/b \xc3\xa9"},
    {"hive, a % that is none", NL_SCHEME_HIVE, "year=2024/country=100%/x.parquet", NL_OK, "100%"},
    {"hive, = in the value", NL_SCHEME_HIVE, "year=2024/country=a=b/x.parquet", NL_OK, "a=b"},
    {"hive, empty text", NL_SCHEME_HIVE, "year=2024/country=/x.parquet", NL_OK, ""},
    {"hive, NULL", NL_SCHEME_HIVE, "year=2024/country=__HIVE_DEFAULT_PARTITION__/x.parquet", NL_OK, NULL},
    {"hive, no number", NL_SCHEME_HIVE, "year=20x4/country=de/x.parquet", NL_INVALID,
     "partition column year: '20x4' is not a INTEGER"},
    {"hive, a folder is missing", NL_SCHEME_HIVE, "year=2024/x.parquet", NL_INVALID,
     "there is no folder country=... for partition column country"},
    {"hive, the file's name is no folder", NL_SCHEME_HIVE, "year=2024/country=de.parquet", NL_INVALID,
     "no folder country"},
    {"hive, not UTF-8", NL_SCHEME_HIVE, "year=2024/country=%ff/x.parquet", NL_INVALID,
     "country: the text is not UTF-8"},
    {"directory", NL_SCHEME_DIRECTORY, "2024/de/x.parquet", NL_OK, "de"},
    {"directory, % is only a %", NL_SCHEME_DIRECTORY, "2024/a%20b/x.parquet", NL_OK, "a%20b"},
    {"directory, hive's NULL is a text", NL_SCHEME_DIRECTORY, "2024/__HIVE_DEFAULT_PARTITION__/x.parquet", NL_OK,
     "__HIVE_DEFAULT_PARTITION__"},
    {"directory, too few", NL_SCHEME_DIRECTORY, "2024/x.parquet", NL_INVALID, "no folder for partition column country"},
    {"directory, none", NL_SCHEME_DIRECTORY, "x.parquet", NL_INVALID, "no folder for partition column year"},
    {"directory, too many", NL_SCHEME_DIRECTORY, "2024/de/x/x.parquet", NL_INVALID,
     "there are more folders than the 2 partition columns"},
    {"directory, no number", NL_SCHEME_DIRECTORY, "de/2024/x.parquet", NL_INVALID, "year: 'de' is not a INTEGER"},
};

static void reads_folders(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        const struct catalog_partitioning p = {cases[i].scheme, columns, 2};
        nl_arena arena = {0};
        nl_value v[2];
        nl_error err = {0};
        check_why("%s", cases[i].why);
        int rc = catalog_partition_values(&p, cases[i].path, &arena, v, &err);
        if (cases[i].want) {
            CHECK_FAILS(rc, cases[i].want, err, cases[i].message);
        } else {
            CHECK_OK(rc, err);
            CHECK_INT(v[0].i, 2024);
            CHECK_INT(v[1].kind, cases[i].message ? NL_VALUE_BYTES : NL_VALUE_NULL);
            if (cases[i].message) {
                CHECK_INT(v[1].bytes.len, strlen(cases[i].message));
                CHECK_MEM(v[1].bytes.data, cases[i].message, v[1].bytes.len);
            }
        }
        nl_arena_free(&arena);
    }
    check_why("%s", "");
}

static const struct {
    const char *path;
    bool is;
} data_paths[] = {
    {"x.parquet", true},
    {"a/b/x.PARQUET", true},
    {"x.parquet.tmp", false},
    {"x.csv", false},
    {"_SUCCESS", false},
    {"_x.parquet", false},
    {".x.parquet", false},
    {"_delta_log/x.parquet", false},
    {".hidden/x.parquet", false},
    {"_day=1/x.parquet", true},
    {"a/_tmp/x.parquet", false},
    {".parquet", false},
    {"", false},
};

static void knows_data(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(data_paths); i++) {
        check_why("%s", data_paths[i].path);
        CHECK_INT(catalog_is_data_path(data_paths[i].path), data_paths[i].is);
    }
    check_why("%s", "");
}

static const struct {
    const char *pattern, *path;
    bool is;
} globs[] = {
    {"*.parquet", "x.parquet", true},
    {"*.parquet", "a/x.parquet", false},
    {"**.parquet", "a/b/x.parquet", true},
    {"a/*/x.parquet", "a/b/x.parquet", true},
    {"a/*/x.parquet", "a/b/c/x.parquet", false},
    {"a/**/x.parquet", "a/b/c/x.parquet", true},
    {"**/x*z/*.p", "a/xyz/b/xz/q.p", true},
    {"**/x*z/*.p", "a/xyz/b/xy/q.p", false},
    {"a*b*c", "aXbYbZc", true},
    {"a*b*c", "aXbYbZ", false},
    {"*", "", true},
    {"a", "", false},
    {"", "a", false},
    {"a**", "a/b", true},
    {"[x]?", "[x]?", true},
    {"[x]?", "xy", false},
};

static void matches_patterns(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(globs); i++) {
        check_why("%s on %s", globs[i].pattern, globs[i].path);
        CHECK_INT(catalog_glob(globs[i].pattern, globs[i].path), globs[i].is);
    }
    check_why("%s", "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_folders),
        cmocka_unit_test(knows_data),
        cmocka_unit_test(matches_patterns),
    };
    return cmocka_run_group_tests_name("catalog/partition", tests, NULL, NULL);
}
