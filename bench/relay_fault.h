/* relay_fault.h: what a relay does to answers, and to requests, on their way.
 *
 *     KIND@FIRST         to request FIRST (from 1, over all connections, as their heads arrive) and its answer
 *     KIND@FIRST-LAST    to these
 *     KIND@FIRST-        from there on to all
 *     …=N                with a number: cut, delay
 *
 *     refuse    the connection is reset, and the server never sees the request
 *     reset     the connection is reset where the answer begins: the work was done, its answer is lost
 *     deny      503 SlowDown, and the server never sees the request
 *     503       503 SlowDown instead of the answer: the work was done
 *     cut=N     the connection ends after N bytes of the answer
 *     corrupt   one bit of the answer's body changes
 *     garble    one bit of the request's body changes
 *     stall     nothing comes any more, and the connection stays
 *     delay=N   the answer comes N milliseconds later
 *
 * A request's head, and an answer's, are taken to lie within one read of 32 KiB; requests are not pipelined.
 */
#ifndef BENCH_RELAY_FAULT_H
#define BENCH_RELAY_FAULT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

enum strike {
    STRIKE_NONE,
    STRIKE_REFUSE,
    STRIKE_RESET,
    STRIKE_DENY,
    STRIKE_503,
    STRIKE_CUT,
    STRIKE_CORRUPT,
    STRIKE_GARBLE,
    STRIKE_STALL,
    STRIKE_DELAY
};

static const char *const strike_names[] = {"",    "refuse",  "reset",  "deny",  "503",
                                           "cut", "corrupt", "garble", "stall", "delay"};
enum { STRIKES = sizeof strike_names / sizeof *strike_names, SPOILT_BYTE = 20 };

static const char strike_answer[] = "HTTP/1.1 503 Slow Down\r\nContent-Length: 36\r\nConnection: close\r\n\r\n"
                                    "<Error><Code>SlowDown</Code></Error>";

/* What was asked for. */
struct strike_plan {
    enum strike kind;
    uint64_t first, last, n;
};

/* What becomes of the request and the answer that are on a connection now. */
struct struck {
    enum strike kind;
    uint64_t seen; /* bytes of the answer */
    bool done;     /* the one bit was changed */
};

/* Parse KIND@FIRST[-[LAST]][=N]. False: it is not that. */
static bool strike_parse(const char *text, struct strike_plan *out)
{
    const char *at = strchr(text, '@');
    *out = (struct strike_plan){0};
    for (int i = 1; at && i < STRIKES; i++)
        if (strlen(strike_names[i]) == (size_t)(at - text) && !strncmp(text, strike_names[i], (size_t)(at - text)))
            out->kind = (enum strike)i;
    if (!out->kind)
        return false;
    char *end;
    out->first = out->last = strtoull(at + 1, &end, 10);
    if (*end == '-')
        out->last = end[1] && end[1] != '=' ? strtoull(end + 1, &end, 10) : (end++, UINT64_MAX);
    if (*end == '=')
        out->n = strtoull(end + 1, &end, 10);
    bool numbered = out->kind == STRIKE_CUT || out->kind == STRIKE_DELAY;
    return !*end && out->first && numbered == (out->n > 0);
}

/* Where the body begins in len bytes that begin with a head; len where it does not end. */
static size_t body_at(const char *data, size_t len)
{
    const char *end = memmem(data, len, "\r\n\r\n", 4);
    return end ? (size_t)(end - data) + 4 : len;
}

/* Change a bit of the body; is_head: data begins with a head. */
static void spoil(struct struck *s, char *data, size_t len, bool is_head)
{
    size_t at = is_head ? body_at(data, len) : 0;
    if (s->done || at >= len)
        return;
    size_t left = len - at;
    data[at + (left > SPOILT_BYTE ? SPOILT_BYTE : left - 1)] ^= 4;
    s->done = true;
}

#endif
