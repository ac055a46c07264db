/* json.c: values as JSON, nested ones too. Recursion goes as deep as the type, which text_columns() has bounded (T1). */
#include <string.h>

#include "arrow/text/text.h"
#include "base/str.h"

/* Bytes of one UTF-8 sequence at s (at most left), or 0 where they are none. */
static size_t utf8_sequence(const uint8_t *s, size_t left)
{
    size_t n = s[0] < 0x80 ? 1 : s[0] < 0xC2 ? 0 : s[0] < 0xE0 ? 2 : s[0] < 0xF0 ? 3 : s[0] < 0xF5 ? 4 : 0;
    return n && n <= left && nl_utf8_valid(s, n) ? n : 0;
}

/* The escape of a byte that may not stand in a JSON string as it is. */
static int escape_byte(uint8_t c, nl_buf *out, nl_error *err)
{
    const char *named = c == '"'    ? "\\\""
                        : c == '\\' ? "\\\\"
                        : c == '\n' ? "\\n"
                        : c == '\r' ? "\\r"
                        : c == '\t' ? "\\t"
                                    : NULL;
    return named ? nl_buf_puts(out, named, err) : nl_buf_printf(out, err, "\\u%04x", c);
}

/* The end of the characters from p on that stand in a JSON string as they are. */
static const uint8_t *plain_run(const uint8_t *p, const uint8_t *end)
{
    while (p < end) {
        size_t n = *p >= 0x20 && *p < 0x80 ? *p != '"' && *p != '\\'
                   : *p < 0x80             ? 0
                                           : utf8_sequence(p, (size_t)(end - p));
        if (!n)
            return p;
        p += n;
    }
    return p;
}

int text_json_string(const char *s, size_t len, nl_buf *out, nl_error *err)
{
    const uint8_t *p = (const uint8_t *)s, *end = p + len;
    int rc = nl_buf_putc(out, '"', err);
    while (rc == NL_OK && p < end) {
        const uint8_t *run = p;
        p = plain_run(p, end);
        rc = nl_buf_append(out, run, (size_t)(p - run), err);
        if (rc || p == end)
            continue;
        rc = *p < 0x80 ? escape_byte(*p, out, err) : nl_buf_puts(out, "\xEF\xBF\xBD", err);
        p++;
    }
    return rc ? rc : nl_buf_putc(out, '"', err);
}

int text_uuid(const uint8_t b[static 16], nl_buf *out, nl_error *err)
{
    static const uint8_t ends[] = {4, 6, 8, 10, 16};
    char hex[2 * 16 + 1];
    nl_hex(b, 16, hex);
    int rc = NL_OK;
    for (size_t i = 0, from = 0; rc == NL_OK && i < NL_LEN(ends); from = ends[i++]) {
        if (i)
            rc = nl_buf_putc(out, '-', err);
        if (rc == NL_OK)
            rc = nl_buf_append(out, hex + 2 * from, 2 * (ends[i] - from), err);
    }
    return rc;
}

/* A value that is no list, map or struct, and not null, bare. */
static int bare_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out, nl_error *err)
{
    size_t len;
    if (c->is_uuid)
        return text_uuid(arrow_bytes_at(a, &c->type, row, &len), out, err);
    return arrow_format_value(a, &c->type, row, out, err);
}

/* A value whose text needs no escapes: decimals, dates, base64. */
static int quoted_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out,
                        nl_error *err)
{
    int rc = nl_buf_putc(out, '"', err);
    if (rc == NL_OK)
        rc = bare_value(a, c, row, out, err);
    return rc ? rc : nl_buf_putc(out, '"', err);
}

/* Numbers stand bare; the three values that JSON's numbers lack are quoted. */
static int number_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out,
                        nl_error *err)
{
    size_t at = out->len;
    int rc = arrow_format_value(a, &c->type, row, out, err);
    if (rc || c->type.kind != ARROW_FLOAT || !strpbrk(out->data + at, "NI"))
        return rc;
    out->len = at;
    return quoted_value(a, c, row, out, err);
}

/* Rows [*from, *to) of a list's child. */
static void list_range(const struct ArrowArray *a, const struct text_column *c, int64_t row, int64_t *from, int64_t *to)
{
    int64_t i = a->offset + row;
    if (c->type.kind == ARROW_FIXED_LIST) {
        *from = i * c->type.list_size;
        *to = *from + c->type.list_size;
    } else if (c->wide_offsets) {
        const int64_t *offsets = a->buffers[1];
        *from = offsets[i];
        *to = offsets[i + 1];
    } else {
        const int32_t *offsets = a->buffers[1];
        *from = offsets[i];
        *to = offsets[i + 1];
    }
}

/* NOLINTNEXTLINE(misc-no-recursion): T1 bounds it */
static int list_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out, nl_error *err)
{
    int64_t from, to;
    list_range(a, c, row, &from, &to);
    int rc = nl_buf_putc(out, '[', err);
    for (int64_t i = from; rc == NL_OK && i < to; i++) {
        if (i > from)
            rc = nl_buf_putc(out, ',', err);
        if (rc == NL_OK)
            rc = text_json_value(a->children[0], &c->children[0], i, out, err);
    }
    return rc ? rc : nl_buf_putc(out, ']', err);
}

/* NOLINTNEXTLINE(misc-no-recursion): T1 bounds it */
static int struct_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out,
                        nl_error *err)
{
    int rc = nl_buf_putc(out, '{', err);
    for (size_t i = 0; rc == NL_OK && i < c->n_children; i++) {
        if (i)
            rc = nl_buf_putc(out, ',', err);
        if (rc == NL_OK)
            rc = nl_buf_append(out, c->children[i].key, c->children[i].key_len, err);
        if (rc == NL_OK)
            rc = text_json_value(a->children[i], &c->children[i], a->offset + row, out, err);
    }
    return rc ? rc : nl_buf_putc(out, '}', err);
}

/* Row of a column of indices (without a null there). */
static int64_t index_at(const struct ArrowArray *a, const struct arrow_type *t, int64_t row)
{
    const uint8_t *v = (const uint8_t *)a->buffers[1] + (a->offset + row) * (t->width / 8);
    int64_t value = 0;
    memcpy(&value, v, t->width / 8); /* little-endian; a negative narrow one gets too large, and is refused as such */
    return value;
}

/* From a column of indices to what they point to: *a, *c and *row move there. A null moves nothing. */
static int follow_index(const struct ArrowArray **a, const struct text_column **c, int64_t *row, nl_error *err)
{
    while ((*c)->dictionary && arrow_is_valid(*a, *row)) {
        const struct ArrowArray *values = (*a)->dictionary;
        int64_t index = index_at(*a, &(*c)->index, *row);
        if (!values || index < 0 || index >= values->length)
            return nl_fail(err, NL_INVALID, "column '%s': index %lld of a dictionary of %lld", (*c)->name,
                           (long long)index, (long long)(values ? values->length : 0));
        *a = values;
        *c = (*c)->dictionary;
        *row = index;
    }
    return NL_OK;
}

bool text_is_null(const struct ArrowArray *a, const struct text_column *c, int64_t row)
{
    return follow_index(&a, &c, &row, NULL) == NL_OK && (c->type.kind == ARROW_NULL || !arrow_is_valid(a, row));
}

/* NOLINTNEXTLINE(misc-no-recursion): T1 bounds it */
int text_json_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out, nl_error *err)
{
    int rc = follow_index(&a, &c, &row, err);
    if (rc)
        return rc;
    if (c->type.kind == ARROW_NULL || !arrow_is_valid(a, row))
        return nl_buf_puts(out, "null", err);
    switch (c->type.kind) {
    case ARROW_BOOL:
    case ARROW_INT:
    case ARROW_FLOAT:
        return number_value(a, c, row, out, err);
    case ARROW_LIST:
    case ARROW_FIXED_LIST:
    case ARROW_MAP:
        return list_value(a, c, row, out, err);
    case ARROW_STRUCT:
        return struct_value(a, c, row, out, err);
    case ARROW_STRING: {
        size_t len;
        const uint8_t *s = arrow_bytes_at(a, &c->type, row, &len);
        return text_json_string((const char *)s, len, out, err);
    }
    default:
        return quoted_value(a, c, row, out, err);
    }
}

int text_plain_value(const struct ArrowArray *a, const struct text_column *c, int64_t row, nl_buf *out, nl_error *err)
{
    int rc = follow_index(&a, &c, &row, err);
    if (rc || c->type.kind == ARROW_NULL || !arrow_is_valid(a, row))
        return rc;
    if (c->type.kind >= ARROW_STRUCT)
        return text_json_value(a, c, row, out, err);
    return bare_value(a, c, row, out, err);
}
