/* s3_load.c: load on an S3 server, at as little cost of its own as possible.
 *
 *     s3_load --to HOST:PORT --key KEY --secret SECRET [options] OP
 *
 *     make     create the bucket (that it is there already is fine)
 *     put      write KEYS objects of SIZE bytes, or REQUESTS, beginning again at the first key
 *     get      read them, in an order that jumps about
 *     list     one page of a thousand keys, after --after
 *
 *     --bucket NAME (load)  --prefix TEXT (o)  --folder N (0: one folder; else so many keys in each)  --keys N (10000)
 *     --first N (0)  --size BYTES (4096)  --requests N (keys)  --seconds S  --connections N (64)  --threads N (1)  --after KEY
 *
 * Requests are built and signed (payload unsigned) before the clock starts; a thread has one epoll and its share of the
 * connections, each with one request under way. Status and length of every answer are checked; bodies are dropped in the
 * kernel. Prints one line of JSON; exit 1 where an answer was wrong.
 *
 *     connection   SENDING ──▶ HEAD ──▶ BODY ──┐      head: the answer's first bytes; left: of the body, by Content-Length
 *                     ▲────────────────────────┘
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/str.h"
#include "job.h"
#include "s3proto/sigv4.h"
#include "s3proto/time.h"

enum { HEAD = 16 * 1024, DISCARD = 4 * 1024 * 1024, EVENTS = 128, WAIT_MS = 100 };
enum op { OP_MAKE, OP_PUT, OP_GET, OP_LIST, OPS };
static const char *const op_names[OPS] = {"make", "put", "get", "list"};

struct options {
    const char *to, *key, *secret, *bucket, *prefix, *after;
    uint64_t folder, keys, first, size, requests, connections, threads;
    double seconds;
    enum op op;
};

enum state { SENDING, RECEIVING_HEAD, RECEIVING_BODY, IDLE };

struct connection {
    int fd;
    enum state state;
    bool chunked, waits_for_room, last; /* last: the server says that it will close */
    size_t request;                     /* of those that were built */
    size_t sent;                        /* of its head and body together */
    uint64_t left;
    double begun;
    size_t len;
    char head[HEAD];
};

struct worker {
    pthread_t thread;
    int epoll;
    uint32_t n, active;
    struct connection *connections;
    float *ms; /* of each answer */
    size_t answers, room;
    uint64_t errors, bytes, connected;
    char first_error[1300];
};

/* What all threads share: only next changes once the clock runs. */
static struct {
    struct options o;
    struct sockaddr_in to;
    nl_buf heads;
    size_t *starts; /* of each head in heads, and one more */
    char *body;
    double deadline;
    atomic_uint_fast64_t next;
} load;

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static void die(const char *what)
{
    fprintf(stderr, "s3_load: %s: %s\n", what, strerror(errno));
    exit(1);
}

/* ── requests, before the clock ── */

static void object_path(uint64_t i, char *out, size_t cap)
{
    const struct options *o = &load.o;
    if (o->folder)
        snprintf(out, cap, "/%s/%s%05llu/%08llu", o->bucket, o->prefix, (unsigned long long)(i / o->folder),
                 (unsigned long long)i);
    else
        snprintf(out, cap, "/%s/%s%08llu", o->bucket, o->prefix, (unsigned long long)i);
}

/* One request, signed, at the end of load.heads. */
static int add_request(const char *method, const char *path, const s3_pair *query, size_t n_query,
                       const uint8_t key[static 32], const s3_scope *scope, const char *time, nl_error *err)
{
    nl_buf *b = &load.heads;
    const s3_pair headers[] = {{"host", load.o.to},
                               {"x-amz-content-sha256", S3_UNSIGNED_PAYLOAD},
                               {"x-amz-date", time}};
    s3_sign_request r = {.method = method,
                         .path = path,
                         .query = query,
                         .n_query = n_query,
                         .headers = headers,
                         .n_headers = 3,
                         .payload = S3_UNSIGNED_PAYLOAD};
    int rc = nl_buf_printf(b, err, "%s %s%s", method, path, n_query ? "?" : "");
    if (!rc && n_query)
        rc = s3_query_canonical(b, query, n_query, NULL, err);
    if (!rc)
        rc = nl_buf_printf(b, err,
                           " HTTP/1.1\r\nHost: %s\r\nx-amz-content-sha256: " S3_UNSIGNED_PAYLOAD
                           "\r\nx-amz-date: %s\r\n",
                           load.o.to, time);
    if (!rc && strcmp(method, "PUT") == 0)
        rc = nl_buf_printf(b, err, "Content-Length: %llu\r\n", (unsigned long long)load.o.size);
    if (!rc)
        rc = nl_buf_puts(b, "Authorization: ", err);
    if (!rc)
        rc = s3_sign(b, &r, load.o.key, key, scope, time, NULL, err);
    return rc ? rc : nl_buf_puts(b, "\r\n\r\n", err);
}

static int build_requests(nl_error *err)
{
    const struct options *o = &load.o;
    char stamp[S3_TIME_BASIC], path[1200];
    s3_scope scope = {.region = "us-east-1", .service = "s3"};
    uint8_t key[32];
    s3_time_basic(time(NULL), stamp);
    memcpy(scope.date, stamp, 8);
    int rc = s3_signing_key(o->secret, &scope, key, err);
    load.starts = calloc(o->keys + 1, sizeof *load.starts);
    if (!load.starts)
        die("memory");
    const s3_pair page[] = {{"list-type", "2"}, {"max-keys", "1000"}, {"start-after", o->after}};
    for (uint64_t i = 0; i < o->keys && rc == NL_OK; i++) {
        if (o->op == OP_MAKE || o->op == OP_LIST)
            snprintf(path, sizeof path, "/%s", o->bucket);
        else
            object_path(o->first + i, path, sizeof path);
        rc = add_request(o->op == OP_MAKE || o->op == OP_PUT ? "PUT" : "GET", path, page,
                         o->op != OP_LIST ? 0
                         : *o->after      ? 3
                                          : 2,
                         key, &scope, stamp, err);
        load.starts[i + 1] = load.heads.len;
    }
    return rc;
}

/* Bytes that neither compress nor repeat within a page. */
static void build_body(void)
{
    load.body = malloc(load.o.size + 8);
    if (!load.body)
        die("memory");
    uint64_t x = 88172645463325252;
    for (size_t i = 0; i < load.o.size; i += 8, x ^= x << 13, x ^= x >> 7, x ^= x << 17)
        memcpy(load.body + i, &x, 8);
}

/* ── one connection ── */

static void watch(struct worker *w, struct connection *c, uint32_t events, int op)
{
    struct epoll_event e = {.events = events, .data.ptr = c};
    if (epoll_ctl(w->epoll, op, c->fd, &e) != 0)
        die("epoll");
}

static void connect_it(struct worker *w, struct connection *c)
{
    int one = 1;
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (c->fd < 0 || connect(c->fd, (struct sockaddr *)&load.to, sizeof load.to) != 0)
        die("connect");
    setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(c->fd, F_SETFL, fcntl(c->fd, F_GETFL) | O_NONBLOCK);
    watch(w, c, EPOLLIN, EPOLL_CTL_ADD);
    w->connected++;
}

static void connect_again(struct worker *w, struct connection *c)
{
    close(c->fd);
    c->waits_for_room = c->last = false;
    connect_it(w, c);
}

/* Wait for room to send, or for the answer. */
static void wait_for_room(struct worker *w, struct connection *c, bool room)
{
    if (room != c->waits_for_room)
        watch(w, c, room ? EPOLLOUT : EPOLLIN, EPOLL_CTL_MOD);
    c->waits_for_room = room;
}

/* The next request for this connection. False: the work is done. */
static bool take_request(struct worker *w, struct connection *c)
{
    uint64_t i = atomic_fetch_add(&load.next, 1), n = load.o.keys;
    c->begun = now();
    c->state = i < load.o.requests && c->begun < load.deadline ? SENDING : IDLE;
    w->active -= c->state == IDLE;
    /* 7,919 is a prime: no key comes twice before all were there, unless their number is its multiple. */
    c->request = (size_t)(load.o.op == OP_GET && n % 7919 ? i % n * 7919 % n : i % n);
    c->sent = c->len = 0;
    return c->state == SENDING;
}

/* Say so once, and go on with the next request on a new connection. */
static void failed(struct worker *w, struct connection *c, const char *what)
{
    if (!w->errors++) {
        int n = snprintf(w->first_error, sizeof w->first_error, "%s: ", what);
        nl_printable(c->head, c->len < 300 ? c->len : 300, w->first_error + n, sizeof w->first_error - (size_t)n);
    }
    connect_again(w, c);
    if (take_request(w, c))
        wait_for_room(w, c, true);
}

static void send_some(struct worker *w, struct connection *c)
{
    size_t head = load.starts[c->request + 1] - load.starts[c->request];
    size_t body = load.o.op == OP_PUT ? load.o.size : 0;
    struct iovec parts[2];
    struct msghdr m = {.msg_iov = parts};
    if (c->sent < head)
        parts[m.msg_iovlen++] = (struct iovec){load.heads.data + load.starts[c->request] + c->sent, head - c->sent};
    size_t from = c->sent < head ? 0 : c->sent - head;
    if (from < body)
        parts[m.msg_iovlen++] = (struct iovec){load.body + from, body - from};
    ssize_t n = sendmsg(c->fd, &m, MSG_NOSIGNAL);
    if (n < 0 && errno != EAGAIN) {
        failed(w, c, "the connection broke");
        return;
    }
    c->sent += n > 0 ? (size_t)n : 0;
    if (c->sent == head + body)
        c->state = RECEIVING_HEAD;
    wait_for_room(w, c, c->state == SENDING);
}

static void start(struct worker *w, struct connection *c)
{
    if (take_request(w, c))
        send_some(w, c);
}

static void answered(struct worker *w, struct connection *c)
{
    if (w->answers == w->room) {
        w->room = w->room ? 2 * w->room : 4096;
        w->ms = realloc(w->ms, w->room * sizeof *w->ms);
        if (!w->ms)
            die("memory");
    }
    w->ms[w->answers++] = (float)((now() - c->begun) * 1e3);
    if (c->last)
        connect_again(w, c);
    start(w, c);
}

/* What the answer's head says of its end: the body's length, UINT64_MAX where it comes in chunks, and whether the server
 * closes then. False: no length. */
static bool read_headers(struct connection *c, const char *end, uint64_t *length)
{
    bool known = false;
    for (const char *p = c->head; p < end; p = (const char *)memchr(p, '\n', (size_t)(end + 2 - p)) + 1) {
        bool chunked = strncasecmp(p, "transfer-encoding: chunked", 26) == 0;
        if (chunked || strncasecmp(p, "content-length:", 15) == 0) {
            *length = chunked ? UINT64_MAX : strtoull(p + 15, NULL, 10);
            known = true;
        }
        if (strncasecmp(p, "connection: close", 17) == 0)
            c->last = true;
    }
    return known;
}

/* Has the head of the answer come, and is it what it should be? Then c->left is the body's rest. */
static bool take_head(struct worker *w, struct connection *c)
{
    c->head[c->len] = 0;
    char *end = memmem(c->head, c->len, "\r\n\r\n", 4);
    if (!end && c->len < HEAD - 1)
        return false;
    uint64_t length = 0;
    int status = strncmp(c->head, "HTTP/1.1 ", 9) == 0 ? (int)strtol(c->head + 9, NULL, 10) : 0;
    bool right = end && (status == 200 || (status == 409 && load.o.op == OP_MAKE)) && read_headers(c, end, &length) &&
                 (load.o.op != OP_GET || length == load.o.size);
    if (!right) {
        failed(w, c, "a wrong answer");
        return false;
    }
    size_t have = c->len - (size_t)(end + 4 - c->head);
    w->bytes += load.o.op == OP_PUT ? load.o.size : length == UINT64_MAX ? 0 : length;
    c->chunked = length == UINT64_MAX;
    c->left = c->chunked ? !(have >= 5 && memcmp(c->head + c->len - 5, "0\r\n\r\n", 5) == 0) : length - have;
    c->state = RECEIVING_BODY;
    return true;
}

/* Read on; true: something came. */
static bool receive(struct worker *w, struct connection *c)
{
    ssize_t n;
    if (c->state == RECEIVING_HEAD) {
        n = recv(c->fd, c->head + c->len, HEAD - 1 - c->len, 0);
    } else if (c->chunked) {
        memmove(c->head, c->head + c->len - 5, 5);
        c->len = 5;
        n = recv(c->fd, c->head + 5, HEAD - 6, 0);
    } else {
        n = recv(c->fd, NULL, c->left < DISCARD ? c->left : DISCARD, MSG_TRUNC);
    }
    if (n <= 0) {
        if (n == 0 || errno != EAGAIN)
            failed(w, c, "the connection ended");
        return false;
    }
    if (c->state == RECEIVING_HEAD || c->chunked)
        c->len += (size_t)n;
    if (c->state == RECEIVING_HEAD)
        return take_head(w, c);
    c->left = c->chunked ? memcmp(c->head + c->len - 5, "0\r\n\r\n", 5) != 0 : c->left - (uint64_t)n;
    return true;
}

static void turn(struct worker *w, struct connection *c)
{
    if (c->state == SENDING)
        send_some(w, c);
    else if (c->state == IDLE)
        epoll_ctl(w->epoll, EPOLL_CTL_DEL, c->fd, NULL);
    else if (receive(w, c) && c->state == RECEIVING_BODY && !c->left)
        answered(w, c);
}

static void *work(void *arg)
{
    struct worker *w = arg;
    struct epoll_event events[EVENTS];
    w->active = w->n;
    for (size_t i = 0; i < w->n; i++)
        start(w, &w->connections[i]);
    while (w->active) {
        int n = epoll_wait(w->epoll, events, EVENTS, WAIT_MS);
        for (int i = 0; i < n; i++)
            turn(w, events[i].data.ptr);
    }
    return NULL;
}

/* ── the run ── */

static int compare_ms(const void *a, const void *b)
{
    float x = *(const float *)a, y = *(const float *)b;
    return (x > y) - (x < y);
}

static int report(struct worker *workers, double took)
{
    struct worker all = {0};
    for (size_t i = 0; i < load.o.threads; i++)
        all.answers += workers[i].answers;
    all.ms = calloc(all.answers + 1, sizeof *all.ms);
    if (!all.ms)
        die("memory");
    const char *error = "";
    size_t at = 0;
    for (size_t i = 0; i < load.o.threads; i++) {
        const struct worker *w = &workers[i];
        if (w->answers)
            memcpy(all.ms + at, w->ms, w->answers * sizeof *all.ms);
        at += w->answers;
        all.errors += w->errors;
        all.bytes += w->bytes;
        all.connected += w->connected;
        if (w->errors && !*error)
            error = w->first_error;
    }
    qsort(all.ms, all.answers, sizeof *all.ms, compare_ms);
    double n = (double)all.answers;
    printf("{\"op\": \"%s\", \"answers\": %zu, \"errors\": %llu, \"seconds\": %.4f, \"per_second\": %.1f, "
           "\"bytes_per_second\": %.0f, \"p50_ms\": %.3f, \"p99_ms\": %.3f, \"max_ms\": %.3f, \"connections\": %llu, "
           "\"cpu_seconds\": %.3f}\n",
           op_names[load.o.op], all.answers, (unsigned long long)all.errors, took, n / took, (double)all.bytes / took,
           (double)all.ms[all.answers / 2], (double)all.ms[all.answers * 99 / 100],
           (double)all.ms[all.answers ? all.answers - 1 : 0], (unsigned long long)all.connected, job_cpu());
    if (all.errors)
        fprintf(stderr, "s3_load: %llu wrong answers; the first: %s\n", (unsigned long long)all.errors, error);
    free(all.ms);
    return all.errors != 0;
}

static int run(void)
{
    size_t t = load.o.threads;
    struct worker *workers = calloc(t, sizeof *workers);
    if (!workers)
        die("memory");
    for (size_t i = 0; i < t; i++) {
        struct worker *w = &workers[i];
        w->n = (uint32_t)(load.o.connections / t + (i < load.o.connections % t));
        w->epoll = epoll_create1(EPOLL_CLOEXEC);
        w->connections = calloc((size_t)w->n + 1, sizeof *w->connections);
        if (w->epoll < 0 || !w->connections)
            die("memory");
        for (size_t c = 0; c < w->n; c++)
            connect_it(w, &w->connections[c]);
    }
    double begun = now();
    load.deadline = begun + load.o.seconds;
    for (size_t i = 0; i < t; i++)
        if (pthread_create(&workers[i].thread, NULL, work, &workers[i]) != 0)
            die("thread");
    for (size_t i = 0; i < t; i++)
        pthread_join(workers[i].thread, NULL);
    int rc = report(workers, now() - begun);
    for (size_t i = 0; i < t; i++) {
        for (size_t c = 0; c < workers[i].n; c++)
            close(workers[i].connections[c].fd);
        close(workers[i].epoll);
        free(workers[i].connections);
        free(workers[i].ms);
    }
    free(workers);
    return rc;
}

static bool parse_address(void)
{
    char host[64];
    const char *colon = load.o.to ? strrchr(load.o.to, ':') : NULL;
    if (!colon || (size_t)(colon - load.o.to) >= sizeof host)
        return false;
    snprintf(host, sizeof host, "%.*s", (int)(colon - load.o.to), load.o.to);
    load.to = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10))};
    return inet_pton(AF_INET, host, &load.to.sin_addr) == 1;
}

/* Words and numbers of the command line, by the letter that stands for each. */
static bool take_options(int argc, char **argv)
{
    static const struct option names[] = {
        {"to", 1, NULL, 't'},      {"key", 1, NULL, 'k'},         {"secret", 1, NULL, 's'},
        {"bucket", 1, NULL, 'b'},  {"prefix", 1, NULL, 'p'},      {"after", 1, NULL, 'a'},
        {"folder", 1, NULL, 'F'},  {"keys", 1, NULL, 'K'},        {"first", 1, NULL, 'f'},
        {"size", 1, NULL, 'S'},    {"requests", 1, NULL, 'R'},    {"seconds", 1, NULL, 'T'},
        {"threads", 1, NULL, 'H'}, {"connections", 1, NULL, 'C'}, {0}};
    struct options *o = &load.o;
    *o = (struct options){.bucket = "load", .prefix = "o", .after = "", .size = 4096, .connections = 64, .threads = 1};
    const struct {
        char letter;
        const char **text;
        uint64_t *number;
    } places[] = {{'t', &o->to, NULL},          {'k', &o->key, NULL},      {'s', &o->secret, NULL},
                  {'b', &o->bucket, NULL},      {'p', &o->prefix, NULL},   {'a', &o->after, NULL},
                  {'F', NULL, &o->folder},      {'K', NULL, &o->keys},     {'f', NULL, &o->first},
                  {'S', NULL, &o->size},        {'R', NULL, &o->requests}, {'H', NULL, &o->threads},
                  {'C', NULL, &o->connections}, {'T', NULL, NULL}};
    for (int c; (c = getopt_long(argc, argv, "", names, NULL)) != -1;) {
        if (c == '?')
            return false;
        if (c == 'T')
            o->seconds = strtod(optarg, NULL);
        for (size_t i = 0; i < sizeof places / sizeof places[0]; i++) {
            if (places[i].letter == c && places[i].text)
                *places[i].text = optarg;
            else if (places[i].letter == c && places[i].number)
                *places[i].number = strtoull(optarg, NULL, 10);
        }
    }
    for (o->op = 0; o->op < OPS && (optind >= argc || strcmp(argv[optind], op_names[o->op]) != 0);)
        o->op++;
    return o->op < OPS && o->key && o->secret && o->threads && o->connections && parse_address();
}

int main(int argc, char **argv)
{
    nl_error err = {0};
    if (!take_options(argc, argv)) {
        fputs("usage: s3_load --to IPV4:PORT --key KEY --secret SECRET [options] make|put|get|list\n", stderr);
        return 2;
    }
    struct options *o = &load.o;
    bool single = o->op == OP_MAKE || o->op == OP_LIST;
    if (o->op == OP_MAKE)
        o->size = 0;
    o->keys = single ? 1 : o->keys ? o->keys : 10000;
    if (!o->requests)
        o->requests = o->seconds > 0 ? UINT64_MAX : o->keys;
    if (!(o->seconds > 0))
        o->seconds = 1e9;
    if (o->connections > o->requests)
        o->connections = o->requests;
    if (build_requests(&err)) {
        fprintf(stderr, "s3_load: %s\n", err.message);
        return 1;
    }
    build_body();
    int rc = run();
    nl_buf_free(&load.heads);
    free(load.starts);
    free(load.body);
    return rc;
}
