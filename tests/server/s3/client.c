/* client.c: sockets, blocking. */
#include "client.h"

#include <arpa/inet.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "s3proto/sigv4.h"
#include "s3proto/time.h"

int client_port(const char *url)
{
    return (int)strtol(strrchr(url, ':') + 1, NULL, 10);
}

void client_close(struct client *c)
{
    if (c->fd >= 0)
        close(c->fd);
    c->fd = -1;
}

void reply_free(struct reply *r)
{
    nl_buf_free(&r->head);
    nl_buf_free(&r->body);
}

static int connect_to(int port)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in a = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
    struct timeval limit = {.tv_sec = 30}; /* less than the idle time-out of the server */
    a.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof(limit));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (!connect(fd, (struct sockaddr *)&a, sizeof(a)))
        return fd;
    close(fd);
    return -1;
}

static int send_all(int fd, const char *data, size_t len)
{
    while (len > 0) {
        ssize_t n = send(fd, data, len, MSG_NOSIGNAL);
        if (n <= 0)
            return -1;
        data += n;
        len -= (size_t)n;
    }
    return 0;
}

/* Read until the buffer has `want` bytes, or, with an end, until it holds that text. */
static int fill(int fd, nl_buf *b, size_t want, const char *end)
{
    while (end ? !b->len || !strstr(b->data, end) : b->len < want) {
        if (nl_buf_reserve(b, 65536, NULL))
            return -1;
        ssize_t n = recv(fd, b->data + b->len, 65536, 0);
        if (n <= 0)
            return -1;
        b->len += (size_t)n;
        b->data[b->len] = '\0';
    }
    return 0;
}

static int read_reply(int fd, bool is_head, struct reply *out)
{
    nl_buf all = {0};
    long length = 0;
    int rc = -1;
    do { /* pass by any 100 Continue */
        if (all.len) {
            char *rest = strstr(all.data, "\r\n\r\n") + 4;
            all.len -= (size_t)(rest - all.data);
            memmove(all.data, rest, all.len + 1);
        }
        if (fill(fd, &all, 0, "\r\n\r\n"))
            goto out;
        out->status = (int)strtol(all.data + 9, NULL, 10);
    } while (out->status == 100);
    size_t head = (size_t)(strstr(all.data, "\r\n\r\n") - all.data) + 4;
    nl_buf_append(&out->head, all.data, head, NULL);
    char *l = strcasestr(out->head.data, "\r\ncontent-length:");
    if (l && !is_head && out->status != 304)
        length = strtol(l + 17, NULL, 10);
    if (fill(fd, &all, head + (size_t)length, NULL))
        goto out;
    nl_buf_append(&out->body, all.data + head, (size_t)length, NULL);
    rc = 0;
out:
    nl_buf_free(&all);
    return rc;
}

static void exchange(struct client *c, const char *data, size_t len, bool is_head, struct reply *out)
{
    nl_buf_clear(&out->head);
    nl_buf_clear(&out->body);
    out->status = 0;
    if (c->fd < 0)
        c->fd = connect_to(c->port);
    if (c->fd < 0)
        return;
    send_all(c->fd, data, len); /* an answer may come although the body was not all taken */
    if (read_reply(c->fd, is_head, out)) {
        out->status = 0;
        client_close(c);
    } else if (strcasestr(out->head.data, "\r\nconnection: close")) {
        client_close(c);
    }
}

void client_raw(struct client *c, const void *data, size_t len, struct reply *out)
{
    exchange(c, data, len, false, out);
}

#define MOST_HEADERS 16

/* The x-amz-… lines of extra as pairs; they point into a copy. */
static size_t take_extra(char *copy, s3_pair *out, size_t n)
{
    char *save;
    for (char *line = strtok_r(copy, "\r\n", &save); line && n < MOST_HEADERS; line = strtok_r(NULL, "\r\n", &save)) {
        char *colon = strchr(line, ':');
        if (!colon || strncasecmp(line, "x-amz-", 6))
            continue;
        *colon = '\0';
        out[n++] = (s3_pair){line, colon + 2};
    }
    return n;
}

static void write_request(const struct client *c, const char *method, const char *target, const char *extra,
                          const void *body, size_t len, nl_buf *text)
{
    char now[S3_TIME_BASIC], host[64], hash[S3_SHA256_HEX], copy[2048];
    nl_arena arena = {0};
    s3_time_basic(nl_wall_ns() / 1000000000, now);
    snprintf(host, sizeof(host), "%s", c->host ? c->host : "");
    if (!c->host)
        snprintf(host, sizeof(host), "127.0.0.1:%d", c->port);
    s3_sha256_hex(body, len, hash);
    snprintf(copy, sizeof(copy), "%s", extra ? extra : "");
    const char *time = c->time ? c->time : now, *payload = c->payload ? c->payload : hash;
    s3_pair headers[MOST_HEADERS] = {{"host", host}, {"x-amz-date", time}, {"x-amz-content-sha256", payload}};
    size_t n = take_extra(copy, headers, 3), path_len;
    const char *query;
    s3_target_split(target, &path_len, &query);
    s3_sign_request r = {.method = method, .headers = headers, .n_headers = n, .payload = payload};
    r.path = nl_arena_strndup(&arena, target, path_len);
    s3_pair *pairs = NULL;
    if (query)
        s3_query_parse(&arena, query, strlen(query), &pairs, &r.n_query, NULL);
    r.query = pairs;
    nl_buf_printf(text, NULL, "%s %s HTTP/1.1\r\nHost: %s\r\nx-amz-date: %s\r\nx-amz-content-sha256: %s\r\n%s", method,
                  target, host, time, payload, extra ? extra : "");
    if (c->access_key) {
        s3_scope scope = {.region = "us-east-1", .service = "s3"};
        uint8_t key[32];
        memcpy(scope.date, time, 8);
        nl_buf_puts(text, "Authorization: ", NULL);
        s3_signing_key(c->secret_key, &scope, key, NULL);
        s3_sign(text, &r, c->access_key, key, &scope, time, NULL, NULL);
        nl_buf_puts(text, "\r\n", NULL);
    }
    nl_buf_printf(text, NULL, "Content-Length: %zu\r\n\r\n", len);
    nl_buf_append(text, body, len, NULL);
    nl_arena_free(&arena);
}

void client_request(struct client *c, const char *method, const char *target, const char *extra, const void *body,
                    size_t len, struct reply *out)
{
    nl_buf text = {0};
    write_request(c, method, target, extra, body, len, &text);
    exchange(c, text.data, text.len, !strcmp(method, "HEAD"), out);
    nl_buf_free(&text);
}

bool client_cut(struct client *c, const char *method, const char *target, const void *body, size_t len, size_t missing,
                struct reply *out)
{
    nl_buf text = {0};
    ssize_t got = -1;
    nl_buf_clear(&out->head);
    write_request(c, method, target, NULL, body, len, &text);
    client_close(c);
    c->fd = connect_to(c->port);
    size_t n = text.len - missing;
    if (c->fd >= 0 && send(c->fd, text.data, n, MSG_NOSIGNAL | MSG_MORE) == (ssize_t)n && !shutdown(c->fd, SHUT_WR))
        while (!nl_buf_reserve(&out->head, 4096, NULL) &&
               (got = recv(c->fd, out->head.data + out->head.len, 4096, 0)) > 0)
            out->head.len += (size_t)got;
    bool closed = got == 0 || (got < 0 && errno == ECONNRESET);
    out->head.data[out->head.len] = '\0';
    out->status = out->head.len > 9 ? (int)strtol(out->head.data + 9, NULL, 10) : 0;
    client_close(c);
    nl_buf_free(&text);
    return closed;
}
