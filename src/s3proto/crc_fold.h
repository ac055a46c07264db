/* crc_fold.h: reflected CRCs of many bytes by carry-less multiplication; hash.c is the scalar twin, and ends what this begins. */
#ifndef S3PROTO_CRC_FOLD_H
#define S3PROTO_CRC_FOLD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* x^n modulo the polynomial, reflected in 64 bits, for the powers that move 128 bits on by 512 and by 128 bits:
 * {512 + 63, 512 - 1, 128 + 63, 128 - 1}. */
struct crc_fold {
    uint64_t far_low, far_high, near_low, near_high;
};

/* Has this machine the instructions? */
bool s3_crc_can_fold(void);
/* Fold len bytes (a multiple of 16, at least 64) into 16 whose CRC, started at 0, is that of the bytes started at crc. Only
 * where s3_crc_can_fold(). */
void s3_crc_fold(const struct crc_fold *k, uint64_t crc, const uint8_t *p, size_t len, uint8_t out[static 16]);

#endif
