/* context.h: what commands share: the cancel token that Ctrl-C sets, one store, the catalog, verbosity. */
#ifndef NL_CLI_CONTEXT_H
#define NL_CLI_CONTEXT_H

#include <pthread.h>
#include <stdbool.h>

#include <neuralake/catalog.h>
#include <neuralake/store.h>

#include "base/cancel.h"
#include "cli/command.h"

struct cli_context {
    nl_cancel cancel;
    bool verbose;
    nl_store *store;     /* made by cli_store() at first use; set under mutex, since the signal thread interrupts it */
    nl_catalog *catalog; /* made by cli_catalog() */
    int64_t started_ns;
    pthread_t signals; /* the thread that waits for them */
    bool has_signals;
    int wake_fd; /* an eventfd that the first signal makes readable: ends a wait for input. -1: none */
    /* Called by the signal thread beside setting the token (to interrupt an engine). Guarded by mutex. */
    pthread_mutex_t mutex;
    void (*interrupt)(void *arg);
    void *interrupt_arg;
    /* Called by the signal thread for each SIGHUP, which then ends nothing. Guarded by mutex. */
    void (*hangup)(void *arg);
    void *hangup_arg;
    _Atomic int signal; /* the signal that arrived, 0: none */
};

/* Blocks SIGINT, SIGTERM and SIGHUP in all threads to come, and lets one thread wait for them: the first one sets the
 * token, a second one ends the process at once. SIGPIPE is ignored: a closed pipe is a write error. */
int cli_context_init(struct cli_context *x, nl_error *err);
/* With -v: requests and bytes to standard error. */
void cli_context_free(struct cli_context *x);
/* What the signal thread calls for SIGHUP instead of ending the command; NULL: nothing, it ends. No call is under way when
 * this returns. */
void cli_on_hangup(struct cli_context *x, void (*fn)(void *arg), void *arg);
/* What the signal thread calls beside setting the token; NULL: nothing. */
void cli_on_interrupt(struct cli_context *x, void (*fn)(void *arg), void *arg);

/* Read up to len bytes of standard input; *n is 0 at its end. NL_CANCELLED once a signal arrived, also while waiting. */
int cli_read_input(struct cli_context *x, void *to, size_t len, size_t *n, nl_error *err);

/* The store, with the options that the command has of CLI_OPTION_ENDPOINT, CLI_OPTIONS_WHO and CLI_OPTIONS_CACHE.
 * Owned by x. */
int cli_store(struct cli_context *x, const struct cli_args *a, nl_store **out, nl_error *err);
/* The catalog of --catalog, or the default. Owned by x. With optional, none found is NL_OK and *out NULL. */
int cli_catalog(struct cli_context *x, const struct cli_args *a, bool optional, nl_catalog **out, nl_error *err);

/* Flush standard output. NL_IO where it was closed or the disk is full. */
int cli_flush(nl_error *err);

#endif
