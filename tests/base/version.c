/* tests/base/version.c: the library says the version of the headers that it was built with. */
#include "support/check.h"

#include <neuralake/version.h>

static void library_and_headers_agree(void **state)
{
    (void)state;
    CHECK_STR(nl_version(), NL_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(library_and_headers_agree)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
