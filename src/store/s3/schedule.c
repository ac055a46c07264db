/* schedule.c: see schedule.h. */
#include "store/s3/schedule.h"

#include <stdlib.h>

#include "base/io/merge.h"

static uint64_t within(uint64_t least, uint64_t x, uint64_t most)
{
    return x < least ? least : x > most ? most : x;
}

struct store_link store_link_usual(uint64_t in_flight)
{
    return (struct store_link){.latency_us = 31250, .bytes_per_second = 128 << 20, .in_flight = in_flight};
}

struct store_limits store_schedule(struct store_link link)
{
    /* Bytes that the link carries while a request waits; a minute and a TiB a second are the most that are believed. */
    uint64_t latency = within(1, link.latency_us, 60000000), rate = within(1, link.bytes_per_second, UINT64_C(1) << 36);
    uint64_t waiting = latency * rate / 1000000;
    struct store_limits l;
    l.max_gap = within(4 << 10, waiting / within(1, link.in_flight, 1 << 20), 1 << 20);
    l.max_request = within(4 << 20, 2 * waiting, 64 << 20);
    l.split_above = 2 * l.max_request;
    return l;
}

/* ── ranges ── */

/* The spans of the ranges that are not empty, numbered by the first range that needs each. */
static void in_order_of_need(const nl_range *merged, const size_t *of, const nl_range *wants, size_t n,
                             const struct store_limits *l, size_t *number, struct store_span *spans, size_t *which,
                             size_t *count)
{
    for (size_t i = 0, k = 0; i < n; i++) {
        if (!wants[i].length) {
            which[i] = SIZE_MAX;
            continue;
        }
        size_t m = of[k++];
        if (number[m] == SIZE_MAX) {
            number[m] = (*count)++;
            bool large = merged[m].length > l->split_above;
            spans[number[m]] = (struct store_span){merged[m], large ? l->max_request : merged[m].length};
        }
        which[i] = number[m];
    }
}

bool store_schedule_spans(const nl_range *wants, size_t n, const struct store_limits *limits, struct store_span *spans,
                          size_t *which, size_t *count)
{
    nl_range *full = calloc(n + 1, sizeof *full), *merged = calloc(n + 1, sizeof *merged);
    size_t *of = calloc(n + 1, sizeof *of), *number = calloc(n + 1, sizeof *number), k = 0;
    bool ok = full && merged && of && number;
    *count = 0;
    for (size_t i = 0; ok && i < n; i++)
        if (wants[i].length)
            full[k++] = wants[i];
    if (ok) {
        size_t spanned = nl_merge_ranges(full, k, limits->max_gap, limits->max_request, merged, of);
        for (size_t i = 0; i < spanned; i++)
            number[i] = SIZE_MAX;
        in_order_of_need(merged, of, wants, n, limits, number, spans, which, count);
    }
    free(full);
    free(merged);
    free(of);
    free(number);
    return ok;
}

bool store_schedule_due(uint64_t ahead, uint64_t length, uint64_t budget)
{
    return !ahead || (ahead <= budget && length <= budget - ahead);
}

/* ── what is measured ── */

enum { latencies_least = 8, window_ns = 100000000, large_answer = 1 << 20 };

/* A moving mean of about eight. */
static uint64_t blend(uint64_t mean, uint64_t sample, unsigned samples)
{
    unsigned weight = samples < 8 ? samples : 7;
    return (mean * weight + sample) / (weight + 1);
}

void store_meter_begin(struct store_meter *m, int64_t now)
{
    m->since = now;
    m->bytes = m->answers = 0;
}

void store_meter_answer(struct store_meter *m, int64_t now, uint64_t first_byte_us, uint64_t bytes)
{
    m->latency_us = blend(m->latency_us, within(1, first_byte_us, 60000000), m->latencies);
    m->latencies += m->latencies < UINT32_MAX;
    m->bytes += bytes;
    m->answers++;
    if (now - m->since < window_ns)
        return;
    if (m->bytes / m->answers >= large_answer) {
        double seconds = (double)(now - m->since) * 1e-9;
        uint64_t rate = within(1, (uint64_t)((double)m->bytes / seconds), UINT64_C(1) << 36);
        m->bytes_per_second = blend(m->bytes_per_second, rate, m->rates);
        m->rates += m->rates < UINT32_MAX;
    }
    store_meter_begin(m, now);
}

struct store_link store_meter_link(const struct store_meter *m, uint64_t in_flight)
{
    if (m->latencies < latencies_least || !m->rates)
        return store_link_usual(in_flight);
    return (struct store_link){m->latency_us, m->bytes_per_second, in_flight};
}
