/* pool.h: worker threads and a queue of jobs, for scans and hashing that are not driven by another engine's threads.
 *
 * Jobs start in the order of submission. Each job holds its own error by value; a failing job says nothing to others:
 * who submitted them cancels the siblings (base/cancel.h). No job may wait for a job that is behind it in the queue.
 */
#ifndef NL_BASE_POOL_H
#define NL_BASE_POOL_H

#include <stddef.h>

#include "base/error.h"

typedef struct nl_pool nl_pool;

/* threads: 0 means one a core that this process may use. */
int nl_pool_new(size_t threads, nl_pool **out, nl_error *err);
size_t nl_pool_threads(const nl_pool *p);
/* Queue run(arg). arg is borrowed until the job has run. */
int nl_pool_submit(nl_pool *p, void (*run)(void *arg), void *arg, nl_error *err);
/* Wait until every job that was submitted before has run. */
void nl_pool_drain(nl_pool *p);
/* Runs what is queued, then ends the threads. NULL is fine. */
void nl_pool_free(nl_pool *p);
/* Cores that this process may use (affinity and cgroup), at least 1. */
size_t nl_cores(void);

#endif
