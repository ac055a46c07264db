/* split_encode.h: write BYTE_STREAM_SPLIT: all first bytes of a page's values, then all second ones, and so on. Nothing is
 * saved by itself; a codec behind it finds more. Spec: parquet-format, Encodings.md, "BYTE_STREAM_SPLIT = 9". */
#ifndef NL_PARQUET_ENCODING_SPLIT_ENCODE_H
#define NL_PARQUET_ENCODING_SPLIT_ENCODE_H

#include <stddef.h>

#include "base/buf.h"

/* Append n values of width ≥ 1 bytes each from values, aligned to nothing. NL_NO_MEMORY leaves out as it was. */
int pq_split_encode(const void *values, size_t n, size_t width, nl_buf *out, nl_error *err);

#endif
