/* s3_say.h: how the s3 commands tell what they did: aws-cli's words, or one JSON object a line.
 *
 *     upload: data/x.parquet to s3://lake/x.parquet
 *     {"action":"upload","source":"data/x.parquet","target":"s3://lake/x.parquet","size":4711,"dryrun":false}
 */
#ifndef NL_CLI_S3_SAY_H
#define NL_CLI_S3_SAY_H

#include <jansson.h>

#include "cli/s3_transfer.h"

extern const char *const s3_formats[];
#define S3_OPTION_FORMAT                                                                                               \
    {                                                                                                                  \
        .name = "format", .letter = 'f', .argument = "FORMAT", .choices = s3_formats,                                  \
        .complete = CLI_COMPLETE_CHOICES, .help = "text, or json: one object a line"                                   \
    }
/* What is shown: for commands that do something to objects. */
#define S3_OPTIONS_SHOWN                                                                                               \
    {.name = "quiet", .letter = 'q', .help = "print nothing but errors"},                                              \
        {.name = "only-show-errors", .help = "the same"},                                                              \
        {.name = "no-progress", .help = "draw no bar while it goes on"}, S3_OPTION_FORMAT

/* Is json asked for by that option? */
bool s3_is_json(const struct cli_args *a);
/* What these options and --dryrun say, into the run. */
void s3_say_options(const struct cli_args *a, struct s3_run *r);
/* Print a JSON value in one line, and release it. NULL: NL_NO_MEMORY. */
int s3_print_json(json_t *o, nl_error *err);
/* Seconds since 1970 as "2026-11-22T15:49:09Z". */
const char *s3_time_json(int64_t seconds, char out[static 32]);
/* Tell one action that was done, or would be. size: the bytes where known, else NL_SIZE_UNKNOWN. */
void s3_say(const struct s3_run *r, const struct s3_action *a, uint64_t size);

#endif
