/* client.h: a small S3 client for the server's own tests: one connection, signed requests, nothing hidden. */
#ifndef TESTS_SERVER_S3_CLIENT_H
#define TESTS_SERVER_S3_CLIENT_H

#include <stdbool.h>

#include "base/buf.h"
#include "s3proto/uri.h"

struct client {
    int fd; /* -1: not connected */
    int port;
    const char *access_key, *secret_key; /* NULL: not signed */
    const char *host;                    /* the Host header; NULL: 127.0.0.1:PORT */
    const char *time;                    /* x-amz-date; NULL: now */
    const char *payload;                 /* x-amz-content-sha256; NULL: the body's hash */
};

struct reply {
    int status; /* 0: the connection broke */
    nl_buf head, body;
};

int client_port(const char *url); /* of "http://127.0.0.1:PORT" */
/* Send one request and read its answer; connects where needed. extra: further header lines, "Name: value\r\n…", signed where
 * their names begin with "x-amz-"; may be NULL. */
void client_request(struct client *c, const char *method, const char *target, const char *extra, const void *body,
                    size_t len, struct reply *out);
/* Send these bytes and read one answer. */
void client_raw(struct client *c, const void *data, size_t len, struct reply *out);
/* On a connection of its own, send a request (with at most some KiB of body) without its last bytes, and, in the same
 * segment, the end of the stream; then read until the server closes. False: it does not. out->head has all that came. */
bool client_cut(struct client *c, const char *method, const char *target, const void *body, size_t len, size_t missing,
                struct reply *out);
void client_close(struct client *c);
void reply_free(struct reply *r);

#endif
