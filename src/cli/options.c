/* options.c: from words to options, by getopt_long over the command's table. */
#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/command.h"

const struct cli_option cli_common_options[] = {
    {.name = "help", .letter = 'h', .help = "show this help"},
    {.name = "verbose", .letter = 'v', .help = "show requests, bytes and time on standard error"},
    {0},
};

const char *const cli_row_formats[] = {"table", "csv", "json", "ndjson", "markdown", NULL};
const char *const cli_payers[] = {"requester", NULL};

enum { MAX_OPTIONS = 48, FIRST_CODE = 256 };

/* The options of the command and those that all have, as one list. */
static size_t collect(const struct cli_command *c, const struct cli_option *out[MAX_OPTIONS])
{
    size_t n = 0;
    for (const struct cli_option *o = c->options; o && o->name && n < MAX_OPTIONS; o++)
        out[n++] = o;
    for (const struct cli_option *o = cli_common_options; o->name && n < MAX_OPTIONS; o++)
        out[n++] = o;
    return n;
}

/* The place of an option in the list, or the list's length: a bug of ours, told at once. */
static size_t place_of(const struct cli_args *a, const char *option)
{
    const struct cli_option *all[MAX_OPTIONS];
    size_t n = collect(a->command, all);
    for (size_t i = 0; i < n; i++)
        if (strcmp(all[i]->name, option) == 0)
            return i;
    fprintf(stderr, "neuralake: internal: command '%s' has no option '%s'\n", a->command->path, option);
    abort();
}

const char *cli_value(const struct cli_args *a, const char *option)
{
    return a->values[place_of(a, option)];
}

bool cli_flag(const struct cli_args *a, const char *option)
{
    return cli_value(a, option) != NULL;
}

const char *const *cli_values(const struct cli_args *a, const char *option)
{
    static const char *const none[] = {NULL};
    const char **list = a->repeated[place_of(a, option)];
    return list ? (const char *const *)list : none;
}

int64_t cli_number(const struct cli_args *a, const char *option, int64_t fallback)
{
    const char *text = cli_value(a, option);
    int64_t n;
    return text && nl_parse_i64(text, &n) ? n : fallback;
}

/* A word that getopt does not know: say which is near. */
static int unknown_option(const struct cli_command *c, const char *word, nl_error *err)
{
    const struct cli_option *all[MAX_OPTIONS];
    const char *names[MAX_OPTIONS];
    size_t n = collect(c, all);
    for (size_t i = 0; i < n; i++)
        names[i] = all[i]->name;
    char plain[64];
    snprintf(plain, sizeof plain, "%s", word + strspn(word, "-"));
    plain[strcspn(plain, "=")] = 0;
    const char *near = nl_nearest(plain, names, n);
    if (near)
        return nl_fail(err, NL_INVALID, "unknown option '%s', did you mean '--%s'?", word, near);
    return nl_fail(err, NL_INVALID, "unknown option '%s'", word);
}

/* One of the words that the option takes? */
static int check_choice(const struct cli_option *o, const char *value, nl_error *err)
{
    if (!o->choices)
        return NL_OK;
    char list[200] = "";
    size_t used = 0;
    for (const char *const *c = o->choices; *c; c++) {
        if (strcmp(*c, value) == 0)
            return NL_OK;
        int n = snprintf(list + used, sizeof list - used, "%s%s", used ? ", " : "", *c);
        if (n > 0 && used + (size_t)n < sizeof list)
            used += (size_t)n;
    }
    return nl_fail(err, NL_INVALID, "--%s: '%s' is none of %s", o->name, value, list);
}

static int check_number(const struct cli_option *o, const char *value, nl_error *err)
{
    int64_t n;
    if (o->number && (!nl_parse_i64(value, &n) || n < o->least))
        return nl_fail(err, NL_INVALID, "--%s: '%s' is not a whole number from %lld on", o->name, value,
                       (long long)o->least);
    return NL_OK;
}

/* Add a value to the list of an option that repeats; the list stays NULL-terminated. */
static int append_value(const char ***list, const char *value, nl_error *err)
{
    size_t n = 0;
    while (*list && (*list)[n])
        n++;
    const char **more = realloc(*list, (n + 2) * sizeof *more);
    if (!more)
        return nl_fail_memory(err);
    more[n] = value;
    more[n + 1] = NULL;
    *list = more;
    return NL_OK;
}

/* What getopt_long wants, made from the list. */
static void describe_to_getopt(const struct cli_option *const *all, size_t n, struct option *longs, char *letters)
{
    size_t used = 0;
    letters[used++] = ':'; /* tell a missing argument from an unknown option, and print nothing */
    for (size_t i = 0; i < n; i++) {
        longs[i] = (struct option){all[i]->name, all[i]->argument ? required_argument : no_argument, NULL,
                                   FIRST_CODE + (int)i};
        if (all[i]->letter) {
            letters[used++] = all[i]->letter;
            if (all[i]->argument)
                letters[used++] = ':';
        }
    }
    longs[n] = (struct option){0};
    letters[used] = 0;
}

/* Which option a code of getopt_long means. */
static size_t option_of_code(const struct cli_option *const *all, size_t n, int code)
{
    if (code >= FIRST_CODE)
        return (size_t)(code - FIRST_CODE);
    for (size_t i = 0; i < n; i++)
        if (all[i]->letter == code)
            return i;
    return n;
}

static int take_option(const struct cli_option *o, size_t i, const char *value, struct cli_args *out, nl_error *err)
{
    int rc = o->argument ? check_choice(o, value, err) : NL_OK;
    if (rc == NL_OK)
        rc = check_number(o, value, err);
    if (rc)
        return rc;
    struct cli_given *more = realloc(out->given, (out->n_given + 1) * sizeof *more);
    if (!more)
        return nl_fail_memory(err);
    out->given = more;
    out->given[out->n_given++] = (struct cli_given){o, value};
    out->values[i] = o->argument ? value : "";
    return o->repeats ? append_value(&out->repeated[i], value, err) : NL_OK;
}

static int check_operands(const struct cli_command *c, const struct cli_args *a, nl_error *err)
{
    if (a->argc < c->min_operands)
        return nl_fail(err, NL_INVALID, "needs %s", c->operands);
    if (c->max_operands >= 0 && a->argc > c->max_operands)
        return nl_fail(err, NL_INVALID, "does not expect '%s'", a->argv[c->max_operands]);
    return NL_OK;
}

int cli_parse(const struct cli_command *c, int argc, char **argv, struct cli_args *out, nl_error *err)
{
    const struct cli_option *all[MAX_OPTIONS];
    struct option longs[MAX_OPTIONS + 1];
    char letters[2 * MAX_OPTIONS + 2];
    size_t n = collect(c, all);
    *out = (struct cli_args){.command = c};
    out->values = calloc(MAX_OPTIONS, sizeof *out->values);
    out->repeated = calloc(MAX_OPTIONS, sizeof *out->repeated);
    if (!out->values || !out->repeated) {
        cli_args_free(out);
        return nl_fail_memory(err);
    }
    describe_to_getopt(all, n, longs, letters);

    int rc = NL_OK, code;
    optind = 0; /* glibc: start anew */
    while (rc == NL_OK && (code = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (code == '?') {
            /* A bundle of letters leaves optind at it; a long word is already behind. */
            char letter[3] = {'-', (char)optopt, 0};
            rc = unknown_option(c, optopt && optopt < FIRST_CODE ? letter : argv[optind - 1], err);
        } else if (code == ':') {
            rc = nl_fail(err, NL_INVALID, "option '%s' needs an argument", argv[optind - 1]);
        } else {
            size_t i = option_of_code(all, n, code);
            assert(i < n); /* getopt_long() knows no others */
            rc = take_option(all[i], i, optarg, out, err);
        }
    }
    out->argc = argc - optind;
    out->argv = argv + optind;
    if (rc == NL_OK && !cli_flag(out, "help"))
        rc = check_operands(c, out, err);
    if (rc == NL_OK && !cli_flag(out, "help") && c->check)
        rc = c->check(out, err);
    if (rc)
        cli_args_free(out);
    return rc;
}

void cli_args_free(struct cli_args *a)
{
    for (size_t i = 0; a->repeated && i < MAX_OPTIONS; i++)
        free(a->repeated[i]);
    free(a->repeated);
    free(a->given);
    free(a->values);
    *a = (struct cli_args){.command = a->command};
}

/* How many words of the path begin argv. */
static int words_matched(const char *path, int argc, char **argv, bool *whole)
{
    int n = 0;
    const char *p = path;
    *whole = false;
    while (n < argc) {
        size_t len = strcspn(p, " ");
        if (strlen(argv[n]) != len || strncmp(argv[n], p, len) != 0)
            return n;
        n++;
        if (!p[len]) {
            *whole = true;
            return n;
        }
        p += len + 1;
    }
    return n;
}

const struct cli_command *cli_find(int argc, char **argv, int *used)
{
    *used = 0;
    for (size_t i = 0; i < cli_n_commands; i++) {
        bool whole;
        int n = words_matched(cli_commands[i]->path, argc, argv, &whole);
        if (n > *used)
            *used = n;
        if (whole)
            return cli_commands[i];
    }
    return NULL;
}
