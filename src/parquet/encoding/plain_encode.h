/* plain_encode.h: write PLAIN values: fixed widths as they are, byte arrays each behind its length (4 bytes, LE).
 * Spec: parquet-format, Encodings.md, "PLAIN = 0". Values are little-endian in memory, as on every machine we build for.
 */
#ifndef NL_PARQUET_ENCODING_PLAIN_ENCODE_H
#define NL_PARQUET_ENCODING_PLAIN_ENCODE_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "base/buf.h"
#include "parquet/format/thrift.h"

/* Copy len bytes to where at least 16 bytes may be written: short values, which most are, need no call. Nothing beyond
 * from + len is read. */
static inline void pq_copy_short(uint8_t *to, const uint8_t *from, size_t len)
{
    if (len > 16) {
        memcpy(to, from, len);
    } else if (len > 8) {
        uint64_t head, tail;
        memcpy(&head, from, 8);
        memcpy(&tail, from + len - 8, 8);
        memcpy(to, &head, 8);
        memcpy(to + len - 8, &tail, 8);
    } else if (len >= 4) {
        uint32_t head, tail;
        memcpy(&head, from, 4);
        memcpy(&tail, from + len - 4, 4);
        memcpy(to, &head, 4);
        memcpy(to + len - 4, &tail, 4);
    } else {
        for (size_t i = 0; i < len; i++)
            to[i] = from[i];
    }
}

/* Append n byte arrays, each below 4 GiB, with their lengths in front. NL_NO_MEMORY leaves out as it was. */
int pq_plain_byte_arrays(const struct pq_slice *values, size_t n, nl_buf *out, nl_error *err);
/* Append n values of a fixed width without lengths; every slice has the same length. */
int pq_plain_fixed(const struct pq_slice *values, size_t n, nl_buf *out, nl_error *err);

#endif
