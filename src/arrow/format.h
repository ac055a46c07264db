/* format.h: the parts of arrow_format_value(), for values that do not lie in an array (statistics, partition values).
 * Each appends to out; a failed call leaves it as it was. */
#ifndef NL_ARROW_FORMAT_H
#define NL_ARROW_FORMAT_H

#include "arrow/arrow.h"

/* narrow: v came from a float of 32 bits, and is shown with the digits that such a one needs. */
int arrow_format_double(double v, bool narrow, nl_buf *out, nl_error *err);
/* The same for the bits of a half float. */
int arrow_format_half(uint16_t bits, nl_buf *out, nl_error *err);
/* The digits of v, behind a minus where it is negative. */
int arrow_format_uint(uint64_t v, bool negative, nl_buf *out, nl_error *err);
int arrow_format_decimal(__int128 v, int32_t scale, nl_buf *out, nl_error *err);
/* With padding: "Zg==". */
int arrow_format_base64(const uint8_t *data, size_t len, nl_buf *out, nl_error *err);
/* A date, time, timestamp or duration in its type's unit. */
int arrow_format_time(int64_t v, const struct arrow_type *t, nl_buf *out, nl_error *err);
/* A duration of ISO 8601. */
int arrow_format_interval(int64_t months, int64_t days, __int128 nanos, nl_buf *out, nl_error *err);

#endif
