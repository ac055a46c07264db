/* tests/fuzz/parquet_encoding.c: the decoders of values and levels on hostile bytes.
 *
 *     input   what (1 byte)   width (1 byte)   n (2 bytes, LE)   encoded bytes
 *
 * Must hold: nothing is read beyond the input's padding or written beyond n values (ASan); levels are the same as bytes and
 * as numbers; deltas of 4 bytes are the low ones of those of 8, however many are asked for at a time; what is refused one
 * way is refused the other.
 */
#include <stdlib.h>
#include <string.h>

#include "parquet/encoding/delta.h"
#include "parquet/encoding/rle.h"
#include "parquet/encoding/values.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void *room(size_t n)
{
    void *p = malloc(n ? n : 1);
    if (!p)
        abort();
    return p;
}

static void must(bool ok)
{
    if (!ok)
        abort();
}

/* n numbers of the hybrid; how many came. */
static size_t numbers(const uint8_t *in, size_t len, unsigned width, uint32_t *out, size_t n)
{
    static struct pq_rle d;
    size_t done = 0;
    if (pq_rle_init(&d, in, len, width, NULL))
        return 0;
    while (done < n) {
        struct pq_chunk chunk;
        if (pq_rle_next(&d, n - done, &chunk, NULL))
            break;
        must(chunk.n >= 1 && chunk.n <= n - done);
        for (size_t i = 0; i < chunk.n; i++)
            out[done + i] = chunk.values ? chunk.values[i] : chunk.value;
        done += chunk.n;
    }
    return done;
}

static void runs(const uint8_t *in, size_t len, unsigned width, size_t n)
{
    uint32_t *out = room(n * sizeof *out);
    size_t got = numbers(in, len, width, out, n);
    if (width >= 1 && width <= 8) {
        uint8_t *levels = room(n), max = (uint8_t)((1U << width) - 1);
        struct pq_runs r;
        bool fits = got == n;
        for (size_t i = 0; i < got; i++)
            fits &= out[i] <= max;
        pq_runs_init(&r, in, len, width);
        bool same = pq_runs_levels(&r, levels, n, max, NULL) == NL_OK;
        must(same == fits);
        for (size_t i = 0; same && i < n; i++)
            must(levels[i] == out[i]);
        free(levels);
    }
    if (width == 1) {
        uint8_t *bits = room((n + 7) / 8);
        size_t ones = 0, want = 0;
        struct pq_runs r;
        pq_runs_init(&r, in, len, 1);
        if (pq_runs_bits(&r, bits, 0, n, &ones, NULL) == NL_OK) {
            must(got == n);
            for (size_t i = 0; i < n; i++)
                want += out[i];
            must(ones == want);
        }
        free(bits);
    }
    free(out);
}

static void deltas(const uint8_t *in, size_t len, size_t step, size_t n)
{
    struct pq_delta wide, narrow, all;
    if (pq_delta_init(&wide, in, len, NULL))
        return;
    narrow = all = wide;
    uint64_t *eight = room(n * sizeof *eight);
    uint32_t *four = room(n * sizeof *four);
    size_t done = 0;
    int rc = NL_OK;
    for (size_t k; rc == NL_OK && done < n; done += rc ? 0 : k) {
        k = n - done < step ? n - done : step;
        rc = pq_delta_next(&wide, k, eight + done, 8, NULL);
    }
    if (rc == NL_OK) {
        must(pq_delta_next(&narrow, n, four, 4, NULL) == NL_OK);
        for (size_t i = 0; i < n; i++)
            must(four[i] == (uint32_t)eight[i]);
    }
    const uint8_t *end = in;
    if (all.left <= 1 << 20 && pq_delta_end(&all, &end, NULL) == NL_OK)
        must(end >= in && end <= in + len);
    free(eight);
    free(four);
}

static void byte_arrays(const uint8_t *in, size_t len, size_t n)
{
    uint8_t *out = room(n * 16);
    const uint8_t *p = in;
    if (pq_views_from_plain(out, n, &p, in + len, in, 0, NULL) == NL_OK)
        must(p <= in + len);
    p = in;
    if (pq_decimals_from_plain(out, n, &p, in + len, NULL) == NL_OK)
        must(p <= in + len);
    free(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 4)
        return 0;
    size_t n = (size_t)data[2] | (size_t)data[3] << 8, len = size - 4;
    uint8_t *in = room(len + 64); /* with its padding: bytes.h, B1 */
    memcpy(in, data + 4, len);
    memset(in + len, 0, 64);
    switch (data[0] % 3) {
    case 0:
        runs(in, len, data[1] % 34, n);
        break;
    case 1:
        deltas(in, len, 1 + data[1], n);
        break;
    default:
        byte_arrays(in, len, n);
    }
    free(in);
    return 0;
}
