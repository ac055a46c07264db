/* leb.h: numbers in as few bytes as they need: 7 bits a byte, the lowest first, the top bit on all but the last. */
#ifndef NL_SERVER_S3_DISK_LEB_H
#define NL_SERVER_S3_DISK_LEB_H

#include <stddef.h>
#include <stdint.h>

#define S3_LEB_MAX 10 /* bytes of the longest */

/* Write v; returns how many bytes it takes. */
static inline size_t s3_leb_put(uint8_t out[static S3_LEB_MAX], uint64_t v)
{
    size_t n = 0;
    for (; v >= 0x80; v >>= 7)
        out[n++] = (uint8_t)(v | 0x80);
    out[n++] = (uint8_t)v;
    return n;
}

/* A number below 2^63 that ends within len bytes; returns how many it takes, 0: there is none. */
static inline size_t s3_leb_get(const uint8_t *p, size_t len, uint64_t *v)
{
    *v = 0;
    for (size_t i = 0; i < len && i < 9; i++) {
        *v |= (uint64_t)(p[i] & 0x7F) << (7 * i);
        if (p[i] < 0x80)
            return i + 1;
    }
    return 0;
}

#endif
