/* keypath.c: components to names and back; the table is in keypath.h. */
#include "server/s3/disk/keypath.h"

#include <string.h>

#include "base/str.h"

#define RESERVED_LEN (sizeof(S3_RESERVED) - 1)

/* Must the first byte, a dot, be escaped? (For ".." the second too.) */
static bool dot_is_escaped(s3_slice c)
{
    if (c.len == 0 || c.data[0] != '.')
        return false;
    return c.len == 1 || (c.len == 2 && c.data[1] == '.') ||
           (c.len >= RESERVED_LEN && !memcmp(c.data, S3_RESERVED, RESERVED_LEN));
}

bool s3_name_encode(s3_slice c, char out[static S3_NAME_MAX + 1])
{
    size_t n = 0;
    if (c.len == 0)
        out[n++] = '%';
    size_t dots = dot_is_escaped(c) ? (c.len == 2 ? 2 : 1) : 0;
    for (size_t i = 0; i < c.len; i++) {
        bool escape = c.data[i] == '%' || i < dots;
        if (n + (escape ? 3 : 1) > S3_NAME_MAX)
            return false;
        if (escape) {
            memcpy(out + n, c.data[i] == '%' ? "%25" : "%2E", 3);
            n += 3;
        } else {
            out[n++] = c.data[i];
        }
    }
    out[n] = '\0';
    return true;
}

bool s3_name_decode(const char *name, char *out, size_t *out_len)
{
    size_t len = strlen(name), n = 0;
    if (len > S3_NAME_MAX)
        return false;
    for (size_t i = 0; i < len; i++) {
        if (name[i] != '%') {
            out[n++] = name[i];
        } else if (len == 1) {
            break;
        } else if (len - i >= 3 && (!memcmp(name + i, "%25", 3) || !memcmp(name + i, "%2E", 3))) {
            out[n++] = name[i + 2] == '5' ? '%' : '.';
            i += 2;
        } else {
            return false;
        }
    }
    /* M2: what is not UTF-8, or escapes more or less than it needs to, is somebody else's. */
    char again[S3_NAME_MAX + 1];
    *out_len = n;
    return nl_utf8_valid((const uint8_t *)out, n) && s3_name_encode((s3_slice){out, n}, again) && !strcmp(again, name);
}

s3_slice s3_key_next(s3_slice *rest, bool *last)
{
    const char *slash = memchr(rest->data, '/', rest->len);
    s3_slice c = {rest->data, slash ? (size_t)(slash - rest->data) : rest->len};
    *last = !slash;
    size_t used = c.len + (slash ? 1 : 0);
    rest->data += used;
    rest->len -= used;
    return c;
}

bool s3_key_is_plain(s3_slice key)
{
    char name[S3_NAME_MAX + 1];
    bool last = false;
    while (!last)
        if (!s3_name_encode(s3_key_next(&key, &last), name))
            return false;
    return true;
}
