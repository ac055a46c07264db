/* s3_body.c: the documents that a request may carry, given to the operations that read them: lists of DeleteObjects and of
 * CompleteMultipartUpload, tags, CORS rules (then matched), policies (then asked), the location of a bucket. The first byte
 * chooses. A bucket is really there, below /tmp, with one upload; HTTP is not: what is answered stays in the request. */
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "server/http/internal.h"
#include "server/s3/cors.h"
#include "server/s3/disk/upload.h"
#include "server/s3/op/op.h"
#include "server/s3/policy.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const s3_op *const ops[] = {&s3_op_delete_objects, &s3_op_put_tagging,     &s3_op_put_cors,
                                   &s3_op_put_policy,     &s3_op_complete_upload, &s3_op_create_bucket};

static struct s3_server server;
static s3_credentials nobody;
static s3_credential owner = {.access_key = (char[]){"owner"}, .secret_key = (char[]){"owner-secret"}};
static char folder[] = "/tmp/fuzz-s3-XXXXXX", upload[S3_UPLOAD_ID];

static int drop(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static void clean(void)
{
    s3_disk_close(server.disk);
    nftw(folder, drop, 16, FTW_DEPTH | FTW_PHYS);
}

static void prepare(void)
{
    s3_bucket *b;
    s3_meta meta = {0};
    if (server.disk)
        return;
    if (!mkdtemp(folder) || s3_disk_open(folder, false, &server.disk, NULL) ||
        s3_bucket_create(server.disk, "bucket", NULL) || s3_bucket_get(server.disk, "bucket", &b, NULL) ||
        s3_upload_create(b, (s3_slice){"key", 3}, &meta, upload, NULL))
        abort();
    s3_bucket_release(b);
    atexit(clean);
}

/* What a browser and a reader without a key would get by what is set now. */
static void use(s3_request *rq, const s3_op *op)
{
    if (op == &s3_op_put_cors) {
        s3_pair headers[] = {{"Origin", "https://a.example.org"},
                             {"Access-Control-Request-Method", "GET"},
                             {"Access-Control-Request-Headers", "x-amz-date, Range"}};
        rq->headers = headers;
        rq->n_headers = NL_LEN(headers);
        s3_cors_add_headers(rq);
        s3_cors_preflight(rq);
    } else if (op == &s3_op_put_policy) {
        const s3_policy *p = s3_policy_of(rq);
        if (p && s3_policy_reads(p, "some/key") && p->n_prefixes == 0)
            __builtin_trap();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (size < 1)
        return 0;
    prepare();
    const s3_op *op = ops[data[0] % NL_LEN(ops)];
    http_request http = {.fd = -1, .method = op == &s3_op_delete_objects ? "POST" : "PUT", .id = "0123456789ABCDEF"};
    s3_pair query[] = {{"uploadId", upload}};
    s3_pair digest[] = {{"Content-MD5", "AAAAAAAAAAAAAAAAAAAAAA=="}};
    s3_request rq = {.server = &server,
                     .http = &http,
                     .arena = &http.arena,
                     .method = http.method,
                     .keys = &nobody,
                     .who = &owner,
                     .op = op,
                     .bucket_name = "bucket",
                     .query = query,
                     .n_query = 1,
                     .headers = digest,
                     .n_headers = 1};
    http.target = (char[]){"/bucket"};
    if (op == &s3_op_put_tagging || op == &s3_op_complete_upload)
        rq.key = "key";
    if (op->begin)
        op->begin(&rq);
    if (!http_answered(&http) && size - 1 <= op->text_max && !nl_buf_append(&rq.text, data + 1, size - 1, NULL))
        op->end(&rq);
    if (http_answered(&http) && http.status < 300)
        use(&rq, op);
    if (op->drop)
        op->drop(&rq);
    s3_bucket_release(rq.bucket);
    nl_buf_free(&rq.text);
    nl_buf_free(&http.body);
    free(http.out_headers);
    nl_arena_free(&http.arena);
    return 0;
}
