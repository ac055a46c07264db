/* main.c: find the command, parse its words, run it, print its error. */
#include <locale.h>
#include <stdio.h>
#include <string.h>

#include <neuralake/version.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/context.h"

/* One line: what, to what, why; and after a semicolon what to do. */
static int report(const struct cli_command *c, const nl_error *err, int code)
{
    fflush(stdout);
    fprintf(stderr, "neuralake%s%s: %s%s%s\n", c ? " " : "", c ? c->path : "", err->message, err->hint[0] ? "; " : "",
            err->hint);
    return code;
}

/* No command has these words. */
static int unknown_command(int argc, char **argv, int matched)
{
    if (matched == argc ||
        (matched > 0 && (strcmp(argv[matched], "--help") == 0 || strcmp(argv[matched], "-h") == 0))) {
        cli_print_group_help(argv[0]);
        return matched == argc ? CLI_USAGE : CLI_OK;
    }
    const char *names[64] = {0};
    size_t n = 0;
    for (size_t i = 0; i < cli_n_commands && n < NL_LEN(names); i++) {
        const char *path = cli_commands[i]->path;
        size_t len = matched ? strlen(argv[0]) : 0;
        if (!matched)
            names[n++] = path;
        else if (strncmp(path, argv[0], len) == 0 && path[len] == ' ')
            names[n++] = path + len + 1;
    }
    const char *near = nl_nearest(argv[matched], names, n);
    const char *group = matched ? argv[0] : "", *gap = matched ? " " : "";
    if (near)
        fprintf(stderr, "neuralake: unknown command '%s%s%s', did you mean '%s%s%s'?\n", group, gap, argv[matched],
                group, gap, near);
    else
        fprintf(stderr, "neuralake: unknown command '%s%s%s'; 'neuralake --help' lists the commands\n", group, gap,
                argv[matched]);
    return CLI_USAGE;
}

/* `neuralake help s3 cp` is `neuralake s3 cp --help`. */
static int help_of(int argc, char **argv)
{
    int used;
    nl_error err = {0};
    const struct cli_command *c = cli_find(argc, argv, &used);
    if (c)
        cli_print_command_help(c);
    else if (used == 1 && argc == 1)
        cli_print_group_help(argv[0]);
    else
        return unknown_command(argc, argv, used);
    return cli_flush(&err) ? report(NULL, &err, CLI_FAILED) : CLI_OK;
}

/* Options of the program itself, before any command. -1: none of them. */
static int program_option(int argc, char **argv)
{
    nl_error err = {0};
    if (strcmp(argv[0], "help") == 0 && argc > 1)
        return help_of(argc - 1, argv + 1);
    if (strcmp(argv[0], "--help") == 0 || strcmp(argv[0], "-h") == 0 || strcmp(argv[0], "help") == 0)
        cli_print_help();
    else if (strcmp(argv[0], "--version") == 0)
        printf("neuralake %s\n", nl_version());
    else if (strcmp(argv[0], "--man") == 0)
        cli_print_man();
    else if (strcmp(argv[0], "--completion") != 0)
        return -1;
    else if (cli_print_completion(argc > 1 ? argv[1] : "", &err))
        return report(NULL, &err, CLI_USAGE);
    return cli_flush(&err) ? report(NULL, &err, CLI_FAILED) : CLI_OK;
}

static int run_command(const struct cli_command *c, const struct cli_args *a)
{
    nl_error err = {0};
    struct cli_context x;
    int rc = cli_context_init(&x, &err);
    x.verbose = cli_flag(a, "verbose");
    if (rc == NL_OK)
        rc = c->run(&x, a, &err);
    if (rc == NL_OK)
        rc = cli_flush(&err);
    int code = rc ? CLI_FAILED : CLI_OK;
    if (rc && x.signal)
        code = CLI_INTERRUPTED;
    if (rc)
        report(c, &err, code);
    cli_context_free(&x);
    return code;
}

int main(int argc, char **argv)
{
    /* Texts are UTF-8 whatever the environment says of it: the width of a table's cells follows from that. */
    setlocale(LC_CTYPE, "C.UTF-8");
    if (argc < 2) {
        cli_print_help();
        return CLI_USAGE;
    }
    int code = argv[1][0] == '-' || strcmp(argv[1], "help") == 0 ? program_option(argc - 1, argv + 1) : -1;
    if (code >= 0)
        return code;

    int used;
    const struct cli_command *c = cli_find(argc - 1, argv + 1, &used);
    if (!c)
        return unknown_command(argc - 1, argv + 1, used);

    nl_error err = {0};
    struct cli_args args;
    if (cli_parse(c, argc - used, argv + used, &args, &err)) {
        nl_hint(&err, "'neuralake %s --help' shows its options", c->path);
        return report(c, &err, err.code == NL_NO_MEMORY ? CLI_FAILED : CLI_USAGE);
    }
    if (cli_flag(&args, "help")) {
        cli_print_command_help(c);
        code = cli_flush(&err) ? report(c, &err, CLI_FAILED) : CLI_OK;
    } else {
        code = run_command(c, &args);
    }
    cli_args_free(&args);
    return code;
}
