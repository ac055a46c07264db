/* uri.c: percent-encoding and query strings (the rules U1 to U3 are in uri.h). */
#include "s3proto/uri.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"

enum { max_pairs = 256 };

static bool unreserved(unsigned char c)
{
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.' ||
           c == '_' || c == '~';
}

int s3_uri_encode(nl_buf *out, const char *text, size_t len, bool keep_slash, nl_error *err)
{
    if (len > SIZE_MAX / 3)
        return nl_fail_memory(err);
    int rc = nl_buf_reserve(out, len * 3, err);
    for (size_t i = 0; !rc && i < len; i++) {
        unsigned char c = (unsigned char)text[i];
        if (unreserved(c) || (keep_slash && c == '/')) {
            rc = nl_buf_putc(out, (char)c, err);
        } else {
            static const char digits[] = "0123456789ABCDEF";
            char three[3] = {'%', digits[c >> 4], digits[c & 15]};
            rc = nl_buf_append(out, three, sizeof three, err);
        }
    }
    return rc;
}

int s3_uri_decode(nl_buf *out, const char *text, size_t len, bool plus_is_space, nl_error *err)
{
    size_t start = out->len;
    int rc = nl_buf_reserve(out, len, err);
    for (size_t i = 0; !rc && i < len; i++) {
        uint8_t c = (uint8_t)text[i];
        if (c == '%') {
            if (len - i < 3 || !nl_unhex(text + i + 1, 2, &c))
                rc = nl_fail(err, NL_INVALID, "byte %zu: \"%%\" without two hexadecimal digits", i);
            else if (!c)
                rc = nl_fail(err, NL_INVALID, "byte %zu: an encoded NUL", i);
            i += 2;
        } else if (c == '+' && plus_is_space) {
            c = ' ';
        }
        if (!rc)
            rc = nl_buf_putc(out, (char)c, err);
    }
    if (rc && out->data) {
        out->len = start;
        out->data[start] = 0;
    }
    return rc;
}

/* Decode one side of a pair into the arena. */
static int decode_part(nl_arena *arena, nl_buf *scratch, const char *text, size_t len, const char **out, nl_error *err)
{
    nl_buf_clear(scratch);
    int rc = s3_uri_decode(scratch, text, len, true, err);
    if (rc)
        return rc;
    *out = nl_arena_strndup(arena, scratch->len ? scratch->data : "", scratch->len);
    return *out ? NL_OK : nl_fail_memory(err);
}

int s3_query_parse(nl_arena *arena, const char *raw, size_t len, s3_pair **out, size_t *n, nl_error *err)
{
    *out = NULL;
    *n = 0;
    size_t pieces = 1;
    for (size_t i = 0; i < len; i++)
        pieces += raw[i] == '&';
    if (pieces > max_pairs)
        return nl_fail(err, NL_INVALID, "a query of %zu parameters; at most %d are taken", pieces, max_pairs);
    s3_pair *pairs = nl_arena_array(arena, pieces, sizeof *pairs);
    if (!pairs)
        return nl_fail_memory(err);

    nl_buf scratch = {0};
    int rc = NL_OK;
    size_t used = 0;
    for (const char *p = raw, *end = raw + len; !rc && p < end;) {
        const char *stop = memchr(p, '&', (size_t)(end - p));
        stop = stop ? stop : end;
        const char *eq = memchr(p, '=', (size_t)(stop - p));
        const char *name_end = eq ? eq : stop;
        if (stop > p) {
            const char *value = eq ? eq + 1 : stop;
            rc = decode_part(arena, &scratch, p, (size_t)(name_end - p), &pairs[used].name, err);
            if (!rc)
                rc = decode_part(arena, &scratch, value, (size_t)(stop - value), &pairs[used].value, err);
            used++;
        }
        p = stop + 1;
    }
    nl_buf_free(&scratch);
    if (rc)
        return rc;
    *out = pairs;
    *n = used;
    return NL_OK;
}

const char *s3_query_get(const s3_pair *pairs, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++)
        if (!strcmp(pairs[i].name, name))
            return pairs[i].value;
    return NULL;
}

static int compare_pairs(const void *a, const void *b)
{
    const s3_pair *p = a, *q = b;
    int by_name = strcmp(p->name, q->name);
    return by_name ? by_name : strcmp(p->value, q->value);
}

/* Encode one side of a pair into the arena. */
static int encode_part(nl_arena *arena, nl_buf *scratch, const char *text, const char **out, nl_error *err)
{
    nl_buf_clear(scratch);
    int rc = s3_uri_encode(scratch, text, strlen(text), false, err);
    if (rc)
        return rc;
    *out = nl_arena_strndup(arena, scratch->len ? scratch->data : "", scratch->len);
    return *out ? NL_OK : nl_fail_memory(err);
}

int s3_query_canonical(nl_buf *out, const s3_pair *pairs, size_t n, const char *skip, nl_error *err)
{
    nl_arena arena = {0};
    nl_buf scratch = {0};
    size_t used = 0;
    s3_pair *encoded = nl_arena_array(&arena, n, sizeof *encoded);
    int rc = encoded ? NL_OK : nl_fail_memory(err);
    for (size_t i = 0; !rc && i < n; i++) {
        if (skip && !strcmp(pairs[i].name, skip))
            continue;
        rc = encode_part(&arena, &scratch, pairs[i].name, &encoded[used].name, err);
        if (!rc)
            rc = encode_part(&arena, &scratch, pairs[i].value, &encoded[used++].value, err);
    }
    if (!rc && used)
        qsort(encoded, used, sizeof *encoded, compare_pairs);
    for (size_t i = 0; !rc && i < used; i++)
        rc = nl_buf_printf(out, err, "%s%s=%s", i ? "&" : "", encoded[i].name, encoded[i].value);
    nl_buf_free(&scratch);
    nl_arena_free(&arena);
    return rc;
}

void s3_target_split(const char *target, size_t *path_len, const char **query)
{
    const char *mark = strchr(target, '?');
    *path_len = mark ? (size_t)(mark - target) : strlen(target);
    *query = mark ? mark + 1 : NULL;
}
