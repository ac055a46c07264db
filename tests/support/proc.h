/* proc.h: run programs in tests: to their end with their output captured, or as a server in the background.
 *
 *     struct proc_result r = proc_run(&(struct proc_spec){.argv = PROC_ARGS(proc_neuralake(), "--version")});
 *     CHECK_INT(r.status, 0);
 *     proc_result_free(&r);
 *
 *     struct proc *server = proc_start(&(struct proc_spec){.argv = PROC_ARGS(proc_neuralake(), "s3", "serve", …)});
 *     char *line = proc_line(server, 10000);          "listening on http://127.0.0.1:40123"
 *     …
 *     CHECK_INT(proc_stop(server, SIGTERM), 0);
 *
 * P1  Every process is ended by its own pid, and waited for. It dies with the test (PR_SET_PDEATHSIG).
 * P2  No wait is without a limit: a program that is late is killed and reported as PROC_LATE.
 */
#ifndef TEST_SUPPORT_PROC_H
#define TEST_SUPPORT_PROC_H

#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#define PROC_ARGS(...) ((const char *const[]){__VA_ARGS__, NULL})
#define PROC_LATE      (-1)

struct proc_spec {
    const char *const *argv; /* argv[0] is looked up in PATH; NULL ends it */
    const char *const *env; /* changes to this environment: "KEY=value" sets, "KEY" unsets; NULL ends it; may be NULL */
    const char *dir;        /* working folder; NULL: this one */
    const void *in;         /* standard input; NULL: /dev/null */
    size_t in_len;
    int limit_ms; /* for the whole run; 0: 60,000 */
};

struct proc_result {
    int status; /* exit code, 128 + signal, or PROC_LATE; 127: could not be started */
    char *out;  /* standard output and error, each with a zero byte after it */
    size_t out_len;
    char *err;
    size_t err_len;
    long max_rss_kib; /* the most memory that was resident */
};

/* Run to the end. The texts are yours: proc_result_free(). */
struct proc_result proc_run(const struct proc_spec *spec);
void proc_result_free(struct proc_result *r);

struct proc {
    pid_t pid;
    int out; /* the read end of its standard output */
};

/* Start in the background: standard output goes to a pipe, standard error to the test's. Never NULL. */
struct proc *proc_start(const struct proc_spec *spec);
/* The next line of its standard output without the newline; NULL at its end, or when limit_ms have passed. Yours. */
char *proc_line(struct proc *p, int limit_ms);
/* Send sig (0: none), wait up to a minute, free p. As proc_result.status. */
int proc_stop(struct proc *p, int sig);

/* The program under test: $NEURALAKE, else the one of this build. */
const char *proc_neuralake(void);
/* A Python with duckdb, pyarrow, polars and boto3: $NEURALAKE_TEST_PYTHON; NULL where there is none: skip(). */
const char *proc_python(void);
/* Can the program under test load DuckDB? Where it cannot (not fetched, or the thread sanitizer's build): skip(). */
bool proc_have_duckdb(void);
/* Is the build instrumented by this sanitizer ("address", "thread")? For limits of memory, never to skip a check. */
bool proc_sanitized(const char *name);
/* Is there a program of this name in PATH? */
bool proc_have(const char *name);
/* The project's source folder, where examples/ and tests/ are. */
const char *proc_source_dir(void);

#endif
