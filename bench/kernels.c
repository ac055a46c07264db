/* kernels.c: how fast each decoding kernel is on this processor, each of its versions beside the others.
 *
 *     kernels [WORD]        only lines whose name has WORD
 *
 * A line a loop: million values a second for every kernel (0: not on this processor), the best of many runs over memory that the second
 * cache holds; memcpy() of as many bytes of output comes first, as the measure of what is possible.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/str.h"
#include "parquet/codec/codec.h"
#include "parquet/encoding/delta.h"
#include "parquet/encoding/kernel.h"
#include "parquet/encoding/rle.h"
#include "parquet/encoding/values.h"

enum { N = 16384, RUNS = 60, WORDS = N / 64, PADDING = 64 };

static struct {
    uint8_t packed[N * 8 + PADDING], out[N * 16 + PADDING], dense[N * 16 + PADDING], levels[N + PADDING];
    uint32_t numbers[N + PADDING], indices[N + PADDING];
    uint64_t bits[WORDS + 8], slots[WORDS + 8], words[WORDS + 8];
    uint8_t valid[N / 8 + PADDING];
    uint8_t plain[N * 24 + PADDING];
    size_t plain_len;
    nl_buf snappy;
} m;

/* What a line runs; k is the kernel (NULL: there is one version alone), a the line's number. */
typedef void loop(const struct pq_kernel *k, unsigned a);

static void copy(const struct pq_kernel *k, unsigned a)
{
    (void)k;
    memcpy(m.out, m.dense, (size_t)N * a);
}

static void unpack(const struct pq_kernel *k, unsigned a)
{
    k->unpack(m.packed, N / 8, a, (uint32_t *)(void *)m.out);
}

static void unpack_bytes(const struct pq_kernel *k, unsigned a)
{
    k->unpack_bytes(m.packed, N / 8, a, m.out);
}

static void max(const struct pq_kernel *k, unsigned a)
{
    (void)a;
    m.words[0] = k->max(m.numbers, N);
}

static void at_least(const struct pq_kernel *k, unsigned a)
{
    k->at_least(m.levels, N, (uint8_t)a, m.words);
}

static void compress(const struct pq_kernel *k, unsigned a)
{
    (void)a;
    k->compress(m.bits, m.slots, WORDS, m.words);
}

static void sum(const struct pq_kernel *k, unsigned a)
{
    if (a == 4)
        k->sum32(m.out, m.numbers, N, 7, 0);
    else
        k->sum64(m.out, m.numbers, N, 7, 0);
}

static void expand(const struct pq_kernel *k, unsigned a)
{
    size_t p = N / 2;
    for (size_t at = N; at > 0 && p >= 32;) {
        at -= 32;
        p = a == 4 ? k->expand4(m.out, p, 0xB5E3A1C9, at, 32) : k->expand8(m.out, p, 0xB5E3A1C9, at, 32);
    }
}

static void gather(const struct pq_kernel *k, unsigned a)
{
    (void)k;
    pq_values_gather(m.out, m.dense, m.indices, N, a);
}

static void spread(const struct pq_kernel *k, unsigned a)
{
    (void)k;
    pq_values_spread(m.out, N * 9 / 10, m.valid, 0, N, a);
}

static void join(const struct pq_kernel *k, unsigned a)
{
    (void)k;
    pq_values_join(m.out, m.dense, N, N, a);
}

static void decimals(const struct pq_kernel *k, unsigned a)
{
    (void)k;
    pq_decimal_from_fixed(m.out, m.dense, N, a);
}

static void views(const struct pq_kernel *k, unsigned a)
{
    (void)k, (void)a;
    const uint8_t *in = m.plain;
    pq_views_from_plain(m.out, N, &in, m.plain + m.plain_len, m.plain, 0, NULL);
}

/* One block a 128 values in four miniblocks of `width` bits, again and again. */
static size_t make_deltas(unsigned width)
{
    size_t len = 0;
    const uint8_t head[] = {0x80, 1, 4, 0x80, 0x80, 1, 0};
    memcpy(m.packed, head, sizeof head);
    len = sizeof head;
    for (size_t i = 0; i + 128 <= N; i += 128) {
        m.packed[len++] = 2;
        memset(m.packed + len, (int)width, 4);
        len += 4 + 16 * (size_t)width;
    }
    return len;
}

static void delta(const struct pq_kernel *k, unsigned a)
{
    (void)k;
    struct pq_delta d;
    if (pq_delta_init(&d, m.packed, make_deltas(9), NULL) || pq_delta_next(&d, N, m.out, a, NULL))
        abort();
}

static void snappy(const struct pq_kernel *k, unsigned a)
{
    (void)k, (void)a;
    if (pq_decompress(NULL, PQ_CODEC_SNAPPY, m.snappy.data, m.snappy.len, m.out, m.plain_len, NULL))
        abort();
}

static const struct line {
    const char *name;
    loop *run;
    unsigned a;
    bool kernels;
} lines[] = {
    {"memcpy, 4 bytes", copy, 4, false},
    {"memcpy, 8 bytes", copy, 8, false},
    {"memcpy, 16 bytes", copy, 16, false},
    {"unpack, 1 bit", unpack, 1, true},
    {"unpack, 5 bits", unpack, 5, true},
    {"unpack, 12 bits", unpack, 12, true},
    {"unpack, 20 bits", unpack, 20, true},
    {"unpack, 31 bits", unpack, 31, true},
    {"unpack levels, 2 bits", unpack_bytes, 2, true},
    {"levels to bits", at_least, 2, true},
    {"compress bits", compress, 0, true},
    {"maximum", max, 0, true},
    {"sum of deltas, 4 bytes", sum, 4, true},
    {"sum of deltas, 8 bytes", sum, 8, true},
    {"expand, 4 bytes", expand, 4, true},
    {"expand, 8 bytes", expand, 8, true},
    {"gather, 4 bytes", gather, 4, false},
    {"gather, 8 bytes", gather, 8, false},
    {"gather, 16 bytes", gather, 16, false},
    {"spread, 4 bytes", spread, 4, false},
    {"spread, 8 bytes", spread, 8, false},
    {"spread, 16 bytes", spread, 16, false},
    {"join streams, 4 bytes", join, 4, false},
    {"join streams, 8 bytes", join, 8, false},
    {"join streams, 16 bytes", join, 16, false},
    {"decimals of 7 bytes", decimals, 7, false},
    {"decimals of 16 bytes", decimals, 16, false},
    {"DELTA_BINARY_PACKED, 4 bytes", delta, 4, false},
    {"DELTA_BINARY_PACKED, 8 bytes", delta, 8, false},
    {"views of PLAIN strings", views, 0, false},
    {"Snappy, values of 13 bytes", snappy, 0, false},
};

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Million values a second, the best of many runs. */
static double rate(const struct line *l, const struct pq_kernel *k)
{
    double best = 1e9;
    for (int i = 0; i < RUNS; i++) {
        double begin = seconds();
        for (int again = 0; again < 4; again++)
            l->run(k, l->a);
        double took = (seconds() - begin) / 4;
        best = took < best ? took : best;
    }
    return N / best * 1e-6;
}

static int prepare(void)
{
    uint64_t x = 88172645463325252;
    for (size_t i = 0; i < N * 8; i++, x ^= x << 13, x ^= x >> 7, x ^= x << 17)
        m.packed[i] = (uint8_t)x;
    memcpy(m.dense, m.packed, N * 8);
    memcpy(m.dense + N * 8, m.packed, N * 8);
    for (size_t i = 0; i < N; i++, x ^= x << 13, x ^= x >> 7, x ^= x << 17) {
        m.numbers[i] = (uint32_t)(x >> 40);
        m.indices[i] = (uint32_t)(x >> 20) % 1000;
        m.levels[i] = (uint8_t)(x >> 30 & 3);
        if (i % 10)
            m.valid[i / 8] |= (uint8_t)(1 << i % 8);
        uint32_t len = 5 + (uint32_t)(x >> 50) % 16;
        memcpy(m.plain + m.plain_len, &len, 4);
        for (uint32_t b = 0; b < len; b++)
            m.plain[m.plain_len + 4 + b] = (uint8_t) "etaoin shrdlu"[(x >> b) % 13];
        m.plain_len += 4 + len;
    }
    memcpy(m.bits, m.packed, sizeof m.words);
    memcpy(m.slots, m.packed + 5000, sizeof m.words);
    if (m.plain_len > sizeof m.out)
        m.plain_len = sizeof m.out;
    return pq_compress(NULL, PQ_CODEC_SNAPPY, 0, m.plain, m.plain_len, &m.snappy, NULL);
}

int main(int argc, char **argv)
{
    if (prepare())
        return 1;
    printf("%-30s", "million values a second");
    for (const struct pq_kernel *k = pq_kernels; k->name; k++)
        printf(" %10s", k->name);
    printf("\n");
    for (size_t i = 0; i < NL_LEN(lines); i++) {
        if (argc > 1 && !strstr(lines[i].name, argv[1]))
            continue;
        printf("%-30s", lines[i].name);
        if (!lines[i].kernels)
            printf(" %10.0f", rate(&lines[i], NULL));
        for (const struct pq_kernel *k = pq_kernels; lines[i].kernels && k->name; k++)
            printf(" %10.0f", k->usable() ? rate(&lines[i], k) : 0.0);
        printf("\n");
    }
    nl_buf_free(&m.snappy);
    return 0;
}
