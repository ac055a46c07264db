/* s3_credentials.c: a credentials file, and what the keys in it may do; then the cookie of the built-in page made for each. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "server/s3/session.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const uint8_t process_key[32] = {1};

/* A cookie opens for its own key, in its time. */
static void session(const s3_credentials *all, const s3_credential *c)
{
    nl_buf cookie = {0};
    if (!nl_buf_puts(&cookie, "other=1; " S3_SESSION_COOKIE "=", NULL) &&
        !s3_session_make(process_key, c, 1000, &cookie, NULL) &&
        (s3_session_find(process_key, all, cookie.data, 1001) != c ||
         s3_session_find(process_key, all, cookie.data, 1001 + S3_SESSION_SECONDS)))
        __builtin_trap();
    nl_buf_free(&cookie);
}

/* R3: who may write may read; who may read a key may see its bucket. */
static void rights(const s3_credential *c)
{
    if ((s3_may_key(c, "lake", "raw/x", true) && !s3_may_key(c, "lake", "raw/x", false)) ||
        (s3_may_key(c, "lake", "raw/x", false) && !s3_may_bucket(c, "lake", false)) ||
        (c->read_only && s3_may_bucket(c, "lake", true)))
        __builtin_trap();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char path[64];
    s3_credentials all;
    int fd = memfd_create("credentials", 0);
    if (fd < 0 || write(fd, data, size) != (ssize_t)size)
        abort();
    snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
    if (!s3_credentials_load(path, &all, NULL)) {
        for (size_t i = 0; i < all.n; i++) {
            rights(&all.list[i]);
            if (all.list[i].access_key)
                session(&all, &all.list[i]);
        }
        char *header = malloc(size + sizeof(S3_SESSION_COOKIE) + 1);
        if (header) {
            int n = snprintf(header, sizeof(S3_SESSION_COOKIE) + 1, S3_SESSION_COOKIE "=");
            memcpy(header + n, data, size);
            header[(size_t)n + size] = '\0';
            if (s3_session_find(process_key, &all, header, 0))
                __builtin_trap(); /* a cookie was found by chance */
        }
        free(header);
        s3_credentials_free(&all);
    }
    close(fd);
    return 0;
}
