/* http.h: HTTP/1.1 plumbing on libmicrohttpd, once, for everything that serves.
 *
 *     connection ──▶ poll thread (epoll) ──head──▶ handler->head     may answer at once
 *                                        ──bytes─▶ handler->body     streamed, never held
 *                                        ──end───▶ handler->finish   answers; on a disk thread where the request asked
 *                                        ──sent──▶ handler->done     always, once, last
 *
 * H1  Calls of one request never overlap; they may come from different threads.
 * H2  A request is answered at most once; what comes after an answer is read and dropped (small) or cut off (large).
 * H3  The target is given as it came on the wire: nothing is decoded here.
 * H4  A Host header that is not known is refused before the handler sees the request (DNS rebinding).
 * H5  Poll threads never wait for the disk: a handler that syncs says http_request_use_disk_thread() first.
 * H6  A connection that sends no whole head within the idle timeout, however slowly it sends, is closed (slow.h).
 *
 * Threads  Everything with an http_request belongs to the call in which the handler was given it.
 */
#ifndef NL_SERVER_HTTP_HTTP_H
#define NL_SERVER_HTTP_HTTP_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/error.h"

typedef struct http_server http_server;
typedef struct http_request http_request;

/* A header; borrowed from the request. */
typedef struct http_header {
    const char *name;
    const char *value;
} http_header;

/* Why the plumbing itself refuses a request. */
enum http_refusal {
    HTTP_REFUSED_HOST,    /* the Host header is missing or not known */
    HTTP_REFUSED_FRAMING, /* Content-Length beside Transfer-Encoding, or two of one: request smuggling */
    HTTP_REFUSED_HEADERS, /* too many bytes of headers */
    HTTP_REFUSED_BUSY,    /* too many connections, or the server is about to stop: the connection is closed behind it */
};

struct http_handler {
    /* The head is here, the body is not. May answer: then neither body nor finish are called. */
    void (*head)(void *app, http_request *r);
    /* A piece of the body. May answer: the rest is then dropped. */
    void (*body)(void *app, http_request *r, const void *data, size_t len);
    /* The whole body is here. Must answer. */
    void (*finish)(void *app, http_request *r);
    /* The plumbing refuses: must answer (with the body that its protocol wants); nothing else but done is called. */
    void (*refuse)(void *app, http_request *r, enum http_refusal why);
    /* The request is over, also when the connection broke: release what http_request_set_data() holds. */
    void (*done)(void *app, http_request *r);
};

struct http_server_options {
    const char *host;
    int port; /* 0: a free one */
    const char *const
        *host_names; /* names that Host may have besides the listen address and localhost; also as a suffix:
                                      a label in front of them is given by http_request_host_label() */
    size_t n_host_names;
    size_t max_connections;  /* 0: 4096; cut to what the limit of open files allows; more are refused with BUSY */
    size_t max_header_bytes; /* 0: 16 KiB */
    unsigned idle_timeout;   /* seconds; 0: 60 */
    size_t poll_threads;     /* 0: one a core, at least 2 */
    size_t disk_threads;     /* 0: 16 */
    const char *tls_cert, *tls_key; /* PEM, with the chain; both or none. Must live as long as the server */
    const struct http_handler *handler;
    void *app;
};

/* Listen and serve. The soft limit of open files of this process is raised to its hard limit. NL_CONFLICT: the port is in
 * use. *out is yours: http_server_stop(). */
int http_server_start(const struct http_server_options *o, http_server **out, nl_error *err);
/* "http://127.0.0.1:9000". Owned by the server. */
const char *http_server_url(const http_server *s);
/* Does it listen on loopback alone? */
bool http_server_is_loopback(const http_server *s);
/* Connections that are open now. */
size_t http_server_connections(const http_server *s);
/* No new connections, and no new requests (BUSY); those under way get grace seconds to end, then everything is released.
 * NULL is fine. */
void http_server_stop(http_server *s, unsigned grace);

/* ── what a request says; strings are borrowed until done ── */
const char *http_request_method(const http_request *r);
const char *http_request_target(const http_request *r);     /* "/bucket/a%20b?list-type=2", as on the wire */
const char *http_request_id(const http_request *r);         /* 16 hexadecimal digits */
const char *http_request_host_label(const http_request *r); /* "bucket" of Host: bucket.localhost; "" mostly */
/* The value of the first header of that name, case ignored; NULL: none. */
const char *http_request_header(const http_request *r, const char *name);
const http_header *http_request_headers(const http_request *r, size_t *n);
/* False: there is none (no body, or chunked). */
bool http_request_content_length(const http_request *r, uint64_t *out);
bool http_request_is_chunked(const http_request *r);

/* ── what a handler keeps with it ── */
void *http_request_data(const http_request *r);
void http_request_set_data(http_request *r, void *data);
nl_arena *http_request_arena(http_request *r); /* released after done */
void http_request_use_disk_thread(http_request *r);

/* How it ended; asked for in done. */
struct http_outcome {
    unsigned status; /* 0: no answer was given */
    uint64_t received,
        sent;   /* bytes of the bodies; sent: what the answer has, even where the client left before its end */
    int64_t ns; /* from the request line to the end */
    bool cut;   /* the connection broke */
};
void http_request_outcome(const http_request *r, struct http_outcome *out);
/* The client's address, without port; "-": not known. */
void http_request_peer(const http_request *r, char out[static 64]);

/* ── answering ── */
/* Copied. A failed allocation turns the answer into a 500. */
void http_add_header(http_request *r, const char *name, const char *value);
/* Takes the bytes of body, which is empty afterwards; NULL: no body. */
void http_answer(http_request *r, unsigned status, nl_buf *body);
/* Sends length bytes of fd from offset (sendfile); the descriptor is taken. */
void http_answer_file(http_request *r, unsigned status, int fd, uint64_t offset, uint64_t length);
/* To HEAD: Content-Length says length, no body is sent. */
void http_answer_length(http_request *r, unsigned status, uint64_t length);
bool http_answered(const http_request *r);

#endif
