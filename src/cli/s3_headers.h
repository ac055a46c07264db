/* s3_headers.h: --content-type and its kin: what a command says of the objects that it writes. */
#ifndef NL_CLI_S3_HEADERS_H
#define NL_CLI_S3_HEADERS_H

#include <neuralake/store.h>

#include "base/arena.h"
#include "cli/command.h"

/* The options, for a command's table. */
extern const char *const s3_directives[];
#define S3_OPTIONS_HEADERS                                                                                             \
    {.name = "content-type", .argument = "TYPE", .help = "the objects' media type (default: by the file's name)"},     \
        {.name = "no-guess-mime-type", .help = "do not look at names: application/octet-stream"},                      \
        {.name = "cache-control", .argument = "TEXT", .help = "kept with the objects, as the next four"},              \
        {.name = "content-disposition", .argument = "TEXT", .help = "how a browser offers an object"},                 \
        {.name = "content-encoding", .argument = "TEXT", .help = "the coding around the bytes, such as gzip"},         \
        {.name = "content-language", .argument = "TEXT", .help = "the language of the content"},                       \
        {.name = "expires", .argument = "TIME", .help = "when a copy in a cache is stale"},                            \
        {.name = "metadata", .argument = "WORDS", .help = "KEY=VALUE,KEY=VALUE or a JSON object, kept with objects"},  \
        {.name = "metadata-directive",                                                                                 \
         .argument = "WHAT",                                                                                           \
         .choices = s3_directives,                                                                                     \
         .complete = CLI_COMPLETE_CHOICES,                                                                             \
         .help = "inside S3: the source's headers, or those of this call (the default where it names any)"},           \
        {.name = "storage-class", .argument = "CLASS", .help = "refused: objects lie in their bucket's usual class"},  \
    {                                                                                                                  \
        .name = "acl", .argument = "ACL", .help = "refused: who may do what is the bucket's policy"                    \
    }

/* What they said. Strings are the arguments' own or the arena's. */
struct s3_headers {
    const char *type;
    bool guess;
    const char **all; /* name, value, …, NULL; NULL: none */
    nl_arena arena;
};

/* Wrong usage that the words alone show: for the command's check. */
int s3_headers_check(const struct cli_args *a, nl_error *err);
/* Read them; s3_headers_free(). */
int s3_headers_read(const struct cli_args *a, struct s3_headers *out, nl_error *err);
void s3_headers_free(struct s3_headers *h);
/* Into the options of the write of `to` from `from` ("-": standard input). */
void s3_headers_put(const struct s3_headers *h, const char *from, const char *to, nl_put_options *o);

#endif
