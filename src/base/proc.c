/* proc.c: spawn, pump three pipes, wait.
 *
 * The program leads a process group of its own, so that at a time limit its children die with it. The pump ends when both
 * outputs are closed and the program has ended; or when it has ended and nothing more comes: a daemon that it left behind
 * may hold them open for ever. A pidfd wakes the pump at the program's end; a kernel without them is asked every few
 * milliseconds.
 */
#include "base/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"

/* How long one poll() lasts at most: so late is a cancel seen; and the program's end, where there is no pidfd. */
enum { SLICE_MS = 50, SLICE_WITHOUT_PIDFD_MS = 5 };

struct run {
    const struct nl_proc *p;
    struct nl_proc_result *result;
    pid_t pid;
    int in, out, err; /* our ends; -1: closed */
    int pidfd;        /* or -1 */
    size_t sent;
    bool ended;
    int status;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

static int make_pipe(int ends[2], nl_error *err)
{
    return pipe2(ends, O_CLOEXEC) == 0 ? NL_OK : nl_fail_errno(err, errno, "cannot make a pipe");
}

/* Attributes: own group, no blocked signals, the default for those that we may ignore. */
static int set_attributes(posix_spawnattr_t *a)
{
    sigset_t none, defaults;
    sigemptyset(&none);
    sigemptyset(&defaults);
    sigaddset(&defaults, SIGPIPE);
    sigaddset(&defaults, SIGINT);
    sigaddset(&defaults, SIGTERM);
    int rc = posix_spawnattr_setflags(a, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    rc = rc ? rc : posix_spawnattr_setpgroup(a, 0);
    rc = rc ? rc : posix_spawnattr_setsigmask(a, &none);
    return rc ? rc : posix_spawnattr_setsigdefault(a, &defaults);
}

/* File actions; in < 0 stands for /dev/null. What libraries of ours left open to children is closed. */
static int set_files(posix_spawn_file_actions_t *f, const struct nl_proc *p, int in, int out, int err)
{
    int rc = in >= 0 ? posix_spawn_file_actions_adddup2(f, in, STDIN_FILENO)
                     : posix_spawn_file_actions_addopen(f, STDIN_FILENO, "/dev/null", O_RDONLY, 0);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(f, out, STDOUT_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_adddup2(f, err, STDERR_FILENO);
    rc = rc ? rc : posix_spawn_file_actions_addclosefrom_np(f, STDERR_FILENO + 1);
    return rc || !p->folder ? rc : posix_spawn_file_actions_addchdir_np(f, p->folder);
}

static int spawn(struct run *r, int in, int out, int err_fd, nl_error *err)
{
    posix_spawnattr_t attributes;
    posix_spawn_file_actions_t files;
    int rc = posix_spawnattr_init(&attributes);
    if (rc)
        return nl_fail_errno(err, rc, "cannot run '%s'", r->p->argv[0]);
    rc = posix_spawn_file_actions_init(&files);
    if (rc == 0) {
        char *const *argv = (char *const *)(uintptr_t)r->p->argv; /* the strings are not changed */
        char *const *env = r->p->env ? (char *const *)(uintptr_t)r->p->env : environ;
        rc = set_attributes(&attributes);
        rc = rc ? rc : set_files(&files, r->p, in, out, err_fd);
        rc = rc ? rc : posix_spawnp(&r->pid, argv[0], &files, &attributes, argv, env);
        posix_spawn_file_actions_destroy(&files);
    }
    posix_spawnattr_destroy(&attributes);
    return rc ? nl_fail_errno(err, rc, "cannot run '%s'", r->p->argv[0]) : NL_OK;
}

/* Make the pipes, spawn, keep our ends. On failure nothing is open. */
static int start(struct run *r, nl_error *err)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1}, errs[2] = {-1, -1};
    int rc = r->p->input ? make_pipe(in, err) : NL_OK;
    if (rc == NL_OK)
        rc = make_pipe(out, err);
    if (rc == NL_OK)
        rc = make_pipe(errs, err);
    if (rc == NL_OK)
        rc = spawn(r, in[0], out[1], errs[1], err);
    close_fd(&in[0]);
    close_fd(&out[1]);
    close_fd(&errs[1]);
    if (rc) {
        close_fd(&in[1]);
        close_fd(&out[0]);
        close_fd(&errs[0]);
        return rc;
    }
    r->in = in[1];
    r->out = out[0];
    r->err = errs[0];
    if (r->in >= 0)
        fcntl(r->in, F_SETFL, O_NONBLOCK);
    return NL_OK;
}

/* Write a piece of the input; at its end, or where nobody reads it, close. */
static void feed(struct run *r)
{
    ssize_t n = write(r->in, (const char *)r->p->input + r->sent, r->p->input_len - r->sent);
    if (n >= 0)
        r->sent += (size_t)n;
    bool broken = n < 0 && errno != EINTR && errno != EAGAIN;
    if (broken || r->sent == r->p->input_len)
        close_fd(&r->in);
}

/* Read a piece of an output; keep what fits. */
static int drain(struct run *r, int *fd, nl_buf *to, nl_error *err)
{
    char piece[16384];
    ssize_t n = read(*fd, piece, sizeof(piece));
    if (n < 0 && errno == EINTR)
        return NL_OK;
    if (n <= 0) {
        close_fd(fd);
        return NL_OK;
    }
    size_t max = r->p->max_output ? r->p->max_output : 1 << 20, room = max - to->len;
    size_t keep = (size_t)n < room ? (size_t)n : room;
    if (keep < (size_t)n)
        r->result->cut = true;
    return nl_buf_append(to, piece, keep, err);
}

/* Has it ended? */
static void reap(struct run *r, int flags)
{
    pid_t got;
    do
        got = waitpid(r->pid, &r->status, flags);
    while (got < 0 && errno == EINTR);
    r->ended = r->ended || got == r->pid;
}

/* One round: wait a slice, move bytes. *idle: the program has ended, and nothing is left in the pipes. */
static int pump(struct run *r, bool *idle, nl_error *err)
{
    struct pollfd fds[4] = {{r->in, POLLOUT, 0},
                            {r->out, POLLIN, 0},
                            {r->err, POLLIN, 0},
                            {r->ended ? -1 : r->pidfd, POLLIN, 0}};
    int slice = r->ended ? 0 : r->pidfd < 0 ? SLICE_WITHOUT_PIDFD_MS : SLICE_MS;
    int ready = poll(fds, 4, slice);
    *idle = ready <= 0 && r->ended; /* ended before the look: nothing can have come since */
    if (!r->ended && (ready <= 0 || fds[3].revents))
        reap(r, WNOHANG);
    if (ready <= 0)
        return NL_OK;
    if (fds[0].revents)
        feed(r);
    int rc = fds[1].revents ? drain(r, &r->out, &r->result->out, err) : NL_OK;
    return rc == NL_OK && fds[2].revents ? drain(r, &r->err, &r->result->err, err) : rc;
}

/* Until the outputs are closed or the program has ended and nothing is left in them. */
static int attend(struct run *r, nl_error *err)
{
    int64_t limit = r->p->time_limit_ns, end = limit ? nl_monotonic_ns() + limit : INT64_MAX;
    while (r->out >= 0 || r->err >= 0 || !r->ended) {
        bool idle;
        int rc = pump(r, &idle, err);
        if (rc == NL_OK)
            rc = nl_cancel_check(r->p->cancel, err);
        if (rc)
            return rc;
        if (nl_monotonic_ns() > end)
            return nl_fail(err, NL_IO, "'%s' took longer than %.1f seconds", r->p->argv[0], (double)limit / 1e9);
        if (idle || (r->ended && r->result->cut))
            return NL_OK;
    }
    return NL_OK;
}

int nl_proc_run(const struct nl_proc *p, struct nl_proc_result *result, nl_error *err)
{
    *result = (struct nl_proc_result){.exit_code = -1};
    struct run r = {.p = p, .result = result, .in = -1, .out = -1, .err = -1, .pidfd = -1};
    /* A program that does not read its input must not end us: SIGPIPE is blocked here, and taken back below. */
    sigset_t pipe_set, old;
    sigemptyset(&pipe_set);
    sigaddset(&pipe_set, SIGPIPE);
    pthread_sigmask(SIG_BLOCK, &pipe_set, &old);
    int rc = start(&r, err);
    if (rc == NL_OK) {
        r.pidfd = pidfd_open(r.pid, 0);
        rc = attend(&r, err);
        if (rc && !r.ended)
            kill(-r.pid, SIGKILL);
        close_fd(&r.in);
        close_fd(&r.out);
        close_fd(&r.err);
        close_fd(&r.pidfd);
        if (!r.ended)
            reap(&r, 0);
        result->exit_code = WIFEXITED(r.status) ? WEXITSTATUS(r.status) : -1;
        result->signal = WIFSIGNALED(r.status) ? WTERMSIG(r.status) : 0;
    }
    if (!sigismember(&old, SIGPIPE))
        while (sigtimedwait(&pipe_set, NULL, &(struct timespec){0}) < 0 && errno == EINTR)
            ;
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    return rc;
}

void nl_proc_result_free(struct nl_proc_result *r)
{
    nl_buf_free(&r->out);
    nl_buf_free(&r->err);
    *r = (struct nl_proc_result){0};
}
