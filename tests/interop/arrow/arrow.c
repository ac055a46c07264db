/* tests/interop/arrow/arrow.c: pyarrow as an oracle of the Arrow room. Builds export.c and the rooms below into a shared
 * object with the system's compiler, and lets arrow.py load it beside pyarrow.
 */
#include <stdio.h>
#include <stdlib.h>

#include "support/check.h"
#include "support/proc.h"
#include "support/tmp.h"

/* Compile into library; the shell is there for the wildcards. */
static void build(const char *library)
{
    static const char script[] =
        "cd \"$1\" && exec \"${CC:-cc}\" -shared -fPIC -O1 -std=gnu17 -D_GNU_SOURCE -Isrc -Iinclude -Itests -o \"$2\""
        " tests/interop/arrow/export.c src/gen/*.c src/arrow/*.c src/arrow/text/*.c src/base/*.c src/base/io/*.c";
    struct proc_result r = proc_run(&(
        struct proc_spec){.argv = PROC_ARGS("sh", "-c", script, "sh", proc_source_dir(), library), .limit_ms = 200000});
    if (r.status != 0)
        print_error("%s\n", r.err);
    CHECK_INT(r.status, 0);
    proc_result_free(&r);
}

static void pyarrow_and_we_understand_each_other(void **state)
{
    if (!proc_python() || !proc_have("cc"))
        skip();
    char *library = tmp_path(*state, "export.so"),
         *script = tmp_path(proc_source_dir(), "tests/interop/arrow/arrow.py");
    build(library);
    struct proc_result r =
        proc_run(&(struct proc_spec){.argv = PROC_ARGS(proc_python(), script, library), .limit_ms = 200000});
    if (r.status != 0)
        print_error("%s%s\n", r.out, r.err);
    CHECK_INT(r.status, 0);
    CHECK_STR(r.out, "ok our_columns\nok schema_copies\nok our_texts\nok their_nested_texts\nok ipc_schemas\nok "
                     "their_parquet_schemas\nok our_streams\nok their_streams\n");
    proc_result_free(&r);
    free(library);
    free(script);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(pyarrow_and_we_understand_each_other, tmp_setup, tmp_teardown),
    };
    return cmocka_run_group_tests_name("interop_arrow", tests, NULL, NULL);
}
