/* tests/cli/options.c: words to options; what wrong usage is told. */
#include "base/error.h"
#include "base/str.h"
#include "cli/command.h"
#include "support/check.h"

static const char *const colours[] = {"red", "blue", NULL};

static const struct cli_command paint = {
    .path = "paint",
    .operands = "THING",
    .min_operands = 1,
    .max_operands = 2,
    .summary = "Paint",
    .options =
        (const struct cli_option[]){
            {.name = "colour", .letter = 'c', .argument = "COLOUR", .choices = colours},
            {.name = "layer", .argument = "N", .repeats = true},
            {.name = "coats", .argument = "N", .number = true, .least = 1},
            {.name = "gloss", .letter = 'g'},
            {0},
        },
};

enum { MAX_WORDS = 8 };

/* Parse words as if they followed "neuralake". */
static int parse(const char *const *words, struct cli_args *out, nl_error *err)
{
    static char *argv[MAX_WORDS + 2];
    int argc = 0;
    argv[argc++] = (char *)(uintptr_t) "paint";
    for (; words[argc - 1]; argc++)
        argv[argc] = (char *)(uintptr_t)words[argc - 1];
    argv[argc] = NULL;
    *err = (nl_error){0};
    return cli_parse(&paint, argc, argv, out, err);
}

static void takes_options_and_operands_in_any_order(void **state)
{
    (void)state;
    struct cli_args a;
    nl_error err;
    CHECK_OK(parse((const char *const[]){"door", "--colour", "red", "-g", "--layer=1", "wall", "--layer", "2", NULL},
                   &a, &err),
             err);
    CHECK_INT(a.argc, 2);
    CHECK_STR(a.argv[0], "door");
    CHECK_STR(a.argv[1], "wall");
    CHECK_STR(cli_value(&a, "colour"), "red");
    CHECK(cli_flag(&a, "gloss"));
    CHECK(!cli_flag(&a, "verbose"));
    CHECK_STR(cli_values(&a, "layer")[0], "1");
    CHECK_STR(cli_values(&a, "layer")[1], "2");
    CHECK(cli_values(&a, "layer")[2] == NULL);
    cli_args_free(&a);

    CHECK_OK(parse((const char *const[]){"--", "-g", NULL}, &a, &err), err);
    CHECK_STR(a.argv[0], "-g");
    CHECK(!cli_flag(&a, "gloss"));
    CHECK(cli_values(&a, "layer")[0] == NULL);
    cli_args_free(&a);
}

static void tells_wrong_usage(void **state)
{
    (void)state;
    static const struct {
        const char *why, *words[MAX_WORDS], *want;
    } cases[] = {
        {"a misspelled option", {"door", "--color", "red"}, "unknown option '--color', did you mean '--colour'?"},
        {"an option that is like none", {"door", "--zzzzzzz"}, "unknown option '--zzzzzzz'"},
        {"a letter that is none", {"door", "-z"}, "unknown option '-z'"},
        {"no argument", {"door", "--colour"}, "option '--colour' needs an argument"},
        {"another word", {"door", "--colour", "green"}, "--colour: 'green' is none of red, blue"},
        {"too few operands", {"-g"}, "needs THING"},
        {"too many operands", {"a", "b", "c"}, "does not expect 'c'"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct cli_args a;
        nl_error err;
        check_why("%s", cases[i].why);
        CHECK_FAILS(parse(cases[i].words, &a, &err), NL_INVALID, err, cases[i].want);
        CHECK(a.values == NULL);
    }
}

static int no_wall(const struct cli_args *a, nl_error *err)
{
    return strcmp(a->argv[0], "wall") == 0 ? nl_fail(err, NL_INVALID, "not the wall") : NL_OK;
}

static void a_command_checks_its_own_words(void **state)
{
    (void)state;
    struct cli_command checked = paint;
    struct cli_args a;
    nl_error err = {0};
    checked.check = no_wall;
    CHECK_FAILS(cli_parse(&checked, 2, (char *[]){(char[]){"paint"}, (char[]){"wall"}, NULL}, &a, &err), NL_INVALID,
                err, "not the wall");
    CHECK(a.values == NULL);
    CHECK_OK(cli_parse(&checked, 2, (char *[]){(char[]){"paint"}, (char[]){"door"}, NULL}, &a, &err), err);
    cli_args_free(&a);
    /* --help asks for nothing, and checks nothing. */
    CHECK_OK(cli_parse(&checked, 2, (char *[]){(char[]){"paint"}, (char[]){"--help"}, NULL}, &a, &err), err);
    cli_args_free(&a);
}

static void help_asks_for_no_operands(void **state)
{
    (void)state;
    struct cli_args a;
    nl_error err;
    CHECK_OK(parse((const char *const[]){"--help", NULL}, &a, &err), err);
    CHECK(cli_flag(&a, "help"));
    cli_args_free(&a);
}

static void numbers_have_a_least_value(void **state)
{
    (void)state;
    static const struct {
        const char *text;
        int want_rc;
        int64_t want;
    } cases[] = {{"5", NL_OK, 5},        {"1", NL_OK, 1},
                 {"0", NL_INVALID, 0},   {"-3", NL_INVALID, 0},
                 {"", NL_INVALID, 0},    {"5x", NL_INVALID, 0},
                 {"1e3", NL_INVALID, 0}, {"99999999999999999999", NL_INVALID, 0}};
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct cli_args a;
        nl_error err;
        check_why("'%s'", cases[i].text);
        int rc = parse((const char *const[]){"x", "--coats", cases[i].text, NULL}, &a, &err);
        CHECK_INT(rc, cases[i].want_rc);
        if (rc == NL_OK)
            CHECK_INT(cli_number(&a, "coats", 7), cases[i].want);
        else
            CHECK(strstr(err.message, "is not a whole number from 1 on") != NULL);
        cli_args_free(&a);
    }
    struct cli_args a;
    nl_error err;
    CHECK_OK(parse((const char *const[]){"x", NULL}, &a, &err), err);
    CHECK_INT(cli_number(&a, "coats", 7), 7);
    cli_args_free(&a);
}

static void finds_commands_by_their_words(void **state)
{
    (void)state;
    int used;
    const struct cli_command *c = cli_find(3, (char *[]){(char[]){"s3"}, (char[]){"cp"}, (char[]){"x"}}, &used);
    CHECK(c != NULL);
    CHECK_STR(c->path, "s3 cp");
    CHECK_INT(used, 2);
    CHECK(cli_find(1, (char *[]){(char[]){"s3"}}, &used) == NULL);
    CHECK_INT(used, 1);
    CHECK(cli_find(2, (char *[]){(char[]){"s3"}, (char[]){"c"}}, &used) == NULL);
    CHECK(cli_find(1, (char *[]){(char[]){"querys"}}, &used) == NULL);
    CHECK_INT(used, 0);
}

/* The table itself: what help, man page and completions are made of. */
static void every_command_describes_itself(void **state)
{
    (void)state;
    for (size_t i = 0; i < cli_n_commands; i++) {
        const struct cli_command *c = cli_commands[i];
        check_why("%s", c->path);
        CHECK(c->run != NULL);
        CHECK(c->operands != NULL);
        CHECK((*c->operands == 0) == (c->max_operands == 0));
        CHECK(c->min_operands <= c->max_operands || c->max_operands < 0);
        CHECK(c->summary && c->summary[strlen(c->summary) - 1] != '.');
        for (const struct cli_option *o = c->options; o && o->name; o++) {
            check_why("%s --%s", c->path, o->name);
            CHECK(o->help && o->help[strlen(o->help) - 1] != '.');
            CHECK((o->complete == CLI_COMPLETE_CHOICES) == (o->choices != NULL));
            CHECK(!o->number || o->argument);
            for (const struct cli_option *other = c->options; other < o; other++)
                CHECK(strcmp(other->name, o->name) != 0 && (!o->letter || other->letter != o->letter));
            for (const struct cli_option *common = cli_common_options; common->name; common++)
                CHECK(strcmp(common->name, o->name) != 0 && common->letter != o->letter);
        }
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_options_and_operands_in_any_order),
        cmocka_unit_test(tells_wrong_usage),
        cmocka_unit_test(a_command_checks_its_own_words),
        cmocka_unit_test(help_asks_for_no_operands),
        cmocka_unit_test(numbers_have_a_least_value),
        cmocka_unit_test(finds_commands_by_their_words),
        cmocka_unit_test(every_command_describes_itself),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
