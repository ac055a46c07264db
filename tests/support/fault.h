/* fault.h: make the nth allocation or I/O call fail, again and again, until a run gets through.
 *
 *     FAULT_LOOP (f, FAULT_ALLOC, ENOMEM) {
 *         int rc = append(table, &err);        the 1st, 2nd, 3rd… allocation fails
 *         bool failed = fault_off(&f);         from here on nothing does
 *         CHECK(!failed || rc == NL_NO_MEMORY || rc == NL_OK);
 *         … release everything: leaks show under ASan …
 *     }                                        ends after the run in which the nth call did not come
 *
 * Every test program is linked with --wrap for the calls of FAULT_CALLS in cmake/tests.cmake: calls by our code and by the
 * test itself count, those inside libraries (libc's stdio, libcurl, …) do not. All threads count together.
 */
#ifndef TEST_SUPPORT_FAULT_H
#define TEST_SUPPORT_FAULT_H

#include <errno.h>
#include <stdbool.h>
#include <stddef.h>

enum fault_kind {
    FAULT_ALLOC = 1,  /* malloc, calloc, realloc, strdup, … */
    FAULT_IO = 2,     /* files and folders: open, read, write, fsync, rename, mkdir, … */
    FAULT_NET = 4,    /* socket, bind, accept4, send, … */
    FAULT_STICKY = 8, /* with one of the others: the nth and all later calls fail, as on a full disk */
};

/* One loop's state; use FAULT_LOOP. */
struct fault {
    int kinds, errnum;
    long nth;   /* which call fails in this run, from 1 */
    bool fired; /* it came */
};

/* The state before the first run; arms nothing yet. */
struct fault fault_start(int kinds, int errnum);
/* Arm the next run; false when the last one came through without its fault. Ends the program after 1,000,000 runs. */
bool fault_next(struct fault *f);
/* Nothing fails from here on. Did the fault of this run fire? May be called more than once. */
bool fault_off(struct fault *f);

#define FAULT_LOOP(f, kinds, errnum) for (struct fault f = fault_start((kinds), (errnum)); fault_next(&f);)

/* Outside of loops: the nth call of these kinds from now on fails with errnum (0: none fails, all are counted). */
void fault_arm(int kinds, long nth, int errnum);
/* Disarm; how many calls of the kinds came since fault_arm(). */
long fault_disarm(void);
/* Did the armed fault fire? */
bool fault_fired(void);

/* From now on a read(), pread(), write(), pwrite(), recv() or send() moves at most this many bytes; 0: no limit. */
void fault_short(size_t most);

#endif
