/* web.c: http:// as a store that is only read: servers with ranges and without, versions of every kind, redirects, and servers
 * that lie. */
#include <stdio.h>
#include <stdlib.h>

#include "base/str.h"
#include "store/backend.h"
#include "store/web/url.h"
#include "support/check.h"
#include "support/proc.h"
#include "support/standin.h"
#include "support/tmp.h"

enum { file_len = 200000, most_headers = 512 };

/* What the server is like. */
struct habits {
    const char *why;
    bool no_ranges, no_suffix, no_conditions;
    const char *etag;     /* the header's value; NULL: none */
    const char *modified; /* the same of Last-Modified */
};

static struct {
    struct standin *server;
    nl_store *store;
    struct habits habits;
    uint8_t data[file_len];
    struct standin_answer faults[8]; /* for the first n_faults requests */
    size_t n_faults, before;         /* requests before this case */
    char headers[most_headers][512];
    char chunk[64];
} web;

#define FIRST_DATE "Sun, 22 Nov 2026 15:49:09 GMT"
#define LATER_DATE "Sun, 22 Nov 2026 15:49:10 GMT"

/* The request as this server understands it: of all headers only those that it knows. */
static struct standin_request understood(const struct standin_request *q, char head[256])
{
    static const char *const known[] = {"Range", "If-Match", "If-None-Match"};
    struct standin_request p = *q;
    char value[128];
    size_t n = web.habits.no_ranges ? 0 : web.habits.no_conditions ? 1 : NL_LEN(known);
    head[0] = 0;
    for (size_t i = 0; i < n; i++)
        if (standin_header(q, known[i], value, sizeof value) &&
            !(web.habits.no_suffix && nl_starts_with(value, "bytes=-")))
            snprintf(head + strlen(head), 256 - strlen(head), "%s: %s\r\n", known[i], value);
    p.head = head;
    return p;
}

static void serve(const struct standin_request *q, struct standin_answer *a)
{
    const struct habits *h = &web.habits;
    char head[256], etag[64] = "none", rest[256], *headers = web.headers[q->number % most_headers];
    struct standin_request p = understood(q, head);
    if (h->etag && *h->etag == '"')
        snprintf(etag, sizeof etag, "%.*s", (int)strlen(h->etag) - 2, h->etag + 1);
    standin_object(&p, a, web.data, file_len, etag, headers);
    const char *content_range = strstr(headers, "Content-Range");
    snprintf(rest, sizeof rest, "%s", content_range ? content_range : "");
    snprintf(headers, sizeof web.headers[0], "%s%s%s%s%s%s%s", h->etag ? "ETag: " : "", h->etag ? h->etag : "",
             h->etag ? "\r\n" : "", h->modified ? "Last-Modified: " : "", h->modified ? h->modified : "",
             h->modified ? "\r\n" : "", rest);
    a->headers = headers;
}

static void answer(void *ctx, const struct standin_request *q, struct standin_answer *a)
{
    (void)ctx;
    size_t n = q->number - web.before;
    serve(q, a);
    if (n >= web.n_faults)
        return;
    const struct standin_answer *f = &web.faults[n];
    if (f->cut && !f->status)
        a->cut = f->cut;
    else if (f->status || f->reset)
        *a = *f;
}

static int start(void **state)
{
    (void)state;
    nl_error err = {0};
    for (size_t i = 0; i < file_len; i++)
        web.data[i] = (uint8_t)(i ^ i >> 8);
    web.server = standin_start(answer, NULL);
    /* Settings of S3 say nothing about the web: this profile does not exist. */
    nl_store_options o = {.profile = "nowhere", .cache_dir = ""};
    CHECK_OK(store_new_tuned(&o, &(struct store_tuning){.retry_base_ms = 1, .max_gap = 1}, &web.store, &err), err);
    return 0;
}

static int stop(void **state)
{
    (void)state;
    nl_store_free(web.store);
    standin_stop(web.server);
    return 0;
}

static void behave(struct habits h, const struct standin_answer *faults, size_t n)
{
    web.habits = h;
    web.n_faults = n;
    for (size_t i = 0; i < n; i++)
        web.faults[i] = faults[i];
    web.before = standin_count(web.server);
}

static const char *url(const char *path)
{
    static char out[256];
    snprintf(out, sizeof out, "%s%s", standin_url(web.server), path);
    return out;
}

static nl_source *open_url(const char *path)
{
    nl_source *s;
    nl_error err = {0};
    CHECK_OK(nl_store_open(web.store, url(path), NULL, &s, &err), err);
    return s;
}

static size_t asked(void)
{
    return standin_count(web.server) - web.before;
}

static const struct standin_request *seen(size_t i)
{
    return standin_seen(web.server, web.before + i);
}

static void read_and_compare(nl_source *s, size_t offset, size_t len)
{
    nl_bytes b;
    nl_error err = {0};
    CHECK_OK(nl_source_read(s, offset, len, &b, &err), err);
    CHECK_INT(b.len, len);
    CHECK_MEM(b.data, web.data + offset, len);
    nl_bytes_release(&b);
}

static void tail_and_compare(nl_source *s, size_t want)
{
    nl_bytes b;
    nl_error err = {0};
    size_t len = want < file_len ? want : file_len;
    CHECK_OK(nl_source_read_tail(s, want, &b, &err), err);
    CHECK_INT(b.len, len);
    CHECK_MEM(b.data, web.data + file_len - len, len);
    CHECK_INT(nl_source_size(s), file_len);
    nl_bytes_release(&b);
}

/* ── addresses ── */

static void addresses(void **state)
{
    (void)state;
    static const struct {
        const char *url, *name, *refused;
    } cases[] = {
        {"https://example.org/a/b.parquet", "https://example.org/a/b.parquet", NULL},
        {"http://example.org", "http://example.org", NULL},
        {"HTTPS://Example.org:8443/x", "HTTPS://Example.org:8443/x", NULL},
        {"https://example.org/x?X-Amz-Signature=secret&b=c", "https://example.org/x?…", NULL},
        {"https://example.org/x#part?no", "https://example.org/x", NULL},
        {"https://example.org/a@b", "https://example.org/a@b", NULL},
        {"https://[::1]:80/x", "https://[::1]:80/x", NULL},
        {"https://user:secret@example.org/x", NULL, "https://example.org: an address takes no name and password"},
        {"https://secret@example.org/x?y", NULL, "https://example.org: an address takes no name and password"},
        {"https://a:secret@b:secret@example.org", NULL, "https://example.org: an address"},
        {"https://a\\@secret/x", NULL, "byte 0x5C"},
        {"https:///x", NULL, "no host"},
        {"https://exa mple.org/", NULL, "byte 0x20 has no place in an address"},
        {"https://example.org/a b", NULL, "https://example.org: byte 0x20"},
        {"https://example.org/a\r\nX: y", NULL, "byte 0x0D"},
        {"https://example.org:0/", NULL, "bad port"},
        {"https://example.org:99999/", NULL, "bad port"},
        {"https://ex%41mple.org/", NULL, "no host"},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].url);
        struct store_endpoint e;
        char *name;
        nl_error err = {0};
        int rc = store_web_parse(cases[i].url, &e, &name, &err);
        if (cases[i].refused) {
            CHECK_FAILS(rc, NL_INVALID, err, cases[i].refused);
            CHECK(!strstr(err.message, "secret") && !name);
        } else {
            CHECK_OK(rc, err);
            CHECK_STR(name, cases[i].name);
        }
        free(name);
    }
    CHECK(store_web_is("http://x") && store_web_is("HTTPS://x") && !store_web_is("https:/x") &&
          !store_web_is("s3://x"));
}

/* ── servers ── */

static const struct server_case {
    struct habits habits;
    size_t requests;    /* for the tail and two ranges */
    const char *second; /* a header of the second request; NULL: none was needed */
} servers[] = {
    {{"ranges and a strong ETag", .etag = "\"v1\"", .modified = FIRST_DATE}, 3, "If-Match: \"v1\"\r\n"},
    {{"a weak ETag", .etag = "W/\"v1\"", .modified = FIRST_DATE}, 3, "If-Unmodified-Since: " FIRST_DATE "\r\n"},
    {{"a date alone", .modified = FIRST_DATE}, 3, "If-Unmodified-Since: " FIRST_DATE "\r\n"},
    {{.why = "no version at all"}, 3, "Range: bytes=0-99\r\n"},
    {{"no ranges: read once", .no_ranges = true, .etag = "\"v1\""}, 1, NULL},
    {{"no last bytes, but small", .no_suffix = true, .etag = "\"v1\""}, 1, NULL},
};

static void servers_of_every_kind(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(servers); i++) {
        check_why("%s", servers[i].habits.why);
        behave(servers[i].habits, NULL, 0);
        nl_source *s = open_url("/dir/x.parquet?sig=secret");
        CHECK(strstr(nl_source_name(s), "/dir/x.parquet?…"));
        tail_and_compare(s, 1000);
        read_and_compare(s, 0, 100);
        read_and_compare(s, 5000, 70000);
        CHECK_INT(asked(), servers[i].requests);
        CHECK_STR(seen(0)->target, "/dir/x.parquet?sig=secret");
        CHECK_HAS(seen(0)->head, "Range: bytes=-1000\r\n");
        CHECK_HAS(seen(0)->head, "Accept-Encoding: identity\r\n");
        CHECK(!strstr(seen(0)->head, "Authorization") && !strstr(seen(0)->head, "x-amz-"));
        if (servers[i].second)
            CHECK_HAS(seen(1)->head, servers[i].second);
        nl_source_close(s);
    }
}

/* A body without a length: the end of the connection ends it. */
static void a_length_that_nobody_told(void **state)
{
    (void)state;
    struct standin_answer unsized = {.status = 200, .body = web.data, .body_len = file_len, .unsized = true};
    behave((struct habits){0}, &unsized, 1);
    nl_source *s = open_url("/x");
    tail_and_compare(s, 10);
    read_and_compare(s, 0, file_len);
    CHECK_INT(asked(), 1);
    nl_source_close(s);
}

/* ── versions ── */

static void a_change_is_an_error(void **state)
{
    (void)state;
    static const struct {
        const char *why;
        struct habits before, after;
        int code;
    } cases[] = {
        {"another ETag, and no If-Match", {.etag = "\"v1\""}, {.etag = "\"v2\"", .no_conditions = true}, NL_CONFLICT},
        {"another ETag", {.etag = "\"v1\""}, {.etag = "\"v2\""}, NL_CONFLICT},
        {"another date", {.modified = FIRST_DATE}, {.modified = LATER_DATE}, NL_CONFLICT},
        {"another date below a weak ETag",
         {.etag = "W/\"v1\"", .modified = FIRST_DATE},
         {.etag = "W/\"v1\"", .modified = LATER_DATE},
         NL_CONFLICT},
        {"another date, the same ETag",
         {.etag = "\"v1\"", .modified = FIRST_DATE},
         {.etag = "\"v1\"", .modified = LATER_DATE},
         NL_OK},
        {"nothing that tells", {0}, {0}, NL_OK},
    };
    for (size_t i = 0; i < NL_LEN(cases); i++) {
        check_why("%s", cases[i].why);
        nl_error err = {0};
        nl_bytes b = {0};
        behave(cases[i].before, NULL, 0);
        nl_source *s = open_url("/x");
        tail_and_compare(s, 10);
        web.habits = cases[i].after;
        int rc = nl_source_read(s, 0, 10, &b, &err);
        if (cases[i].code)
            CHECK_FAILS(rc, cases[i].code, err, "changed while it was read");
        else
            CHECK_OK(rc, err);
        nl_bytes_release(&b);
        nl_source_close(s);
    }
    check_why("412");
    nl_error err = {0};
    nl_bytes b;
    behave((struct habits){.etag = "\"v1\""}, NULL, 0);
    nl_source *s = open_url("/x");
    tail_and_compare(s, 10);
    behave((struct habits){.etag = "\"v1\""}, &(struct standin_answer){.status = 412}, 1);
    CHECK_FAILS(nl_source_read(s, 0, 10, &b, &err), NL_CONFLICT, err, "changed while it was read");
    nl_source_close(s);
}

/* ── answers that say no, and lies ── */

#define LYING(lines)                                                                                                   \
    {                                                                                                                  \
        .status = 206, .headers = (lines), .body = "0123456789", .body_len = 10                                        \
    }

static const struct refusal {
    const char *why;
    struct standin_answer answer;
    size_t repeated; /* so often; 0: once */
    int code;
    const char *text;
} refusals[] = {
    {"404", {.status = 404}, 0, NL_NOT_FOUND, "/x?…: not found (HTTP 404, http://127.0.0.1:"},
    {"403", {.status = 403}, 0, NL_DENIED, "HTTP 403"},
    {"401", {.status = 401}, 0, NL_DENIED, "HTTP 401"},
    {"500", {.status = 500}, 8, NL_IO, "(HTTP 500, http://127.0.0.1:"},
    {"a 304 that nobody asked for", {.status = 304}, 0, NL_INVALID, "HTTP 304"},
    {"another range", LYING("Content-Range: bytes 0-9/100\r\n"), 0, NL_UNSUPPORTED, "with something else"},
    {"more than came", LYING("Content-Range: bytes 0-99/100\r\n"), 0, NL_UNSUPPORTED, "with something else"},
    {"no range", LYING(""), 0, NL_UNSUPPORTED, "with something else"},
    {"backwards", LYING("Content-Range: bytes 9-0/10\r\n"), 0, NL_UNSUPPORTED, "with something else"},
    {"an unknown size", LYING("Content-Range: bytes 0-9/*\r\n"), 0, NL_UNSUPPORTED, "with something else"},
    {"beyond all", LYING("Content-Range: bytes 18446744073709551605-18446744073709551614/18446744073709551615\r\n"), 0,
     NL_UNSUPPORTED, "with something else"},
    {"cut each time",
     {.status = 206, .headers = "Content-Range: bytes 0-9/10\r\n", .body = "0123456789", .body_len = 10, .cut = 5},
     8,
     NL_IO,
     "http://127.0.0.1:"},
    {"a body of 2^40 bytes",
     {.status = 206, .body = "0123456789", .body_len = 10, .claim = UINT64_C(1) << 40},
     0,
     NL_IO,
     "longer than what was asked for"},
};

static void refusals_and_lies(void **state)
{
    (void)state;
    for (size_t i = 0; i < NL_LEN(refusals); i++) {
        const struct refusal *c = &refusals[i];
        struct standin_answer all[8];
        size_t n = c->repeated ? c->repeated : 1;
        nl_error err = {0};
        nl_bytes b;
        check_why("%s", c->why);
        for (size_t k = 0; k < n; k++)
            all[k] = c->answer;
        behave((struct habits){.etag = "\"v1\""}, all, n);
        nl_source *s = open_url("/x?sig=secret");
        CHECK_FAILS(nl_source_read_tail(s, 64, &b, &err), c->code, err, c->text);
        CHECK(!strstr(err.message, "secret") && !strstr(err.hint, "secret"));
        CHECK(!strstr(err.hint, "AWS") && !strstr(err.hint, "no-sign-request"));
        CHECK_INT(asked(), c->repeated ? 6 : 1);
        nl_source_close(s);
    }
}

/* What heals is tried again, as in S3. */
static void what_heals(void **state)
{
    (void)state;
    static const struct standin_answer faults[] = {{.status = 503}, {.cut = 3}, {.reset = true}};
    behave((struct habits){.etag = "\"v1\""}, faults, NL_LEN(faults));
    nl_source *s = open_url("/x");
    tail_and_compare(s, 1000);
    CHECK_INT(asked(), 4);
    nl_source_close(s);
}

/* The size is told, but no last bytes: by their place. Who then sends everything again serves no ranges. */
static void large_files_and_last_bytes(void **state)
{
    (void)state;
    static const struct standin_answer not_satisfied = {.status = 416, .headers = "Content-Range: bytes */200000\r\n"};
    struct standin_answer whole = {.body = web.data, .body_len = 5000, .claim = UINT64_C(1) << 40, .status = 200};
    nl_error err = {0};
    nl_bytes b;
    behave((struct habits){.etag = "\"v1\""}, &not_satisfied, 1);
    nl_source *s = open_url("/x");
    tail_and_compare(s, 1000);
    CHECK_INT(asked(), 2);
    CHECK_HAS(seen(1)->head, "Range: bytes=199000-199999\r\n");
    nl_source_close(s);
    behave((struct habits){.etag = "\"v1\""}, (struct standin_answer[]){whole, whole}, 2);
    s = open_url("/x");
    CHECK_FAILS(nl_source_read_tail(s, 1000, &b, &err), NL_UNSUPPORTED, err,
                "answers a request for a range with the whole object");
    CHECK_HAS(seen(1)->head, "Range: bytes=1099511626776-1099511627775\r\n");
    nl_source_close(s);
}

/* ── redirects ── */

static void redirects(void **state)
{
    (void)state;
    char there[64], other[] = "Location: ftp://127.0.0.1/x\r\n", round[] = "Location: /x\r\n";
    snprintf(there, sizeof there, "Location: %s/there?sig=secret\r\n", standin_url(web.server));
    nl_error err = {0};
    nl_bytes b;
    nl_store_stats before, after;
    behave((struct habits){.etag = "\"v1\""}, &(struct standin_answer){.status = 302, .headers = there}, 1);
    nl_store_get_stats(web.store, &before);
    nl_source *s = open_url("/x");
    tail_and_compare(s, 1000);
    nl_store_get_stats(web.store, &after);
    CHECK_INT(asked(), 2);
    CHECK_INT(after.requests - before.requests, 2);
    CHECK_STR(seen(1)->target, "/there?sig=secret");
    CHECK_HAS(seen(1)->head, "Range: bytes=-1000\r\n");
    nl_source_close(s);

    struct standin_answer loop[8];
    for (size_t i = 0; i < 8; i++)
        loop[i] = (struct standin_answer){.status = 301, .headers = round};
    behave((struct habits){0}, loop, 8);
    s = open_url("/x");
    CHECK_FAILS(nl_source_read_tail(s, 10, &b, &err), NL_IO, err, "redirects");
    CHECK_INT(asked(), 6);
    nl_source_close(s);

    behave((struct habits){0}, &(struct standin_answer){.status = 302, .headers = other}, 1);
    s = open_url("/x");
    CHECK_FAILS(nl_source_read_tail(s, 10, &b, &err), NL_IO, err, "127.0.0.1");
    CHECK_INT(asked(), 1);
    nl_source_close(s);
}

/* ── the other calls ── */

static void head(void **state)
{
    (void)state;
    nl_object_info info;
    nl_error err = {0};
    behave((struct habits){.etag = "\"v1\"", .modified = FIRST_DATE}, NULL, 0);
    CHECK_OK(nl_store_head(web.store, url("/x"), &info, &err), err);
    CHECK_INT(info.size, file_len);
    CHECK_STR(info.etag, "v1");
    CHECK_INT(asked(), 1);
    static const int refused[] = {403, 405, 501};
    for (size_t i = 0; i < NL_LEN(refused) * 2; i++) {
        check_why("HEAD answers %d, %s", refused[i / 2], i % 2 ? "no ranges" : "ranges");
        behave((struct habits){.etag = "\"v1\"", .no_ranges = i % 2},
               &(struct standin_answer){.status = refused[i / 2]}, 1);
        CHECK_OK(nl_store_head(web.store, url("/x"), &info, &err), err);
        CHECK_INT(info.size, file_len);
        CHECK_INT(asked(), 2);
        CHECK_HAS(seen(1)->head, "Range: bytes=0-0\r\n");
    }
    check_why("404");
    behave((struct habits){0}, &(struct standin_answer){.status = 404}, 1);
    CHECK_FAILS(nl_store_head(web.store, url("/x"), &info, &err), NL_NOT_FOUND, err, "/x: not found");
}

static int no_entry(void *ctx, const char *uri, bool is_prefix, const nl_object_info *info, nl_error *err)
{
    (void)ctx, (void)uri, (void)is_prefix, (void)info;
    return nl_fail(err, NL_INTERNAL, "an entry");
}

static void what_the_web_is_not_for(void **state)
{
    (void)state;
    nl_error err = {0};
    nl_sink *sink;
    nl_source *source;
    behave((struct habits){0}, NULL, 0);
    CHECK_FAILS(nl_store_create(web.store, url("/x?s"), NULL, &sink, &err), NL_UNSUPPORTED, err,
                "/x?…: addresses of the web");
    CHECK_FAILS(nl_store_delete(web.store, url("/x"), &err), NL_UNSUPPORTED, err, "read only");
    CHECK_FAILS(nl_store_list(web.store, url("/"), true, no_entry, NULL, &err), NL_UNSUPPORTED, err, "no listings");
    CHECK_FAILS(nl_store_open(web.store, "http://user:secret@127.0.0.1/x", NULL, &source, &err), NL_INVALID, err,
                "http://127.0.0.1: an address takes no name and password");
    CHECK_INT(asked(), 0);
    char *dir = tmp_make(), *to = tmp_path(dir, "copy");
    behave((struct habits){.etag = "\"v1\""}, NULL, 0);
    CHECK_OK(nl_store_copy(web.store, url("/x"), to, &err), err);
    size_t len;
    char *copy = tmp_read(to, &len);
    CHECK_INT(len, file_len);
    CHECK_MEM(copy, web.data, file_len);
    free(copy);
    free(to);
    tmp_remove(dir);
}

static void nobody_is_there(void **state)
{
    (void)state;
    nl_source *s;
    nl_bytes b;
    nl_error err = {0};
    CHECK_OK(nl_store_open(web.store, "http://127.0.0.1:1/x?sig=secret", NULL, &s, &err), err);
    CHECK_FAILS(nl_source_read_tail(s, 10, &b, &err), NL_IO, err,
                "http://127.0.0.1:1/x?…: cannot connect to http://127.0.0.1:1: connection refused");
    CHECK(!strstr(err.hint, "AWS"));
    nl_source_close(s);
}

/* What was read of the web is kept like objects, where its version is sure. */
static void the_cache_keeps_it(void **state)
{
    (void)state;
    char *dir = tmp_make();
    nl_error err = {0};
    nl_store *plain = web.store;
    nl_store_stats st;
    for (int i = 0; i < 4; i++) {
        check_why("run %d", i);
        nl_store_options o = {.cache_dir = dir};
        CHECK_OK(store_new_tuned(&o, NULL, &web.store, &err), err);
        behave((struct habits){.etag = i < 2 ? "\"x\"" : NULL, .modified = FIRST_DATE, .no_ranges = i > 2}, NULL, 0);
        nl_source *s = open_url(i < 2 ? "/strong" : "/date");
        tail_and_compare(s, 1000);
        read_and_compare(s, 0, 100);
        nl_source_close(s);
        nl_store_get_stats(web.store, &st);
        CHECK_INT(st.requests, i == 1 || i == 3 ? 1 : 2);
        CHECK_INT(st.cache_hits, i == 1 ? 2 : 0);
        if (i == 1)
            CHECK_HAS(seen(0)->head, "If-None-Match: \"x\"\r\n");
        nl_store_free(web.store);
    }
    web.store = plain;
    tmp_remove(dir);
}

/* A server as people start one in a folder: no ranges, no ETag, HTTP/1.0. */
static void pythons_own_server(void **state)
{
    (void)state;
    if (!proc_have("python3"))
        skip();
    char *dir = tmp_make(), *file = tmp_path(dir, "x.bin");
    tmp_write(file, web.data, file_len);
    struct proc *p = proc_start(
        &(struct proc_spec){.argv = PROC_ARGS("python3", "-u", "-m", "http.server", "--bind", "127.0.0.1", "0"),
                            .dir = dir});
    char *line = proc_line(p, 20000), uri[128];
    const char *port = line ? strstr(line, " port ") : NULL;
    CHECK(port);
    snprintf(uri, sizeof uri, "http://127.0.0.1:%ld/x.bin", port ? strtol(port + strlen(" port "), NULL, 10) : 0);
    nl_error err = {0};
    nl_source *s;
    nl_store_stats before, after;
    nl_store_get_stats(web.store, &before);
    CHECK_OK(nl_store_open(web.store, uri, NULL, &s, &err), err);
    tail_and_compare(s, 1000);
    read_and_compare(s, 0, 100);
    read_and_compare(s, 5000, 70000);
    nl_source_close(s);
    nl_store_get_stats(web.store, &after);
    CHECK_INT(after.requests - before.requests, 1);
    CHECK_INT(after.bytes_received - before.bytes_received, file_len);
    CHECK_INT(proc_stop(p, SIGTERM), 128 + SIGTERM);
    free(line);
    free(file);
    tmp_remove(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses),
        cmocka_unit_test(servers_of_every_kind),
        cmocka_unit_test(a_length_that_nobody_told),
        cmocka_unit_test(a_change_is_an_error),
        cmocka_unit_test(refusals_and_lies),
        cmocka_unit_test(what_heals),
        cmocka_unit_test(large_files_and_last_bytes),
        cmocka_unit_test(redirects),
        cmocka_unit_test(head),
        cmocka_unit_test(what_the_web_is_not_for),
        cmocka_unit_test(nobody_is_there),
        cmocka_unit_test(the_cache_keeps_it),
        cmocka_unit_test(pythons_own_server),
    };
    return cmocka_run_group_tests(tests, start, stop);
}
