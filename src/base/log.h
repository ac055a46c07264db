/* log.h: diagnostics for developers on standard error, off unless NEURALAKE_LOG=error|warn|info|debug says so (or
 * NEURALAKE_LOG=room=level,…, e.g. "store=debug"). Not for users: their errors are nl_error values. Any thread. */
#ifndef NL_BASE_LOG_H
#define NL_BASE_LOG_H

#include <stdbool.h>

#include "base/error.h"

enum nl_log_level { NL_LOG_ERROR = 1, NL_LOG_WARN, NL_LOG_INFO, NL_LOG_DEBUG };

/* Is a line of this room and level wanted? Cheap; use nl_log() directly, it asks first. */
bool nl_log_on(const char *room, enum nl_log_level level);
void nl_log_line(const char *room, enum nl_log_level level, const char *fmt, ...) NL_PRINTF(3, 4);
/* Take this instead of NEURALAKE_LOG (NULL: nothing is logged). Before other threads log; for tests. */
void nl_log_configure(const char *spec);
#define nl_log(room, level, ...)                                                                                       \
    do {                                                                                                               \
        if (nl_log_on(room, level))                                                                                    \
            nl_log_line(room, level, __VA_ARGS__);                                                                     \
    } while (0)

#endif
