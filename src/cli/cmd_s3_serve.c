/* cmd_s3_serve.c: the embedded S3 server in the foreground, and the settings of one that runs. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/error.h"
#include "base/str.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "server/s3/server.h"
#include "server/s3/state.h"

static const char *const durabilities[] = {"full", "rename", "none", NULL};
static const char *const metrics_for[] = {"local", "all", "none", NULL};

/* "HOST:PORT", "[::1]:9000", ":9000": the host into a new string (NULL: the default). */
static int parse_listen(const char *text, char **host, int *port, nl_error *err)
{
    const char *colon = strrchr(text, ':');
    int64_t number;
    if (!colon || !nl_parse_i64(colon + 1, &number) || number < 0 || number > 65535)
        return nl_fail(err, NL_INVALID, "--listen: '%s' is not HOST:PORT with a port from 0 (a free one) to 65535",
                       text);
    size_t len = (size_t)(colon - text);
    if (len >= 2 && text[0] == '[' && text[len - 1] == ']') {
        text++;
        len -= 2;
    }
    *port = (int)number;
    *host = NULL;
    if (len == 0)
        return NL_OK;
    *host = strndup(text, len);
    return *host ? NL_OK : nl_fail_memory(err);
}

static int check_serve(const struct cli_args *a, nl_error *err)
{
    const char *listen = cli_value(a, "listen");
    char *host = NULL;
    int port, rc = listen ? parse_listen(listen, &host, &port, err) : NL_OK;
    free(host);
    return rc;
}

/* Sleep until Ctrl-C or a polite kill. */
static void wait_for_the_end(struct cli_context *x)
{
    pthread_mutex_t mutex = PTHREAD_MUTEX_INITIALIZER;
    pthread_cond_t cond = PTHREAD_COND_INITIALIZER;
    struct nl_cancel_watch watch = {.mutex = &mutex, .cond = &cond};
    nl_cancel_watch(&x->cancel, &watch);
    pthread_mutex_lock(&mutex);
    while (!nl_cancelled(&x->cancel))
        pthread_cond_wait(&cond, &mutex);
    pthread_mutex_unlock(&mutex);
    nl_cancel_unwatch(&x->cancel, &watch);
}

/* For SIGHUP, on the signal thread. */
static void reload(void *server)
{
    nl_error err = {0};
    if (s3_server_reload(server, &err))
        fprintf(stderr, "neuralake s3 serve: %s\n", err.message);
    else
        fputs("neuralake s3 serve: the credentials file was read again\n", stderr);
}

static int run_serve(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    struct s3_server_options o = {.root = cli_value(a, "root"),
                                  .port = S3_DEFAULT_PORT,
                                  .credentials_file = cli_value(a, "credentials")};
    o.host_names = cli_values(a, "host-name");
    while (o.host_names[o.n_host_names])
        o.n_host_names++;
    const char *durability = cli_value(a, "durability"), *listen = cli_value(a, "listen");
    o.durability = !durability || strcmp(durability, "full") == 0 ? S3_DURABILITY_FULL
                   : strcmp(durability, "rename") == 0            ? S3_DURABILITY_RENAME
                                                                  : S3_DURABILITY_NONE;
    const char *metrics = cli_value(a, "metrics");
    o.metrics_for = !metrics || strcmp(metrics, "local") == 0 ? S3_METRICS_FOR_THIS_MACHINE
                    : strcmp(metrics, "all") == 0             ? S3_METRICS_FOR_ALL
                                                              : S3_METRICS_FOR_NOBODY;
    o.access_log = cli_value(a, "access-log");
    o.tls_cert = cli_value(a, "tls-cert");
    o.tls_key = cli_value(a, "tls-key");

    char *host = NULL;
    struct s3_server *server = NULL;
    int rc = listen ? parse_listen(listen, &host, &o.port, err) : NL_OK;
    o.host = host;
    if (rc == NL_OK)
        rc = s3_server_start(&o, &server, err);
    free(host);
    if (rc)
        return rc;
    printf("listening on %s\n", s3_server_url(server));
    rc = cli_flush(err);
    cli_on_hangup(x, reload, server);
    if (rc == NL_OK)
        wait_for_the_end(x);
    cli_on_hangup(x, NULL, NULL);
    s3_server_stop(server);
    return rc;
}

const struct cli_command cli_s3_serve = {
    .path = "s3 serve",
    .operands = "",
    .summary = "Run the local S3 server",
    .description =
        "Objects are plain files below the root. Prints 'listening on http://HOST:PORT' when requests can "
        "be taken, and "
        "runs until Ctrl-C. Without --credentials, a random key pair is made for the root and kept in it; "
        "'neuralake s3 env' "
        "prints it as settings.\n\nThe credentials file is YAML, a list of access_key, secret_key and, "
        "where wanted, name, access (read-only or read-write), buckets and prefixes; an entry 'anonymous: "
        "read-only' with buckets opens these to everybody. SIGHUP reads it again, and opens the access log "
        "again; a file that is wrong changes nothing.\n\n/-/health and /-/metrics (Prometheus) need no key; the latter "
        "answers this machine alone.",
    .options =
        (const struct cli_option[]){
            CLI_OPTION_ROOT,
            {.name = "listen",
             .argument = "HOST:PORT",
             .help = "where to listen, port 0 for a free one (default: 127.0.0.1:9000)"},
            {.name = "credentials",
             .argument = "FILE",
             .complete = CLI_COMPLETE_FILE,
             .help = "a YAML list of the keys that may sign requests"},
            {.name = "host-name",
             .argument = "NAME",
             .repeats = true,
             .help = "accept requests to this host name too (the listen address and localhost always are)"},
            {.name = "durability",
             .argument = "LEVEL",
             .choices = durabilities,
             .complete = CLI_COMPLETE_CHOICES,
             .help =
                 "what a write has reached when it is answered: the disk (full), its name (rename: all is synced at "
                 "the end), or its name and never a sync (none) (default: full)"},
            {.name = "access-log",
             .argument = "FILE",
             .complete = CLI_COMPLETE_FILE,
             .help = "append one line a request; - is standard output"},
            {.name = "metrics",
             .argument = "WHOM",
             .choices = metrics_for,
             .complete = CLI_COMPLETE_CHOICES,
             .help = "whom /-/metrics answers: requests from this machine (local), all, or none (default: local)"},
            {.name = "tls-cert",
             .argument = "FILE",
             .complete = CLI_COMPLETE_FILE,
             .help = "serve https with this certificate (PEM, with its chain)"},
            {.name = "tls-key",
             .argument = "FILE",
             .complete = CLI_COMPLETE_FILE,
             .help = "the certificate's key (PEM)"},
            {0},
        },
    .examples =
        (const struct cli_example[]){
            {"Serve a folder on a free port", "neuralake s3 serve --root ./lake --listen 127.0.0.1:0"},
            {0},
        },
    .check = check_serve,
    .run = run_serve,
};

/* The text inside single quotes of a shell. */
static void print_quoted(const char *s)
{
    putchar('\'');
    for (; *s; s++)
        if (*s == '\'')
            fputs("'\\''", stdout);
        else
            putchar(*s);
    putchar('\'');
}

static void print_export(const char *name, const char *value)
{
    printf("export %s=", name);
    print_quoted(value);
    putchar('\n');
}

static int run_env(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    (void)x;
    char *url, *access_key, *secret_key;
    int rc = s3_state_find(cli_value(a, "root"), &url, &access_key, &secret_key, err);
    if (rc)
        return rc;
    print_export("AWS_ENDPOINT_URL", url);
    print_export("AWS_ACCESS_KEY_ID", access_key);
    print_export("AWS_SECRET_ACCESS_KEY", secret_key);
    print_export("AWS_REGION", "us-east-1");
    /* These would win over the lines above. */
    puts("unset AWS_ENDPOINT_URL_S3 AWS_SESSION_TOKEN AWS_PROFILE");
    free(url);
    free(access_key);
    free(secret_key);
    return NL_OK;
}

const struct cli_command cli_s3_env = {
    .path = "s3 env",
    .operands = "",
    .summary = "Print the settings of the running local S3 server, for eval",
    .description = "Prints shell exports of the standard AWS variables, which every S3 client reads.",
    .options = (const struct cli_option[]){CLI_OPTION_ROOT, {0}},
    .examples =
        (const struct cli_example[]){
            {"Use the local server in this shell", "eval \"$(neuralake s3 env)\""},
            {0},
        },
    .run = run_env,
};
