/* s3_wire.c: bytes on a connection to a server that really listens: request line, headers, framing, chunks, and the page's
 * targets, as far as a stranger comes. What is answered must be HTTP; an error's XML has the request id of its header; a line
 * of the access log is one line of printable ASCII. */
#include <arpa/inet.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include "base/str.h"
#include "server/s3/server.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct s3_server *server;
static struct sockaddr_in address = {.sin_family = AF_INET};
static char folder[] = "/tmp/fuzz-s3-XXXXXX";
static int log_fd = -1;
static off_t log_read;

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void clean(void)
{
    s3_server_stop(server);
    nftw(folder, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static void prepare(void)
{
    char path[64];
    if (server)
        return;
    log_fd = memfd_create("log", 0);
    snprintf(path, sizeof(path), "/proc/self/fd/%d", log_fd);
    struct s3_server_options o = {
        .root = folder, .access_log = path, .durability = S3_DURABILITY_NONE, .poll_threads = 1, .disk_threads = 1};
    if (log_fd < 0 || !mkdtemp(folder) || s3_server_start(&o, &server, NULL))
        abort();
    address.sin_port = htons((uint16_t)strtoul(strrchr(s3_server_url(server), ':') + 1, NULL, 10));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    atexit(clean);
}

/* N2: whole lines of printable ASCII. */
static void check_log(void)
{
    char text[16384];
    ssize_t n = pread(log_fd, text, sizeof(text), log_read);
    const char *end = n > 0 ? memrchr(text, '\n', (size_t)n) : NULL;
    if (!end)
        return;
    for (const char *p = text; p <= end; p++)
        if (*p != '\n' && (*p < ' ' || *p > '~'))
            __builtin_trap();
    if (strncmp(text, "20", 2))
        __builtin_trap();
    log_read += end + 1 - text;
}

/* The answers as a text: they begin as HTTP does, and an error names the id of the last header before it. */
static void check_answer(const char *text)
{
    static const char header[] = "\r\nx-amz-request-id: ", element[] = "<RequestId>";
    const char *id = NULL, *next = text;
    if (*text && strncmp(text, "HTTP/1.", 7))
        __builtin_trap();
    if (strstr(text, "<Error>") && !nl_utf8_valid((const uint8_t *)text, strlen(text)))
        __builtin_trap();
    for (const char *again = text; (again = strstr(again, element)); again++) {
        while ((next = strstr(next, header)) && next < again)
            id = next++;
        next = id ? id : text;
        if (!id || strncmp(id + strlen(header), again + strlen(element), 16))
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    static char text[65536];
    static uint32_t from;
    size_t len = 0;
    prepare();
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    /* Addresses in turn, or the ports of one would be used up; no lingering, for the same reason. */
    struct sockaddr_in me = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(0x7F000000u + 2 + from++ % 0xFFFFF0u)};
    const struct linger hard = {1, 0};
    const struct timeval patience = {0, 3000};
    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
    setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof(hard));
    if (bind(fd, (struct sockaddr *)&me, sizeof(me)) || connect(fd, (struct sockaddr *)&address, sizeof(address))) {
        close(fd); /* an alarm of the fuzzer came between */
        return 0;
    }
    /* The end of a head, if it has none. What then still waits for more gets no more, and is left. */
    send(fd, data, size, MSG_NOSIGNAL);
    send(fd, "\r\n\r\n", 4, MSG_NOSIGNAL);
    while (len < sizeof(text) - 1) {
        ssize_t n = recv(fd, text + len, sizeof(text) - 1 - len, 0);
        if (n <= 0)
            break;
        len += (size_t)n;
    }
    close(fd);
    text[len] = '\0';
    if (!memchr(text, '\0', len))
        check_answer(text);
    check_log();
    return 0;
}
