/* tests/arrow/metadata.c: pairs of key and value are found, set, replaced, taken away; copies keep them. */
#include "arrow/metadata.h"

#include "arrow/arrow.h"
#include "support/check.h"

static void check_value(const struct ArrowSchema *s, const char *key, const char *want)
{
    size_t len = 0;
    const char *got = arrow_metadata_get(s, key, &len);
    check_why("%s", key);
    CHECK((got == NULL) == (want == NULL));
    if (want) {
        CHECK_INT(len, strlen(want));
        CHECK_MEM(got, want, len);
    }
}

static void keys_are_set_and_found(void **state)
{
    (void)state;
    struct ArrowSchema s, copy;
    nl_error err = {0};
    CHECK_OK(arrow_schema_field(&s, "l", "a", true, &err), err);
    check_value(&s, "a", NULL);
    CHECK_OK(arrow_metadata_set(&s, "a", "first", 5, &err), err);
    CHECK_OK(arrow_metadata_set(&s, "empty", "", 0, &err), err);
    CHECK_OK(arrow_metadata_set(&s, "b", "with a \0 in it", 3, &err), err);
    CHECK_OK(arrow_metadata_set(&s, "a", "second", 6, &err), err);
    CHECK_OK(arrow_metadata_set(&s, "gone", "x", 1, &err), err);
    CHECK_OK(arrow_metadata_set(&s, "gone", NULL, 0, &err), err);
    CHECK_OK(arrow_metadata_set(&s, "never", NULL, 0, &err), err);
    CHECK_OK(arrow_schema_copy(&s, &copy, &err), err);
    arrow_schema_release(&s);
    check_value(&copy, "a", "second");
    check_value(&copy, "empty", "");
    check_value(&copy, "b", "wit");
    check_value(&copy, "gone", NULL);
    check_value(&copy, "A", NULL);
    struct arrow_metadata m = arrow_metadata_walk(copy.metadata);
    struct arrow_pair pair;
    int pairs = 0;
    while (arrow_metadata_next(&m, &pair))
        pairs++;
    CHECK_INT(pairs, 3);
    arrow_schema_release(&copy);
}

static void keep(struct ArrowSchema *s)
{
    s->release = NULL;
}

static void what_is_not_ours_or_broken(void **state)
{
    (void)state;
    static const char negative[] = {1, 0, 0, 0, -1, -1, -1, -1}, less[] = {-1, -1, -1, -1};
    struct ArrowSchema s = {.format = "l", .name = "a", .release = keep};
    nl_error err = {0};
    size_t len;
    CHECK_FAILS(arrow_metadata_set(&s, "a", "x", 1, &err), NL_INVALID, err, "not ours to change");
    s.metadata = negative;
    CHECK(arrow_metadata_get(&s, "a", &len) == NULL);
    CHECK_INT(arrow_metadata_length(negative), 0);
    CHECK_INT(arrow_metadata_length(less), 0);
    err = (nl_error){0};
    CHECK_FAILS(arrow_metadata_set(&s, "a", "x", 1, &err), NL_INVALID, err, "too long, or none");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keys_are_set_and_found),
        cmocka_unit_test(what_is_not_ours_or_broken),
    };
    return cmocka_run_group_tests_name("arrow_metadata", tests, NULL, NULL);
}
