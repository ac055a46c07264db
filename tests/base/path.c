/* tests/base/path.c: parts of paths; resources relative to the test program, wherever the build is. */
#include "base/path.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/str.h"
#include "support/check.h"

static void joined_folder_and_name(void **state)
{
    (void)state;
    static const struct {
        const char *path, *folder, *name;
    } parts[] = {
        {"a/b", "a", "b"}, {"b", ".", "b"}, {"/b", "/", "b"}, {"/a/b/c", "/a/b", "c"}, {"a/", "a", ""}, {"", ".", ""},
    };
    for (size_t i = 0; i < NL_LEN(parts); i++) {
        char *folder = nl_path_folder(parts[i].path);
        check_why("'%s'", parts[i].path);
        CHECK_STR(folder, parts[i].folder);
        CHECK_STR(nl_path_name(parts[i].path), parts[i].name);
        free(folder);
    }
    static const struct {
        const char *folder, *name, *want;
    } joins[] = {
        {"a", "b", "a/b"}, {"a/", "b", "a/b"}, {"", "b", "b"}, {"a", "/b", "/b"}, {"/", "b", "/b"}, {"a", "", "a/"},
    };
    for (size_t i = 0; i < NL_LEN(joins); i++) {
        char *path = nl_path_join(joins[i].folder, joins[i].name);
        check_why("'%s' and '%s'", joins[i].folder, joins[i].name);
        CHECK_STR(path, joins[i].want);
        free(path);
    }
}

/* The test itself lies in a folder of the build: it is a resource beside itself, and its folder one above. */
static void resources_are_found_from_the_program(void **state)
{
    (void)state;
    char exe[PATH_MAX], relative[PATH_MAX];
    ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);
    CHECK(n > 0);
    exe[n] = '\0';
    char *folder = nl_path_folder(exe), *found;
    nl_error err = {0};
    CHECK_OK(nl_resource_path(nl_path_name(exe), &found, &err), err);
    CHECK_STR(found, exe);
    free(found);
    snprintf(relative, sizeof(relative), "%s/%s", nl_path_name(folder), nl_path_name(exe));
    CHECK_OK(nl_resource_path(relative, &found, &err), err);
    CHECK_STR(found, exe);
    free(found);
    free(folder);
    CHECK_FAILS(nl_resource_path("no/such/resource", &found, &err), NL_NOT_FOUND, err, "no/such/resource");
    CHECK(found == NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joined_folder_and_name),
        cmocka_unit_test(resources_are_found_from_the_program),
    };
    return cmocka_run_group_tests_name("base_path", tests, NULL, NULL);
}
