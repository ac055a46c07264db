/* server.h: the embedded S3 server: one root folder, one listening address, one process.
 *
 *     s3_server_start() ──▶ listening, answers requests on its own threads ──▶ s3_server_stop()
 *
 * Threads  start, stop and url belong to one thread (or are serialised by the caller); requests run on the server's own.
 * Errors   As in neuralake/error.h. start says: the root is in use (NL_CONFLICT, names the process), the port is in use
 *          (NL_CONFLICT), the credentials file is wrong (NL_INVALID with line and column), the root cannot be used.
 */
#ifndef NL_SERVER_S3_SERVER_H
#define NL_SERVER_S3_SERVER_H

#include <stddef.h>
#include <stdint.h>

#include "base/error.h"

#define S3_DEFAULT_HOST "127.0.0.1"
#define S3_DEFAULT_PORT 9000

/* What a write must have reached before it is answered. */
enum s3_durability {
    S3_DURABILITY_FULL = 0, /* data and folders are synced: survives a power cut */
    S3_DURABILITY_RENAME, /* whole or not at all, survives kill -9; a power cut may lose the last seconds; at a stop all
                               is synced */
    S3_DURABILITY_NONE,   /* the same, and nothing is ever synced: for data that can be made again */
};

/* Whom /-/metrics answers; others are told that there is nothing. */
enum s3_metrics_for {
    S3_METRICS_FOR_THIS_MACHINE = 0, /* connections from a loopback address */
    S3_METRICS_FOR_ALL,
    S3_METRICS_FOR_NOBODY,
};

/* A zeroed structure with a root is a good start. Strings are copied. */
struct s3_server_options {
    const char *root;              /* made where it is missing; NULL: s3_state_default_root() */
    const char *host;              /* an address or a name; NULL: S3_DEFAULT_HOST */
    int port;                      /* 0: a free one; S3_DEFAULT_PORT is the caller's default */
    const char *credentials_file;  /* YAML; NULL: a random pair made for this root, kept in it (mode 0600) */
    const char *const *host_names; /* further names that a Host header may have; n_host_names of them */
    size_t n_host_names;
    const char *access_log;         /* a file, appended to; "-": standard output; NULL: none */
    const char *tls_cert, *tls_key; /* PEM files, both or none */
    enum s3_durability durability;
    enum s3_metrics_for metrics_for;
    size_t max_connections; /* 0: 4096, or less where the limit of open files is lower */
    unsigned idle_timeout;  /* seconds without a byte until a connection is closed; 0: 60 */
    size_t poll_threads;    /* threads that read, hash and send; 0: one a core, at least 2 */
    size_t disk_threads;    /* threads that wait for the disk; 0: 16 */
};

struct s3_server;

/* Start. When this returns NL_OK the server takes requests. *out is yours: s3_server_stop(). */
int s3_server_start(const struct s3_server_options *options, struct s3_server **out, nl_error *err);

/* "http://127.0.0.1:9000", with the port that was really taken. Owned by the server. */
const char *s3_server_url(const struct s3_server *server);

/* Read the credentials file again, and open the access log again. On failure (the file is wrong) what was goes on: requests
 * see the old keys or the new ones. From one thread at a time, also while others serve. */
int s3_server_reload(struct s3_server *server, nl_error *err);

/* Graceful: no new connection, requests under way are finished (at most 10 seconds), then everything is released and the
 * root is free again. NULL is fine. */
void s3_server_stop(struct s3_server *server);

#endif
