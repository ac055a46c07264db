/* standin.c: see standin.h. */
#include "support/standin.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

/* The server's own allocations are not those that fault.h makes fail. */
void *__real_malloc(size_t size);
void *__real_calloc(size_t n, size_t size);

enum { head_max = 65536, most_requests = 65536, most_connections = 4096 };

struct standin {
    standin_fn fn;
    void *ctx;
    int listener;
    char url[64];
    pthread_t acceptor;
    pthread_mutex_t mutex;
    bool stopping;
    struct standin_request *seen[most_requests];
    size_t n_seen;
    int sockets[most_connections];
    pthread_t threads[most_connections];
    size_t n_connections;
};

struct connection {
    struct standin *s;
    int fd;
};

static void die(const char *what)
{
    perror(what);
    abort();
}

static bool send_all(int fd, const char *data, size_t len)
{
    while (len) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        data += n;
        len -= (size_t)n;
    }
    return true;
}

static void reset_connection(int fd)
{
    struct linger now = {1, 0};
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof now);
}

bool standin_header(const struct standin_request *q, const char *name, char *out, size_t cap)
{
    size_t n = strlen(name);
    for (const char *p = q->head; *p;) {
        const char *end = strstr(p, "\r\n");
        if (!strncasecmp(p, name, n) && p[n] == ':') {
            p += n + 1;
            while (*p == ' ')
                p++;
            snprintf(out, cap, "%.*s", (int)(end - p), p);
            return true;
        }
        p = end + 2;
    }
    return false;
}

/* Read a head; what was read beyond it stays in buffer. NULL: the peer is gone. */
static struct standin_request *read_head(int fd, char *buffer, size_t *used)
{
    char *end;
    while (!(end = memmem(buffer, *used, "\r\n\r\n", 4))) {
        ssize_t n = *used < head_max ? recv(fd, buffer + *used, head_max - *used, 0) : 0;
        if (n <= 0)
            return NULL;
        *used += (size_t)n;
    }
    struct standin_request *q = __real_calloc(1, sizeof *q);
    char *line_end = memmem(buffer, *used, "\r\n", 2);
    *line_end = 0;
    if (!q || sscanf(buffer, "%15s %4095s", q->method, q->target) != 2)
        die("request line");
    q->head = __real_calloc(1, (size_t)(end - line_end) + 1); /* with the last line's end */
    if (!q->head)
        die("head");
    memcpy(q->head, line_end + 2, (size_t)(end - line_end));
    size_t head = (size_t)(end + 4 - buffer);
    memmove(buffer, buffer + head, *used - head);
    *used -= head;
    return q;
}

/* Read the body; false: the peer is gone. */
static bool read_body(int fd, struct standin_request *q, char *buffer, size_t *used)
{
    char text[32] = "0", expect[64];
    standin_header(q, "Content-Length", text, sizeof text);
    if (standin_header(q, "Expect", expect, sizeof expect) && !strcasecmp(expect, "100-continue"))
        send_all(fd, "HTTP/1.1 100 Continue\r\n\r\n", 25);
    q->body_len = strtoull(text, NULL, 10);
    q->body = __real_calloc(1, q->body_len + 1);
    size_t have = *used < q->body_len ? *used : q->body_len;
    if (!q->body)
        die("body");
    memcpy(q->body, buffer, have);
    memmove(buffer, buffer + have, *used - have);
    *used -= have;
    while (have < q->body_len) {
        ssize_t n = recv(fd, q->body + have, q->body_len - have, 0);
        if (n <= 0)
            return false;
        have += (size_t)n;
    }
    return true;
}

/* False: the connection ends here. */
static bool send_answer(int fd, const struct standin_answer *a)
{
    char head[2048];
    if (a->reset) {
        reset_connection(fd);
        return false;
    }
    uint64_t claim = a->claim ? a->claim : a->body_len;
    char length[64] = "";
    if (!a->unsized)
        snprintf(length, sizeof length, "Content-Length: %" PRIu64 "\r\n", claim);
    int n = snprintf(head, sizeof head, "HTTP/1.1 %d Answer\r\n%s%s%s\r\n", a->status ? a->status : 200,
                     a->headers ? a->headers : "", length, a->close || a->unsized ? "Connection: close\r\n" : "");
    size_t body = a->head_only ? 0 : a->cut && a->cut < a->body_len ? a->cut : a->body_len;
    return send_all(fd, head, (size_t)n) && send_all(fd, a->body, body) && !a->cut && !a->close && !a->unsized &&
           (a->head_only || claim == a->body_len);
}

static void keep_request(struct standin *s, struct standin_request *q)
{
    pthread_mutex_lock(&s->mutex);
    if (s->n_seen == most_requests)
        abort();
    q->number = s->n_seen;
    s->seen[s->n_seen++] = q;
    pthread_mutex_unlock(&s->mutex);
}

static bool serve_one(struct standin *s, int fd, char *buffer, size_t *used)
{
    struct standin_request *q = read_head(fd, buffer, used);
    if (!q)
        return false;
    bool whole = read_body(fd, q, buffer, used);
    keep_request(s, q);
    if (!whole)
        return false;
    struct standin_answer a = {0};
    pthread_mutex_lock(&s->mutex);
    s->fn(s->ctx, q, &a);
    pthread_mutex_unlock(&s->mutex);
    if (a.silent) {
        char byte;
        recv(fd, &byte, 1, 0);
        return false;
    }
    return send_answer(fd, &a);
}

static void *serve(void *arg)
{
    struct connection c = *(struct connection *)arg;
    free(arg);
    char *buffer = __real_malloc(head_max);
    size_t used = 0;
    if (!buffer)
        abort();
    while (serve_one(c.s, c.fd, buffer, &used))
        ;
    free(buffer);
    pthread_mutex_lock(&c.s->mutex);
    for (size_t i = 0; i < c.s->n_connections; i++)
        if (c.s->sockets[i] == c.fd)
            c.s->sockets[i] = -1;
    close(c.fd);
    pthread_mutex_unlock(&c.s->mutex);
    return NULL;
}

static void *accept_all(void *arg)
{
    struct standin *s = arg;
    for (int fd; (fd = accept(s->listener, NULL, NULL)) >= 0;) {
        struct connection *c = __real_malloc(sizeof *c);
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &(int){1}, sizeof(int));
        pthread_mutex_lock(&s->mutex);
        if (!c || s->n_connections == most_connections)
            abort();
        *c = (struct connection){s, fd};
        s->sockets[s->n_connections] = fd;
        if (pthread_create(&s->threads[s->n_connections++], NULL, serve, c))
            abort();
        pthread_mutex_unlock(&s->mutex);
    }
    return NULL;
}

struct standin *standin_start(standin_fn fn, void *ctx)
{
    struct standin *s = __real_calloc(1, sizeof *s);
    struct sockaddr_in at = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t len = sizeof at;
    if (!s)
        die("standin");
    s->fn = fn;
    s->ctx = ctx;
    pthread_mutex_init(&s->mutex, NULL);
    s->listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (s->listener < 0 || bind(s->listener, (struct sockaddr *)&at, sizeof at) || listen(s->listener, 256) ||
        getsockname(s->listener, (struct sockaddr *)&at, &len))
        die("listen");
    snprintf(s->url, sizeof s->url, "http://127.0.0.1:%u", ntohs(at.sin_port));
    if (pthread_create(&s->acceptor, NULL, accept_all, s))
        die("thread");
    return s;
}

const char *standin_url(const struct standin *s)
{
    return s->url;
}

size_t standin_count(struct standin *s)
{
    pthread_mutex_lock(&s->mutex);
    size_t n = s->n_seen;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

size_t standin_connections(struct standin *s)
{
    pthread_mutex_lock(&s->mutex);
    size_t n = s->n_connections;
    pthread_mutex_unlock(&s->mutex);
    return n;
}

const struct standin_request *standin_seen(struct standin *s, size_t i)
{
    pthread_mutex_lock(&s->mutex);
    const struct standin_request *q = i < s->n_seen ? s->seen[i] : NULL;
    pthread_mutex_unlock(&s->mutex);
    if (!q) {
        fprintf(stderr, "standin: request %zu has not come\n", i);
        abort();
    }
    return q;
}

void standin_stop(struct standin *s)
{
    shutdown(s->listener, SHUT_RDWR);
    pthread_join(s->acceptor, NULL);
    close(s->listener);
    pthread_mutex_lock(&s->mutex);
    for (size_t i = 0; i < s->n_connections; i++)
        if (s->sockets[i] >= 0)
            shutdown(s->sockets[i], SHUT_RDWR);
    pthread_mutex_unlock(&s->mutex);
    for (size_t i = 0; i < s->n_connections; i++)
        pthread_join(s->threads[i], NULL);
    for (size_t i = 0; i < s->n_seen; i++) {
        free(s->seen[i]->head);
        free(s->seen[i]->body);
        free(s->seen[i]);
    }
    pthread_mutex_destroy(&s->mutex);
    free(s);
}

/* The range that a request asks for, cut to the object; false: none can be satisfied. */
static bool wanted_range(const char *range, size_t len, size_t *first, size_t *last)
{
    char *end;
    if (strncmp(range, "bytes=", 6) != 0)
        return false;
    range += 6;
    if (*range == '-') {
        size_t want = strtoull(range + 1, NULL, 10);
        *first = want < len ? len - want : 0;
        *last = len - 1;
        return want && len;
    }
    *first = strtoull(range, &end, 10);
    if (*end != '-' || *first >= len)
        return false;
    *last = strtoull(end + 1, NULL, 10);
    if (*last >= len)
        *last = len - 1;
    return true;
}

void standin_object(const struct standin_request *q, struct standin_answer *a, const void *data, size_t len,
                    const char *etag, char *headers)
{
    char value[128], quoted[96];
    size_t first, last;
    snprintf(quoted, sizeof quoted, "\"%s\"", etag);
    if (standin_header(q, "If-Match", value, sizeof value) && strcmp(value, quoted) != 0) {
        a->status = 412;
        return;
    }
    if (standin_header(q, "If-None-Match", value, sizeof value) && !strcmp(value, quoted)) {
        a->status = 304;
        return;
    }
    a->body = data;
    a->body_len = len;
    snprintf(headers, 256, "ETag: \"%s\"\r\nLast-Modified: Sun, 22 Nov 2026 15:49:09 GMT\r\n", etag);
    a->headers = headers;
    a->head_only = !strcmp(q->method, "HEAD");
    if (!standin_header(q, "Range", value, sizeof value))
        return;
    if (!wanted_range(value, len, &first, &last)) {
        a->status = 416;
        a->body_len = 0;
        return;
    }
    a->status = 206;
    a->body = (const char *)data + first;
    a->body_len = last - first + 1;
    snprintf(headers + strlen(headers), 256 - strlen(headers), "Content-Range: bytes %zu-%zu/%zu\r\n", first, last,
             len);
}
