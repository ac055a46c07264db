/* team.h: a few threads that do the same work for one leaf after the other.
 *
 * M1  Each item is done once, by one thread, with a workspace that nobody else has meanwhile.
 * M2  The error is that of the first item in order that failed: items are taken in order, and none is left out in front
 *     of one that failed.
 */
#ifndef NL_PARQUET_WRITE_TEAM_H
#define NL_PARQUET_WRITE_TEAM_H

#include "base/pool.h"
#include "parquet/write/gather.h"
#include "parquet/write/shred.h"

/* A thread's memory. */
struct pq_workspace {
    struct pq_scratch scratch;
    struct pq_levels levels;
};

struct pq_team {
    nl_pool *pool; /* NULL: the caller alone */
    struct pq_workspace **spaces;
    size_t n;
};

/* n threads, the caller among them; 0 is 1. The caller frees it also after a failure. */
int pq_team_start(struct pq_team *t, size_t n, nl_error *err);
void pq_team_free(struct pq_team *t);
/* do_item(ctx, i, a workspace, err) for each i below n. Returns when all that were begun have ended. */
int pq_team_run(struct pq_team *t, size_t n,
                int (*do_item)(void *ctx, size_t i, struct pq_workspace *space, nl_error *err), void *ctx,
                nl_error *err);

#endif
