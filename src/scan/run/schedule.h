/* run/schedule.h: which bytes are fetched when: files in order, footers far ahead, column chunks within a budget.
 *
 *     files      ✗ (pruned by path)   f1     f2     f3 …
 *     footers                         asked for up to 64 files ahead
 *     morsels                         row groups that statistics leave, in order; bytes asked for while the budget lasts
 *     ready ──▶ head ┌─ f1/0 ─┬─ f1/2 ─┬─ f2/0 ─┐ tail ◀── the planner
 *                    └── claimed by workers, in order
 *
 * One thread plans: it waits for footers, prunes, and submits. A table of one file whose morsels fit the budget (most
 * are) is planned by the caller of scan_files(), and there is no thread.
 *
 * D1  A morsel is submitted when its bytes fit the budget and fewer than 64 are queued, or nothing else is in flight, or a
 *     worker waits for it: so that workers which hold morsels and are not run cannot starve the others.
 * D2  What cannot be planned (a footer that is damaged, a file that is missing) is a morsel of its own that carries the
 *     error: it is reported at its place in the order.
 * D3  A claimed morsel is the worker's: its fetches end and its bytes are given back by schedule_finish().
 */
#ifndef NL_SCAN_RUN_SCHEDULE_H
#define NL_SCAN_RUN_SCHEDULE_H

#include <pthread.h>

#include "scan/run/lookup.h"

#define SCAN_TAILS_AHEAD   64
#define SCAN_LOOKUPS_AHEAD 16
#define SCAN_MORSELS_AHEAD 64
#define SCAN_MEMORY        (64 << 20)

struct scan_morsel {
    struct scan_morsel *next;
    uint64_t index;              /* its place in the order */
    struct scan_open_file *file; /* one reference; NULL where there is only an error */
    size_t row_group;
    struct scan_morsel_plan plan;
    nl_fetch **fetches; /* plan.n; NULL where it has ended; or none were asked for */
    bool charged;       /* its bytes are in flight */
    nl_error error;     /* D2 */
};

/* A footer that was asked for, and perhaps what came of it. */
struct scan_pending_tail {
    nl_source *source;
    nl_fetch *fetch;
    nl_error error; /* it could not even be asked for, or not be opened */
    bool opened;    /* source and fetch went into open and lookup, or into the error */
    struct scan_open_file *open;
    struct scan_lookup *lookup;
};

struct scan_schedule {
    const struct scan_table *table;
    const struct filter *filter;
    struct scan_projection projection;
    uint64_t budget;
    nl_cancel stop; /* set when the scan is freed: ends the planner's waits */

    /* The planner's alone. */
    const struct scan_file **files; /* what the paths leave */
    size_t n_files, file, submitted;
    size_t row_group; /* of the open file */
    bool judged;      /* that row group has passed the filter already */
    struct scan_open_file *open;
    struct scan_lookup *lookup;  /* of the open file; NULL: none */
    struct scan_morsel *planned; /* the row group's, for which there is no room yet */
    struct scan_pending_tail tails[SCAN_TAILS_AHEAD];
    uint64_t next_index;
    pthread_t thread;
    bool has_thread;

    /* Under the mutex. */
    pthread_mutex_t mutex;
    pthread_cond_t ready_cond, room_cond;
    struct scan_morsel *head, **end;
    size_t queued;      /* morsels from head */
    bool done;          /* nothing more will be planned */
    bool no_memory;     /* not even for the morsel that would carry the error */
    uint64_t in_flight; /* bytes */
    size_t waiting;     /* workers */
    uint64_t failed_at; /* the lowest index that failed: nothing behind it is handed out */
    struct scan_stats stats;
};

/* Prune the files by their paths, ask for the first footers, plan what needs no wait. s is zeroed; filter and projection
 * are borrowed for its life. On failure s is as if freed. */
int scan_schedule_start(struct scan_schedule *s, const struct scan_table *table, const struct filter *filter,
                        struct scan_projection projection, uint64_t budget, nl_error *err);
/* The next morsel in order; NULL at the end. Any thread. It may carry an error. NL_CANCELLED. */
int scan_schedule_claim(struct scan_schedule *s, nl_cancel *cancel, struct scan_morsel **out, nl_error *err);
/* End a claimed morsel: what was not waited for is dropped. failed: nothing behind it is handed out any more. Any thread. */
void scan_schedule_finish(struct scan_schedule *s, struct scan_morsel *m, bool failed);
/* How many morsels there can be: exact where all is planned, else many. */
size_t scan_schedule_morsels(struct scan_schedule *s);
/* No morsel may be claimed by anybody. */
void scan_schedule_free(struct scan_schedule *s);

#endif
