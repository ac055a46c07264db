/* progress.c: what, how much, how fast. */
#include "cli/progress.h"

#include <stdio.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/str.h"

enum { REDRAW_NS = 100 * 1000 * 1000, QUIET_NS = 500 * 1000 * 1000 };

void cli_progress_begin(struct cli_progress *p, const char *what)
{
    int64_t now = nl_monotonic_ns();
    *p = (struct cli_progress){.what = what, .on = isatty(STDERR_FILENO), .started_ns = now, .drawn_ns = now};
}

/* Columns of the terminal. */
static size_t width(void)
{
    struct winsize w;
    return ioctl(STDERR_FILENO, TIOCGWINSZ, &w) || w.ws_col < 20 ? 80 : w.ws_col;
}

/* "[#####     ] " of 22 columns where there is room for it beside n others. */
static void draw_bar(double part, size_t n, char out[static 32])
{
    enum { CELLS = 20 };
    int full = (int)(part * CELLS);
    out[0] = 0;
    if (n + CELLS + 3 < width())
        snprintf(out, 32, "[%.*s%*s] ", full, "####################", CELLS - full, "");
}

int cli_progress_step(void *ctx, uint64_t done, uint64_t total, nl_error *err)
{
    struct cli_progress *p = ctx;
    (void)err;
    int64_t now = nl_monotonic_ns();
    /* What is over in half a second needs no bar. */
    if (!p->on || now - p->drawn_ns < REDRAW_NS || now - p->started_ns < QUIET_NS)
        return NL_OK;
    char done_text[32], total_text[32], rate_text[32], text[160], bar[32];
    double seconds = (double)(now - p->started_ns) / 1e9, part = total ? (double)done / (double)total : 1;
    part = part > 1 ? 1 : part;
    int n = snprintf(text, sizeof text, "%s of %s  %s/s  %s", nl_format_size(done, done_text),
                     nl_format_size(total, total_text), nl_format_size((uint64_t)((double)done / seconds), rate_text),
                     p->what);
    draw_bar(part, (size_t)n + 6, bar);
    fprintf(stderr, "\r\033[K%3.0f%% %s%.*s", 100 * part, bar, (int)width() - 6, text);
    p->drawn = true;
    p->drawn_ns = now;
    return NL_OK;
}

void cli_progress_end(struct cli_progress *p)
{
    if (p->drawn)
        fputs("\r\033[K", stderr);
}
