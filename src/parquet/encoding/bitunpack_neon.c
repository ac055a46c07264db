/* bitunpack_neon.c: bit-packed values to 32-bit integers, half a group of 8 values in one register.
 *
 *     values 0–3   from 16 bytes at the group's start       value k begins at bit k × w
 *     values 4–7   from 16 bytes at byte 4w / 8             value k begins at bit 4w % 8 + (k - 4) × w
 *
 *     lane    │ byte b │ b + 1 │ b + 2 │ b + 3 │┊ b + 4 ┊     b: where the value begins, shift: at which of its bits
 *                ╰─ shift ─╯── the value ─────────────╯
 *
 * Each lane takes the four bytes in which its value begins (a table look-up), moves the value down (a variable shift), and
 * masks it. Four bytes hold a value of up to 25 bits at any of 8 bit positions; wider ones add their fifth byte from above.
 *
 * 1. 4 × 32 bits fit in 16 bytes, and so do 4 × 31 that begin at bit 4: half a group never needs a second load.
 * 2. A load reads at most 15 bytes beyond its group, in the padding (base/io/bytes.h, B1).
 * 3. A look-up beyond the 16 bytes and a shift by 32 both give zero: values without a fifth byte need no branch.
 */
#include <arm_neon.h>

#include "parquet/encoding/kernel.h"

enum { WIDEST = 32, WIDEST_IN_4_BYTES = 25 };

#define BYTES(bit)   (bit) / 8, (bit) / 8 + 1, (bit) / 8 + 2, (bit) / 8 + 3
#define HALF(w, bit) BYTES(bit), BYTES((bit) + (w)), BYTES((bit) + 2 * (w)), BYTES((bit) + 3 * (w))
#define DOWN(w, bit) -((bit) % 8), -(((bit) + (w)) % 8), -(((bit) + 2 * (w)) % 8), -(((bit) + 3 * (w)) % 8)
#define ROW(w)                                                                                                         \
    {                                                                                                                  \
        {HALF(w, 0), HALF(w, 4 * (w) % 8)},                                                                            \
        {                                                                                                              \
            DOWN(w, 0), DOWN(w, 4 * (w) % 8)                                                                           \
        }                                                                                                              \
    }

static const struct row {
    uint8_t bytes[32];
    int32_t down[8]; /* a negative shift goes right */
} table[WIDEST + 1] = {ROW(0),  ROW(1),  ROW(2),  ROW(3),  ROW(4),  ROW(5),  ROW(6),  ROW(7),  ROW(8),
                       ROW(9),  ROW(10), ROW(11), ROW(12), ROW(13), ROW(14), ROW(15), ROW(16), ROW(17),
                       ROW(18), ROW(19), ROW(20), ROW(21), ROW(22), ROW(23), ROW(24), ROW(25), ROW(26),
                       ROW(27), ROW(28), ROW(29), ROW(30), ROW(31), ROW(32)};

/* Four values of up to 25 bits, not masked. */
static inline uint32x4_t narrow(uint8x16_t in, uint8x16_t bytes, int32x4_t down)
{
    return vshlq_u32(vreinterpretq_u32_u8(vqtbl1q_u8(in, bytes)), down);
}

/* Four values of up to 32 bits, not masked: the fifth byte comes in above what the shift made free. */
static inline uint32x4_t wide(uint8x16_t in, uint8x16_t bytes, int32x4_t down)
{
    uint8x16_t fifth = vaddq_u8(bytes, vdupq_n_u8(4));
    uint32x4_t above = vreinterpretq_u32_u8(vqtbl1q_u8(in, fifth));
    return vorrq_u32(narrow(in, bytes, down), vshlq_u32(above, vaddq_s32(down, vdupq_n_s32(32))));
}

/* Unpack with one of the two above, inlined: a loop each. */
static inline __attribute__((always_inline)) void groups_by(uint32x4_t (*four)(uint8x16_t, uint8x16_t, int32x4_t),
                                                            const uint8_t *in, size_t groups, unsigned width,
                                                            uint32_t *out)
{
    const struct row *row = &table[width];
    const uint8x16_t low_bytes = vld1q_u8(row->bytes), high_bytes = vld1q_u8(row->bytes + 16);
    const int32x4_t low_down = vld1q_s32(row->down), high_down = vld1q_s32(row->down + 4);
    const uint32x4_t mask = vdupq_n_u32((uint32_t)((UINT64_C(1) << width) - 1));
    const size_t high = 4 * width / 8;
    for (size_t g = 0; g < groups; g++, in += width, out += 8) {
        vst1q_u32(out, vandq_u32(four(vld1q_u8(in), low_bytes, low_down), mask));
        vst1q_u32(out + 4, vandq_u32(four(vld1q_u8(in + high), high_bytes, high_down), mask));
    }
}

void pq_unpack_neon(const uint8_t *in, size_t groups, unsigned width, uint32_t *out)
{
    if (width > WIDEST)
        pq_unpack_scalar(in, groups, width, out);
    else if (width <= WIDEST_IN_4_BYTES)
        groups_by(narrow, in, groups, width, out);
    else
        groups_by(wide, in, groups, width, out);
}

uint32_t pq_max_neon(const uint32_t *values, size_t n)
{
    uint32x4_t max = vdupq_n_u32(0);
    size_t i = 0;
    for (; i + 4 <= n; i += 4)
        max = vmaxq_u32(max, vld1q_u32(values + i));
    uint32_t a = vmaxvq_u32(max), b = pq_max_scalar(values + i, n - i);
    return a > b ? a : b;
}
