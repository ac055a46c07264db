/* relay.c: a TCP relay that makes loopback far away: latency, bandwidth, faults, and counts of what went through.
 *
 *     client ──▶ relay ──▶ server        every byte leaves `delay` after it came in, no faster than `rate` allows
 *            ◀──       ◀──               a connection's first bytes wait one round trip more: the TCP handshake
 *
 *     relay --to 127.0.0.1:9000 [--listen 127.0.0.1:0] [--delay MS] [--rate BYTES_PER_SECOND] [--fault FAULT]
 *
 * Prints "listening on HOST:PORT", and at SIGTERM or SIGINT one line of JSON: connections, requests (HTTP request lines
 * seen on the way up), bytes_up, bytes_down. Faults: reset=N resets every Nth connection at its first answer, cut=N closes
 * each first connection of ten after N bytes down, stall=N lets every Nth connection hang after its first answer; and those
 * of relay_fault.h, which hit certain requests.
 *
 * One thread, poll(). The rate is that of the link: all connections share it, each direction has its own.
 *
 *     way      queue of chunks, each with the time it is due; link_free_ns: when the link has sent what was accepted
 */
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "relay_fault.h"

enum { CHUNK = 32 * 1024, MAX_CONNECTIONS = 1000, WINDOW = 8 * 1024 * 1024 };

struct chunk {
    struct chunk *next;
    int64_t due_ns;
    size_t len, sent;
    char data[CHUNK];
};

/* One direction of one connection. */
struct way {
    int from, to;
    struct chunk *head, *tail;
    size_t queued;    /* bytes: a full window is back-pressure */
    int64_t extra_ns; /* what the handshake adds to the first chunk */
    uint64_t bytes;
    bool eof, finished; /* from has ended; the end was passed on */
};

struct connection {
    bool used, stalled;
    bool mute; /* it got its last answer: what still comes from the client is thrown away */
    struct struck struck;
    uint64_t number;
    struct way up, down;
};

enum fault { FAULT_NONE, FAULT_RESET, FAULT_CUT, FAULT_STALL };

static struct {
    int64_t delay_ns;
    double rate; /* bytes a second, 0: no limit */
    enum fault fault;
    uint64_t fault_n;
    struct strike_plan strike;
    struct sockaddr_in to;
    int64_t link_free_ns[2]; /* up, down */
    uint64_t connections, requests, bytes[2];
    struct connection list[MAX_CONNECTIONS];
} relay;

static volatile sig_atomic_t stop_asked;

static void on_signal(int signal)
{
    (void)signal;
    stop_asked = 1;
}

static void die(const char *what)
{
    fprintf(stderr, "relay: %s: %s\n", what, strerror(errno));
    exit(1);
}

static int64_t now_ns(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static struct sockaddr_in parse_address(const char *text)
{
    struct sockaddr_in a = {.sin_family = AF_INET};
    char host[64];
    const char *colon = strrchr(text, ':');
    if (!colon || (size_t)(colon - text) >= sizeof host) {
        fprintf(stderr, "relay: '%s' is not HOST:PORT\n", text);
        exit(2);
    }
    snprintf(host, sizeof host, "%.*s", (int)(colon - text), text);
    a.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    if (inet_pton(AF_INET, host, &a.sin_addr) != 1) {
        fprintf(stderr, "relay: '%s' is not an IPv4 address\n", host);
        exit(2);
    }
    return a;
}

static void prepare_socket(int fd)
{
    int one = 1;
    setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) | O_NONBLOCK);
}

static void free_way(struct way *w)
{
    while (w->head) {
        struct chunk *next = w->head->next;
        free(w->head);
        w->head = next;
    }
}

static void close_connection(struct connection *c, bool reset)
{
    if (reset) {
        struct linger now = {.l_onoff = 1, .l_linger = 0};
        setsockopt(c->up.from, SOL_SOCKET, SO_LINGER, &now, sizeof now);
    }
    close(c->up.from);
    close(c->down.from);
    free_way(&c->up);
    free_way(&c->down);
    c->used = false;
}

static void accept_one(int listener)
{
    int client = accept(listener, NULL, NULL);
    if (client < 0)
        return;
    struct connection *c = NULL;
    for (size_t i = 0; i < MAX_CONNECTIONS && !c; i++)
        if (!relay.list[i].used)
            c = &relay.list[i];
    int server = c ? socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0) : -1;
    if (server < 0 || connect(server, (struct sockaddr *)&relay.to, sizeof relay.to) != 0) {
        close(client);
        if (server >= 0)
            close(server);
        return;
    }
    prepare_socket(client);
    prepare_socket(server);
    *c = (struct connection){.used = true, .number = ++relay.connections};
    c->up = (struct way){.from = client, .to = server, .extra_ns = 2 * relay.delay_ns};
    c->down = (struct way){.from = server, .to = client};
}

/* HTTP/1.1 request lines in bytes that go up. Was there one? */
static bool count_requests(struct connection *c, const char *data, size_t len)
{
    static const char mark[] = " HTTP/1.1\r\n";
    uint64_t before = relay.requests;
    for (const char *p = data; (p = memmem(p, len - (size_t)(p - data), mark, sizeof mark - 1)); p++)
        relay.requests++;
    if (relay.requests == before)
        return false;
    bool hit = relay.strike.kind && relay.requests >= relay.strike.first && relay.requests <= relay.strike.last;
    c->struck = (struct struck){.kind = hit ? relay.strike.kind : STRIKE_NONE};
    return true;
}

/* Put our own answer into the chunk, the connection's last. */
static void answer_instead(struct connection *c, struct chunk *k)
{
    k->len = sizeof strike_answer - 1;
    memcpy(k->data, strike_answer, k->len);
    c->mute = c->down.eof = true;
}

enum fate { PASS, TURN_BACK, GONE };

/* What becomes of bytes that go up. */
static enum fate strike_up(struct connection *c, struct chunk *k)
{
    bool head = count_requests(c, k->data, k->len);
    if (head && c->struck.kind == STRIKE_REFUSE)
        return GONE;
    if (head && c->struck.kind == STRIKE_DENY) {
        answer_instead(c, k);
        return TURN_BACK;
    }
    if (c->struck.kind == STRIKE_GARBLE)
        spoil(&c->struck, k->data, k->len, head);
    return PASS;
}

/* What becomes of bytes that come down. */
static enum fate strike_down(struct connection *c, struct chunk *k)
{
    struct struck *s = &c->struck;
    bool first = !s->seen;
    s->seen += k->len;
    switch (s->kind) {
    case STRIKE_RESET:
        return GONE;
    case STRIKE_503:
        answer_instead(c, k);
        return PASS;
    case STRIKE_CUT:
        if (s->seen < relay.strike.n)
            return PASS;
        k->len -= (size_t)(s->seen - relay.strike.n);
        c->mute = c->down.eof = true;
        return PASS;
    case STRIKE_CORRUPT:
        spoil(s, k->data, k->len, first);
        return PASS;
    case STRIKE_STALL:
        c->stalled = true;
        return PASS;
    case STRIKE_DELAY:
        k->due_ns += first ? (int64_t)relay.strike.n * 1000000 : 0;
        return PASS;
    default:
        return PASS;
    }
}

/* Append a chunk, and note when it may leave. direction: 1 down. */
static void enqueue(struct way *w, struct chunk *k, int direction)
{
    int64_t now = now_ns(), *link = &relay.link_free_ns[direction];
    if (*link < now)
        *link = now;
    if (relay.rate > 0)
        *link += (int64_t)((double)k->len / relay.rate * 1e9);
    k->due_ns += *link + relay.delay_ns + w->extra_ns;
    w->extra_ns = 0;
    w->queued += k->len;
    w->bytes += k->len;
    if (w->tail && w->head)
        w->tail->next = k;
    else
        w->head = k;
    w->tail = k;
}

/* Take what has come in. False: the connection is gone. */
static bool receive(struct connection *c, struct way *w)
{
    struct chunk *k = malloc(sizeof *k);
    if (!k)
        die("memory");
    ssize_t n = read(w->from, k->data, CHUNK);
    if (n <= 0) {
        free(k);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return true;
        w->eof = true;
        return n == 0;
    }
    if (c->mute) {
        free(k);
        return true;
    }
    k->next = NULL;
    k->len = (size_t)n;
    k->sent = 0;
    k->due_ns = 0;
    relay.bytes[w == &c->down] += k->len;
    enum fate fate = w == &c->down ? strike_down(c, k) : strike_up(c, k);
    if (fate == PASS || fate == TURN_BACK)
        enqueue(fate == TURN_BACK ? &c->down : w, k, w == &c->down || fate == TURN_BACK);
    else
        free(k);
    return fate != GONE;
}

/* Does the stated fault hit this connection, now that its answer begins? */
static bool strikes(struct connection *c)
{
    switch (relay.fault) {
    case FAULT_RESET:
        return c->number % relay.fault_n == 0;
    case FAULT_CUT:
        return c->number % 10 == 1 && c->down.bytes > relay.fault_n;
    case FAULT_STALL:
        c->stalled = c->number % relay.fault_n == 0;
        return false;
    default:
        return false;
    }
}

/* Pass on what is due. False: the connection is gone. */
static bool deliver(struct way *w, int64_t now)
{
    while (w->head && w->head->due_ns <= now) {
        struct chunk *k = w->head;
        ssize_t n = send(w->to, k->data + k->sent, k->len - k->sent, MSG_NOSIGNAL);
        if (n < 0)
            return errno == EAGAIN || errno == EINTR;
        k->sent += (size_t)n;
        w->queued -= (size_t)n;
        if (k->sent < k->len)
            return true;
        w->head = k->next;
        if (!w->head)
            w->tail = NULL;
        free(k);
    }
    if (w->eof && !w->head && !w->finished) {
        shutdown(w->to, SHUT_WR);
        w->finished = true;
    }
    return true;
}

/* One turn for a connection: deliver what is due, and drop it when both ways have ended. */
static void turn(struct connection *c, int64_t now)
{
    bool hit = c->down.head && strikes(c);
    bool alive = !hit && deliver(&c->up, now) && (c->stalled || deliver(&c->down, now));
    if (!alive || (c->up.finished && (c->down.finished || c->stalled)))
        close_connection(c, hit);
}

/* What to poll for: room to read where the window is open, room to write where something is due. */
static void watch(const struct way *w, struct pollfd *from, struct pollfd *to, int64_t now, int64_t *next_ns)
{
    if (!w->eof && w->queued < WINDOW)
        from->events |= POLLIN;
    if (!w->head)
        return;
    if (w->head->due_ns <= now)
        to->events |= POLLOUT;
    else if (w->head->due_ns < *next_ns)
        *next_ns = w->head->due_ns;
}

static void serve(int listener)
{
    static struct pollfd fds[1 + 2 * MAX_CONNECTIONS];
    static struct connection *owners[MAX_CONNECTIONS];
    while (!stop_asked) {
        size_t n = 0;
        int64_t now = now_ns(), next = now + 1000000000;
        fds[0] = (struct pollfd){.fd = listener, .events = POLLIN};
        for (size_t i = 0; i < MAX_CONNECTIONS; i++) {
            struct connection *c = &relay.list[i];
            if (c->used)
                turn(c, now);
            if (!c->used)
                continue;
            struct pollfd *client = &fds[1 + 2 * n], *server = client + 1;
            *client = (struct pollfd){.fd = c->up.from};
            *server = (struct pollfd){.fd = c->down.from};
            watch(&c->up, client, server, now, &next);
            watch(&c->down, server, client, now, &next);
            owners[n++] = c;
        }
        struct timespec wait = {.tv_sec = (next - now) / 1000000000, .tv_nsec = (next - now) % 1000000000};
        if (ppoll(fds, 1 + 2 * n, &wait, NULL) <= 0)
            continue;
        for (size_t i = 0; i < n; i++) {
            struct connection *c = owners[i];
            bool alive = true;
            if (fds[1 + 2 * i].revents & (POLLIN | POLLHUP | POLLERR) && !c->up.eof)
                alive = receive(c, &c->up);
            if (alive && fds[2 + 2 * i].revents & (POLLIN | POLLHUP | POLLERR) && !c->down.eof)
                alive = receive(c, &c->down);
            if (!alive)
                close_connection(c, true); /* also where a fault says so */
        }
        if (fds[0].revents & POLLIN)
            accept_one(listener);
    }
}

static void parse_fault(const char *text)
{
    static const char *const names[] = {"reset=", "cut=", "stall="};
    for (size_t i = 0; i < 3; i++) {
        size_t len = strlen(names[i]);
        if (strncmp(text, names[i], len) == 0) {
            relay.fault = (enum fault)(FAULT_RESET + i);
            relay.fault_n = strtoull(text + len, NULL, 10);
        }
    }
    if ((relay.fault == FAULT_NONE || relay.fault_n == 0) && !strike_parse(text, &relay.strike)) {
        fprintf(stderr, "relay: '%s' is none of reset=N, cut=BYTES, stall=N, KIND@FIRST[-[LAST]][=N]\n", text);
        exit(2);
    }
}

static int listen_on(struct sockaddr_in where)
{
    int one = 1, fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one);
    socklen_t len = sizeof where;
    if (bind(fd, (struct sockaddr *)&where, len) != 0 || listen(fd, 1024) != 0)
        die("listen");
    getsockname(fd, (struct sockaddr *)&where, &len);
    char host[64];
    printf("listening on %s:%d\n", inet_ntop(AF_INET, &where.sin_addr, host, sizeof host), ntohs(where.sin_port));
    fflush(stdout);
    return fd;
}

int main(int argc, char **argv)
{
    struct sockaddr_in listen_at = parse_address("127.0.0.1:0");
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--to") == 0)
            relay.to = parse_address(argv[i + 1]);
        else if (strcmp(argv[i], "--listen") == 0)
            listen_at = parse_address(argv[i + 1]);
        else if (strcmp(argv[i], "--delay") == 0)
            relay.delay_ns = (int64_t)(strtod(argv[i + 1], NULL) * 1e6);
        else if (strcmp(argv[i], "--rate") == 0)
            relay.rate = strtod(argv[i + 1], NULL);
        else if (strcmp(argv[i], "--fault") == 0)
            parse_fault(argv[i + 1]);
    }
    if (relay.to.sin_port == 0) {
        fprintf(stderr,
                "usage: relay --to HOST:PORT [--listen HOST:PORT] [--delay MS] [--rate BYTES] [--fault FAULT]\n");
        return 2;
    }
    struct sigaction on = {.sa_handler = on_signal};
    sigaction(SIGINT, &on, NULL);
    sigaction(SIGTERM, &on, NULL);
    serve(listen_on(listen_at));
    printf("{\"connections\": %llu, \"requests\": %llu, \"bytes_up\": %llu, \"bytes_down\": %llu}\n",
           (unsigned long long)relay.connections, (unsigned long long)relay.requests,
           (unsigned long long)relay.bytes[0], (unsigned long long)relay.bytes[1]);
    return 0;
}
