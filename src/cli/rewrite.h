/* rewrite.h: what `parquet rewrite` was asked for, as options of the writer; and the order that --sort makes. */
#ifndef NL_CLI_REWRITE_H
#define NL_CLI_REWRITE_H

#include "arrow/take.h"
#include "cli/context.h"
#include "cli/parquet_words.h"
#include "cli/progress.h"

struct rewrite_options {
    nl_parquet_write_options write; /* its arrays live in arena */
    struct arrow_sort_key *keys;    /* as write.sorting, for the rows themselves */
    uint64_t memory;                /* that sorting may take */
    nl_arena arena;
};

/* Words that make no sense by themselves. */
int rewrite_check(const struct cli_args *a, nl_error *err);
/* All of them, held against the columns of what is read. file: where key-values and the codec come from. */
int rewrite_options_of(const struct cli_args *a, const nl_parquet_file *file, const struct cli_paths *columns,
                       struct rewrite_options *out, nl_error *err);
void rewrite_options_free(struct rewrite_options *o);

/* All rows of the reader into the writer, sorted by o->keys. *rows: how many. */
int rewrite_sorted(struct cli_context *x, nl_parquet_reader *reader, const struct ArrowSchema *schema,
                   const struct rewrite_options *o, nl_parquet_writer *writer, struct cli_progress *progress,
                   int64_t *rows, nl_error *err);

#endif
