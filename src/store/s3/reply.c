/* reply.c: an answer: its head, line by line, and XML. It comes from strangers: a line that does not parse is as if it were
 * not there. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

#include "base/str.h"
#include "s3proto/time.h"
#include "store/s3/call.h"

enum { xml_max = 32 << 20 };

/* "bytes 0-9/100", "bytes 0-9/STAR", "bytes STAR/0" (STAR: an asterisk). */
static void content_range(struct store_reply *r, const char *value)
{
    char copy[80], *slash, *dash;
    if (strncasecmp(value, "bytes ", 6) != 0 || strlen(value) - 6 >= sizeof copy)
        return;
    memcpy(copy, value + 6, strlen(value) - 5);
    slash = strchr(copy, '/');
    if (!slash)
        return;
    *slash = 0;
    uint64_t first = 0, last = 0, total = UINT64_MAX;
    dash = strchr(copy, '-');
    if (strcmp(slash + 1, "*") != 0 && !nl_parse_u64(slash + 1, &total))
        return;
    if (strcmp(copy, "*") != 0) {
        if (!dash)
            return;
        *dash = 0;
        if (!nl_parse_u64(copy, &first) || !nl_parse_u64(dash + 1, &last) || last < first || last >= total)
            return;
    }
    r->first = first;
    r->last = last;
    r->total = total;
}

/* Without quotes; one that does not fit is dropped whole. A weak one ("W/") says nothing about bytes. */
static void etag(struct store_reply *r, const char *value)
{
    size_t len = strlen(value);
    if (len >= 2 && value[0] == '"' && value[len - 1] == '"') {
        value++;
        len -= 2;
    }
    if (len >= sizeof r->etag || !strncmp(value, "W/", 2))
        return;
    memcpy(r->etag, value, len);
    r->etag[len] = 0;
}

static void retry_after(struct store_reply *r, const char *value)
{
    int64_t seconds, date;
    if (nl_parse_i64(value, &seconds) && seconds >= 0)
        r->retry_after = seconds;
    else if (s3_time_parse_http(value, &date))
        r->retry_after = date > time(NULL) ? date - time(NULL) : 0;
}

/* Copy a short printable value; one that does not fit is dropped. */
static void keep(char *out, size_t cap, const char *value)
{
    if (strlen(value) < cap)
        memcpy(out, value, strlen(value) + 1);
}

static void header(struct store_reply *r, const char *name, const char *value)
{
    if (!strcasecmp(name, "content-length")) {
        if (!nl_parse_u64(value, &r->length))
            r->length = UINT64_MAX;
    } else if (!strcasecmp(name, "content-range")) {
        content_range(r, value);
    } else if (!strcasecmp(name, "etag")) {
        etag(r, value);
    } else if (!strcasecmp(name, "last-modified")) {
        if (!s3_time_parse_http(value, &r->modified))
            r->modified = 0;
    } else if (!strcasecmp(name, "retry-after")) {
        retry_after(r, value);
    } else if (!strcasecmp(name, "x-amz-request-id")) {
        keep(r->request_id, sizeof r->request_id, value);
    } else if (!strcasecmp(name, "x-amz-bucket-region")) {
        keep(r->bucket_region, sizeof r->bucket_region, value);
    } else if (!strcasecmp(name, "x-amz-meta-neuralake-write")) {
        keep(r->write_id, sizeof r->write_id, value);
    } else if (!strncasecmp(name, "x-amz-checksum-", 15)) {
        store_checksum_parse(name, value, &r->checksum);
    }
}

/* "HTTP/1.1 206 Partial Content" */
static void status_line(struct store_reply *r, const char *line)
{
    *r = (struct store_reply){.length = UINT64_MAX, .total = UINT64_MAX, .retry_after = -1};
    const char *space = strchr(line, ' ');
    if (space)
        r->http = (int)strtol(space + 1, NULL, 10);
}

void store_reply_line(struct store_reply *r, const char *line, size_t len)
{
    char copy[512];
    while (len && (line[len - 1] == '\r' || line[len - 1] == '\n'))
        len--;
    r->whole |= !len && r->http;
    if (!len || len >= sizeof copy || memchr(line, 0, len))
        return;
    memcpy(copy, line, len);
    copy[len] = 0;
    if (nl_starts_with(copy, "HTTP/")) {
        status_line(r, copy);
        return;
    }
    char *colon = strchr(copy, ':');
    if (!colon)
        return;
    *colon = 0;
    char *value = colon + 1 + strspn(colon + 1, " \t");
    size_t value_len = strlen(value);
    while (value_len && (value[value_len - 1] == ' ' || value[value_len - 1] == '\t'))
        value[--value_len] = 0;
    header(r, copy, value);
}

int store_reply_xml(nl_arena *arena, const nl_buf *text, const char *root_name, s3_xml_node **root, nl_error *err)
{
    int rc = s3_xml_parse(arena, text->data, text->len, xml_max, root, err);
    if (rc == NL_NO_MEMORY)
        return rc;
    if (rc && err)
        err->code = NL_IO;
    if (!rc && strcmp((*root)->name, root_name) != 0)
        rc = nl_fail(err, NL_IO, "<%s>", (*root)->name);
    if (!rc)
        return NL_OK;
    nl_note(err, "the answer is no <%s>", root_name);
    return NL_IO;
}
