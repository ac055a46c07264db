/* internal.h: what the sources of this room share, and nobody else sees. */
#ifndef NL_SERVER_HTTP_INTERNAL_H
#define NL_SERVER_HTTP_INTERNAL_H

#include <microhttpd.h>
#include <pthread.h>
#include <stdatomic.h>
#include <sys/socket.h>

#include "base/pool.h"
#include "server/http/http.h"

/* What is sent: exactly one of them. */
enum http_answer_kind { HTTP_NO_ANSWER, HTTP_BYTES, HTTP_FILE, HTTP_LENGTH };

/*     new ──head──▶ reading ──last byte──▶ (on disk ──resume──▶) finished ──▶ queued          */
enum http_stage { HTTP_NEW, HTTP_READING, HTTP_ON_DISK, HTTP_FINISHED, HTTP_QUEUED };

/* A connection, for who watches the slow ones. */
struct http_client {
    int fd;
    bool over;             /* one too many: its requests are refused */
    int64_t waiting_since; /* for the end of a head; 0: within a request */
    struct http_client *prev, *next;
};

struct http_request {
    http_server *server;
    struct MHD_Connection *connection;
    nl_arena arena;
    char *target;
    char id[17];
    char host_label[64];
    const char *method;
    http_header *headers;
    size_t n_headers, header_room;
    int64_t started_ns;
    uint64_t received;
    uint64_t dropped; /* of these, behind an answer */

    enum http_stage stage;
    bool on_disk_thread;
    bool counted; /* among server->active */
    void *data;

    enum http_answer_kind kind;
    unsigned status;
    nl_buf body;
    int fd;
    uint64_t offset, length;
    http_header *out_headers;
    size_t n_out, out_room;
    bool busy;   /* refused with BUSY */
    bool cut;    /* it ended before its answer was sent */
    bool broken; /* an allocation failed: answer 500 */
};

struct http_server {
    struct MHD_Daemon **daemons; /* each a poll thread; n_daemons of them */
    size_t n_daemons;
    int listener; /* -1: none any more */
    pthread_t acceptor;
    bool accepts; /* that thread runs */
    nl_pool *disk;
    const struct http_handler *handler;
    void *app;
    size_t max_header_bytes;
    char **hosts; /* known names, lower case */
    size_t n_hosts;
    char *url;
    bool loopback, wildcard;
    uint64_t id_base;
    atomic_uint_fast64_t id_next;
    atomic_size_t connections; /* open now */
    size_t max_connections;
    atomic_bool closing; /* no new requests */

    pthread_mutex_t slow_mutex; /* guards what follows */
    pthread_cond_t slow_end;
    struct http_client *clients;
    int64_t patience_ns; /* how long a head may take */
    pthread_t slow_thread;
    bool slow_runs, slow_stop;

    pthread_mutex_t mutex; /* guards what follows */
    pthread_cond_t idle;   /* active or jobs became 0 */
    size_t active;         /* requests between head and done */
    size_t jobs;           /* connections that are suspended for a disk thread */
    bool stopping;         /* nothing is suspended any more */
};

/* request.c */
http_request *http_request_new(http_server *s, struct MHD_Connection *c, const char *target);
int http_request_take_headers(http_request *r, const char *method); /* NL_OK, NL_NO_MEMORY, NL_INVALID: too large */
void http_request_free(http_request *r);
/* answer.c: turn the answer into MHD's response and queue it. */
enum MHD_Result http_queue_answer(http_request *r);
/* accept.c: from start on connections come in; after stop there are no new ones, and no new requests. */
#define HTTP_RESERVE 64 /* connections beyond the limit, which are told so; more of them wait to be accepted */
int http_accept_start(http_server *s, nl_error *err);
void http_accept_stop(http_server *s);
/* Does a peer's address belong to this machine's loopback, also as IPv4 within IPv6? */
bool http_is_loopback(const struct sockaddr_storage *a);
/* slow.c: see there. */
int http_slow_start(http_server *s, nl_error *err);
void http_slow_stop(http_server *s);
/* A connection came; NULL: no memory, then nobody watches it. */
struct http_client *http_slow_add(http_server *s, int fd, bool over);
void http_slow_remove(http_server *s, struct http_client *c);
/* Its head is here (waits false), or its request is over. NULL is fine. */
void http_slow_mark(http_server *s, struct http_client *c, bool waits);
/* listen.c */
int http_listen(const char *host, int port, int *fd, nl_error *err);
/* The names that Host may have, and the URL, from a listening socket. */
int http_learn_names(http_server *s, const struct http_server_options *o, int fd, nl_error *err);

#endif
