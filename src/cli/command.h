/* command.h: what a command is. One table of commands and options feeds the parser, the help, the man page and the
 * completions: what the program accepts and what it says about itself cannot differ.
 *
 *     neuralake  s3  cp  --recursive  ./data  s3://lake/data
 *     ─program─  ─command path─ ─option─  ──operands──
 *
 * X1  Exit codes: 0 done, 1 an error (one line on standard error: what, to what, why, what to do), 2 wrong usage, 130 interrupted.
 * X2  Results go to standard output; progress, times and errors to standard error.
 */
#ifndef NL_CLI_COMMAND_H
#define NL_CLI_COMMAND_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <neuralake/error.h>

#include "base/cancel.h"

enum { CLI_OK = 0, CLI_FAILED = 1, CLI_USAGE = 2, CLI_INTERRUPTED = 130 };

/* How a shell completes a word. */
enum cli_complete { CLI_COMPLETE_NONE, CLI_COMPLETE_FILE, CLI_COMPLETE_FOLDER, CLI_COMPLETE_CHOICES };

struct cli_option {
    const char *name;           /* "format", without the dashes; NULL ends a table */
    char letter;                /* 'f', or 0 */
    const char *argument;       /* "FORMAT"; NULL: a flag */
    const char *help;           /* one sentence, without a full stop */
    const char *const *choices; /* NULL-terminated; other words are wrong usage */
    enum cli_complete complete;
    bool repeats;
    bool number; /* a whole number, not below least */
    int64_t least;
};

struct cli_example {
    const char *what, *command;
};

struct cli_context;
struct cli_args;

struct cli_command {
    const char *path;                   /* "s3 cp" */
    const char *operands;               /* "SOURCE TARGET", as the usage line shows it; "" for none */
    int min_operands, max_operands;     /* max -1: any number */
    const char *summary;                /* one line for the list of commands */
    const char *description;            /* paragraphs for --help and the man page; "\n\n" between them */
    const struct cli_option *options;   /* ends with a NULL name */
    const struct cli_example *examples; /* ends with a NULL what; NULL: none */
    enum cli_complete complete;         /* of the operands */
    /* Operands and options that make no sense, told before anything is done: wrong usage. NULL: nothing to check. */
    int (*check)(const struct cli_args *a, nl_error *err);
    /* Returns an nl_status; the error's line is printed by main. */
    int (*run)(struct cli_context *x, const struct cli_args *a, nl_error *err);
};

/* One option as it was given. */
struct cli_given {
    const struct cli_option *option;
    const char *value; /* NULL: a flag */
};

/* The parsed words of one call. */
struct cli_args {
    const struct cli_command *command;
    const char **values; /* one an option of the table: the last value, "" for a flag, NULL where not given */
    int argc;            /* operands */
    char **argv;
    struct cli_given *given; /* all options in the order of the words */
    size_t n_given;
    const char ***repeated; /* one an option that repeats: its values in order, NULL at the end; else NULL */
};

/* The value of an option of the command's table; NULL where it was not given. */
const char *cli_value(const struct cli_args *a, const char *option);
bool cli_flag(const struct cli_args *a, const char *option);
/* All values of an option that repeats, NULL-terminated; never NULL. */
const char *const *cli_values(const struct cli_args *a, const char *option);
/* The value of a number option (parsing has checked it), or fallback where it was not given. */
int64_t cli_number(const struct cli_args *a, const char *option, int64_t fallback);

/* All commands, in the order of the help. */
extern const struct cli_command *const cli_commands[];
extern const size_t cli_n_commands;

/* Options that every command has (--help, --verbose), and those that many share. */
extern const struct cli_option cli_common_options[];
extern const char *const cli_row_formats[];
extern const char *const cli_payers[];
#define CLI_OPTION_CATALOG                                                                                             \
    {                                                                                                                  \
        .name = "catalog", .letter = 'c', .argument = "CATALOG", .complete = CLI_COMPLETE_FILE,                        \
        .help = "the catalog: a .c, .yaml or .so file (default: NEURALAKE_CATALOG, then neuralake.yaml here or above)" \
    }
#define CLI_OPTION_FORMAT                                                                                              \
    {                                                                                                                  \
        .name = "format", .letter = 'f', .argument = "FORMAT", .choices = cli_row_formats,                             \
        .complete = CLI_COMPLETE_CHOICES, .help = "how rows are printed"                                               \
    }
#define CLI_OPTION_ENDPOINT                                                                                            \
    {                                                                                                                  \
        .name = "endpoint-url", .argument = "URL",                                                                     \
        .help = "the S3 endpoint (default: AWS_ENDPOINT_URL, the profile, AWS itself)"                                 \
    }
/* Whose credentials, and who pays: three options. */
#define CLI_OPTIONS_WHO                                                                                                \
    {.name = "profile", .argument = "NAME", .help = "the profile of the shared AWS files (default: AWS_PROFILE)"},     \
        {.name = "no-sign-request", .help = "ask anonymously, without credentials: for public data"},                  \
    {                                                                                                                  \
        .name = "request-payer", .argument = "WHO", .choices = cli_payers, .complete = CLI_COMPLETE_CHOICES,           \
        .help = "agree to pay for what is asked of another's bucket"                                                   \
    }
/* The cache of what is read: two options. */
#define CLI_OPTIONS_CACHE                                                                                              \
    {.name = "cache-dir",                                                                                              \
     .argument = "FOLDER",                                                                                             \
     .complete = CLI_COMPLETE_FOLDER,                                                                                  \
     .help = "keep what is read in this folder, \"\" for none (default: NEURALAKE_CACHE_DIR, none)"},                  \
    {                                                                                                                  \
        .name = "cache-size", .argument = "SIZE",                                                                      \
        .help = "what the folder may take (default: NEURALAKE_CACHE_SIZE, 10GiB)"                                      \
    }
#define CLI_OPTION_ROOT                                                                                                \
    {                                                                                                                  \
        .name = "root", .argument = "DIR", .complete = CLI_COMPLETE_FOLDER,                                            \
        .help = "the folder that holds the buckets (default: neuralake/s3 in XDG_DATA_HOME or ~/.local/share)"         \
    }

/* Parse argv[1..argc), what follows the command's path (argv[0] is its last word). Any failure but NL_NO_MEMORY is wrong
 * usage. */
int cli_parse(const struct cli_command *c, int argc, char **argv, struct cli_args *out, nl_error *err);
void cli_args_free(struct cli_args *a);

/* Find the command whose path begins argv; *used is the number of its words. NULL: none (*used: how many words matched). */
const struct cli_command *cli_find(int argc, char **argv, int *used);

/* What the program says about itself, to standard output. */
void cli_print_help(void);
void cli_print_command_help(const struct cli_command *c);
/* The commands whose path begins with prefix ("s3"). */
void cli_print_group_help(const char *prefix);
void cli_print_man(void);
/* NL_INVALID for another shell than bash and zsh. */
int cli_print_completion(const char *shell, nl_error *err);

#endif
