/* metrics.c: counting, and saying it. */
#include "server/s3/metrics.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "s3proto/time.h"
#include "server/s3/disk/file.h"

static const double bounds[S3_METRIC_BOUNDS] = {0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01,
                                                0.025,  0.05,    0.1,    0.5,   1,      5,     30};

static int open_log(const char *path, int *fd, nl_error *err)
{
    *fd = -1;
    if (!path)
        return NL_OK;
    *fd = strcmp(path, "-") ? open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0640)
                            : fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    return *fd >= 0 ? NL_OK : nl_fail_errno(err, errno, "cannot open the access log %s", path);
}

int s3_metrics_init(s3_metrics *m, const char *log_path, nl_error *err)
{
    *m = (s3_metrics){.log = -1};
    m->log_path = log_path ? strdup(log_path) : NULL;
    if (log_path && !m->log_path)
        return nl_fail_memory(err);
    int rc = open_log(log_path, &m->log, err);
    if (rc) {
        free(m->log_path);
        m->log_path = NULL;
        return rc;
    }
    pthread_mutex_init(&m->mutex, NULL);
    return NL_OK;
}

void s3_metrics_free(s3_metrics *m)
{
    if (m->log >= 0)
        close(m->log);
    free(m->log_path);
    pthread_mutex_destroy(&m->mutex);
}

int s3_metrics_reopen(s3_metrics *m, nl_error *err)
{
    int fd;
    int rc = open_log(m->log_path, &fd, err);
    if (rc)
        return rc;
    pthread_mutex_lock(&m->mutex);
    int old = m->log;
    m->log = fd;
    pthread_mutex_unlock(&m->mutex);
    if (old >= 0)
        close(old);
    return NL_OK;
}

/* ── counting ── */

/* The row of an operation, made where it is new; a full table counts what is new in its last row. */
static s3_metric *row(s3_metrics *m, const char *operation)
{
    for (size_t i = 0; i < m->n; i++)
        if (m->list[i].operation == operation || !strcmp(m->list[i].operation, operation))
            return &m->list[i];
    if (m->n == S3_METRIC_OPERATIONS)
        return &m->list[m->n - 1];
    m->list[m->n].operation = operation;
    return &m->list[m->n++];
}

static void count(s3_metrics *m, const struct http_outcome *o, const char *operation)
{
    s3_metric *r = row(m, operation);
    size_t s = 0, b = 0;
    while (s + 1 < S3_METRIC_STATUSES && r->count[s] && r->status[s] != o->status)
        s++;
    r->status[s] = o->status;
    r->count[s]++;
    while (b < S3_METRIC_BOUNDS && (double)o->ns / 1e9 > bounds[b])
        b++;
    r->within[b]++;
    r->ns += (uint64_t)o->ns;
    m->received += o->received;
    m->sent += o->sent;
    m->cut += o->cut;
}

/* N1, N2: the target with its secrets left out and what could break a line escaped. */
static int put_target(nl_buf *b, const char *target, nl_error *err)
{
    static const char *const secrets[] = {"X-Amz-Signature=", "X-Amz-Security-Token=", "Signature="};
    int rc = NL_OK;
    for (const char *p = target; *p && !rc;) {
        bool starts = p > target && (p[-1] == '?' || p[-1] == '&');
        size_t skip = 0;
        for (size_t i = 0; i < sizeof(secrets) / sizeof(secrets[0]) && starts; i++)
            if (!strncasecmp(p, secrets[i], strlen(secrets[i])))
                skip = strlen(secrets[i]);
        if (skip) {
            rc = nl_buf_printf(b, err, "%.*s...", (int)skip, p);
            p += skip + strcspn(p + skip, "&");
            continue;
        }
        unsigned char c = (unsigned char)*p++;
        rc = c > ' ' && c < 0x7F && c != '"' && c != '\\' ? nl_buf_putc(b, (char)c, err)
                                                          : nl_buf_printf(b, err, "\\x%02x", c);
    }
    return rc;
}

static int make_line(nl_buf *b, const http_request *http, const struct http_outcome *o, const char *operation,
                     const char *key)
{
    char time[S3_TIME_ISO], peer[64];
    int64_t now = nl_wall_ns();
    http_request_peer(http, peer);
    const char *method = http_request_method(http);
    s3_time_iso(now / 1000000000, (int)(now % 1000000000 / 1000000), time);
    int rc = nl_buf_printf(b, NULL, "%s %s %s %s %s \"", time, http_request_id(http), peer, key, operation);
    if (!rc)
        rc = put_target(b, method ? method : "-", NULL);
    if (!rc)
        rc = nl_buf_putc(b, ' ', NULL);
    if (!rc)
        rc = put_target(b, http_request_target(http), NULL);
    return rc ? rc
              : nl_buf_printf(b, NULL, "\" %u in=%" PRIu64 " out=%" PRIu64 " us=%" PRId64 "%s\n", o->status,
                              o->received, o->sent, o->ns / 1000, o->cut ? " cut" : "");
}

void s3_metrics_take(s3_metrics *m, const http_request *http, const char *operation, const char *key)
{
    struct http_outcome o;
    nl_buf line = {0};
    http_request_outcome(http, &o);
    bool made = m->log_path && make_line(&line, http, &o, operation, key) == NL_OK;
    pthread_mutex_lock(&m->mutex);
    count(m, &o, operation);
    /* A log that cannot be written loses lines; the server goes on. */
    ssize_t n = made && m->log >= 0 ? write(m->log, line.data, line.len) : 0;
    (void)n;
    pthread_mutex_unlock(&m->mutex);
    nl_buf_free(&line);
}

/* ── saying ── */

static int put_histogram(const s3_metric *r, nl_buf *b, nl_error *err)
{
    static const char name[] = "neuralake_s3_request_duration_seconds";
    uint64_t sum = 0;
    int rc = NL_OK;
    for (size_t i = 0; i < S3_METRIC_BOUNDS && !rc; i++) {
        sum += r->within[i];
        rc = nl_buf_printf(b, err, "%s_bucket{operation=\"%s\",le=\"%g\"} %" PRIu64 "\n", name, r->operation, bounds[i],
                           sum);
    }
    sum += r->within[S3_METRIC_BOUNDS];
    if (!rc)
        rc = nl_buf_printf(b, err, "%s_bucket{operation=\"%s\",le=\"+Inf\"} %" PRIu64 "\n", name, r->operation, sum);
    if (!rc)
        rc = nl_buf_printf(b, err, "%s_sum{operation=\"%s\"} %.9f\n", name, r->operation, (double)r->ns / 1e9);
    return rc ? rc : nl_buf_printf(b, err, "%s_count{operation=\"%s\"} %" PRIu64 "\n", name, r->operation, sum);
}

/* One number with its head. */
static int put_number(nl_buf *b, const char *name, const char *type, const char *help, uint64_t value, nl_error *err)
{
    return nl_buf_printf(b, err, "# HELP neuralake_s3_%s %s\n# TYPE neuralake_s3_%s %s\nneuralake_s3_%s %" PRIu64 "\n",
                         name, help, name, type, name, value);
}

static int put_operations(const s3_metrics *m, nl_buf *b, nl_error *err)
{
    int rc = nl_buf_puts(b,
                         "# HELP neuralake_s3_requests_total Requests that are over, by operation and status.\n"
                         "# TYPE neuralake_s3_requests_total counter\n",
                         err);
    for (size_t i = 0; i < m->n; i++)
        for (size_t s = 0; s < S3_METRIC_STATUSES && m->list[i].count[s] && !rc; s++)
            rc = nl_buf_printf(b, err, "neuralake_s3_requests_total{operation=\"%s\",status=\"%u\"} %" PRIu64 "\n",
                               m->list[i].operation, m->list[i].status[s], m->list[i].count[s]);
    if (!rc)
        rc = nl_buf_puts(b,
                         "# HELP neuralake_s3_request_duration_seconds From the request line to the last byte.\n"
                         "# TYPE neuralake_s3_request_duration_seconds histogram\n",
                         err);
    for (size_t i = 0; i < m->n && !rc; i++)
        rc = put_histogram(&m->list[i], b, err);
    return rc;
}

int s3_metrics_write(s3_metrics *m, const http_server *http, nl_buf *out, nl_error *err)
{
    pthread_mutex_lock(&m->mutex);
    int rc = put_operations(m, out, err);
    if (!rc)
        rc = put_number(out, "received_bytes_total", "counter", "Bytes of request bodies.", m->received, err);
    if (!rc)
        rc = put_number(out, "sent_bytes_total", "counter", "Bytes of answers' bodies.", m->sent, err);
    if (!rc)
        rc = put_number(out, "cut_requests_total", "counter", "Requests whose connection broke.", m->cut, err);
    pthread_mutex_unlock(&m->mutex);
    if (!rc)
        rc = put_number(out, "open_connections", "gauge", "Connections that are open.", http_server_connections(http),
                        err);
    return rc ? rc : put_number(out, "syncs_total", "counter", "Calls of fsync.", s3_file_syncs(), err);
}
