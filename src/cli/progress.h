/* progress.h: one line on standard error while something long goes on; nothing where that is no terminal. */
#ifndef NL_CLI_PROGRESS_H
#define NL_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/error.h"

struct cli_progress {
    const char *what;
    bool on, drawn;
    int64_t started_ns, drawn_ns;
};

/* Nothing is drawn where standard error is no terminal. what is borrowed until the end; it may change. */
void cli_progress_begin(struct cli_progress *p, const char *what);
/* done of total bytes; redraws at most ten times a second. ctx is the cli_progress. Always NL_OK: fits nl_pump(). */
int cli_progress_step(void *ctx, uint64_t done, uint64_t total, nl_error *err);
/* Wipes the line. */
void cli_progress_end(struct cli_progress *p);

#endif
