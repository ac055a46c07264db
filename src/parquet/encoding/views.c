/* views.c: byte arrays of a page as views of 16 bytes that point into it.
 *
 *     length ≤ 12   │ length, 4 │ the bytes, then zeros, 12           │
 *     longer        │ length, 4 │ first 4 │ buffer, 4 │ offset, 4    │
 *
 * Spec: Arrow columnar format, "Variable-size Binary View Layout"; parquet-format, Encodings.md, "PLAIN = 0".
 */
#include <string.h>

#include "parquet/encoding/byte_array.h"
#include "parquet/encoding/values.h"

typedef struct {
    uint64_t low, high;
} wide;

/* The lowest len ≤ 8 bytes of a word. */
static uint64_t low_bytes(uint64_t v, uint32_t len)
{
    static const uint64_t masks[] = {0,          0xFF,         0xFFFF,         0xFFFFFF,
                                     0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF,
                                     UINT64_MAX};
    return v & masks[len < 8 ? len : 8];
}

/* Both forms of a view are computed and one is taken, without a branch: lengths around 12 would mispredict. */
static inline void make_view(wide *view, const uint8_t *bytes, uint32_t len, uint32_t offset, uint32_t buffer)
{
    uint32_t prefix;
    uint64_t rest;
    memcpy(&prefix, bytes, sizeof prefix);
    memcpy(&rest, bytes + 4, sizeof rest);
    uint32_t inside = len > 4 ? len - 4 : 0;
    view->low = len | (len < 4 ? low_bytes(prefix, len) : (uint64_t)prefix) << 32;
    view->high = len <= 12 ? low_bytes(rest, inside) : buffer | (uint64_t)offset << 32;
}

void pq_view_make(void *view, const uint8_t *bytes, uint32_t len, const uint8_t *data, uint32_t buffer)
{
    wide v;
    make_view(&v, bytes, len, (uint32_t)(bytes - data), buffer);
    memcpy(view, &v, sizeof v);
}

int pq_views_from_plain(void *views, size_t n, const uint8_t **in, const uint8_t *end, const uint8_t *data,
                        uint32_t buffer, nl_error *err)
{
    wide *view = views;
    const uint8_t *p = *in;
    for (size_t i = 0; i < n; i++) {
        uint32_t len = 0;
        int rc = pq_byte_array(&p, end, &len, i, n, err);
        if (rc)
            return rc;
        make_view(&view[i], p, len, (uint32_t)(p - data), buffer);
        p += len;
    }
    *in = p;
    return NL_OK;
}

size_t pq_views_from_lengths(void *views, size_t n, const int32_t *lengths, const uint8_t *bytes, const uint8_t *data,
                             uint32_t buffer)
{
    wide *view = views;
    const uint8_t *p = bytes;
    for (size_t i = 0; i < n; i++) {
        make_view(&view[i], p, (uint32_t)lengths[i], (uint32_t)(p - data), buffer);
        p += lengths[i];
    }
    return (size_t)(p - bytes);
}
