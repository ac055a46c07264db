/* buf.c: a growable byte buffer. Capacity doubles, so that n appends cost O(n). */
#include "base/buf.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int nl_buf_reserve(nl_buf *b, size_t more, nl_error *err)
{
    if (more >= SIZE_MAX / 2 - b->len)
        return nl_fail(err, NL_NO_MEMORY, "out of memory: a buffer of more than %zu bytes", SIZE_MAX / 2);
    size_t need = b->len + more + 1;
    if (need <= b->cap)
        return NL_OK;
    size_t cap = b->cap < 64 ? 64 : b->cap * 2;
    if (cap < need)
        cap = need;
    char *data = realloc(b->data, cap);
    if (!data)
        return nl_fail_memory(err);
    b->data = data;
    b->cap = cap;
    data[b->len] = '\0';
    return NL_OK;
}

int nl_buf_append(nl_buf *b, const void *data, size_t len, nl_error *err)
{
    int rc = nl_buf_reserve(b, len, err);
    if (rc)
        return rc;
    if (len)
        memcpy(b->data + b->len, data, len);
    b->len += len;
    b->data[b->len] = '\0';
    return NL_OK;
}

int nl_buf_puts(nl_buf *b, const char *s, nl_error *err)
{
    return nl_buf_append(b, s, strlen(s), err);
}

int nl_buf_putc(nl_buf *b, char c, nl_error *err)
{
    return nl_buf_append(b, &c, 1, err);
}

int nl_buf_printf(nl_buf *b, nl_error *err, const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    int n = vsnprintf(NULL, 0, fmt, args);
    va_end(args);
    if (n < 0)
        return nl_fail(err, NL_INTERNAL, "a text that could not be formatted");
    int rc = nl_buf_reserve(b, (size_t)n, err);
    if (rc)
        return rc;
    va_start(args, fmt);
    vsnprintf(b->data + b->len, (size_t)n + 1, fmt, args);
    va_end(args);
    b->len += (size_t)n;
    return NL_OK;
}

char *nl_buf_steal(nl_buf *b)
{
    if (nl_buf_reserve(b, 0, NULL)) {
        nl_buf_free(b);
        return NULL;
    }
    char *data = b->data;
    *b = (nl_buf){0};
    return data;
}

void nl_buf_clear(nl_buf *b)
{
    b->len = 0;
    if (b->data)
        b->data[0] = '\0';
}

void nl_buf_free(nl_buf *b)
{
    free(b->data);
    *b = (nl_buf){0};
}
