/* server.c: the daemon, and the way of a request through it.
 *
 *     MHD: target known ─▶ on_target    makes the http_request
 *     MHD: head known ──▶ on_call       stage new: checks (H4, framing, size), handler->head
 *     MHD: bytes ───────▶ on_call       stage reading: handler->body
 *     MHD: last byte ───▶ on_call       stage reading: handler->finish here, or suspended and on a disk thread
 *     disk thread ──────▶ resume ─▶ on_call   stage finished: the answer is queued
 *     MHD: over ────────▶ on_done       handler->done, released
 *
 * Why so: a few poll threads with epoll hold thousands of connections at no cost each, and hashing wants no more threads
 * than cores; but a sync waits for the disk, and many of them wait at the same time well. So polling and waiting have
 * threads of their own.
 *
 * An answer before the body: the client may still be sending. With "Expect: 100-continue" it is not, and gets the answer at
 * once. Without, up to DRAIN bytes are read and dropped, so that it reads the answer instead of a reset; beyond that the
 * connection is closed.
 */
#include <errno.h>
#include <netdb.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/random.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "server/http/host.h"
#include "server/http/internal.h"

#define DRAIN             (8 * 1024 * 1024)
#define CONNECTION_MEMORY (96 * 1024) /* half of it is the read buffer. The library zeroes it all behind each request */
#define IDLE_SECONDS      60u
#define ROOM              "server/http"

/* ── before the body ── */

/* A request whose end two readers could see in different places is refused. */
static bool framing_is_sound(const http_request *r)
{
    size_t lengths = 0, codings = 0;
    for (size_t i = 0; i < r->n_headers; i++) {
        lengths += !strcasecmp(r->headers[i].name, "Content-Length");
        codings += !strcasecmp(r->headers[i].name, "Transfer-Encoding");
    }
    return lengths + codings <= 1;
}

/* With a wildcard address, the address to which this very connection came is the listen address. */
static bool is_local_address(http_request *r, const char *name)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(r->connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    struct sockaddr_storage a;
    socklen_t len = sizeof(a);
    char text[NI_MAXHOST];
    return info && !getsockname(info->connect_fd, (struct sockaddr *)&a, &len) &&
           !getnameinfo((struct sockaddr *)&a, len, text, sizeof(text), NULL, 0, NI_NUMERICHOST) && !strcmp(text, name);
}

static bool host_is_known(http_request *r)
{
    const http_server *s = r->server;
    const char *header = http_request_header(r, "Host");
    char name[HTTP_HOST_MAX + 1];
    size_t label;
    if (!header || !http_host_name(header, name))
        return false;
    if (!http_host_known(name, (const char *const *)s->hosts, s->n_hosts, &label))
        return s->wildcard && is_local_address(r, name);
    if (label >= sizeof(r->host_label))
        return false;
    memcpy(r->host_label, name, label);
    r->host_label[label] = '\0';
    return true;
}

/* May the answer be sent now, or is the client still sending a body that is better read first? */
static bool may_cut_off(const http_request *r)
{
    uint64_t length;
    const char *expect = http_request_header(r, "Expect");
    if (expect && !strcasecmp(expect, "100-continue"))
        return true;
    if (http_request_is_chunked(r))
        return false;
    return !http_request_content_length(r, &length) || length == 0 || length > DRAIN;
}

static struct http_client *client_of(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_SOCKET_CONTEXT);
    return info ? info->socket_context : NULL;
}

static enum MHD_Result on_head(http_request *r, const char *method)
{
    http_server *s = r->server;
    pthread_mutex_lock(&s->mutex);
    s->active++;
    pthread_mutex_unlock(&s->mutex);
    r->counted = true;
    r->stage = HTTP_READING;
    struct http_client *client = client_of(r->connection);
    http_slow_mark(s, client, false);
    int rc = http_request_take_headers(r, method);
    if (rc == NL_NO_MEMORY)
        return MHD_NO;
    r->busy = atomic_load(&s->closing) || (client && client->over);
    if (r->busy)
        s->handler->refuse(s->app, r, HTTP_REFUSED_BUSY);
    else if (rc)
        s->handler->refuse(s->app, r, HTTP_REFUSED_HEADERS);
    else if (!framing_is_sound(r))
        s->handler->refuse(s->app, r, HTTP_REFUSED_FRAMING);
    else if (!host_is_known(r))
        s->handler->refuse(s->app, r, HTTP_REFUSED_HOST);
    else
        s->handler->head(s->app, r);
    return http_answered(r) && may_cut_off(r) ? http_queue_answer(r) : MHD_YES;
}

/* ── the body and its end ── */

static enum MHD_Result on_bytes(http_request *r, const char *data, size_t len)
{
    r->received += len;
    if (!http_answered(r)) {
        r->server->handler->body(r->server->app, r, data, len);
        return MHD_YES;
    }
    r->dropped += len;
    return r->dropped > DRAIN ? MHD_NO : MHD_YES;
}

/* On a disk thread. After MHD_resume_connection() the request may already be gone. */
static void finish_on_disk(void *arg)
{
    http_request *r = arg;
    http_server *s = r->server;
    s->handler->finish(s->app, r);
    r->stage = HTTP_FINISHED;
    MHD_resume_connection(r->connection);
    pthread_mutex_lock(&s->mutex);
    if (--s->jobs == 0)
        pthread_cond_broadcast(&s->idle);
    pthread_mutex_unlock(&s->mutex);
}

/* Suspend the connection and queue its end for a disk thread. False: do it here (the server stops, or no memory). */
static bool hand_over(http_request *r)
{
    http_server *s = r->server;
    if (!r->on_disk_thread)
        return false;
    pthread_mutex_lock(&s->mutex);
    bool go = !s->stopping;
    s->jobs += go;
    pthread_mutex_unlock(&s->mutex);
    if (!go)
        return false;
    r->stage = HTTP_ON_DISK;
    MHD_suspend_connection(r->connection);
    if (nl_pool_submit(s->disk, finish_on_disk, r, NULL) != NL_OK)
        finish_on_disk(r);
    return true;
}

static enum MHD_Result on_end(http_request *r)
{
    if (!http_answered(r)) {
        if (hand_over(r))
            return MHD_YES;
        r->server->handler->finish(r->server->app, r);
    }
    return http_queue_answer(r);
}

/* Does the client send no more? Then the library may miss it (README.md, Limits): it reads what epoll reported once, takes
 * a short read for all there is, and the end, reported at the same edge, is never reported again. Shutting down the reading
 * side loses nothing (the peek found the queue empty, and answers still leave), and is a new edge. An end that comes after
 * the peek makes an edge of its own. */
static void report_end_again(struct MHD_Connection *connection)
{
    const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
    char byte;
    if (info && recv(info->connect_fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) == 0)
        shutdown(info->connect_fd, SHUT_RD);
}

static enum MHD_Result on_call(void *cls, struct MHD_Connection *connection, const char *url, const char *method,
                               const char *version, const char *data, size_t *data_size, void **req_cls)
{
    http_request *r = *req_cls;
    (void)cls, (void)url, (void)version;
    if (!r)
        return MHD_NO;
    switch (r->stage) {
    case HTTP_NEW:
        report_end_again(connection);
        return on_head(r, method);
    case HTTP_READING:
        if (*data_size == 0)
            return on_end(r);
        report_end_again(connection);
        enum MHD_Result rc = on_bytes(r, data, *data_size);
        *data_size = 0;
        return rc;
    case HTTP_FINISHED:
        return http_queue_answer(r);
    case HTTP_ON_DISK:
    case HTTP_QUEUED:
        break;
    }
    return MHD_YES;
}

static void *on_target(void *cls, const char *target, struct MHD_Connection *connection)
{
    return http_request_new(cls, connection, target);
}

static void on_done(void *cls, struct MHD_Connection *connection, void **req_cls, enum MHD_RequestTerminationCode why)
{
    http_server *s = cls;
    http_request *r = *req_cls;
    if (!r)
        return;
    *req_cls = NULL;
    http_slow_mark(s, client_of(connection), true);
    if (r->counted) {
        r->cut = why != MHD_REQUEST_TERMINATED_COMPLETED_OK;
        s->handler->done(s->app, r);
        nl_log(ROOM, NL_LOG_INFO, "%s %s %s %u in=%llu out=%llu us=%lld%s", r->id, r->method, r->target, r->status,
               (unsigned long long)r->received, (unsigned long long)r->length,
               (long long)((nl_monotonic_ns() - r->started_ns) / 1000), r->cut ? " (cut)" : "");
        pthread_mutex_lock(&s->mutex);
        if (--s->active == 0)
            pthread_cond_broadcast(&s->idle);
        pthread_mutex_unlock(&s->mutex);
    }
    http_request_free(r);
}

/* H3: leave everything as it came. */
static size_t no_unescape(void *cls, struct MHD_Connection *c, char *s)
{
    (void)cls, (void)c;
    return strlen(s);
}

/* ── start and stop ── */

/* Raise the limit of open files, and say how many connections fit: each may hold a socket and two files. */
static unsigned connections_that_fit(size_t wanted)
{
    struct rlimit l;
    if (getrlimit(RLIMIT_NOFILE, &l))
        return (unsigned)wanted;
    if (l.rlim_cur < l.rlim_max) {
        l.rlim_cur = l.rlim_max;
        setrlimit(RLIMIT_NOFILE, &l);
        getrlimit(RLIMIT_NOFILE, &l);
    }
    size_t fit = l.rlim_cur > 256 ? (size_t)(l.rlim_cur - 128) / 3 : 42;
    return (unsigned)(wanted < fit ? wanted : fit);
}

static void log_mhd(void *cls, const char *fmt, va_list args)
{
    char line[512];
    (void)cls;
    if (!nl_log_on(ROOM, NL_LOG_DEBUG))
        return;
    vsnprintf(line, sizeof(line), fmt, args);
    line[strcspn(line, "\n")] = '\0';
    nl_log_line(ROOM, NL_LOG_DEBUG, "%s", line);
}

static void on_connection(void *arg, struct MHD_Connection *connection, void **context,
                          enum MHD_ConnectionNotificationCode what)
{
    http_server *s = arg;
    if (what == MHD_CONNECTION_NOTIFY_STARTED) {
        const union MHD_ConnectionInfo *info = MHD_get_connection_info(connection, MHD_CONNECTION_INFO_CONNECTION_FD);
        bool over = atomic_fetch_add_explicit(&s->connections, 1, memory_order_relaxed) >= s->max_connections;
        *context = info ? http_slow_add(s, info->connect_fd, over) : NULL;
    } else {
        http_slow_remove(s, *context);
        atomic_fetch_sub_explicit(&s->connections, 1, memory_order_relaxed);
    }
}

static struct MHD_Daemon *start_daemon(http_server *s, const struct http_server_options *o, bool tls)
{
    struct MHD_OptionItem more[] = {{MHD_OPTION_HTTPS_MEM_CERT, 0, (void *)(uintptr_t)o->tls_cert},
                                    {MHD_OPTION_HTTPS_MEM_KEY, 0, (void *)(uintptr_t)o->tls_key},
                                    {MHD_OPTION_END, 0, NULL}};
    unsigned flags = MHD_USE_EPOLL | MHD_USE_INTERNAL_POLLING_THREAD | MHD_ALLOW_SUSPEND_RESUME | MHD_USE_ERROR_LOG |
                     MHD_USE_NO_LISTEN_SOCKET | (tls ? (unsigned)MHD_USE_TLS : 0u);
    return MHD_start_daemon(flags, 0, NULL, NULL, on_call, s, MHD_OPTION_EXTERNAL_LOGGER, log_mhd, NULL,
                            MHD_OPTION_CONNECTION_LIMIT, (unsigned)(s->max_connections + 2 * HTTP_RESERVE),
                            MHD_OPTION_CONNECTION_TIMEOUT, o->idle_timeout ? o->idle_timeout : IDLE_SECONDS,
                            MHD_OPTION_CONNECTION_MEMORY_LIMIT, (size_t)CONNECTION_MEMORY, MHD_OPTION_URI_LOG_CALLBACK,
                            on_target, s, MHD_OPTION_UNESCAPE_CALLBACK, no_unescape, s, MHD_OPTION_NOTIFY_COMPLETED,
                            on_done, s, MHD_OPTION_NOTIFY_CONNECTION, on_connection, s, MHD_OPTION_ARRAY,
                            tls ? more : &more[2], MHD_OPTION_END);
}

/* One daemon a poll thread. What was started before a failure is stopped by free_server(). */
static int start_daemons(http_server *s, const struct http_server_options *o, nl_error *err)
{
    size_t poll = o->poll_threads ? o->poll_threads : nl_cores();
    if (!o->poll_threads && poll < 2)
        poll = 2;
    bool tls = o->tls_cert && o->tls_key;
    if (tls && MHD_is_feature_supported(MHD_FEATURE_TLS) != MHD_YES)
        return nl_fail(err, NL_UNSUPPORTED, "this libmicrohttpd was built without TLS");
    s->max_connections = connections_that_fit(o->max_connections ? o->max_connections : 4096);
    s->daemons = calloc(poll, sizeof(struct MHD_Daemon *));
    if (!s->daemons)
        return nl_fail_memory(err);
    while (s->n_daemons < poll) {
        struct MHD_Daemon *d = start_daemon(s, o, tls);
        if (!d)
            return tls ? nl_fail(err, NL_INVALID,
                                 "cannot start: are certificate and key PEM, and do they belong together?")
                       : nl_fail(err, NL_IO, "cannot start the HTTP server");
        s->daemons[s->n_daemons++] = d;
    }
    return NL_OK;
}

/* Stop everything that was started. */
static void free_server(http_server *s)
{
    http_accept_stop(s);
    http_slow_stop(s);
    for (size_t i = 0; i < s->n_daemons; i++)
        MHD_stop_daemon(s->daemons[i]);
    free(s->daemons);
    nl_pool_free(s->disk);
    for (size_t i = 0; i < s->n_hosts; i++)
        free(s->hosts[i]);
    free(s->hosts);
    free(s->url);
    pthread_cond_destroy(&s->idle);
    pthread_cond_destroy(&s->slow_end);
    pthread_mutex_destroy(&s->slow_mutex);
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

/* Locks, ids and threads of a new server. */
static int init_server(http_server *s, const struct http_server_options *o, nl_error *err)
{
    pthread_condattr_t monotonic;
    pthread_condattr_init(&monotonic);
    pthread_condattr_setclock(&monotonic, CLOCK_MONOTONIC);
    pthread_mutex_init(&s->mutex, NULL);
    pthread_mutex_init(&s->slow_mutex, NULL);
    pthread_cond_init(&s->idle, &monotonic);
    pthread_cond_init(&s->slow_end, &monotonic);
    s->patience_ns = INT64_C(1000000000) * (o->idle_timeout ? o->idle_timeout : IDLE_SECONDS);
    pthread_condattr_destroy(&monotonic);
    s->handler = o->handler;
    s->app = o->app;
    s->max_header_bytes = o->max_header_bytes ? o->max_header_bytes : 16 * 1024;
    if (getrandom(&s->id_base, sizeof(s->id_base), 0) != sizeof(s->id_base))
        s->id_base = (uint64_t)nl_wall_ns();
    return nl_pool_new(o->disk_threads ? o->disk_threads : 16, &s->disk, err);
}

int http_server_start(const struct http_server_options *o, http_server **out, nl_error *err)
{
    *out = NULL;
    http_server *s = calloc(1, sizeof(*s));
    if (!s)
        return nl_fail_memory(err);
    s->listener = -1;
    int rc = init_server(s, o, err);
    if (!rc)
        rc = http_listen(o->host, o->port, &s->listener, err);
    if (!rc)
        rc = http_learn_names(s, o, s->listener, err);
    if (!rc)
        rc = http_slow_start(s, err);
    if (!rc)
        rc = start_daemons(s, o, err);
    *out = rc ? NULL : s; /* before the first connection: the handler may look at it at once */
    if (!rc)
        rc = http_accept_start(s, err);
    if (rc) {
        free_server(s);
        *out = NULL;
    }
    return rc;
}

const char *http_server_url(const http_server *s)
{
    return s->url;
}

size_t http_server_connections(const http_server *s)
{
    return atomic_load_explicit(&s->connections, memory_order_relaxed);
}

bool http_server_is_loopback(const http_server *s)
{
    return s->loopback;
}

void http_server_stop(http_server *s, unsigned grace)
{
    if (!s)
        return;
    http_accept_stop(s);
    struct timespec until;
    clock_gettime(CLOCK_MONOTONIC, &until);
    until.tv_sec += grace;
    pthread_mutex_lock(&s->mutex);
    while (s->active > 0 && pthread_cond_timedwait(&s->idle, &s->mutex, &until) != ETIMEDOUT)
        ;
    /* From here nothing is suspended any more: MHD cannot stop with a suspended connection. */
    s->stopping = true;
    while (s->jobs > 0)
        pthread_cond_wait(&s->idle, &s->mutex);
    pthread_mutex_unlock(&s->mutex);
    free_server(s);
}
