/* server.c: start and stop: root, keys, listening socket, server.json, in this order, and back. */
#include "server/s3/server.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/io/sink.h"
#include "server/s3/internal.h"
#include "server/s3/state.h"
#include "server/s3/state_files.h"

#define GRACE_SECONDS 10

/* The credentials file that was named, or the one of this root, made where it is missing. *path is the caller's. */
static int load_credentials(struct s3_server *s, const struct s3_server_options *o, const char *root, char **path,
                            nl_error *err)
{
    int rc = NL_OK;
    char *own = o->credentials_file ? NULL : s3_state_path(root, "credentials.yaml");
    const char *file = own ? own : o->credentials_file;
    if (!file)
        return nl_fail_memory(err);
    if (own)
        rc = s3_credentials_make(own, err);
    if (!rc)
        rc = s3_credentials_load(file, &s->credentials, err);
    /* server.json is read from other folders. */
    if (!rc && !(*path = realpath(file, NULL)))
        rc = nl_fail_errno(err, errno, "cannot find %s", file);
    free(own);
    return rc;
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
    char *credentials = NULL;
    int rc = s3_disk_open(root, o->durability == S3_DURABILITY_FULL, &s->disk, err);
    if (!rc) /* what a killed server left would be found while this one starts */
        unlinkat(s->disk->state, "server.json", 0);
    if (!rc)
        rc = load_credentials(s, o, root, &credentials, err);
    if (!rc)
        rc = listen_http(s, o, err);
    if (!rc)
        rc = s3_state_write(root, http_server_url(s->http), credentials, err);
    free(credentials);
    return rc;
}

int s3_server_start(const struct s3_server_options *o, struct s3_server **out, nl_error *err)
{
    char *root = NULL;
    *out = NULL;
    struct s3_server *s = calloc(1, sizeof(*s));
    int rc = s ? NL_OK : nl_fail_memory(err);
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
    s3_disk_close(s->disk);
    s3_credentials_free(&s->credentials);
    free(s);
}
