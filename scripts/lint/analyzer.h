/* analyzer.h: what clang-tidy's analyzer cannot see from one source alone; included before each source, by make lint only.
 *
 * nl_fail() and its sisters never return 0. Without that the analyzer follows "it failed, and yet returned NL_OK", and
 * reports the unset results of that path. Not for src/base/error.c, which defines them.
 */
#ifndef NEURALAKE_LINT_ANALYZER_H
#define NEURALAKE_LINT_ANALYZER_H

#include "base/error.h"

static inline int nl_failed(int rc)
{
    if (!rc)
        __builtin_unreachable();
    return rc;
}

#define nl_fail(...)        nl_failed(nl_fail(__VA_ARGS__))
#define nl_fail_errno(...)  nl_failed(nl_fail_errno(__VA_ARGS__))
#define nl_fail_memory(...) nl_failed(nl_fail_memory(__VA_ARGS__))

#endif
