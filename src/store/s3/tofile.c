/* tofile.c: see tofile.h. */
#include "store/s3/tofile.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { STAGE = 512 << 10 };

void store_file_begin(struct store_call *call)
{
    call->staged = call->filed = 0;
    call->file_errno = 0;
    call->sum = (struct store_checksum){0};
    s3_digest_open(&call->digest, S3_CRC64NVME);
}

/* Hash what is staged, and write it to its place. */
static int write_stage(struct store_call *call)
{
    const struct store_request *r = &call->request;
    if (r->file_hashed)
        s3_digest_update(&call->digest, call->stage, call->staged);
    for (size_t at = 0; at < call->staged;) {
        ssize_t n = pwrite(r->fd, call->stage + at, call->staged - at, (off_t)(r->file_at + call->filed));
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0) {
            call->file_errno = n < 0 ? errno : ENOSPC;
            return NL_IO;
        }
        at += (size_t)n;
        call->filed += (size_t)n;
    }
    call->staged = 0;
    return NL_OK;
}

int store_file_take(struct store_call *call, const void *data, size_t len)
{
    if (!call->stage && !(call->stage = malloc(STAGE)))
        return NL_NO_MEMORY;
    for (size_t n; len; len -= n, data = (const char *)data + n) {
        n = len < STAGE - call->staged ? len : STAGE - call->staged;
        memcpy(call->stage + call->staged, data, n);
        call->staged += n;
        int rc = call->staged == STAGE ? write_stage(call) : NL_OK;
        if (rc)
            return rc;
    }
    return NL_OK;
}

int store_file_end(struct store_call *call)
{
    int rc = write_stage(call);
    free(call->stage);
    call->stage = NULL;
    if (!rc && call->request.file_hashed) {
        call->sum.kind = S3_CRC64NVME;
        call->sum.len = s3_digest_final(&call->digest, call->sum.value);
    }
    return rc;
}
