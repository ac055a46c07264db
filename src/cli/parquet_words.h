/* parquet_words.h: what the words of the Parquet commands mean: columns, codecs, encodings, rows, orders. */
#ifndef NL_CLI_PARQUET_WORDS_H
#define NL_CLI_PARQUET_WORDS_H

#include <neuralake/parquet.h>

#include "base/arena.h"
#include "cli/command.h"

/* A column, or what is in one, by its path ("address.city"; lists have no name of their own). */
struct cli_path {
    const char *name;
    const struct ArrowSchema *field;
    size_t *way; /* children from the file's struct down to it; meaningless inside of lists and maps */
    size_t n_way;
    bool is_leaf, in_list;
};

/* All of them, depth first. */
struct cli_paths {
    nl_arena arena;
    struct cli_path *all;
    size_t n, cap;
};

/* schema is a struct, borrowed. NL_NO_MEMORY, NL_UNSUPPORTED (too deep). */
int cli_paths_of(const struct ArrowSchema *schema, struct cli_paths *out, nl_error *err);
void cli_paths_free(struct cli_paths *p);
/* One by its name, exact matches first, then without case where it is unique. NL_NOT_FOUND names the nearest one. */
int cli_path_find(const struct cli_paths *p, const char *name, const struct cli_path **out, nl_error *err);
/* Is `path` what `group` names, or in it? */
bool cli_path_is_below(const char *path, const char *group);

/* The columns that "a,b.c" names, into read options whose arrays live in p's arena. NULL: all. */
int cli_select_columns(struct cli_paths *p, const char *words, nl_parquet_read_options *out, nl_error *err);

/* "zstd", "zstd:19", "none": NL_INVALID says what there is. */
int cli_parse_codec(const char *word, nl_parquet_codec *codec, int *level, nl_error *err);
/* "DELTA_BINARY_PACKED", in any case, with "-" for "_". */
int cli_parse_encoding(const char *word, nl_parquet_encoding *out, nl_error *err);
/* "100:200", "100:", ":200": rows from 0 on, without the last; *to is INT64_MAX where it was left out. */
int cli_parse_rows(const char *word, int64_t *from, int64_t *to, nl_error *err);

#define CLI_CODEC_HELP "snappy, zstd, gzip, brotli, lz4 or none; zstd:19, gzip:9 and brotli:11 choose a level"
#define CLI_OPTION_THREADS                                                                                             \
    {                                                                                                                  \
        .name = "threads", .argument = "N", .number = true, .least = 1,                                                \
        .help = "columns are worked on side by side by so many threads (default: 1)"                                   \
    }

#endif
