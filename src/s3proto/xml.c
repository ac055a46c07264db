/* xml.c: the writer, and the tree reader on expat (the rules X1 to X3 are in xml.h). */
#include "s3proto/xml.h"

#include <expat.h>
#include <limits.h>
#include <string.h>

#include "base/str.h"

enum { max_depth = 16 };

/* ── writing ── */

static void put(s3_xml_writer *w, const char *text, size_t len)
{
    if (!w->status)
        w->status = nl_buf_append(w->out, text, len, NULL);
}

static void puts_all(s3_xml_writer *w, const char *a, const char *b, const char *c)
{
    put(w, a, strlen(a));
    put(w, b, strlen(b));
    put(w, c, strlen(c));
}

void s3_xml_start(s3_xml_writer *w, nl_buf *out)
{
    *w = (s3_xml_writer){.out = out};
    puts_all(w, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>", "\n", "");
}

void s3_xml_open(s3_xml_writer *w, const char *name)
{
    puts_all(w, "<", name, ">");
}

void s3_xml_open_root(s3_xml_writer *w, const char *name)
{
    puts_all(w, "<", name, " xmlns=\"" S3_XMLNS "\">");
}

void s3_xml_close(s3_xml_writer *w, const char *name)
{
    puts_all(w, "</", name, ">");
}

/* What stands for c, NULL for c itself. */
static const char *escape(unsigned char c, char room[static 8])
{
    switch (c) {
    case '&':
        return "&amp;";
    case '<':
        return "&lt;";
    case '>':
        return "&gt;";
    case '"':
        return "&quot;";
    case '\t':
    case '\n':
        return NULL;
    default:
        break;
    }
    if (c >= 32 && c != 127)
        return NULL;
    static const char digits[] = "0123456789ABCDEF";
    char *p = room;
    *p++ = '&', *p++ = '#', *p++ = 'x';
    if (c >> 4)
        *p++ = digits[c >> 4];
    *p++ = digits[c & 15], *p++ = ';', *p = 0;
    return room;
}

void s3_xml_textn(s3_xml_writer *w, const char *name, const char *text, size_t len)
{
    char room[8];
    size_t done = 0;
    s3_xml_open(w, name);
    for (size_t i = 0; i < len; i++) {
        const char *e = escape((unsigned char)text[i], room);
        if (!e)
            continue;
        put(w, text + done, i - done);
        put(w, e, strlen(e));
        done = i + 1;
    }
    put(w, text + done, len - done);
    s3_xml_close(w, name);
}

void s3_xml_text(s3_xml_writer *w, const char *name, const char *text)
{
    if (text)
        s3_xml_textn(w, name, text, strlen(text));
}

void s3_xml_u64(s3_xml_writer *w, const char *name, uint64_t value)
{
    char digits[21], *p = digits + sizeof digits;
    do {
        *--p = (char)('0' + value % 10);
        value /= 10;
    } while (value);
    s3_xml_textn(w, name, p, (size_t)(digits + sizeof digits - p));
}

void s3_xml_bool(s3_xml_writer *w, const char *name, bool value)
{
    s3_xml_text(w, name, value ? "true" : "false");
}

int s3_xml_finish(s3_xml_writer *w, nl_error *err)
{
    return w->status ? nl_fail_memory(err) : NL_OK;
}

/* ── reading ── */

struct reader {
    XML_Parser parser;
    nl_arena *arena;
    nl_buf text; /* of the innermost element, while it has no child */
    s3_xml_node *open[max_depth];
    s3_xml_node *last[max_depth]; /* the last child of each open element */
    size_t depth;
    s3_xml_node *root;
    int status;
    const char *why; /* NULL: expat's own words */
};

static void stop(struct reader *r, int status, const char *why)
{
    if (!r->status) {
        r->status = status;
        r->why = why;
    }
    XML_StopParser(r->parser, XML_FALSE);
}

static void on_start(void *ctx, const XML_Char *name, const XML_Char **attributes)
{
    struct reader *r = ctx;
    (void)attributes;
    if (r->status) /* expat may still call back after it was stopped */
        return;
    if (r->depth == max_depth) {
        stop(r, NL_INVALID, "elements nested too deeply");
        return;
    }
    const char *colon = strrchr(name, ':');
    s3_xml_node *n = nl_arena_alloc(r->arena, sizeof *n);
    if (n)
        n->name = nl_arena_strdup(r->arena, colon ? colon + 1 : name);
    if (!n || !n->name) {
        stop(r, NL_NO_MEMORY, "no memory");
        return;
    }
    n->text = "";
    if (!r->depth)
        r->root = n;
    else if (r->last[r->depth - 1])
        r->last[r->depth - 1]->next = n;
    else
        r->open[r->depth - 1]->first = n;
    if (r->depth)
        r->last[r->depth - 1] = n;
    r->open[r->depth] = n;
    r->last[r->depth++] = NULL;
    nl_buf_clear(&r->text);
}

static void on_end(void *ctx, const XML_Char *name)
{
    struct reader *r = ctx;
    (void)name;
    if (r->status)
        return;
    s3_xml_node *n = r->open[--r->depth];
    if (!n->first && r->text.len) {
        n->text = nl_arena_strndup(r->arena, r->text.data, r->text.len);
        n->text_len = r->text.len;
        if (!n->text)
            stop(r, NL_NO_MEMORY, "no memory");
    }
    nl_buf_clear(&r->text);
}

static void on_text(void *ctx, const XML_Char *text, int len)
{
    struct reader *r = ctx;
    if (nl_buf_append(&r->text, text, (size_t)len, NULL))
        stop(r, NL_NO_MEMORY, "no memory");
}

static void on_doctype(void *ctx, const XML_Char *name, const XML_Char *system_id, const XML_Char *public_id,
                       int internal)
{
    (void)name, (void)system_id, (void)public_id, (void)internal;
    stop(ctx, NL_INVALID, "a DOCTYPE is not allowed");
}

int s3_xml_parse(nl_arena *arena, const char *data, size_t len, size_t max_len, s3_xml_node **root, nl_error *err)
{
    *root = NULL;
    if (len > max_len || len > INT_MAX)
        return nl_fail(err, NL_INVALID, "XML of %zu bytes: at most %zu are taken", len, max_len);
    struct reader r = {.arena = arena, .parser = XML_ParserCreate("UTF-8")};
    if (!r.parser)
        return nl_fail_memory(err);
    XML_SetUserData(r.parser, &r);
    XML_SetElementHandler(r.parser, on_start, on_end);
    XML_SetCharacterDataHandler(r.parser, on_text);
    XML_SetStartDoctypeDeclHandler(r.parser, on_doctype);

    int rc = NL_OK;
    if (XML_Parse(r.parser, data, (int)len, XML_TRUE) != XML_STATUS_OK || r.status) {
        enum XML_Error code = XML_GetErrorCode(r.parser);
        if (r.status == NL_NO_MEMORY || (!r.status && code == XML_ERROR_NO_MEMORY))
            rc = nl_fail_memory(err);
        else
            rc = nl_fail(err, NL_INVALID, "XML, line %lu: %s", (unsigned long)XML_GetCurrentLineNumber(r.parser),
                         r.why ? r.why : XML_ErrorString(code));
    } else {
        *root = r.root;
    }
    nl_buf_free(&r.text);
    XML_ParserFree(r.parser);
    return rc;
}

static const s3_xml_node *find(const s3_xml_node *n, const char *name)
{
    while (n && strcmp(n->name, name) != 0)
        n = n->next;
    return n;
}

const s3_xml_node *s3_xml_child(const s3_xml_node *n, const char *name)
{
    return n ? find(n->first, name) : NULL;
}

const s3_xml_node *s3_xml_again(const s3_xml_node *n)
{
    return n ? find(n->next, n->name) : NULL;
}

const char *s3_xml_child_text(const s3_xml_node *n, const char *name)
{
    const s3_xml_node *child = s3_xml_child(n, name);
    return child ? child->text : NULL;
}
