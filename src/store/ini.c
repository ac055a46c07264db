/* ini.c: the parser of ini.h: one pass over the lines, each copied into a buffer on the stack where it is cut up. */
#include "store/ini.h"

#include <string.h>

#include "base/str.h"

enum { max_line = 4096 };

struct parser {
    char section[max_line], key[max_line];
    bool in_section, in_key, key_empty;
    store_ini_fn fn;
    void *ctx;
};

static bool blank(char c)
{
    return c == ' ' || c == '\t';
}

/* Cut blanks from both ends, in place. */
static char *trim(char *s)
{
    while (blank(*s))
        s++;
    size_t len = strlen(s);
    while (len && blank(s[len - 1]))
        s[--len] = 0;
    return s;
}

/* End the text at a "#" or ";" that follows a blank. */
static void cut_comment(char *s)
{
    for (char *p = s; *p; p++)
        if ((*p == '#' || *p == ';') && p > s && blank(p[-1])) {
            *p = 0;
            return;
        }
}

/* "[name]", and perhaps a comment. */
static int take_section(struct parser *p, char *line, nl_error *err)
{
    char *end = strchr(line, ']');
    char *rest = end ? trim(end + 1) : NULL;
    if (!end || (*rest && *rest != '#' && *rest != ';'))
        return nl_fail(err, NL_INVALID, "a section is written [name]");
    *end = 0;
    char *name = trim(line + 1);
    if (!*name)
        return nl_fail(err, NL_INVALID, "a section without a name");
    /* "[profile  lab]" and "[profile lab]" are the same: the gap becomes one space. */
    size_t used = 0;
    for (char *c = name; *c; c++)
        if (!(blank(*c) && blank(c[1])))
            p->section[used++] = blank(*c) ? ' ' : *c;
    p->section[used] = 0;
    p->in_section = true;
    p->in_key = false;
    return NL_OK;
}

/* "key = value", as a key of the section, or below the last key. */
static int take_setting(struct parser *p, char *line, bool indented, nl_error *err)
{
    if (indented && p->in_key && !p->key_empty)
        return NL_OK; /* I2 */
    if (!p->in_section)
        return nl_fail(err, NL_INVALID, "a setting before any [section]");
    char *eq = strchr(line, '=');
    if (!eq || eq == line)
        return nl_fail(err, NL_INVALID, "neither a [section], nor \"key = value\", nor a comment");
    *eq = 0;
    char *value = eq + 1;
    cut_comment(value);
    char *key = trim(line);
    value = trim(value);
    if (indented && p->in_key)
        return p->fn(p->ctx, p->section, p->key, key, value, err);
    memcpy(p->key, key, strlen(key) + 1);
    p->in_key = true;
    p->key_empty = !*value;
    return p->fn(p->ctx, p->section, key, "", value, err);
}

static int take_line(struct parser *p, const char *text, size_t len, nl_error *err)
{
    char line[max_line];
    if (len && text[len - 1] == '\r')
        len--;
    if (len >= sizeof line)
        return nl_fail(err, NL_INVALID, "a line of %zu bytes: at most %d are taken", len, max_line - 1);
    if (memchr(text, 0, len))
        return nl_fail(err, NL_INVALID, "a NUL in the text");
    memcpy(line, text, len);
    line[len] = 0;
    bool indented = blank(line[0]);
    char *start = trim(line);
    if (!*start || *start == '#' || *start == ';')
        return NL_OK;
    if (*start == '[' && !indented)
        return take_section(p, start, err);
    return take_setting(p, start, indented, err);
}

int store_ini_parse(const char *name, const char *text, size_t len, store_ini_fn fn, void *ctx, nl_error *err)
{
    struct parser p = {.fn = fn, .ctx = ctx};
    size_t line = 0;
    for (const char *at = text, *end = text + len; at < end;) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        stop = stop ? stop : end;
        line++;
        int rc = take_line(&p, at, (size_t)(stop - at), err);
        if (rc) {
            nl_note(err, "%s, line %zu", name, line);
            return rc;
        }
        at = stop + 1;
    }
    return NL_OK;
}
