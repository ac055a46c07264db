/* rle_encode.c: the RLE / bit-packed hybrid, written in one go over a page's values.
 *
 *     values   7 7 7 … 7 (40) │ 1 2 3 4 5 6 7 0   3 3 3 1 1 2 0 4 │ 9 9 9 … 9 (100)
 *     out      header, value  │ header, 2 × width bytes           │ header, value
 *
 * The values are looked at in groups of 8, counted from the end of the last run. A group of 8 equal values begins a run,
 * which takes in what follows it; every other group is packed.
 *
 * R1  Packed values come in whole groups, so a run starts at a multiple of 8 from the last one's end; only the very last
 *     group may be padded (with zeros).
 * R2  A run is written only where it is at least MIN_RUN_BITS of packed values long: shorter ones would cost as much as
 *     they save, and every change of mode costs the reader time.
 * R3  What room() reserves is enough for everything, so that the loops need no checks: per 8 values at most `width` bytes
 *     packed, or a run of at most 5 + 4 bytes with R2's minimum, and one header of 5 bytes at each change.
 */
#include "parquet/encoding/rle_encode.h"

#include <stdbool.h>
#include <string.h>

#include "parquet/encoding/bitpack.h"

#define MIN_RUN_BITS 64
#define SLACK        64 /* a header, a value, PQ_PACK_SLACK */

unsigned pq_bit_width(uint32_t max)
{
    return max ? 32 - (unsigned)__builtin_clz(max) : 0;
}

static uint8_t *put_header(uint8_t *out, uint64_t header)
{
    for (; header >= 0x80; header >>= 7)
        *out++ = (uint8_t)(header | 0x80);
    *out++ = (uint8_t)header;
    return out;
}

/* R3. False where it overflows: nobody has so many values. */
static bool room(size_t n, unsigned width, size_t *out)
{
    return !__builtin_mul_overflow(n / 8 + 2, (size_t)width + 8, out) && !__builtin_add_overflow(*out, SLACK, out);
}

/* Write n packed values; only the last ones of a page may be no multiple of 8 (R1). */
static uint8_t *put_packed(const uint32_t *v, size_t n, unsigned width, uint8_t *out)
{
    if (!n)
        return out;
    pq_pack32 pack = pq_packer_32();
    out = put_header(out, (uint64_t)((n + 7) / 8) << 1 | 1);
    pack(v, n / 8, width, out);
    out += n / 8 * width;
    if (n % 8) {
        uint32_t last[8] = {0};
        memcpy(last, v + n / 8 * 8, n % 8 * sizeof(*v));
        pack(last, 1, width, out);
        out += width;
    }
    return out;
}

static uint8_t *put_run(uint32_t value, size_t n, unsigned width, uint8_t *out)
{
    out = put_header(out, (uint64_t)n << 1);
    memcpy(out, &value, 4);
    return out + (width + 7) / 8;
}

/* How many values from v on equal *v; n ≥ 8. A group with a difference ends the search early: the usual case. */
static size_t run_length(const uint32_t *v, size_t n)
{
    uint32_t first = v[0], other = 0;
    size_t i = 0;
    for (; i + 8 <= n; i += 8) {
        for (int k = 0; k < 8; k++)
            other |= v[i + (size_t)k] ^ first;
        if (other)
            break;
    }
    while (i < n && v[i] == first)
        i++;
    return i;
}

int pq_rle_encode(const uint32_t *values, size_t n, unsigned width, nl_buf *out, nl_error *err)
{
    size_t most;
    if (!room(n, width, &most))
        return nl_fail_memory(err);
    int rc = nl_buf_reserve(out, most, err);
    if (rc)
        return rc;
    size_t min_run = (MIN_RUN_BITS + width - 1) / width;
    if (min_run < 8)
        min_run = 8;
    uint8_t *start = (uint8_t *)out->data + out->len, *p = start;
    size_t i = 0, packed = 0; /* values[packed, i) wait to be packed */
    while (i + 8 <= n) {
        if (values[i] != values[i + 1] || values[i] != values[i + 2]) {
            i += 8;
            continue;
        }
        size_t run = run_length(values + i, n - i);
        if (run < min_run) {
            i += 8;
            continue;
        }
        p = put_packed(values + packed, i - packed, width, p);
        p = put_run(values[i], run, width, p);
        i += run;
        packed = i;
    }
    p = put_packed(values + packed, n - packed, width, p);
    out->len += (size_t)(p - start);
    out->data[out->len] = 0;
    return NL_OK;
}

int pq_rle_encode_run(uint32_t value, size_t n, unsigned width, nl_buf *out, nl_error *err)
{
    int rc = nl_buf_reserve(out, SLACK, err);
    if (rc)
        return rc;
    uint8_t *start = (uint8_t *)out->data + out->len;
    out->len += (size_t)(put_run(value, n, width, start) - start);
    out->data[out->len] = 0;
    return NL_OK;
}

/* ── bits ── */

/* Write whole bytes of packed bits. */
static uint8_t *put_packed_bits(const uint8_t *bits, size_t n_bytes, uint8_t *out)
{
    if (!n_bytes)
        return out;
    out = put_header(out, (uint64_t)n_bytes << 1 | 1);
    memcpy(out, bits, n_bytes);
    return out + n_bytes;
}

/* How many bytes from p on equal *p, which is 0 or 255. */
static size_t same_bytes(const uint8_t *p, const uint8_t *end)
{
    const uint8_t *from = p;
    uint64_t all = *p ? UINT64_MAX : 0, word;
    for (; end - p >= 8; p += 8) {
        memcpy(&word, p, 8);
        if (word != all)
            break;
    }
    while (p < end && *p == (uint8_t)all)
        p++;
    return (size_t)(p - from);
}

int pq_rle_encode_bits(const uint8_t *bits, size_t n, nl_buf *out, nl_error *err)
{
    size_t most;
    if (!room(n, 1, &most))
        return nl_fail_memory(err);
    int rc = nl_buf_reserve(out, most, err);
    if (rc)
        return rc;
    uint8_t *start = (uint8_t *)out->data + out->len, *p = start;
    size_t whole = n / 8, i = 0, packed = 0; /* bytes [packed, i) wait */
    uint8_t mask = (uint8_t)((1u << n % 8) - 1), tail = n % 8 ? bits[whole] & mask : 0;
    bool tail_left = n % 8;
    while (i < whole) {
        size_t same = bits[i] == 0 || bits[i] == 0xff ? same_bytes(bits + i, bits + whole) : 0;
        if (same * 8 < MIN_RUN_BITS) {
            i += same ? same : 1;
            continue;
        }
        p = put_packed_bits(bits + packed, i - packed, p);
        size_t run = same * 8;
        i += same;
        packed = i;
        if (i == whole && tail_left && tail == (bits[i - 1] & mask)) { /* the run reaches the end */
            run += n % 8;
            tail_left = false;
        }
        p = put_run(bits[i - 1] & 1, run, 1, p);
    }
    if (tail_left) {
        p = put_header(p, (uint64_t)(whole - packed + 1) << 1 | 1);
        memcpy(p, bits + packed, whole - packed);
        p += whole - packed;
        *p++ = tail;
    } else {
        p = put_packed_bits(bits + packed, whole - packed, p);
    }
    out->len += (size_t)(p - start);
    out->data[out->len] = 0;
    return NL_OK;
}
