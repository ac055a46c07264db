/* man.c: the manual page neuralake(1) in man(7), from the same table as the help. */
#include <stdio.h>
#include <string.h>

#include <neuralake/version.h>

#include "cli/command.h"

/* Text with what roff takes for itself escaped: backslashes, hyphens, and a dot or quote that begins a line. */
static void roff(const char *text)
{
    for (const char *p = text; *p; p++) {
        bool begins = p == text || p[-1] == '\n';
        if (begins && (*p == '.' || *p == '\''))
            fputs("\\&", stdout);
        if (*p == '\\')
            fputs("\\e", stdout);
        else if (*p == '-')
            fputs("\\-", stdout);
        else if (*p == '\n' && p[1] == '\n') {
            fputs("\n.PP\n", stdout);
            p++;
        } else
            putchar(*p);
    }
}

static void roff_option(const struct cli_option *o)
{
    fputs(".TP\n.B ", stdout);
    if (o->letter)
        printf("\\-%c, ", o->letter);
    fputs("\\-\\-", stdout);
    roff(o->name);
    if (o->argument)
        printf(" \\fI%s\\fR", o->argument);
    putchar('\n');
    roff(o->help);
    for (const char *const *c = o->choices; c && *c; c++)
        printf("%s%s", c == o->choices ? ": " : ", ", *c);
    putchar('\n');
}

static void roff_command(const struct cli_command *c)
{
    printf(".SS \"neuralake %s%s%s\"\n", c->path, *c->operands ? " " : "", c->operands);
    roff(c->summary);
    fputs(".\n", stdout);
    if (c->description) {
        fputs(".PP\n", stdout);
        roff(c->description);
        putchar('\n');
    }
    for (const struct cli_option *o = c->options; o && o->name; o++)
        roff_option(o);
    for (const struct cli_example *e = c->examples; e && e->what; e++) {
        fputs(".PP\n", stdout);
        roff(e->what);
        fputs(":\n.PP\n.RS 4\n.nf\n", stdout);
        roff(e->command);
        fputs("\n.fi\n.RE\n", stdout);
    }
}

void cli_print_man(void)
{
    printf(".TH NEURALAKE 1 \"\" \"neuralake %s\" \"User Commands\"\n", NL_VERSION);
    fputs(".SH NAME\nneuralake \\- tables on object storage, declared once as code, queried with SQL\n"
          ".SH SYNOPSIS\n.B neuralake\n.I COMMAND\n[\\fIOPTIONS\\fR] [\\fIOPERANDS\\fR]\n"
          ".SH DESCRIPTION\nTables are declared as code or YAML, stored as Parquet on S3 or in plain folders, and "
          "queried with "
          "SQL. The same program goes from a laptop, whose S3 server is inside it, to production by settings alone.\n"
          ".SH COMMANDS\n",
          stdout);
    for (size_t i = 0; i < cli_n_commands; i++)
        roff_command(cli_commands[i]);
    fputs(".SH \"OPTIONS OF EVERY COMMAND\"\n", stdout);
    for (const struct cli_option *o = cli_common_options; o->name; o++)
        roff_option(o);
    fputs(".SH ENVIRONMENT\n"
          ".TP\n.B NEURALAKE_CATALOG\nThe catalog where \\-\\-catalog is not given.\n"
          ".TP\n.B AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, AWS_SESSION_TOKEN, AWS_REGION, AWS_DEFAULT_REGION, "
          "AWS_ENDPOINT_URL, AWS_ENDPOINT_URL_S3, AWS_CA_BUNDLE, AWS_PROFILE, AWS_CONFIG_FILE, "
          "AWS_SHARED_CREDENTIALS_FILE\nWhere S3 is and who asks, as every AWS program reads them.\n"
          ".TP\n.B DUCKDB_ROOT\nA folder with another DuckDB library, or the library itself.\n"
          ".TP\n.B CC\nThe compiler for catalogs in C (default: cc).\n"
          ".TP\n.B NEURALAKE_LOG\nerror, warn, info or debug: diagnostics on standard error.\n"
          ".SH \"EXIT STATUS\"\n0 done; 1 an error, told in one line; 2 wrong usage; 130 interrupted.\n",
          stdout);
}
