/* context.c: the store, the catalog, the signals and the end of a command. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/str.h"
#include "catalog/catalog.h"
#include "cli/context.h"

/* Give a SIGHUP to who asked for it. False: nobody, it ends the command. */
static bool hang_up(struct cli_context *x)
{
    pthread_mutex_lock(&x->mutex);
    bool taken = x->hangup != NULL;
    if (taken)
        x->hangup(x->hangup_arg);
    pthread_mutex_unlock(&x->mutex);
    return taken;
}

/* Waits for signals: the first sets the token, the second ends the process. SIGUSR1 is the end of the thread itself. */
static void *wait_for_signals(void *arg)
{
    struct cli_context *x = arg;
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    for (int n = 0;; n++) {
        int signal;
        if (sigwait(&set, &signal) != 0 || signal == SIGUSR1)
            return NULL;
        if (signal == SIGHUP && hang_up(x)) {
            n--;
            continue;
        }
        if (n > 0)
            _exit(CLI_INTERRUPTED);
        x->signal = signal;
        pthread_mutex_lock(&x->mutex);
        /* Before the token is set: what is asked of the store from then on takes back what was done. */
        if (x->store)
            nl_store_interrupt(x->store);
        nl_cancel_set(&x->cancel);
        eventfd_write(x->wake_fd, 1);
        if (x->interrupt)
            x->interrupt(x->interrupt_arg);
        pthread_mutex_unlock(&x->mutex);
    }
}

int cli_context_init(struct cli_context *x, nl_error *err)
{
    *x = (struct cli_context){.started_ns = nl_monotonic_ns(), .wake_fd = eventfd(0, EFD_CLOEXEC)};
    nl_cancel_init(&x->cancel);
    pthread_mutex_init(&x->mutex, NULL);
    signal(SIGPIPE, SIG_IGN);
    signal(SIGXFSZ, SIG_IGN); /* a limit on file sizes is a write error too */
    if (x->wake_fd < 0)
        return nl_fail_errno(err, errno, "prepare for signals");
    sigset_t set;
    sigemptyset(&set);
    sigaddset(&set, SIGINT);
    sigaddset(&set, SIGTERM);
    sigaddset(&set, SIGHUP);
    sigaddset(&set, SIGUSR1);
    int rc = pthread_sigmask(SIG_BLOCK, &set, NULL);
    if (rc == 0)
        rc = pthread_create(&x->signals, NULL, wait_for_signals, x);
    if (rc)
        return nl_fail_errno(err, rc, "start the thread that waits for signals");
    x->has_signals = true;
    return NL_OK;
}

/* What the network was asked for, for -v. */
static void print_stats(const struct cli_context *x)
{
    nl_store_stats s = {0};
    if (x->store)
        nl_store_get_stats(x->store, &s);
    char received[32], sent[32], cached[32], time[32];
    fprintf(stderr, "%llu request%s (%llu %s) on %llu connection%s, %s received, %s sent",
            (unsigned long long)s.requests, s.requests == 1 ? "" : "s", (unsigned long long)s.retries,
            s.retries == 1 ? "retry" : "retries", (unsigned long long)s.connections, s.connections == 1 ? "" : "s",
            nl_format_size(s.bytes_received, received), nl_format_size(s.bytes_sent, sent));
    if (s.cache_hits || s.cache_failures)
        fprintf(stderr, ", %llu range%s (%s) from the cache", (unsigned long long)s.cache_hits,
                s.cache_hits == 1 ? "" : "s", nl_format_size(s.cache_bytes, cached));
    if (s.cache_failures)
        fprintf(stderr, " (%llu of its files damaged or not written)", (unsigned long long)s.cache_failures);
    fprintf(stderr, ", %s\n", nl_format_duration(nl_monotonic_ns() - x->started_ns, time));
}

void cli_context_free(struct cli_context *x)
{
    if (x->verbose)
        print_stats(x);
    nl_catalog_free(x->catalog);
    pthread_mutex_lock(&x->mutex);
    nl_store *store = x->store;
    x->store = NULL;
    pthread_mutex_unlock(&x->mutex);
    nl_store_free(store);
    if (x->has_signals) {
        pthread_kill(x->signals, SIGUSR1);
        pthread_join(x->signals, NULL);
    }
    if (x->wake_fd >= 0)
        close(x->wake_fd);
    pthread_mutex_destroy(&x->mutex);
    nl_cancel_destroy(&x->cancel);
}

void cli_on_interrupt(struct cli_context *x, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&x->mutex);
    x->interrupt = fn;
    x->interrupt_arg = arg;
    pthread_mutex_unlock(&x->mutex);
}

int cli_read_input(struct cli_context *x, void *to, size_t len, size_t *n, nl_error *err)
{
    for (;;) {
        struct pollfd fds[] = {{.fd = STDIN_FILENO, .events = POLLIN}, {.fd = x->wake_fd, .events = POLLIN}};
        *n = 0;
        int rc = poll(fds, 2, -1) < 0 && errno != EINTR ? nl_fail_errno(err, errno, "wait for standard input")
                                                        : nl_cancel_check(&x->cancel, err);
        if (rc)
            return rc;
        if (!fds[0].revents)
            continue;
        ssize_t got = read(STDIN_FILENO, to, len);
        if (got < 0 && (errno == EINTR || errno == EAGAIN))
            continue;
        if (got < 0)
            return nl_fail_errno(err, errno, "read standard input");
        *n = (size_t)got;
        return NL_OK;
    }
}

/* The value of an option that not every command has. */
static const char *value_if_any(const struct cli_args *a, const char *name)
{
    for (const struct cli_option *o = a->command->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return cli_value(a, name);
    return NULL;
}

/* The same for a flag. */
static bool flag_if_any(const struct cli_args *a, const char *name)
{
    for (const struct cli_option *o = a->command->options; o && o->name; o++)
        if (strcmp(o->name, name) == 0)
            return cli_flag(a, name);
    return false;
}

int cli_store(struct cli_context *x, const struct cli_args *a, nl_store **out, nl_error *err)
{
    if (!x->store) {
        nl_store_options o = {.endpoint_url = value_if_any(a, "endpoint-url"),
                              .profile = value_if_any(a, "profile"),
                              .anonymous = flag_if_any(a, "no-sign-request"),
                              .requester_pays = value_if_any(a, "request-payer") != NULL};
        nl_store *store;
        const char *size = value_if_any(a, "cache-size");
        o.cache_dir = value_if_any(a, "cache-dir");
        if (size && !nl_parse_size(size, &o.cache_bytes))
            return nl_fail(err, NL_INVALID, "--cache-size is a size such as 10GiB, not '%s'", size);
        int rc = nl_store_new(&o, &store, err);
        if (rc)
            return rc;
        pthread_mutex_lock(&x->mutex);
        x->store = store;
        pthread_mutex_unlock(&x->mutex);
    }
    *out = x->store;
    return NL_OK;
}

/* Load the catalog at path. Where a C catalog does not compile, all that the compiler said comes before the error. */
static int load_catalog(struct cli_context *x, const char *path, nl_error *err)
{
    nl_buf said = {0};
    int rc = catalog_load(path, &said, &x->catalog, err);
    if (rc && said.len)
        fwrite(said.data, 1, said.len, stderr);
    nl_buf_free(&said);
    return rc;
}

int cli_catalog(struct cli_context *x, const struct cli_args *a, bool optional, nl_catalog **out, nl_error *err)
{
    const char *path = value_if_any(a, "catalog");
    char *found = NULL;
    int rc = NL_OK;
    if (!x->catalog && !path) {
        rc = catalog_discover_path(&found, err);
        path = found;
        /* No catalog at all is fine for who can do without; one that cannot be loaded is not. */
        if (rc == NL_NOT_FOUND && optional) {
            nl_error_clear(err);
            rc = NL_OK;
        }
    }
    if (rc == NL_OK && !x->catalog && path)
        rc = load_catalog(x, path, err);
    free(found);
    if (rc == NL_OK)
        rc = nl_cancel_check(&x->cancel, err); /* a compiler may have taken its time */
    *out = x->catalog;
    return rc;
}

int cli_flush(nl_error *err)
{
    if (fflush(stdout) != 0 || ferror(stdout))
        return nl_fail_errno(err, errno ? errno : EIO, "write to standard output");
    return NL_OK;
}

void cli_on_hangup(struct cli_context *x, void (*fn)(void *arg), void *arg)
{
    pthread_mutex_lock(&x->mutex);
    x->hangup = fn;
    x->hangup_arg = arg;
    pthread_mutex_unlock(&x->mutex);
}
