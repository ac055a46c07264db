/* tests/server/s3/disk/keypath.c: components to names: the table, the edges, and that it is injective (M1, M2). */
#include "server/s3/disk/keypath.h"

#include <stdio.h>

#include "base/str.h"
#include "support/check.h"
#include "support/rng.h"

static const struct name_case {
    const char *why, *component, *name;
} cases[] = {
    {"ordinary", "q1.parquet", "q1.parquet"},
    {"empty", "", "%"},
    {"a dot", ".", "%2E"},
    {"two dots", "..", "%2E%2E"},
    {"three dots", "...", "..."},
    {"a hidden file", ".hidden", ".hidden"},
    {"dots and more", "..x", "..x"},
    {"percent", "%", "%25"},
    {"percent in the middle", "50% off", "50%25 off"},
    {"what looks escaped", "%2E", "%252E"},
    {"our own folder", ".neuralake", "%2Eneuralake"},
    {"begins like it", ".neuralake-x", "%2Eneuralake-x"},
    {"begins almost like it", ".neuralak", ".neuralak"},
    {"in upper case", ".NEURALAKE", ".NEURALAKE"},
    {"reserved and percent", ".neuralake%", "%2Eneuralake%25"},
    {"a space", " ", " "},
    {"a backslash", "a\\b", "a\\b"},
    {"a line break", "a\nb", "a\nb"},
    {"UTF-8", "\xc3\xbc\xe6\x97\xa5", "\xc3\xbc\xe6\x97\xa5"},
};

static void names_and_back(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        char name[S3_NAME_MAX + 1], back[S3_NAME_MAX + 1];
        size_t len;
        check_why("%s", cases[i].why);
        CHECK(s3_name_encode((s3_slice){cases[i].component, strlen(cases[i].component)}, name));
        CHECK_STR(name, cases[i].name);
        CHECK(s3_name_decode(name, back, &len));
        CHECK_INT(len, strlen(cases[i].component));
        CHECK_MEM(back, cases[i].component, len);
    }
}

/* M2: names that no component has. */
static void foreign_names(void **state)
{
    (void)state;
    static const char *const names[] = {"50%",  "%41",        "%2",   ".",  "..",    "%2e",  "%2Ex", "x%2E", "%2E%2Ex",
                                        "%2E.", ".neuralake", ".%2E", "%%", "a%00b", "%25%", "%2F",  "\xff", "a\xc3"};
    for (size_t i = 0; i < NL_LEN(names); i++) {
        char back[S3_NAME_MAX + 1];
        size_t len;
        check_why("%s", names[i]);
        CHECK(!s3_name_decode(names[i], back, &len));
    }
}

static void lengths(void **state)
{
    (void)state;
    char text[300], name[S3_NAME_MAX + 1];
    memset(text, 'x', sizeof(text));
    CHECK(s3_name_encode((s3_slice){text, 255}, name));
    CHECK(!s3_name_encode((s3_slice){text, 256}, name));
    memset(text, '%', sizeof(text));
    CHECK(s3_name_encode((s3_slice){text, 85}, name));
    CHECK(!s3_name_encode((s3_slice){text, 86}, name));
    CHECK(s3_key_is_plain((s3_slice){"a//b/", 5}));
    memset(text, 'y', sizeof(text));
    text[10] = '/';
    CHECK(s3_key_is_plain((s3_slice){text, 266}));
    CHECK(!s3_key_is_plain((s3_slice){text, 267}));
}

/* A component of few letters, so that collisions would show. */
static size_t random_component(struct rng *r, char *out)
{
    static const char letters[] = "%%%..2E5neuralake-x ";
    size_t n = rng_below(r, 8);
    if (rng_below(r, 4) == 0) {
        memcpy(out, S3_RESERVED, sizeof(S3_RESERVED) - 1);
        return sizeof(S3_RESERVED) - 1 + (rng_below(r, 2) ? 0 : (out[sizeof(S3_RESERVED) - 1] = '%', 1));
    }
    for (size_t i = 0; i < n; i++)
        out[i] = letters[rng_below(r, sizeof(letters) - 1)];
    return n;
}

static void injective(void **state)
{
    (void)state;
    struct rng r = rng_seed("keypath");
    for (int i = 0; i < 200000; i++) {
        char a[32], b[32], name_a[S3_NAME_MAX + 1], name_b[S3_NAME_MAX + 1], back[S3_NAME_MAX + 1];
        size_t len_a = random_component(&r, a), len_b = random_component(&r, b), len;
        CHECK(s3_name_encode((s3_slice){a, len_a}, name_a) && s3_name_encode((s3_slice){b, len_b}, name_b));
        check_why("%s %s", name_a, name_b);
        bool equal = len_a == len_b && !memcmp(a, b, len_a);
        CHECK(equal == !strcmp(name_a, name_b));
        CHECK(strcmp(name_a, ".") && strcmp(name_a, "..") && strncmp(name_a, S3_RESERVED, sizeof(S3_RESERVED) - 1));
        CHECK(s3_name_decode(name_a, back, &len) && len == len_a && !memcmp(back, a, len));
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(names_and_back), cmocka_unit_test(foreign_names),
                                       cmocka_unit_test(lengths), cmocka_unit_test(injective)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
