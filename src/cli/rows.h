/* rows.h: print a stream of rows on standard output, in the format that the user chose. */
#ifndef NL_CLI_ROWS_H
#define NL_CLI_ROWS_H

#include <neuralake/arrow.h>

#include "cli/context.h"

/* The terminal shows so many rows of a table at most, and says what it left out; the other formats stream everything. */
enum { CLI_TABLE_ROWS = 1000 };

struct cli_rows_options {
    const char *format; /* one of cli_row_formats; NULL: table */
    int64_t table_rows; /* of a table; 0: CLI_TABLE_ROWS, -1: all */
    bool footer;        /* a table: "5 rows, 83 ms" below it */
    int64_t started_ns; /* for the footer's time; 0: no time */
};

/* The next batch of a stream, unless Ctrl-C was pressed; released at the end. */
int cli_next_batch(struct cli_context *x, struct ArrowArrayStream *stream, struct ArrowArray *out, nl_error *err);

/* Print the whole stream, which is released (also on failure). */
int cli_print_rows(struct cli_context *x, struct ArrowArrayStream *stream, const struct cli_rows_options *o,
                   nl_error *err);

/* A column of a listing. */
struct cli_column {
    const char *title;
    bool right; /* numbers */
};
/* The columns of the terminal that standard output is; 0 where it is none. */
size_t cli_terminal_width(void);
/* The columns that a UTF-8 text takes: a character each. */
size_t cli_text_width(const char *s);
/* A table of texts. cells as below. */
int cli_print_columns(const struct cli_column *columns, size_t n_columns, const char *const *cells, size_t n_rows,
                      nl_error *err);
/* A table of texts: for listings. cells are row by row, n_columns each; NULL is shown as nothing. */
int cli_print_table(const char *const *titles, size_t n_columns, const char *const *cells, size_t n_rows,
                    nl_error *err);

#endif
