/* snappy_decode.c: Snappy's elements, one after the other.
 *
 *     length (ULEB128, 32 bits) │ element │ element …
 *
 *     tag, low 2 bits   element
 *     0   literal       length - 1 in the 6 bits above; 60 to 63: in the 1 to 4 bytes behind the tag. Then its bytes
 *     1   copy          length - 4 in 3 bits, 3 high bits of the offset above them, 1 byte: the low ones
 *     2   copy          length - 1 in 6 bits, 2 bytes: the offset
 *     3   copy          length - 1 in 6 bits, 4 bytes: the offset
 *
 * S1  The fast loop runs only while more than SLACK bytes are left on both sides: a short literal (at most 60)
 *     and two copies behind it (at most 64 each, and 8 beyond) need no other check than the offsets'.
 * S2  A longer literal is held against both ends; an offset against what was written.
 * S3  The rest, and what is damaged, goes through the careful loop, which looks at every byte.
 *
 * Which copy it is depends on the data and cannot be predicted: length and offset are looked up, not branched for.
 *
 * Spec: the format description in Snappy's own repository.
 */
#include "parquet/codec/snappy_decode.h"

#include <string.h>

enum { SLACK = 216, SHORT = 60 };

/* A copy's length, and the high bits of the offset above (<< 8), by tag. */
#define COPY_1(t)  (4 + ((t) >> 2 & 7)) | ((t) >> 5) << 8
#define COPY_N(t)  ((t) >> 2) + 1
#define TAGS_4(t)  0, COPY_1((t) + 1), COPY_N((t) + 2), COPY_N((t) + 3)
#define TAGS_16(t) TAGS_4(t), TAGS_4((t) + 4), TAGS_4((t) + 8), TAGS_4((t) + 12)
#define TAGS_64(t) TAGS_16(t), TAGS_16((t) + 16), TAGS_16((t) + 32), TAGS_16((t) + 48)
static const uint16_t copies[256] = {TAGS_64(0), TAGS_64(64), TAGS_64(128), TAGS_64(192)};
/* Bytes behind a tag, and which of four they are, by its low 2 bits. */
static const uint8_t more[4] = {0, 1, 2, 4};
static const uint32_t masks[4] = {0, 0xFF, 0xFFFF, 0xFFFFFFFF};

bool pq_snappy_length(const uint8_t *in, size_t in_len, uint32_t *length, const uint8_t **elements)
{
    uint64_t v = 0;
    for (size_t i = 0; i < in_len && i < 5; i++) {
        v |= (uint64_t)(in[i] & 0x7F) << 7 * i;
        if (in[i] & 0x80)
            continue;
        *length = (uint32_t)v;
        *elements = in + i + 1;
        return v <= UINT32_MAX;
    }
    return false;
}

typedef uint64_t two_words __attribute__((vector_size(16)));

static inline uint64_t load64(const uint8_t *p)
{
    uint64_t v;
    memcpy(&v, p, sizeof v);
    return v;
}

static inline void copy16(uint8_t *to, const uint8_t *from)
{
    two_words v; /* loaded whole before the store: the two may overlap */
    memcpy(&v, from, sizeof v);
    memcpy(to, &v, sizeof v);
}

/* A copy from less than 16 bytes before: the pattern again and again, in steps of whole patterns. Writes up to 8 bytes
 * beyond len. */
static inline void copy_near(uint8_t *to, size_t offset, size_t len)
{
    static const uint64_t keep[8] = {0,          0xFF,         0xFFFF,         0xFFFFFF,
                                     0xFFFFFFFF, 0xFFFFFFFFFF, 0xFFFFFFFFFFFF, 0xFFFFFFFFFFFFFF};
    static const uint64_t again[8] = {0,           0x0101010101010101, 0x0001000100010001, 0x0001000001000001,
                                      0x100000001, 0x10000000001,      0x1000000000001,    0x100000000000001};
    static const uint8_t steps[8] = {0, 8, 8, 6, 8, 5, 6, 7};
    const uint8_t *end = to + len;
    uint64_t v;
    if (offset >= 8) {
        for (; to < end; to += 8) {
            memcpy(&v, to - offset, sizeof v);
            memcpy(to, &v, sizeof v);
        }
        return;
    }
    memcpy(&v, to - offset, sizeof v);
    v = (v & keep[offset]) * again[offset];
    for (size_t step = steps[offset]; to < end; to += step)
        memcpy(to, &v, sizeof v);
}

/* Up to 64 bytes; more than len may be written. */
static inline void copy_far(uint8_t *to, const uint8_t *from, size_t len)
{
    copy16(to, from);
    if (len > 16) {
        copy16(to + 16, from + 16);
        if (len > 32) {
            copy16(to + 32, from + 32);
            copy16(to + 48, from + 48);
        }
    }
}

/* The length of a literal whose tag has l = 60 to 63 above its low bits; *p stands behind the tag, and moves on. */
static inline size_t long_literal(const uint8_t **p, size_t l)
{
    size_t bytes = l - (SHORT - 1);
    uint32_t v = 0;
    memcpy(&v, *p, bytes);
    *p += bytes;
    return (size_t)v + 1;
}

/* Element by element, everything checked (S3). */
static bool careful(const uint8_t *p, const uint8_t *in_end, uint8_t *out, uint8_t *to, const uint8_t *out_end)
{
    while (p < in_end) {
        size_t tag = *p++, l = tag >> 2, type = tag & 3, len;
        if (!type) {
            if (l >= SHORT && (size_t)(in_end - p) < l - (SHORT - 1))
                return false;
            len = l < SHORT ? l + 1 : long_literal(&p, l);
            if (len > (size_t)(in_end - p) || len > (size_t)(out_end - to))
                return false;
            memcpy(to, p, len);
            p += len;
            to += len;
            continue;
        }
        if ((size_t)(in_end - p) < more[type])
            return false;
        uint32_t low = 0;
        memcpy(&low, p, more[type]);
        p += more[type];
        len = copies[tag] & 0xFF;
        size_t offset = low + (size_t)(copies[tag] & 0x700);
        if (offset - 1 >= (size_t)(to - out) || len > (size_t)(out_end - to))
            return false;
        for (; len; len--, to++)
            *to = to[-(ptrdiff_t)offset];
    }
    return to == out_end;
}

/* The copy whose tag is word's lowest byte; *to moves on. False: from before the start. */
static inline __attribute__((always_inline)) bool copy(uint64_t word, const uint8_t *out, uint8_t **to)
{
    size_t tag = word & 0xFF, len = copies[tag] & 0xFF;
    size_t offset = ((uint32_t)(word >> 8) & masks[tag & 3]) + (size_t)(copies[tag] & 0x700);
    if (offset - 1 >= (size_t)(*to - out))
        return false;
    if (offset >= 16)
        copy_far(*to, *to - offset, len);
    else
        copy_near(*to, offset, len);
    *to += len;
    return true;
}

bool pq_snappy_decode(const uint8_t *p, const uint8_t *in_end, uint8_t *out, size_t out_len)
{
    uint8_t *to = out;
    const uint8_t *const out_end = out + out_len;
    const uint8_t *const in_fast = in_end - p > SLACK ? in_end - SLACK : p;
    const uint8_t *const out_fast = out_len > SLACK ? out_end - SLACK : out;
    while (p < in_fast && to < out_fast) {
        uint64_t word = load64(p);
        if (!(word & 3)) {
            size_t l = word >> 2 & 0x3F, len = l + 1;
            p++;
            if (l >= SHORT) {
                len = long_literal(&p, l);
                if (len > (size_t)(in_end - p) || len > (size_t)(out_end - to))
                    return false;
                memcpy(to, p, len);
                p += len;
                to += len;
                continue;
            }
            copy_far(to, p, len);
            p += len;
            to += len;
            word = load64(p); /* a copy, nearly always; still within the slack */
            if (!(word & 3))
                continue;
        }
        size_t size = (word & 3) + 1 + (((word & 3) + 1) >> 2); /* 2, 3, 5; not looked up: the next tag waits for it */
        if (!copy(word, out, &to))
            return false;
        p += size;
        word >>= 8 * size; /* a second copy of 2 or 3 bytes is in the word already, without a wait for memory */
        if (((word & 3) + 1) & 2) {
            if (!copy(word, out, &to))
                return false;
            p += (word & 3) + 1;
        }
    }
    return careful(p, in_end, out, to, out_end);
}
