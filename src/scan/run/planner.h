/* run/planner.h: schedule.c's other half. */
#ifndef NL_SCAN_RUN_PLANNER_H
#define NL_SCAN_RUN_PLANNER_H

#include "scan/run/schedule.h"

/* Give back what the planner still holds; its thread has ended. */
void scan_planner_end(struct scan_schedule *s);
/* Drop what was not waited for, let go of the file, and free. */
void scan_morsel_free(struct scan_morsel *m);

#endif
