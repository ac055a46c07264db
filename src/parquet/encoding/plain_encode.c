/* plain_encode.c: see plain_encode.h. */
#include "parquet/encoding/plain_encode.h"

#include <stdbool.h>

/* Room for the values, their lengths, and the 16 bytes that pq_copy_short() may touch. */
static int make_room(const struct pq_slice *values, size_t n, size_t each, nl_buf *out, nl_error *err)
{
    size_t total = n * each + 16;
    for (size_t i = 0; i < n; i++)
        if (__builtin_add_overflow(total, values[i].len, &total))
            return nl_fail_memory(err);
    return nl_buf_reserve(out, total, err);
}

int pq_plain_byte_arrays(const struct pq_slice *values, size_t n, nl_buf *out, nl_error *err)
{
    int rc = make_room(values, n, 4, out, err);
    if (rc)
        return rc;
    uint8_t *start = (uint8_t *)out->data + out->len, *p = start;
    for (size_t i = 0; i < n; i++) {
        uint32_t len = (uint32_t)values[i].len;
        memcpy(p, &len, 4);
        pq_copy_short(p + 4, values[i].data, len);
        p += 4 + len;
    }
    out->len += (size_t)(p - start);
    out->data[out->len] = 0;
    return NL_OK;
}

int pq_plain_fixed(const struct pq_slice *values, size_t n, nl_buf *out, nl_error *err)
{
    int rc = make_room(values, n, 0, out, err);
    if (rc)
        return rc;
    uint8_t *start = (uint8_t *)out->data + out->len, *p = start;
    for (size_t i = 0; i < n; i++) {
        pq_copy_short(p, values[i].data, values[i].len);
        p += values[i].len;
    }
    out->len += (size_t)(p - start);
    out->data[out->len] = 0;
    return NL_OK;
}
