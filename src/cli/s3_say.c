/* s3_say.c: see s3_say.h. */
#include "cli/s3_say.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/error.h"
#include "cli/place.h"

const char *const s3_formats[] = {"text", "json", NULL};

bool s3_is_json(const struct cli_args *a)
{
    const char *format = cli_value(a, "format");
    return format && !strcmp(format, "json");
}

void s3_say_options(const struct cli_args *a, struct s3_run *r)
{
    r->quiet = cli_flag(a, "quiet") || cli_flag(a, "only-show-errors");
    r->no_progress = r->quiet || cli_flag(a, "no-progress");
    r->json = s3_is_json(a);
    r->dry = cli_flag(a, "dryrun");
}

int s3_print_json(json_t *o, nl_error *err)
{
    char *text = o ? json_dumps(o, JSON_COMPACT) : NULL;
    json_decref(o);
    if (!text)
        return nl_fail_memory(err);
    puts(text);
    free(text);
    return NL_OK;
}

const char *s3_time_json(int64_t seconds, char out[static 32])
{
    time_t t = (time_t)seconds;
    struct tm tm;
    if (!gmtime_r(&t, &tm) || !strftime(out, 32, "%Y-%m-%dT%H:%M:%SZ", &tm))
        out[0] = 0;
    return out;
}

/* aws-cli's word for it. */
static const char *word_of(const struct s3_run *r, const struct s3_action *a)
{
    if (!a->to)
        return "delete";
    if (r->move)
        return "move";
    return !cli_is_s3(a->to) ? "download" : cli_is_s3(a->from) ? "copy" : "upload";
}

void s3_say(const struct s3_run *r, const struct s3_action *a, uint64_t size)
{
    const char *word = word_of(r, a);
    if (r->quiet)
        return;
    if (r->json) {
        json_t *bytes = size == NL_SIZE_UNKNOWN ? NULL : json_integer((json_int_t)size);
        s3_print_json(json_pack("{s:s, s:s, s:s*, s:o*, s:b}", "action", word, "source", a->from, "target", a->to,
                                "size", bytes, "dryrun", (int)r->dry),
                      NULL);
    } else if (a->to) {
        printf("%s%s: %s to %s\n", r->dry ? "(dryrun) " : "", word, a->from, a->to);
    } else {
        printf("%s%s: %s\n", r->dry ? "(dryrun) " : "", word, a->from);
    }
}
