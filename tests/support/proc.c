/* proc.c: programs run by tests. */
#include "support/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static void die(const char *what)
{
    fprintf(stderr, "tests/support/proc.c: %s: %s\n", what, strerror(errno));
    abort();
}

static long now_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

/* What the child does between fork and exec. */
static void become(const struct proc_spec *spec, int in, int out, int err)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || (err >= 0 && dup2(err, 2) < 0) || (spec->dir && chdir(spec->dir)))
        _exit(127);
    for (const char *const *e = spec->env; e && *e; e++) {
        char key[256];
        const char *equals = strchr(*e, '=');
        snprintf(key, sizeof key, "%.*s", (int)(equals ? equals - *e : (long)strlen(*e)), *e);
        if (equals ? setenv(key, equals + 1, 1) : unsetenv(key))
            _exit(127);
    }
    signal(SIGPIPE, SIG_DFL);
    execvp(spec->argv[0], (char *const *)(size_t)spec->argv);
    fprintf(stderr, "%s: %s\n", spec->argv[0], strerror(errno));
    _exit(127);
}

/* The input as a descriptor: an unnamed file, so that nobody has to feed a pipe. */
static int input_of(const struct proc_spec *spec)
{
    if (!spec->in) {
        int null = open("/dev/null", O_RDONLY | O_CLOEXEC);
        if (null < 0)
            die("/dev/null");
        return null;
    }
    FILE *f = tmpfile();
    if (!f || fwrite(spec->in, 1, spec->in_len, f) != spec->in_len || fflush(f) || fseek(f, 0, SEEK_SET))
        die("standard input");
    int fd = fcntl(fileno(f), F_DUPFD_CLOEXEC, 3);
    if (fd < 0)
        die("dup");
    fclose(f);
    return fd;
}

static pid_t spawn(const struct proc_spec *spec, int out, int err)
{
    int in = input_of(spec);
    fflush(NULL);
    pid_t pid = fork();
    if (pid < 0)
        die("fork");
    if (!pid)
        become(spec, in, out, err);
    close(in);
    return pid;
}

/* Wait for pid until the deadline, then kill it. A poll a millisecond, not a signal: the test may have handlers. */
static int reap(pid_t pid, long deadline, long *max_rss_kib)
{
    int status;
    struct rusage used;
    bool late = false;
    for (;;) {
        pid_t got = wait4(pid, &status, late ? 0 : WNOHANG, &used);
        if (got == pid)
            break;
        if (got < 0 && errno != EINTR)
            die("wait4");
        if (!late && now_ms() > deadline) {
            late = true;
            kill(pid, SIGKILL);
        } else if (!late) {
            poll(NULL, 0, 1);
        }
    }
    if (max_rss_kib)
        *max_rss_kib = used.ru_maxrss;
    if (late)
        return PROC_LATE;
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

/* Append what can be read from fd; false at its end. */
static bool take(int fd, char **text, size_t *len)
{
    char *more = realloc(*text, *len + 65536 + 1);
    if (!more)
        die("realloc");
    *text = more;
    ssize_t n = read(fd, more + *len, 65536);
    if (n > 0)
        *len += (size_t)n;
    more[*len] = 0;
    return n > 0 || (n < 0 && errno == EINTR);
}

struct proc_result proc_run(const struct proc_spec *spec)
{
    struct proc_result r = {0};
    int out[2], err[2];
    if (pipe2(out, O_CLOEXEC) || pipe2(err, O_CLOEXEC))
        die("pipe");
    long deadline = now_ms() + (spec->limit_ms ? spec->limit_ms : 60000);
    pid_t pid = spawn(spec, out[1], err[1]);
    close(out[1]);
    close(err[1]);

    struct pollfd fds[2] = {{.fd = out[0], .events = POLLIN}, {.fd = err[0], .events = POLLIN}};
    take(-1, &r.out, &r.out_len);
    take(-1, &r.err, &r.err_len);
    while (fds[0].fd >= 0 || fds[1].fd >= 0) {
        long left = deadline - now_ms();
        if (left <= 0 || poll(fds, 2, (int)left) <= 0)
            break;
        if (fds[0].revents && !take(out[0], &r.out, &r.out_len))
            fds[0].fd = -1;
        if (fds[1].revents && !take(err[0], &r.err, &r.err_len))
            fds[1].fd = -1;
    }
    r.status = reap(pid, deadline, &r.max_rss_kib);
    close(out[0]);
    close(err[0]);
    return r;
}

void proc_result_free(struct proc_result *r)
{
    free(r->out);
    free(r->err);
    *r = (struct proc_result){0};
}

struct proc *proc_start(const struct proc_spec *spec)
{
    struct proc *p = calloc(1, sizeof *p);
    int out[2];
    if (!p || pipe2(out, O_CLOEXEC))
        die("pipe");
    p->pid = spawn(spec, out[1], -1);
    close(out[1]);
    p->out = out[0];
    return p;
}

char *proc_line(struct proc *p, int limit_ms)
{
    long deadline = now_ms() + limit_ms;
    char *line = NULL;
    size_t len = 0;
    FILE *f = open_memstream(&line, &len);
    if (!f)
        die("open_memstream");
    char c = 0;
    bool whole = false;
    while (!whole) {
        struct pollfd fd = {.fd = p->out, .events = POLLIN};
        long left = deadline - now_ms();
        if (left <= 0 || poll(&fd, 1, (int)left) <= 0 || read(p->out, &c, 1) != 1)
            break;
        if (c == '\n')
            whole = true;
        else
            fputc(c, f);
    }
    fclose(f);
    if (whole)
        return line;
    free(line);
    return NULL;
}

int proc_stop(struct proc *p, int sig)
{
    if (sig)
        kill(p->pid, sig);
    int status = reap(p->pid, now_ms() + 60000, NULL);
    close(p->out);
    free(p);
    return status;
}

const char *proc_neuralake(void)
{
    const char *given = getenv("NEURALAKE");
    return given && given[0] ? given : TEST_BUILD_DIR "/neuralake";
}

const char *proc_python(void)
{
    const char *given = getenv("NEURALAKE_TEST_PYTHON");
    return given && given[0] ? given : NULL;
}

bool proc_have_duckdb(void)
{
    if (proc_sanitized("thread"))
        return false;
    const char *root = getenv("DUCKDB_ROOT"), *program = proc_neuralake(), *slash = strrchr(program, '/');
    char beside[4096];
    snprintf(beside, sizeof beside, "%.*s/lib/neuralake/libduckdb.so", slash ? (int)(slash - program) : 1,
             slash ? program : ".");
    return (root && root[0]) || !access(beside, R_OK) || !access(TEST_BUILD_DIR "/lib/neuralake/libduckdb.so", R_OK);
}

bool proc_sanitized(const char *name)
{
    return strstr(TEST_SANITIZE, name) != NULL;
}

bool proc_have(const char *name)
{
    const char *path = getenv("PATH");
    char file[4096];
    while (path && *path) {
        size_t n = strcspn(path, ":");
        snprintf(file, sizeof file, "%.*s/%s", (int)n, path, name);
        if (!access(file, X_OK))
            return true;
        path += n + (path[n] == ':');
    }
    return false;
}

const char *proc_source_dir(void)
{
    return TEST_SOURCE_DIR;
}
