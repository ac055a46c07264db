/* memory_sink.h: a sink into memory, whose nth write may fail. */
#ifndef TESTS_SUPPORT_MEMORY_SINK_H
#define TESTS_SUPPORT_MEMORY_SINK_H

#include "base/io/sink.h"

struct test_sink {
    nl_sink base;
    nl_buf bytes;
    long writes, fail_at; /* 0: never */
};

extern const struct nl_sink_ops test_sink_ops;
#define TEST_SINK                                                                                                      \
    {                                                                                                                  \
        .base = {.ops = &test_sink_ops }                                                                               \
    }

#endif
