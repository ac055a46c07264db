/* tests/arrow/schema.c: copies own everything; children may be moved out; names are found as SQL finds them. */
#include "arrow/arrow.h"
#include "support/check.h"

/* A struct of fields with these names, all "l". */
static struct ArrowSchema make_schema(const char *const *names, size_t n)
{
    struct ArrowSchema s;
    nl_error err = {0};
    CHECK_OK(arrow_schema_struct(&s, n, &err), err);
    for (size_t i = 0; i < n; i++)
        CHECK_OK(arrow_schema_field(s.children[i], "l", names[i], i % 2, &err), err);
    return s;
}

static void fields_own_their_texts(void **state)
{
    (void)state;
    char format[] = "tsu:UTC", name[] = "when";
    struct ArrowSchema s;
    nl_error err = {0};
    CHECK_OK(arrow_schema_field(&s, format, name, true, &err), err);
    format[0] = name[0] = 'X';
    CHECK_STR(s.format, "tsu:UTC");
    CHECK_STR(s.name, "when");
    CHECK_INT(s.flags, ARROW_FLAG_NULLABLE);
    CHECK_INT(s.n_children, 0);
    arrow_schema_release(&s);
    CHECK(s.release == NULL);
    arrow_schema_release(&s);
    arrow_schema_release(NULL);
    CHECK_OK(arrow_schema_field(&s, "l", NULL, false, &err), err);
    CHECK_STR(s.name, "");
    CHECK_INT(s.flags, 0);
    arrow_schema_release(&s);
}

static void a_child_may_be_moved_out(void **state)
{
    (void)state;
    struct ArrowSchema s = make_schema((const char *const[]){"a", "b"}, 2), child;
    arrow_schema_move(s.children[0], &child);
    arrow_schema_release(&s);
    CHECK_STR(child.name, "a");
    arrow_schema_release(&child);
}

/* One pair, "k" = "value", in the native order of the interface. */
static const char *metadata(void)
{
    static char block[4 + 4 + 1 + 4 + 5];
    int32_t pairs = 1, key = 1, value = 5;
    memcpy(block, &pairs, 4);
    memcpy(block + 4, &key, 4);
    block[8] = 'k';
    memcpy(block + 9, &value, 4);
    memcpy(block + 13, "value", 5);
    return block;
}

static void a_copy_is_whole_and_independent(void **state)
{
    (void)state;
    struct ArrowSchema s = make_schema((const char *const[]){"a", "b", "c"}, 3), copy, dictionary;
    nl_error err = {0};
    s.metadata = metadata();
    s.children[2]->flags = ARROW_FLAG_DICTIONARY_ORDERED;
    CHECK_OK(arrow_schema_field(&dictionary, "u", "", true, &err), err);
    s.children[2]->dictionary = &dictionary;
    CHECK_OK(arrow_schema_copy(&s, &copy, &err), err);
    s.children[2]->dictionary = NULL;
    arrow_schema_release(&dictionary);
    arrow_schema_release(&s);
    CHECK_STR(copy.format, "+s");
    CHECK_INT(copy.n_children, 3);
    CHECK_STR(copy.children[1]->name, "b");
    CHECK_INT(copy.children[1]->flags, ARROW_FLAG_NULLABLE);
    CHECK_MEM(copy.metadata, metadata(), 18);
    CHECK_STR(copy.children[2]->dictionary->format, "u");
    CHECK_INT(copy.children[2]->flags, ARROW_FLAG_DICTIONARY_ORDERED);
    arrow_schema_release(&copy);
}

static void what_cannot_be_copied(void **state)
{
    (void)state;
    struct ArrowSchema s = {0}, copy;
    nl_error err = {0};
    CHECK_FAILS(arrow_schema_copy(&s, &copy, &err), NL_INVALID, err, "released");
    s = make_schema((const char *const[]){"a"}, 1);
    arrow_schema_release(s.children[0]);
    CHECK_FAILS(arrow_schema_copy(&s, &copy, &err), NL_INVALID, err, "released");
    CHECK(copy.release == NULL);
    arrow_schema_release(&s);
    /* Deeper than any table: refused, and no recursion without end. */
    enum { DEPTH = 100 };
    struct ArrowSchema deep[DEPTH], empty = {0};
    for (int i = DEPTH - 1; i >= 0; i--) {
        CHECK_OK(arrow_schema_struct(&deep[i], 1, &err), err);
        if (i < DEPTH - 1)
            deep[i].children[0] = &deep[i + 1];
    }
    CHECK_FAILS(arrow_schema_copy(&deep[0], &copy, &err), NL_UNSUPPORTED, err, "nested deeper");
    for (int i = 0; i < DEPTH; i++) {
        if (i < DEPTH - 1)
            deep[i].children[0] = &empty;
        arrow_schema_release(&deep[i]);
    }
    static const char negative[] = {1, 0, 0, 0, -1, -1, -1, -1};
    CHECK_OK(arrow_schema_field(&s, "l", "a", true, &err), err);
    s.metadata = negative;
    CHECK_FAILS(arrow_schema_copy(&s, &copy, &err), NL_INVALID, err, "lengths cannot be");
    arrow_schema_release(&s);
}

static void names_are_found(void **state)
{
    (void)state;
    struct ArrowSchema s = make_schema((const char *const[]){"id", "Name", "NAME", "Price", ""}, 5);
    CHECK_INT(arrow_schema_find(&s, "id"), 0);
    CHECK_INT(arrow_schema_find(&s, "ID"), 0);
    CHECK_INT(arrow_schema_find(&s, "NAME"), 2);
    CHECK_INT(arrow_schema_find(&s, "Name"), 1);
    CHECK_INT(arrow_schema_find(&s, "name"), -1); /* two could be meant */
    CHECK_INT(arrow_schema_find(&s, "price"), 3);
    CHECK_INT(arrow_schema_find(&s, "prices"), -1);
    CHECK_INT(arrow_schema_find(&s, ""), 4);
    arrow_schema_release(&s);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(fields_own_their_texts),
        cmocka_unit_test(a_child_may_be_moved_out),
        cmocka_unit_test(a_copy_is_whole_and_independent),
        cmocka_unit_test(what_cannot_be_copied),
        cmocka_unit_test(names_are_found),
    };
    return cmocka_run_group_tests_name("arrow_schema", tests, NULL, NULL);
}
