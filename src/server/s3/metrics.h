/* metrics.h: what the server counts, as Prometheus reads it, and the access log.
 *
 *     TIME REQUEST-ID PEER KEY OPERATION "METHOD TARGET" STATUS in=BYTES out=BYTES us=MICROSECONDS [cut]
 *
 * N1  No secret gets into a log: the values of X-Amz-Signature and X-Amz-Security-Token are left out of the target.
 * N2  A line is one write() to a file opened for appending; what a client sends cannot break it.
 *
 * Threads  Any.
 */
#ifndef NL_SERVER_S3_METRICS_H
#define NL_SERVER_S3_METRICS_H

#include <pthread.h>

#include "base/buf.h"
#include "server/http/http.h"

#define S3_METRIC_OPERATIONS 64
#define S3_METRIC_STATUSES   24
#define S3_METRIC_BOUNDS     14

typedef struct s3_metric {
    const char *operation; /* static */
    unsigned status[S3_METRIC_STATUSES];
    uint64_t count[S3_METRIC_STATUSES];
    uint64_t within[S3_METRIC_BOUNDS + 1]; /* requests by latency; the last: longer than all bounds */
    uint64_t ns;
} s3_metric;

typedef struct s3_metrics {
    pthread_mutex_t mutex; /* guards all */
    s3_metric list[S3_METRIC_OPERATIONS];
    size_t n;
    uint64_t received, sent, cut;
    int log; /* -1: none */
    char *log_path;
} s3_metrics;

/* log_path: NULL: no log; "-": standard output. On failure there is nothing to free. */
int s3_metrics_init(s3_metrics *m, const char *log_path, nl_error *err);
void s3_metrics_free(s3_metrics *m);
/* Open the log again by its name: somebody moved it away. The old one stays where that fails. */
int s3_metrics_reopen(s3_metrics *m, nl_error *err);
/* A request is over. operation is static; key: the access key, or "-". */
void s3_metrics_take(s3_metrics *m, const http_request *http, const char *operation, const char *key);
/* Prometheus' text format, appended. */
int s3_metrics_write(s3_metrics *m, const http_server *http, nl_buf *out, nl_error *err);

#endif
