/* le.h: numbers in the records on the disk, little-endian on every processor. */
#ifndef SERVER_S3_DISK_LE_H
#define SERVER_S3_DISK_LE_H

#include <stdint.h>

/* The low bytes (1 to 8) of v. */
static inline void s3_put_le(uint8_t *p, uint64_t v, int bytes)
{
    for (int i = 0; i < bytes; i++)
        p[i] = (uint8_t)(v >> (8 * i));
}

static inline uint64_t s3_get_le(const uint8_t *p, int bytes)
{
    uint64_t v = 0;
    for (int i = bytes - 1; i >= 0; i--)
        v = v << 8 | p[i];
    return v;
}

#endif
