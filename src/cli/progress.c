/* progress.c: what, how much, how fast. */
#include "cli/progress.h"

#include <stdio.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

enum { REDRAW_NS = 100 * 1000 * 1000, QUIET_NS = 500 * 1000 * 1000 };

void cli_progress_begin(struct cli_progress *p, const char *what)
{
    int64_t now = nl_monotonic_ns();
    *p = (struct cli_progress){.what = what, .on = isatty(STDERR_FILENO), .started_ns = now, .drawn_ns = now};
}

int cli_progress_step(void *ctx, uint64_t done, uint64_t total, nl_error *err)
{
    struct cli_progress *p = ctx;
    (void)err;
    int64_t now = nl_monotonic_ns();
    /* What is over in half a second needs no bar. */
    if (!p->on || now - p->drawn_ns < REDRAW_NS || now - p->started_ns < QUIET_NS)
        return NL_OK;
    char done_text[32], total_text[32], rate_text[32];
    double seconds = (double)(now - p->started_ns) / 1e9;
    fprintf(stderr, "\r\033[K%3.0f%%  %s of %s  %s/s  %s", total ? 100.0 * (double)done / (double)total : 100.0,
            nl_format_size(done, done_text), nl_format_size(total, total_text),
            nl_format_size((uint64_t)((double)done / seconds), rate_text), p->what);
    p->drawn = true;
    p->drawn_ns = now;
    return NL_OK;
}

void cli_progress_end(struct cli_progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
}
