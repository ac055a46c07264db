/* unit.h: what an S3 source asks for: blocks of memory, and the requests that fill them.
 *
 *     wants    ▓▓ ▓▓▓    ▓▓▓▓▓▓▓▓▓▓▓▓      ▓▓        in the order in which they are needed
 *     units   ├──────┤  ├────────────┤    ├──┤       schedule.h: neighbours merged, large ones cut into pieces
 *              sent      sent              waits ─▶ sent when those before it are used, or somebody waits for it
 *
 * U1  What is ahead of its use takes at most tuning.ahead bytes; one unit is always allowed. Units go out in the order of need,
 *     but for those that somebody waits for: these go at once.
 * U2  A unit is started by one thread, with no lock held: signing may ask services for keys. Its failure is told to all who
 *     wait for it.
 */
#ifndef STORE_S3_UNIT_H
#define STORE_S3_UNIT_H

#include "s3proto/names.h"
#include "store/s3/client.h"

struct s3_source {
    nl_source base;
    struct store_client *client;
    char bucket[S3_BUCKET_MAX + 1];
    const char *key; /* inside base.name */
    char *url;       /* instead of both: of the web; NULL */
    pthread_mutex_t mutex;
    char etag[72];     /* under mutex: O1; "" while it is not known */
    char expected[72]; /* O4; "": none. Never changed after the first tail was asked for */
    uint64_t expected_size;
    nl_bytes tail;      /* under mutex: the last tail.len bytes */
    uint64_t tail_from; /* where it begins */
    /* U1, under mutex. */
    struct store_unit *first, *last; /* units that wait, in the order of need */
    uint64_t ahead;                  /* bytes of those that were sent and are not used yet */
    pthread_cond_t started;
    /* O5, under mutex. */
    struct store_call
        *head;       /* what the store knows of the whole; asked with the range at offset 0 that goes to a file */
    bool head_asked; /* by one thread, with no lock held (U2) */
    uint64_t summed; /* bytes from the beginning on that went to files and were waited for, in this order */
    struct store_checksum sum; /* theirs */
};

/* Life: waits ─▶ starts (by one thread, no lock held) ─▶ sent. A tail, and what goes to a file, is sent at once. */
enum store_unit_state { UNIT_SENT, UNIT_WAITS, UNIT_STARTS };

struct store_unit {
    atomic_size_t refs; /* of fetches, of who makes it, of the queue */
    struct s3_source *source;
    struct store_unit *next;     /* in the queue */
    enum store_unit_state state; /* under the source's mutex */
    uint64_t counted;            /* bytes that count as ahead */
    int failed;                  /* how its start ended */
    nl_error *why;
    uint64_t length;
    bool tail;    /* offset, piece and block are of ranges */
    bool to_file; /* one call without a block */
    uint64_t offset;
    uint64_t piece; /* bytes a call, but for the last */
    nl_block *block;
    size_t n_calls;
    struct store_call *calls[];
};

/* A reference less; the last one drops its calls, and makes room for what waits. NULL is fine. */
void store_unit_unref(struct store_unit *u);
/* One with room for so many calls, state UNIT_SENT, your reference. */
int store_unit_new(struct s3_source *s, size_t n_calls, struct store_unit **out, nl_error *err);
/* Make and submit call i of a unit, a GET. range: the header's value; r: where the body goes. */
int store_unit_send(struct s3_source *s, struct store_unit *u, size_t i, const char *range, struct store_request r,
                    nl_error *err);
/* A unit of a range, in pieces, that waits: your reference. piece is not 0. */
int store_unit_of_range(struct s3_source *s, nl_range want, uint64_t piece, struct store_unit **out, nl_error *err);
/* The last bytes of an object of unknown size, asked for. */
int store_unit_of_tail(struct s3_source *s, uint64_t want, struct store_unit **out, nl_error *err);

/* Behind those that wait already; the queue takes a reference of its own. */
void store_unit_queue(struct s3_source *s, struct store_unit *u);
/* Send what waits, as far as there is room (U1). */
void store_unit_advance(struct s3_source *s);
/* Somebody waits for it: see that it is sent. Its start's failure. */
int store_unit_need(struct store_unit *u, nl_error *err);
/* At the close: nobody wants what waits. */
void store_unit_clear(struct s3_source *s);

#endif
