/* standin.h: a small HTTP server for tests: plain sockets, a thread a connection, port 0. A handler decides each answer.
 *
 *     struct standin *s = standin_start(answer, &my_state);
 *     … options.endpoint_url = standin_url(s) …
 *     CHECK_INT(standin_count(s), 1);
 *     CHECK_HAS(standin_seen(s, 0)->head, "Range: bytes=0-9\r\n");
 *     standin_stop(s);
 *
 * T1  Requests are numbered from 0 as their heads arrive, over all connections, and kept until the stop.
 * T2  Handlers run one at a time.
 */
#ifndef TEST_SUPPORT_STANDIN_H
#define TEST_SUPPORT_STANDIN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct standin_request {
    size_t number;
    char method[16];
    char target[4096]; /* raw */
    char *head;        /* all header lines, each with "\r\n", without the request line */
    char *body;        /* with a zero byte after it */
    size_t body_len;
};

/* What to send; zeroed: 200 without a body. */
struct standin_answer {
    int status;          /* 0: 200 */
    const char *headers; /* further lines, each with "\r\n"; Content-Length is added */
    const void *body;    /* must live until the stop; NULL: none */
    size_t body_len;
    uint64_t claim; /* Content-Length to claim instead; 0: the truth */
    size_t cut;     /* close after so many bytes of the body; 0: send all */
    bool reset;     /* no answer: the connection is reset */
    bool silent;    /* no answer: until the stop */
    bool head_only; /* the answer to a HEAD: body_len is claimed, nothing is sent */
    bool close;     /* close the connection after the answer */
    bool unsized;   /* no Content-Length, and the end of the connection ends the body */
};

typedef void (*standin_fn)(void *ctx, const struct standin_request *q, struct standin_answer *a);

struct standin;
/* Listens when it returns. Never NULL. */
struct standin *standin_start(standin_fn fn, void *ctx);
/* "http://127.0.0.1:40123" */
const char *standin_url(const struct standin *s);
size_t standin_count(struct standin *s);
/* Connections so far. */
size_t standin_connections(struct standin *s);
/* Request i, which must have come. Valid until the stop. */
const struct standin_request *standin_seen(struct standin *s, size_t i);
void standin_stop(struct standin *s);

/* The value of a header of a request into out; false where it is not there. */
bool standin_header(const struct standin_request *q, const char *name, char *out, size_t cap);
/* Answer a GET or HEAD of one object as S3 does: Range, If-Match (412), If-None-Match (304), 206, 416. headers: scratch that
 * lives until the stop (256 bytes). */
void standin_object(const struct standin_request *q, struct standin_answer *a, const void *data, size_t len,
                    const char *etag, char *headers);

#endif
