/* tests/gen/gen.c: generators are found by name. */
#include "gen/gen.h"

#include "arrow/arrow.h"
#include "support/check.h"

static void found_by_name(void **state)
{
    (void)state;
    const struct generator *g;
    nl_error err = {0};
    CHECK_OK(gen_find("parts", &g, &err), err);
    CHECK_STR(g->name, "parts");
    CHECK_FAILS(gen_find("prats", &g, &err), NL_NOT_FOUND, err, "no generator 'prats'");
    CHECK_HAS(err.hint, "did you mean 'parts'?");
    CHECK(g == NULL);
    CHECK_FAILS(gen_find("lineitem", &g, &err), NL_NOT_FOUND, err, NULL);
    CHECK_HAS(err.hint, "there is 'parts'");
}

static void every_generator_is_complete(void **state)
{
    (void)state;
    for (size_t i = 0; i < gen_count(); i++) {
        const struct generator *g = gen_at(i), *found;
        struct ArrowSchema schema, of_stream;
        struct ArrowArrayStream stream;
        nl_error err = {0};
        check_why("%s", g->name);
        CHECK(!i || strcmp(gen_at(i - 1)->name, g->name) < 0);
        CHECK_OK(gen_find(g->name, &found, &err), err);
        CHECK(found == g && g->summary[0] && g->default_rows > 0);
        CHECK_OK(gen_schema(g, &schema, &err), err);
        CHECK_OK(g->stream(1, 0, &stream, &err), err);
        CHECK_OK(arrow_stream_schema(&stream, &of_stream, &err), err);
        CHECK_INT(of_stream.n_children, schema.n_children);
        for (int64_t c = 0; c < schema.n_children; c++) {
            CHECK_STR(of_stream.children[c]->name, schema.children[c]->name);
            CHECK_STR(of_stream.children[c]->format, schema.children[c]->format);
            CHECK_INT(of_stream.children[c]->flags, schema.children[c]->flags);
            CHECK(g->columns[c].description[0]);
        }
        arrow_schema_release(&of_stream);
        arrow_schema_release(&schema);
        arrow_stream_release(&stream);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(found_by_name),
        cmocka_unit_test(every_generator_is_complete),
    };
    return cmocka_run_group_tests_name("gen_gen", tests, NULL, NULL);
}
