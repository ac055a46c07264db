/* server.c: start and stop: root, keys, listening socket, server.json, in this order, and back. */
#include "server/s3/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/io/sink.h"
#include "base/log.h"
#include "server/s3/internal.h"
#include "server/s3/state.h"
#include "server/s3/state_files.h"

#define GRACE_SECONDS 10
#define PEM_MAX       ((size_t)1 << 20)

/* ── keys ── */

/* The file's keys with one reference. */
static int read_keys(const char *file, s3_credentials **out, nl_error *err)
{
    *out = calloc(1, sizeof(**out));
    if (!*out)
        return nl_fail_memory(err);
    int rc = s3_credentials_load(file, *out, err);
    if (rc) {
        free(*out);
        *out = NULL;
        return rc;
    }
    (*out)->refs = 1;
    return NL_OK;
}

s3_credentials *s3_server_keys(struct s3_server *s)
{
    pthread_mutex_lock(&s->keys_mutex);
    s3_credentials *keys = s->keys;
    keys->refs++;
    pthread_mutex_unlock(&s->keys_mutex);
    return keys;
}

void s3_server_keys_release(struct s3_server *s, s3_credentials *keys)
{
    if (!keys)
        return;
    pthread_mutex_lock(&s->keys_mutex);
    bool last = --keys->refs == 0;
    pthread_mutex_unlock(&s->keys_mutex);
    if (!last)
        return;
    s3_credentials_free(keys);
    free(keys);
}

int s3_server_reload(struct s3_server *s, nl_error *err)
{
    s3_credentials *keys;
    int rc = read_keys(s->credentials_file, &keys, err);
    if (rc) {
        nl_note(err, "the keys stay as they were");
        return rc;
    }
    pthread_mutex_lock(&s->keys_mutex);
    s3_credentials *old = s->keys;
    s->keys = keys;
    pthread_mutex_unlock(&s->keys_mutex);
    s3_server_keys_release(s, old);
    return s3_metrics_reopen(&s->metrics, err);
}

/* The credentials file that was named, or the one of this root, made where it is missing. */
static int load_credentials(struct s3_server *s, const struct s3_server_options *o, const char *root, nl_error *err)
{
    int rc = NL_OK;
    char *own = o->credentials_file ? NULL : s3_state_path(root, "credentials.yaml");
    const char *file = own ? own : o->credentials_file;
    if (!file)
        return nl_fail_memory(err);
    if (own)
        rc = s3_credentials_make(own, err);
    if (!rc)
        rc = read_keys(file, &s->keys, err);
    /* server.json is read from other folders, and a server may change its own. */
    if (!rc && !(s->credentials_file = realpath(file, NULL)))
        rc = nl_fail_errno(err, errno, "cannot find %s", file);
    free(own);
    return rc;
}

/* A PEM file, as text. */
static int read_pem(const char *path, char **out, nl_error *err)
{
    nl_buf text = {0};
    int rc = nl_read_file(path, PEM_MAX, &text, err);
    if (!rc && !(*out = strndup(text.data ? text.data : "", text.len)))
        rc = nl_fail_memory(err);
    if (text.data)
        explicit_bzero(text.data, text.len);
    nl_buf_free(&text);
    return rc;
}

static int load_tls(struct s3_server *s, const struct s3_server_options *o, nl_error *err)
{
    if (!o->tls_cert && !o->tls_key)
        return NL_OK;
    if (!o->tls_cert || !o->tls_key)
        return nl_fail(err, NL_INVALID, "TLS needs a certificate and its key");
    int rc = read_pem(o->tls_cert, &s->tls_cert, err);
    return rc ? rc : read_pem(o->tls_key, &s->tls_key, err);
}

static int listen_http(struct s3_server *s, const struct s3_server_options *o, nl_error *err)
{
    const struct http_server_options http = {
        .host = o->host ? o->host : S3_DEFAULT_HOST,
        .port = o->port,
        .host_names = o->host_names,
        .n_host_names = o->n_host_names,
        .max_connections = o->max_connections,
        .idle_timeout = o->idle_timeout,
        .poll_threads = o->poll_threads,
        .disk_threads = o->disk_threads,
        .tls_cert = s->tls_cert,
        .tls_key = s->tls_key,
        .handler = &s3_http_handler,
        .app = s,
    };
    int rc = http_server_start(&http, &s->http, err);
    if (!rc && !o->credentials_file && !http_server_is_loopback(s->http)) {
        rc = nl_fail(err, NL_INVALID, "%s is not a loopback address, and no credentials file is given", http.host);
        nl_hint(err, "give keys of your own with --credentials FILE to be reached from other machines");
    }
    return rc;
}

static int start(struct s3_server *s, const struct s3_server_options *o, const char *root, nl_error *err)
{
    int rc = s3_metrics_init(&s->metrics, o->access_log, err);
    s->has_metrics = !rc;
    s->metrics_for = o->metrics_for;
    s->sync_at_end = o->durability == S3_DURABILITY_RENAME;
    if (!rc)
        rc = s3_disk_open(root, o->durability == S3_DURABILITY_FULL, &s->disk, err);
    if (!rc) /* what a killed server left would be found while this one starts */
        unlinkat(s->disk->state, "server.json", 0);
    if (!rc)
        rc = load_credentials(s, o, root, err);
    if (!rc && getrandom(s->session_key, sizeof(s->session_key), 0) != sizeof(s->session_key))
        rc = nl_fail(err, NL_IO, "no random bytes");
    if (!rc)
        rc = load_tls(s, o, err);
    if (!rc)
        rc = listen_http(s, o, err);
    if (!rc)
        rc = s3_state_write(root, http_server_url(s->http), s->credentials_file, err);
    return rc;
}

int s3_server_start(const struct s3_server_options *o, struct s3_server **out, nl_error *err)
{
    char *root = NULL;
    *out = NULL;
    struct s3_server *s = calloc(1, sizeof(*s));
    int rc = s ? NL_OK : nl_fail_memory(err);
    if (s) {
        uint64_t seed = 0;
        if (getrandom(&seed, sizeof(seed), 0) != sizeof(seed))
            rc = nl_fail(err, NL_IO, "no random bytes");
        pthread_mutex_init(&s->keys_mutex, NULL);
        s3_tries_init(&s->tries, seed);
    }
    if (!rc && o->root) {
        root = strdup(o->root);
        rc = root ? NL_OK : nl_fail_memory(err);
    } else if (!rc) {
        rc = s3_state_default_root(&root, err);
    }
    if (!rc)
        rc = start(s, o, root, err);
    free(root);
    if (rc) {
        s3_server_stop(s);
        return rc;
    }
    *out = s;
    return NL_OK;
}

const char *s3_server_url(const struct s3_server *s)
{
    return http_server_url(s->http);
}

void s3_server_stop(struct s3_server *s)
{
    if (!s)
        return;
    http_server_stop(s->http, GRACE_SECONDS);
    /* Only who has the lock may take the file away: a later server's is not ours. */
    if (s->disk)
        unlinkat(s->disk->state, "server.json", 0);
    if (s->disk && s->sync_at_end && syncfs(s->disk->root))
        nl_log("server/s3", NL_LOG_ERROR, "cannot sync the root: errno %d", errno);
    s3_disk_close(s->disk);
    s3_server_keys_release(s, s->keys);
    if (s->has_metrics)
        s3_metrics_free(&s->metrics);
    if (s->tls_key)
        explicit_bzero(s->tls_key, strlen(s->tls_key));
    free(s->tls_cert);
    free(s->tls_key);
    free(s->credentials_file);
    s3_tries_free(&s->tries);
    pthread_mutex_destroy(&s->keys_mutex);
    free(s);
}
