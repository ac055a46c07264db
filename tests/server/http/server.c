/* tests/server/http/server.c: clients in great numbers, slow ones, half ones, and the end of the server. A small handler
 * stands for the application: it answers with as many bytes as the target says, or waits on a disk thread.
 */
#include "server/http/http.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/str.h"
#include "server/http/internal.h"
#include "support/check.h"

#define MANY 2000

/* ── the application ── */

static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int waiting; /* requests on disk threads that wait for … */
    bool go;     /* … this */
    atomic_int heads, dones, bodies;
} app = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static void on_head(void *ctx, http_request *r)
{
    (void)ctx;
    atomic_fetch_add(&app.heads, 1);
    if (!strcmp(http_request_target(r), "/wait"))
        http_request_use_disk_thread(r);
}

static void on_body(void *ctx, http_request *r, const void *data, size_t len)
{
    (void)ctx, (void)r, (void)data;
    atomic_fetch_add(&app.bodies, (int)len);
}

/* "/17": 17 bytes. */
static void on_end(void *ctx, http_request *r)
{
    uint64_t n = 0;
    nl_buf body = {0};
    (void)ctx;
    if (!strcmp(http_request_target(r), "/wait")) {
        pthread_mutex_lock(&app.mutex);
        app.waiting++;
        pthread_cond_broadcast(&app.changed);
        while (!app.go)
            pthread_cond_wait(&app.changed, &app.mutex);
        pthread_mutex_unlock(&app.mutex);
    } else if (nl_parse_u64(http_request_target(r) + 1, &n) && n) {
        CHECK(nl_buf_reserve(&body, (size_t)n, NULL) == NL_OK);
        memset(body.data, 'x', (size_t)n);
        body.len = (size_t)n;
    }
    http_answer(r, 200, &body);
}

static void on_refuse(void *ctx, http_request *r, enum http_refusal why)
{
    (void)ctx;
    http_answer(r, why == HTTP_REFUSED_BUSY ? 503 : why == HTTP_REFUSED_HEADERS ? 431 : 400, NULL);
}

static void on_done(void *ctx, http_request *r)
{
    (void)ctx, (void)r;
    atomic_fetch_add(&app.dones, 1);
}

static const struct http_handler handler = {on_head, on_body, on_end, on_refuse, on_done};

/* patience_ms: how long a head may take; 0: the default. */
static http_server *start(struct http_server_options o, int patience_ms)
{
    http_server *s;
    nl_error err = {0};
    o.host = "127.0.0.1";
    o.handler = &handler;
    atomic_store(&app.heads, 0);
    atomic_store(&app.dones, 0);
    atomic_store(&app.bodies, 0);
    app.waiting = 0;
    app.go = false;
    CHECK_OK(http_server_start(&o, &s, &err), err);
    if (patience_ms) {
        pthread_mutex_lock(&s->slow_mutex);
        s->patience_ns = patience_ms * INT64_C(1000000);
        pthread_cond_signal(&s->slow_end);
        pthread_mutex_unlock(&s->slow_mutex);
    }
    return s;
}

/* ── a client ── */

/* -1: refused. */
static int dial(const http_server *s)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0), on = 1;
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    a.sin_port = htons((uint16_t)strtol(strrchr(http_server_url(s), ':') + 1, NULL, 10));
    CHECK(fd >= 0);
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
        return fd;
    close(fd);
    return -1;
}

static bool say(int fd, const char *text)
{
    size_t len = strlen(text);
    while (len > 0) {
        ssize_t n = send(fd, text, len, MSG_NOSIGNAL);
        if (n <= 0)
            return false;
        text += n;
        len -= (size_t)n;
    }
    return true;
}

#define HOST         "Host: localhost\r\n"
#define GET_(target) "GET " target " HTTP/1.1\r\n" HOST "\r\n"

/* Read one answer, its first 2,000 bytes at most `piece` a call. Returns its status, 0: the connection ended; *length: of its body. */
static int hear(int fd, size_t piece, size_t *length)
{
    static char text[70000];
    size_t n = 0, got = 0;
    char *end;
    *length = 0;
    do {
        ssize_t r = n < 4096 ? recv(fd, text + n, piece, 0) : 0;
        if (r <= 0)
            return 0;
        n += (size_t)r;
        text[n] = '\0';
    } while (!(end = strstr(text, "\r\n\r\n")));
    int status = (int)strtol(text + 9, NULL, 10);
    const char *l = strcasestr(text, "content-length:");
    *length = l && l < end ? strtoul(l + 15, NULL, 10) : 0;
    for (got = n - (size_t)(end + 4 - text); got < *length;) {
        ssize_t r = recv(fd, text, got < 2000 && piece < 65536 ? piece : 65536, 0);
        if (r <= 0)
            return 0;
        got += (size_t)r;
    }
    return status;
}

static int ask(int fd, const char *text)
{
    size_t length;
    return say(fd, text) ? hear(fd, 4096, &length) : 0;
}

/* Until the server has seen that connections ended. */
static void wait_for_connections(const http_server *s, size_t n)
{
    while (http_server_connections(s) != n)
        sched_yield();
}

/* ── the tests ── */

static void loopback_peers(void **state)
{
    static const struct {
        const char *address;
        bool is_loopback;
    } cases[] = {
        {"127.0.0.1", true}, {"127.8.9.10", true},       {"128.0.0.1", false},          {"10.0.0.127", false},
        {"::1", true},       {"::ffff:127.1.2.3", true}, {"::ffff:192.0.2.127", false}, {"2001:db8::1", false},
        {"::", false},       {"7f00::1", false},
    };
    (void)state;
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct sockaddr_storage a = {0};
        bool six = strchr(cases[i].address, ':');
        void *to =
            six ? (void *)&((struct sockaddr_in6 *)&a)->sin6_addr : (void *)&((struct sockaddr_in *)&a)->sin_addr;
        check_why("%s", cases[i].address);
        a.ss_family = six ? AF_INET6 : AF_INET;
        CHECK_INT(inet_pton(a.ss_family, cases[i].address, to), 1);
        CHECK_INT(http_is_loopback(&a), cases[i].is_loopback);
    }
}

/* As many as two ends in one process can be; all are served, also behind one another. */
static void many_connections(void **state)
{
    static int fds[MANY];
    (void)state;
    http_server *s = start((struct http_server_options){0}, 0); /* raises the limit */
    struct rlimit l;
    CHECK(!getrlimit(RLIMIT_NOFILE, &l));
    size_t fit = l.rlim_cur > 256 ? (size_t)(l.rlim_cur - 128) / 3 : 42, n = MANY < fit ? MANY : fit;
    if (n < MANY)
        print_message("only %zu connections: the limit of open files is %llu\n", n, (unsigned long long)l.rlim_cur);
    for (size_t i = 0; i < n; i++) {
        check_why("connection %zu", i);
        CHECK((fds[i] = dial(s)) >= 0);
    }
    for (int round = 0; round < 2; round++)
        for (size_t i = 0; i < n; i++) {
            check_why("round %d, connection %zu", round, i);
            CHECK_INT(ask(fds[i], GET_("/5")), 200);
        }
    CHECK_INT(http_server_connections(s), n);
    for (size_t i = 0; i < n; i++)
        close(fds[i]);
    wait_for_connections(s, 0);
    CHECK_INT(atomic_load(&app.dones), 2 * (int)n);
    http_server_stop(s, 10);
}

/* One connection too many is told so, and is welcome when another has gone. */
static void beyond_the_limit(void **state)
{
    int fds[8];
    (void)state;
    http_server *s = start((struct http_server_options){.max_connections = 8, .poll_threads = 1}, 0);
    for (int i = 0; i < 8; i++) {
        fds[i] = dial(s);
        CHECK_INT(ask(fds[i], GET_("/")), 200);
    }
    int more = dial(s);
    CHECK_INT(ask(more, GET_("/")), 503);
    char byte;
    CHECK(recv(more, &byte, 1, 0) == 0); /* and is closed */
    close(more);
    CHECK_INT(ask(fds[7], GET_("/")), 200); /* who was there before is served */
    close(fds[7]);
    wait_for_connections(s, 7);
    more = dial(s);
    CHECK_INT(ask(more, GET_("/")), 200);
    close(more);
    for (int i = 0; i < 7; i++)
        close(fds[i]);
    http_server_stop(s, 10);
}

/* Head and body a byte at a time, and an answer that is read so; others are served meanwhile. */
static void a_byte_at_a_time(void **state)
{
    static const char request[] = "PUT /20000000 HTTP/1.1\r\n" HOST "Content-Length: 20\r\n\r\n01234567890123456789";
    size_t length;
    (void)state;
    http_server *s = start((struct http_server_options){.poll_threads = 1}, 0);
    int slow = dial(s), other = dial(s);
    for (size_t i = 0; i + 1 < sizeof(request); i++) {
        CHECK(send(slow, request + i, 1, MSG_NOSIGNAL) == 1);
        if (i % 10 == 0)
            CHECK_INT(ask(other, GET_("/7")), 200);
    }
    CHECK_INT(ask(other, GET_("/7")), 200); /* the slow one's answer does not fit into its socket */
    CHECK_INT(hear(slow, 1, &length), 200);
    CHECK_INT(length, 20000000);
    CHECK_INT(atomic_load(&app.bodies), 20);
    close(slow);
    close(other);
    http_server_stop(s, 10);
}

/* H6: bytes keep coming, but no head. */
static void never_a_head(void **state)
{
    (void)state;
    http_server *s = start((struct http_server_options){0}, 40);
    int fd = dial(s), bytes = 0;
    CHECK(say(fd, "GET / HTTP/1.1\r\n" HOST "X-Long: "));
    for (;; bytes++) {
        struct pollfd p = {.fd = fd, .events = POLLIN};
        if (poll(&p, 1, 1) > 0 || send(fd, "x", 1, MSG_NOSIGNAL) != 1)
            break;
    }
    CHECK(bytes > 0);
    wait_for_connections(s, 0);
    CHECK_INT(atomic_load(&app.heads), 0);
    close(fd);
    /* A request under way may take longer than a head. */
    fd = dial(s);
    CHECK(say(fd, GET_("/wait")));
    pthread_mutex_lock(&app.mutex);
    while (!app.waiting)
        pthread_cond_wait(&app.changed, &app.mutex);
    pthread_mutex_unlock(&app.mutex);
    int idle = dial(s);
    char byte;
    CHECK(recv(idle, &byte, 1, 0) == 0); /* the watcher came by */
    pthread_mutex_lock(&app.mutex);
    app.go = true;
    pthread_cond_broadcast(&app.changed);
    pthread_mutex_unlock(&app.mutex);
    size_t length;
    CHECK_INT(hear(fd, 4096, &length), 200);
    close(idle);
    close(fd);
    http_server_stop(s, 10);
}

/* Requests that end anywhere: nothing of them stays. */
static void half_sent(void **state)
{
    static const char request[] = "PUT /3 HTTP/1.1\r\n" HOST "Content-Length: 8\r\n\r\n01234567";
    static const char chunked[] = "PUT /3 HTTP/1.1\r\n" HOST "Transfer-Encoding: chunked\r\n\r\n4\r\n0123\r\n0\r\n\r\n";
    static const char *const texts[] = {request, chunked};
    (void)state;
    http_server *s = start((struct http_server_options){0}, 100);
    for (size_t t = 0; t < NL_LEN(texts); t++)
        for (size_t n = 0; n < strlen(texts[t]); n += 3)
            for (int reset = 0; reset < 2; reset++) {
                struct linger now = {.l_onoff = reset};
                int fd = dial(s);
                CHECK(fd >= 0 && send(fd, texts[t], n, MSG_NOSIGNAL) == (ssize_t)n);
                setsockopt(fd, SOL_SOCKET, SO_LINGER, &now, sizeof(now));
                close(fd);
            }
    int fd = dial(s);
    CHECK_INT(ask(fd, request), 200);
    close(fd);
    wait_for_connections(s, 0);
    CHECK_INT(atomic_load(&app.dones), atomic_load(&app.heads));
    http_server_stop(s, 10);
}

/* Heads beyond every limit: an answer of the kind 4xx or the end of the connection, and the next client is served. */
static void floods(void **state)
{
    static const struct {
        const char *why, *start, *again;
        size_t times;
    } cases[] = {{"one long header", "GET / HTTP/1.1\r\n" HOST "X: ", "xxxxxxxx", 40000},
                 {"many headers", "GET / HTTP/1.1\r\n" HOST, "X: y\r\n", 20000},
                 {"many headers without values", "GET / HTTP/1.1\r\n" HOST, "X:\r\n", 20000},
                 {"a header just too long", "GET / HTTP/1.1\r\n" HOST "X: ", "xxxxxxxx", 2100},
                 {"a long target", "GET /", "01234567", 20000},
                 {"a long method", "G", "E", 60000},
                 {"spaces", "", " ", 60000},
                 {"empty lines", "", "\r\n", 30000},
                 {"folded headers", "GET / HTTP/1.1\r\n" HOST "X: y\r\n", " z\r\n", 20000},
                 {"no line ends", "", "\x01\x80\xff", 30000}};
    (void)state;
    http_server *s = start((struct http_server_options){0}, 300);
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        int fd = dial(s);
        size_t length;
        check_why("%s", cases[i].why);
        bool taken = say(fd, cases[i].start);
        for (size_t n = 0; n < cases[i].times && taken; n++)
            taken = say(fd, cases[i].again);
        if (taken)
            say(fd, "\r\n\r\n");
        int status = hear(fd, 4096, &length);
        CHECK(status == 0 || (status >= 400 && status < 500));
        close(fd);
        fd = dial(s);
        CHECK_INT(ask(fd, GET_("/")), 200);
        close(fd);
    }
    check_why("%s", "");
    http_server_stop(s, 10);
}

static void *stop(void *s)
{
    http_server_stop(s, 60);
    return NULL;
}

/* What is under way ends; new requests are told so; new connections are refused; then it is over. */
static void graceful_stop(void **state)
{
    pthread_t thread;
    size_t length;
    (void)state;
    http_server *s = start((struct http_server_options){0}, 0);
    int under_way = dial(s), open = dial(s), silent = dial(s);
    CHECK_INT(ask(open, GET_("/")), 200);
    CHECK(say(under_way, GET_("/wait")));
    pthread_mutex_lock(&app.mutex);
    while (!app.waiting)
        pthread_cond_wait(&app.changed, &app.mutex);
    pthread_mutex_unlock(&app.mutex);
    CHECK(pthread_create(&thread, NULL, stop, s) == 0);
    while (!atomic_load(&s->closing))
        sched_yield();
    CHECK_INT(dial(s), -1);
    CHECK_INT(ask(open, GET_("/")), 503);
    pthread_mutex_lock(&app.mutex);
    app.go = true;
    pthread_cond_broadcast(&app.changed);
    pthread_mutex_unlock(&app.mutex);
    CHECK_INT(hear(under_way, 4096, &length), 200);
    pthread_join(thread, NULL);
    char byte;
    CHECK(recv(silent, &byte, 1, 0) <= 0);
    CHECK_INT(atomic_load(&app.dones), 3);
    close(under_way);
    close(open);
    close(silent);
}

int main(void)
{
    signal(SIGPIPE, SIG_IGN);
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(many_connections), cmocka_unit_test(beyond_the_limit), cmocka_unit_test(a_byte_at_a_time),
        cmocka_unit_test(never_a_head),     cmocka_unit_test(half_sent),        cmocka_unit_test(floods),
        cmocka_unit_test(graceful_stop),    cmocka_unit_test(loopback_peers),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
