/* help.c: the help of the program and of each command, from the table. */
#include <stdio.h>
#include <string.h>

#include "cli/command.h"

enum { HELP_WIDTH = 100, OPTION_COLUMN = 28 };

/* Print words from column `at`, wrapped and indented by `indent`; "\n" in the text begins a new line. */
static void print_wrapped(const char *text, int indent, int at)
{
    while (*text) {
        size_t len = strcspn(text, " \n");
        if (at > indent && at + 1 + (int)len > HELP_WIDTH) {
            printf("\n%*s", indent, "");
            at = indent;
        }
        if (at > indent) {
            putchar(' ');
            at++;
        }
        fwrite(text, 1, len, stdout);
        at += (int)len;
        text += len;
        if (*text == '\n') {
            printf("\n%*s", indent, "");
            at = indent;
        }
        if (*text)
            text++;
    }
    putchar('\n');
}

static void print_choices(const struct cli_option *o, char *out, size_t size)
{
    size_t used = (size_t)snprintf(out, size, "%s", o->help);
    if (!o->choices || used >= size)
        return;
    for (const char *const *c = o->choices; *c && used < size; c++)
        used += (size_t)snprintf(out + used, size - used, "%s%s", c == o->choices ? ": " : ", ", *c);
}

static void print_option(const struct cli_option *o)
{
    char head[80], text[400];
    char letter[5] = "    ";
    if (o->letter)
        snprintf(letter, sizeof letter, "-%c, ", o->letter);
    int at = snprintf(head, sizeof head, "  %s--%s%s%s", letter, o->name, o->argument ? " " : "",
                      o->argument ? o->argument : "");
    printf("%-*s", OPTION_COLUMN, head);
    if (at >= OPTION_COLUMN)
        printf("\n%*s", OPTION_COLUMN, "");
    print_choices(o, text, sizeof text);
    print_wrapped(text, OPTION_COLUMN, OPTION_COLUMN);
}

/* One line a command, below a title. Empty prefix: all. */
static void print_commands(const char *prefix)
{
    size_t len = strlen(prefix);
    for (size_t i = 0; i < cli_n_commands; i++) {
        const struct cli_command *c = cli_commands[i];
        if (strncmp(c->path, prefix, len) == 0 && (len == 0 || c->path[len] == ' '))
            printf("  %-18s %s\n", c->path, c->summary);
    }
}

void cli_print_help(void)
{
    printf("Neuralake: tables on object storage, declared once as code, queried with SQL.\n\n"
           "Usage: neuralake COMMAND [OPTIONS] [OPERANDS]\n\n"
           "Commands:\n");
    print_commands("");
    printf("\nOptions:\n"
           "  -h, --help         show this help; 'neuralake COMMAND --help' shows a command's\n"
           "      --version      show the version\n"
           "      --completion SHELL\n"
           "                     print the completions for bash or zsh\n"
           "      --man          print the manual page\n\n"
           "Start with 'neuralake demo': a local S3 server, sample data, a catalog and SQL over it, step by step.\n");
}

void cli_print_group_help(const char *prefix)
{
    printf("Usage: neuralake %s COMMAND [OPTIONS] [OPERANDS]\n\nCommands:\n", prefix);
    print_commands(prefix);
    printf("\n'neuralake %s COMMAND --help' shows a command's options.\n", prefix);
}

void cli_print_command_help(const struct cli_command *c)
{
    printf("Usage: neuralake %s [OPTIONS]%s%s\n\n%s.\n", c->path, *c->operands ? " " : "", c->operands, c->summary);
    if (c->description) {
        putchar('\n');
        print_wrapped(c->description, 0, 0);
    }
    printf("\nOptions:\n");
    for (const struct cli_option *o = c->options; o && o->name; o++)
        print_option(o);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        print_option(o);
    if (!c->examples)
        return;
    printf("\nExamples:\n");
    for (const struct cli_example *e = c->examples; e->what; e++)
        printf("  # %s\n  %s\n", e->what, e->command);
}
