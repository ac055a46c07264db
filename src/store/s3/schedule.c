/* schedule.c: see schedule.h. */
#include "store/s3/schedule.h"

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
    l.max_request = within(1 << 20, 2 * waiting, 64 << 20);
    l.split_above = 2 * l.max_request;
    return l;
}
