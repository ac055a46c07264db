/* cmd_demo.c: the whole way once, each step a command that a user could type: local S3, sample data, catalog, SQL.
 *
 *     DIR/s3/             the server's root          DIR/parts.parquet     the sample
 *     DIR/catalog.c       the catalog as code        DIR/neuralake.yaml    the same catalog without a compiler
 *
 * Each step runs this very program as a child, in DIR. The server is a child too, and dies with us (PR_SET_PDEATHSIG), so
 * that nothing is left running, whatever happens; a second run finds what the first one made and works as well.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/io/sink.h"
#include "base/path.h"
#include "base/proc.h"
#include "base/str.h"
#include "catalog/catalog.h"
#include "cli/commands.h"
#include "cli/context.h"
#include "server/s3/state.h"

enum { START_LIMIT_MS = 10000, STOP_LIMIT_MS = 15000, MAX_WORDS = 10, MAX_CATALOG = 1024 * 1024 };

struct demo {
    struct cli_context *x;
    const char *folder;
    char *program; /* this program's own file */
    pid_t server;  /* 0: none */
    int server_out;
    int step;
};

/* A word as it would be typed: quoted where a shell would split or expand it. */
static void print_word(const char *w)
{
    if (*w && strspn(w, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-./:=@") == strlen(w))
        printf(" %s", w);
    else if (!strchr(w, '\''))
        printf(" '%s'", w);
    else
        printf(" \"%s\"", w);
}

static void print_command(const char *const *words, const char *after)
{
    fputs("   $ neuralake", stdout);
    for (; *words; words++)
        print_word(*words);
    printf("%s\n", after);
    fflush(stdout);
}

static void print_title(struct demo *d, const char *title)
{
    printf("\n%d. %s\n", ++d->step, title);
}

static void print_time(int64_t since_ns)
{
    char text[32];
    printf("   (%s)\n", nl_format_duration(nl_monotonic_ns() - since_ns, text));
    fflush(stdout);
}

/* What a command printed, indented. */
static void print_indented(const char *text, size_t len)
{
    for (const char *p = text, *end = text + len; p < end;) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));
        size_t n = (size_t)((stop ? stop : end) - p);
        printf("   %.*s\n", (int)n, p);
        p += n + 1;
    }
}

/* One step: `neuralake words…` in the demo's folder, its output, its time. */
static int run_step(struct demo *d, const char *title, const char *const *words, nl_error *err)
{
    const char *argv[MAX_WORDS + 2] = {d->program};
    for (size_t i = 0; i < MAX_WORDS && words[i]; i++)
        argv[i + 1] = words[i];
    print_title(d, title);
    print_command(words, "");
    struct nl_proc_result result = {0};
    int64_t started = nl_monotonic_ns();
    int rc = nl_proc_run(&(struct nl_proc){.argv = argv, .folder = d->folder, .cancel = &d->x->cancel}, &result, err);
    print_indented(result.out.data, result.out.len);
    if (rc == NL_OK && result.exit_code != 0) {
        size_t len = result.err.len;
        while (len && result.err.data[len - 1] == '\n')
            len--;
        rc = result.signal ? nl_fail(err, NL_INTERNAL, "step %d was ended by signal %d", d->step, result.signal)
                           : nl_fail(err, NL_IO, "step %d failed: %.*s", d->step, (int)len,
                                     result.err.data ? result.err.data : "");
    }
    if (rc == NL_OK)
        print_time(started);
    nl_proc_result_free(&result);
    return rc;
}

/* In the child: become the server. */
static void become_server(const struct demo *d, const char *const *words, int out, pid_t parent)
{
    const char *argv[MAX_WORDS + 2] = {d->program};
    for (size_t i = 0; i < MAX_WORDS && words[i]; i++)
        argv[i + 1] = words[i];
    prctl(PR_SET_PDEATHSIG, SIGTERM);
    /* The parent may have died before prctl(). */
    if (getppid() != parent || chdir(d->folder) != 0 || dup2(out, STDOUT_FILENO) < 0)
        _exit(127);
    execv(d->program, (char *const *)(void *)argv);
    _exit(127);
}

/* The server's first line, once it takes requests. */
static int read_first_line(const struct demo *d, char *line, size_t size, nl_error *err)
{
    size_t len = 0;
    int64_t limit = nl_monotonic_ns() + (int64_t)START_LIMIT_MS * 1000000;
    while (len + 1 < size) {
        struct pollfd p = {.fd = d->server_out, .events = POLLIN};
        int rc = nl_cancel_check(&d->x->cancel, err);
        if (rc)
            return rc;
        if (nl_monotonic_ns() > limit)
            return nl_fail(err, NL_IO, "the S3 server did not start within %d s", START_LIMIT_MS / 1000);
        if (poll(&p, 1, 50) <= 0)
            continue;
        if (read(d->server_out, line + len, 1) != 1)
            return nl_fail(err, NL_IO, "the S3 server ended before it took requests");
        if (line[len] == '\n')
            break;
        len++;
    }
    line[len] = 0;
    return NL_OK;
}

static int start_server(struct demo *d, nl_error *err)
{
    static const char *const words[] = {"s3", "serve", "--root", "s3", "--listen", "127.0.0.1:0", NULL};
    int pipe_fds[2];
    print_title(d, "Start the local S3 server on a free port, its data in this folder");
    print_command(words, " &");
    int64_t started = nl_monotonic_ns();
    pid_t parent = getpid();
    if (pipe2(pipe_fds, O_CLOEXEC) != 0)
        return nl_fail_errno(err, errno, "start the S3 server");
    d->server = fork();
    if (d->server == 0)
        become_server(d, words, pipe_fds[1], parent);
    close(pipe_fds[1]);
    d->server_out = pipe_fds[0];
    if (d->server < 0) {
        d->server = 0;
        return nl_fail_errno(err, errno, "start the S3 server");
    }
    char line[256];
    int rc = read_first_line(d, line, sizeof line, err);
    if (rc == NL_OK) {
        printf("   %s\n", line);
        print_time(started);
    }
    return rc;
}

/* End the server politely, and by force where it does not listen. */
static void stop_server(struct demo *d)
{
    if (!d->server)
        return;
    kill(d->server, SIGTERM);
    int64_t limit = nl_monotonic_ns() + (int64_t)STOP_LIMIT_MS * 1000000;
    while (waitpid(d->server, NULL, WNOHANG) == 0) {
        if (nl_monotonic_ns() > limit) {
            kill(d->server, SIGKILL);
            waitpid(d->server, NULL, 0);
            break;
        }
        poll(NULL, 0, 5);
    }
    close(d->server_out);
    d->server = 0;
}

/* What `eval "$(neuralake s3 env --root s3)"` does to a shell, for the steps to come. */
static int use_server(struct demo *d, nl_error *err)
{
    char *root = nl_path_join(d->folder, "s3"), *url = NULL, *access_key = NULL, *secret_key = NULL;
    int rc = root ? s3_state_find(root, &url, &access_key, &secret_key, err) : nl_fail_memory(err);
    if (rc == NL_OK) {
        puts("   $ eval \"$(neuralake s3 env --root s3)\"");
        setenv("AWS_ENDPOINT_URL", url, 1);
        setenv("AWS_ACCESS_KEY_ID", access_key, 1);
        setenv("AWS_SECRET_ACCESS_KEY", secret_key, 1);
        setenv("AWS_REGION", "us-east-1", 1);
        unsetenv("AWS_ENDPOINT_URL_S3");
        unsetenv("AWS_SESSION_TOKEN");
        unsetenv("AWS_PROFILE");
    }
    free(root);
    free(url);
    free(access_key);
    free(secret_key);
    return rc;
}

/* A file of the demo's catalog into the folder. */
static int copy_file(const struct demo *d, const char *name, nl_error *err)
{
    nl_buf bytes = {0}, relative = {0};
    char *from = NULL, *to = nl_path_join(d->folder, name);
    int rc = to ? nl_buf_printf(&relative, err, "share/neuralake/demo/%s", name) : nl_fail_memory(err);
    if (rc == NL_OK)
        rc = nl_resource_path(relative.data, &from, err);
    if (rc == NL_OK)
        rc = nl_read_file(from, MAX_CATALOG, &bytes, err);
    if (rc == NL_OK)
        rc = nl_write_file(to, bytes.data, bytes.len, 0644, err);
    nl_buf_free(&bytes);
    nl_buf_free(&relative);
    free(from);
    free(to);
    return rc;
}

static int run_steps(struct demo *d, nl_error *err)
{
    const char *catalog = catalog_has_compiler() ? "catalog.c" : "neuralake.yaml";
    const char *object = "s3://neuralake-bucket/parts.parquet";
    const struct {
        const char *title;
        const char *words[MAX_WORDS];
    } steps[] = {
        {"Create the bucket", {"s3", "mb", "s3://neuralake-bucket", NULL}},
        {"Generate the sample: five parts in a Parquet file",
         {"generate", "parts", "--rows", "5", "--out", "parts.parquet", NULL}},
        {"Query it where it lies, on the local disk", {"query", "SELECT * FROM 'parts.parquet'", NULL}},
        {"Upload it", {"s3", "cp", "parts.parquet", object, NULL}},
        {"Query the same table from S3, through the catalog",
         {"query", "-c", catalog, "SELECT * FROM demo_db.part", NULL}},
        {"Join it with the function table of the catalog",
         {"query", "-c", catalog,
          ("SELECT p_name, s_name, p_retailprice FROM demo_db.part JOIN demo_db.supplier ON p_brand = s_brand ORDER BY "
           "p_partkey, s_name"),
          NULL}},
    };
    int rc = start_server(d, err);
    if (rc == NL_OK)
        rc = use_server(d, err);
    for (size_t i = 0; rc == NL_OK && i < NL_LEN(steps); i++)
        rc = run_step(d, steps[i].title, steps[i].words, err);
    if (rc == NL_OK) {
        print_title(d, "Stop the server");
        int64_t started = nl_monotonic_ns();
        printf("   $ kill %%1\n");
        stop_server(d);
        print_time(started);
    }
    return rc;
}

static int run(struct cli_context *x, const struct cli_args *a, nl_error *err)
{
    const char *folder = cli_value(a, "dir");
    struct demo d = {.x = x, .folder = folder ? folder : "neuralake-demo"};
    int rc = nl_make_folders(d.folder, 0755, err);
    d.program = realpath("/proc/self/exe", NULL);
    if (rc == NL_OK && !d.program)
        rc = nl_fail_errno(err, errno, "find this program's own file");
    if (rc == NL_OK)
        rc = copy_file(&d, "catalog.c", err);
    if (rc == NL_OK)
        rc = copy_file(&d, "neuralake.yaml", err);
    if (rc == NL_OK) {
        printf(
            "The demo runs in the folder %s, with the catalogs of examples/demo copied into it; 'neuralake' is %s.\n",
            d.folder, d.program);
        rc = run_steps(&d, err);
    }
    stop_server(&d);
    free(d.program);
    if (rc == NL_OK)
        printf("\nDone; nothing is left running. The data and both catalogs are in %s. To go on by hand:\n"
               "   $ cd %s\n   $ neuralake s3 serve --root s3 &\n   $ eval \"$(neuralake s3 env --root s3)\"\n"
               "   $ neuralake query -c neuralake.yaml 'SELECT * FROM demo_db.part'\n",
               d.folder, d.folder);
    return rc;
}

const struct cli_command cli_demo = {
    .path = "demo",
    .operands = "",
    .summary = "Show the whole way: local S3, sample data, a catalog as code, SQL over it",
    .description = "Each step is shown as the command that you could type yourself, with its output and its time. It "
                   "starts a local "
                   "S3 server on a free port and stops it at the end; a second run works as well as the first.",
    .options =
        (const struct cli_option[]){
            {.name = "dir",
             .argument = "DIR",
             .complete = CLI_COMPLETE_FOLDER,
             .help = "the folder for everything that it makes (default: neuralake-demo)"},
            {0},
        },
    .run = run,
};
