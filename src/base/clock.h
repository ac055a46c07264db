/* clock.h: time. A seam: tests may set the wall clock of a process with nl_clock_set_wall(). */
#ifndef NL_BASE_CLOCK_H
#define NL_BASE_CLOCK_H

#include <stdint.h>

/* Nanoseconds of the monotonic clock: for intervals. */
int64_t nl_monotonic_ns(void);
/* Seconds and nanoseconds since 1970-01-01 UTC. */
int64_t nl_wall_ns(void);
/* From now on nl_wall_ns() answers this (0: the real clock again). For tests. */
void nl_clock_set_wall(int64_t ns);

#endif
