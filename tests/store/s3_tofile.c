/* s3_tofile.c: what goes into files without memory in between: bytes, requests, checksums of the whole, and what fails. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/io/pump.h"
#include "base/str.h"
#include "s3proto/hash.h"
#include "store/backend.h"
#include "support/check.h"
#include "support/standin.h"
#include "support/tmp.h"

enum { piece = 8 << 20 }; /* of the pump */

/* An object, what HEAD says of its checksum, and what happens to the GETs. */
struct object {
    size_t len;
    uint8_t *data;
    const char *etag;
    char checksum[160];          /* a line of HEAD's answer; "" */
    int head_status;             /* 0: as the object has it */
    struct standin_answer fault; /* of the first n_faults GETs */
    size_t n_faults, gets, heads;
    bool mute;    /* HEAD is never answered */
    bool changes; /* another version from the second GET on */
    char headers[64][400];
};

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    struct object *o = ctx;
    char *headers = o->headers[q->number % 64];
    bool head = !strcmp(q->method, "HEAD");
    const char *etag = o->changes && o->gets ? "another" : o->etag;
    if (head && o->mute) {
        *a = (struct standin_answer){.silent = true};
        return;
    }
    if (head && o->head_status) {
        *a = (struct standin_answer){.status = o->head_status, .head_only = true};
        o->heads++;
        return;
    }
    standin_object(q, a, o->data, o->len, etag, headers);
    if (head) {
        o->heads++;
        snprintf(headers + strlen(headers), sizeof o->headers[0] - strlen(headers), "%s", o->checksum);
    } else if (o->gets++ < o->n_faults) {
        if (o->fault.cut)
            a->cut = o->fault.cut;
        else
            *a = o->fault;
    }
}

struct fixture {
    struct object *o;
    struct standin *server;
    nl_store *store;
    char *tmp;
    char path[256];
};

/* The line that tells the right checksum, or one that is none of these bytes. */
static void set_checksum(struct object *o, enum s3_digest_kind kind, bool right)
{
    s3_digest d;
    uint8_t value[S3_DIGEST_MAX];
    char text[64];
    s3_digest_open(&d, kind);
    s3_digest_update(&d, o->data, o->len - !right);
    s3_base64_text(value, s3_digest_final(&d, value), text);
    snprintf(o->checksum, sizeof o->checksum, "%s: %s\r\n", s3_digest_header(kind), text);
}

static void start(struct fixture *f, size_t len, const char *checksum)
{
    nl_error err = {0};
    *f = (struct fixture){.o = calloc(1, sizeof *f->o)};
    f->o->len = len;
    f->o->etag = "0123456789abcdef0123456789abcdef";
    f->o->data = malloc(len + 1);
    for (size_t i = 0; i < len; i++)
        f->o->data[i] = (uint8_t)(i * 2654435761u >> 24);
    f->server = standin_start(answer, f->o);
    f->tmp = tmp_make();
    snprintf(f->path, sizeof f->path, "%s/file", f->tmp);
    nl_store_options options = {.endpoint_url = standin_url(f->server),
                                .region = "us-east-1",
                                .access_key = "KEY",
                                .secret_key = "SECRET",
                                .checksum = checksum};
    CHECK_OK(store_new_tuned(&options, &(struct store_tuning){.retry_base_ms = 1, .max_attempts = 2}, &f->store, &err),
             err);
}

static void stop(struct fixture *f)
{
    nl_store_free(f->store);
    standin_stop(f->server);
    tmp_remove(f->tmp);
    free(f->o->data);
    free(f->o);
}

static uint64_t requests(const struct fixture *f)
{
    nl_store_stats s;
    nl_store_get_stats(f->store, &s);
    return s.requests;
}

static void check_file(const struct fixture *f, size_t from)
{
    nl_buf got = {0};
    nl_error err = {0};
    CHECK_OK(nl_read_file(f->path, SIZE_MAX / 2, &got, &err), err);
    CHECK_INT(got.len, from + f->o->len);
    CHECK_MEM(got.data + from, f->o->data, f->o->len);
    nl_buf_free(&got);
}

/* Two and a half pieces: three GETs, a HEAD beside the first, and the file holds what the object holds. */
static void a_download_costs_its_pieces_and_one_head(void **state)
{
    (void)state;
    struct fixture f;
    nl_error err = {0};
    start(&f, 2 * piece + piece / 2, NULL);
    set_checksum(f.o, S3_CRC64NVME, true);
    nl_object_info info = {.size = f.o->len};
    CHECK_OK(nl_store_copy_known(f.store, "s3://bucket/key", &info, f.path, NULL, &err), err);
    check_file(&f, 0);
    CHECK_INT(f.o->gets, 3);
    CHECK_INT(f.o->heads, 1);
    CHECK_INT(requests(&f), 4);
    nl_store_stats s;
    nl_store_get_stats(f.store, &s);
    CHECK_INT(s.bytes_received, f.o->len);
    stop(&f);
}

/* One piece, or less, is one GET, which brings its checksum itself. */
static void a_small_download_is_one_request(void **state)
{
    (void)state;
    static const size_t sizes[] = {0, 1, piece};
    for (size_t i = 0; i < NL_LEN(sizes); i++) {
        struct fixture f;
        nl_error err = {0};
        check_why("%zu bytes", sizes[i]);
        start(&f, sizes[i], NULL);
        nl_object_info info = {.size = f.o->len};
        CHECK_OK(nl_store_copy_known(f.store, "s3://bucket/key", &info, f.path, NULL, &err), err);
        check_file(&f, 0);
        CHECK_INT(requests(&f), sizes[i] != 0);
        stop(&f);
    }
}

/* What lies in the sink's buffer already comes first. */
static void a_file_goes_on_behind_what_it_has(void **state)
{
    (void)state;
    struct fixture f;
    nl_error err = {0};
    nl_source *s;
    nl_sink *to;
    start(&f, piece + 1, NULL);
    CHECK_OK(nl_store_open(f.store, "s3://bucket/key", NULL, &s, &err), err);
    CHECK_OK(nl_sink_create_file(f.path, &to, &err), err);
    CHECK_OK(nl_sink_write(to, "before", 6, &err), err);
    CHECK_OK(nl_pump(s, to, NULL, NULL, NULL, &err), err);
    CHECK_INT(nl_sink_written(to), 6 + f.o->len);
    CHECK_OK(nl_sink_write(to, "!", 1, &err), err);
    CHECK_OK(nl_sink_commit(to, &err), err);
    f.o->data[f.o->len++] = '!'; /* there is room for it */
    check_file(&f, 6);
    nl_source_close(s);
    stop(&f);
}

/* Whether the whole is what the store says, as far as it says anything. */
static void the_whole_is_compared_with_what_head_says(void **state)
{
    (void)state;
    static const struct {
        const char *why, *option;
        enum s3_digest_kind kind;
        bool right;
        int head_status, want;
        size_t heads;
    } cases[] = {
        {"the right one", NULL, S3_CRC64NVME, true, 0, NL_OK, 1},
        {"another one", NULL, S3_CRC64NVME, false, 0, NL_CORRUPT, 1},
        {"of a kind that is not computed", NULL, S3_CRC32, false, 0, NL_OK, 1},
        {"no HEAD is answered", NULL, S3_CRC64NVME, false, 405, NL_OK, 1},
        {"nothing is to be verified", "none", S3_CRC64NVME, false, 0, NL_OK, 0},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct fixture f;
        nl_error err = {0};
        check_why("%s", cases[i].why);
        start(&f, piece + 70000, cases[i].option);
        set_checksum(f.o, cases[i].kind, cases[i].right);
        f.o->head_status = cases[i].head_status;
        nl_object_info info = {.size = f.o->len};
        int rc = nl_store_copy_known(f.store, "s3://bucket/key", &info, f.path, NULL, &err);
        CHECK_INT(f.o->heads, cases[i].heads);
        if (cases[i].want) {
            CHECK_FAILS(rc, cases[i].want, err, "s3://bucket/key");
            CHECK_HAS(err.message, "CRC64NVME");
            CHECK(access(f.path, F_OK) != 0);
        } else {
            CHECK_OK(rc, err);
            check_file(&f, 0);
        }
        stop(&f);
    }
}

/* The bytes are there: nobody waits long for what they are to be compared with. */
static void a_head_that_never_comes(void **state)
{
    (void)state;
    struct fixture f;
    nl_error err = {0};
    start(&f, piece + 70000, NULL);
    f.o->mute = true;
    nl_object_info info = {.size = f.o->len};
    CHECK_OK(nl_store_copy_known(f.store, "s3://bucket/key", &info, f.path, NULL, &err), err);
    check_file(&f, 0);
    stop(&f);
}

/* Faults on the way: what heals leaves the right bytes, what does not leaves no file. */
static void faults(void **state)
{
    (void)state;
    static const char html[] = "<html>";
    static const struct {
        const char *why;
        struct standin_answer fault;
        size_t n;
        bool changes;
        int want;
        const char *message;
    } cases[] = {
        {"503", {.status = 503}, 1, false, NL_OK, NULL},
        {"cut in the middle", {.cut = 600000}, 1, false, NL_OK, NULL},
        {"reset", {.reset = true}, 1, false, NL_OK, NULL},
        {"503 again and again", {.status = 503}, 8, false, NL_IO, "2 attempts"},
        {"403", {.status = 403}, 1, false, NL_DENIED, "HTTP 403"},
        {"an answer without the range",
         {.status = 200, .body = html, .body_len = 6},
         2,
         false,
         NL_CONFLICT,
         "changed while it was read"},
        {"another version", {0}, 0, true, NL_CONFLICT, "changed while it was read"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        struct fixture f;
        nl_error err = {0};
        check_why("%s", cases[i].why);
        start(&f, piece + 70000, NULL);
        set_checksum(f.o, S3_CRC64NVME, true);
        f.o->fault = cases[i].fault;
        f.o->n_faults = cases[i].n;
        f.o->changes = cases[i].changes;
        nl_object_info info = {.size = f.o->len};
        int rc = nl_store_copy_known(f.store, "s3://bucket/key", &info, f.path, NULL, &err);
        if (cases[i].want) {
            CHECK_FAILS(rc, cases[i].want, err, cases[i].message);
            CHECK(access(f.path, F_OK) != 0);
        } else {
            CHECK_OK(rc, err);
            check_file(&f, 0);
        }
        stop(&f);
    }
}

/* Ranges in any order, to any place; a full disk says so; dropped ones touch the file no more. */
static void ranges_to_places(void **state)
{
    (void)state;
    struct fixture f;
    nl_error err = {0};
    nl_source *s;
    nl_fetch *fetch[3];
    nl_bytes b;
    uint8_t got[300];
    start(&f, 100000, NULL);
    nl_object_info info = {.size = f.o->len};
    CHECK_OK(nl_store_open(f.store, "s3://bucket/key", &info, &s, &err), err);
    int fd = open(f.path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    CHECK_OK(nl_source_submit_to_file(s, (nl_range){99900, 100}, fd, 0, &fetch[0], &err), err);
    CHECK_OK(nl_source_submit_to_file(s, (nl_range){0, 100}, fd, 200, &fetch[1], &err), err);
    CHECK_OK(nl_source_submit_to_file(s, (nl_range){5, 0}, fd, 7, &fetch[2], &err), err);
    for (size_t i = 3; i-- > 0;) {
        CHECK_OK(nl_fetch_wait(fetch[i], NULL, &b, &err), err);
        CHECK_INT(b.len, 0);
    }
    CHECK_INT(pread(fd, got, sizeof got, 0), 300);
    CHECK_MEM(got, f.o->data + 99900, 100);
    CHECK_MEM(got + 200, f.o->data, 100);
    CHECK_FAILS(nl_source_submit_to_file(s, (nl_range){99999, 2}, fd, 0, &fetch[0], &err), NL_INVALID, err, "2 bytes");
    CHECK_FAILS(nl_source_submit_to_file(s, (nl_range){0, 2}, fd, UINT64_MAX, &fetch[0], &err), NL_INVALID, err,
                "no file");
    CHECK_OK(nl_source_submit_to_file(s, (nl_range){0, 100000}, fd, 0, &fetch[0], &err), err);
    nl_fetch_drop(fetch[0]);
    close(fd);
    fd = open("/dev/full", O_WRONLY | O_CLOEXEC);
    CHECK_OK(nl_source_submit_to_file(s, (nl_range){0, 100}, fd, 0, &fetch[0], &err), err);
    CHECK_FAILS(nl_fetch_wait(fetch[0], NULL, &b, &err), NL_IO, err, "No space left");
    close(fd);
    nl_source_close(s);
    stop(&f);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_download_costs_its_pieces_and_one_head),
        cmocka_unit_test(a_small_download_is_one_request),
        cmocka_unit_test(a_file_goes_on_behind_what_it_has),
        cmocka_unit_test(the_whole_is_compared_with_what_head_says),
        cmocka_unit_test(a_head_that_never_comes),
        cmocka_unit_test(faults),
        cmocka_unit_test(ranges_to_places),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
