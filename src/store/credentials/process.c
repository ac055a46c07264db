/* process.c: keys from a program that the profile names: credential_process = vault-keys --role "data lake"
 *
 * C1  No shell: the line is cut into words (store_split_command()), and nothing is expanded.
 * C2  The program has a minute and 256 KiB, and no standard input. Its complaint goes into our message, its output never.
 */
#include <string.h>

#include "base/proc.h"
#include "base/str.h"
#include "store/credentials/sources.h"

enum { most_words = 256, most_output = 256 << 10, most_complaint = 300 };

/* One word from *at on into out. False: a quote does not end. *any: there was one (quotes may hold nothing). */
static bool take_word(const char **at, char *out, bool *any)
{
    const char *p = *at + strspn(*at, " \t\r\n");
    char quote = 0;
    *any = *p;
    for (; *p && (quote || !strchr(" \t\r\n", *p)); p++) {
        bool escapes = *p == '\\' && quote != '\'';
        if (escapes && quote == '"' && p[1] != '"' && p[1] != '\\')
            escapes = false;
        if (escapes) {
            if (!*++p)
                return false;
            *out++ = *p;
        } else if (quote ? *p == quote : *p == '"' || *p == '\'') {
            quote = quote ? 0 : *p;
        } else {
            *out++ = *p;
        }
    }
    *out = 0;
    *at = p;
    return !quote;
}

int store_split_command(nl_arena *arena, const char *text, char ***argv, nl_error *err)
{
    /* A word is never longer than what it is made of, and each but the last leaves a blank for its NUL. */
    char *words = nl_arena_alloc(arena, strlen(text) + 2);
    *argv = nl_arena_array(arena, most_words + 1, sizeof **argv);
    if (!words || !*argv)
        return nl_fail_memory(err);
    for (size_t n = 0;; n++) {
        bool any;
        if (!take_word(&text, words, &any))
            return nl_fail(err, NL_INVALID, "credential_process: a quote or a backslash has no end");
        if (!any)
            return n ? NL_OK : nl_fail(err, NL_INVALID, "credential_process is empty");
        if (n == most_words)
            return nl_fail(err, NL_INVALID, "credential_process: more than %d words", most_words);
        (*argv)[n] = words;
        words += strlen(words) + 1;
    }
}

/* Why it failed: what it wrote to standard error, on one line. */
static int failed(const struct nl_proc_result *r, nl_error *err)
{
    char said[most_complaint];
    size_t len = r->err.len;
    while (len && strchr(" \t\r\n", r->err.data[len - 1]))
        len--;
    said[0] = 0;
    if (len)
        nl_printable(r->err.data, len, said, sizeof said);
    if (r->signal)
        return nl_fail(err, NL_DENIED, "it was ended by signal %d%s%s", r->signal, *said ? ": " : "", said);
    return nl_fail(err, NL_DENIED, "it ended with exit code %d%s%s", r->exit_code, *said ? ": " : "", said);
}

static int run(struct store_resolution *x, char **argv, struct store_found *out, nl_error *err)
{
    struct nl_proc_result r = {0};
    struct nl_proc p = {.argv = (const char *const *)argv,
                        .max_output = most_output,
                        .cancel = x->cancel,
                        .time_limit_ns = (int64_t)x->tuning->process_ms * 1000000};
    int rc = nl_proc_run(&p, &r, err);
    if (!rc && (r.exit_code != 0 || r.signal))
        rc = failed(&r, err);
    else if (!rc && r.cut)
        rc = nl_fail(err, NL_IO, "its answer is longer than %d KiB", most_output >> 10);
    else if (!rc)
        rc = store_answer_json(&x->arena, STORE_ANSWER_PROCESS, r.out.data ? r.out.data : "", r.out.len, &out->keys,
                               err);
    if (r.out.data)
        explicit_bzero(r.out.data, r.out.len);
    nl_proc_result_free(&r);
    return rc;
}

int store_from_process(struct store_resolution *x, const char *profile, struct store_found *out, nl_error *err)
{
    const char *command = store_profile_get(&x->profiles, profile, "credential_process");
    char **argv;
    out->source = "credential_process";
    if (!command)
        return NL_OK;
    int rc = store_split_command(&x->arena, command, &argv, err);
    if (!rc && (rc = run(x, argv, out, err))) /* its arguments may hold secrets: the program alone is named */
        nl_note(err, "credential_process %s", argv[0]);
    if (rc)
        nl_note(err, "profile \"%s\"", profile);
    return rc;
}
