/* constant.h: a column that has one value in every row: a partition value, or null where a file lacks the column. */
#ifndef NL_SCAN_RUN_CONSTANT_H
#define NL_SCAN_RUN_CONSTANT_H

#include <neuralake/arrow.h>

#include "base/io/bytes.h"
#include "filter/filter.h"

/* Buffers of `rows` equal values, shared by all arrays that are cut from them. A zeroed one is empty and valid. */
struct scan_constant {
    nl_bytes buffers[4];
    size_t n_buffers;
    int64_t rows;
    bool null;
};

/* format: flat, strings and binary as views. The value's kind is that of the format (filter.h), or NL_VALUE_NULL. */
int scan_constant_make(struct scan_constant *c, const char *format, const nl_value *value, int64_t rows, nl_error *err);
/* An array of the first n ≤ rows rows; yours. */
int scan_constant_array(const struct scan_constant *c, int64_t n, struct ArrowArray *out, nl_error *err);
void scan_constant_free(struct scan_constant *c);

#endif
