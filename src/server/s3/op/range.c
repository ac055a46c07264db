/* range.c: ranges of bytes. */
#include "server/s3/op/range.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

/* Digits into *out (a number too large counts as the largest); returns what follows, NULL: no digit. */
static const char *digits(const char *p, uint64_t *out)
{
    if (!isdigit((unsigned char)*p))
        return NULL;
    for (*out = 0; isdigit((unsigned char)*p); p++) {
        uint64_t d = (uint64_t)(*p - '0');
        *out = *out > (UINT64_MAX - d) / 10 ? UINT64_MAX : *out * 10 + d;
    }
    return p;
}

/* "bytes=-n": the last n bytes. */
static enum s3_range_status suffix(const char *p, uint64_t size, s3_range *out)
{
    uint64_t n;
    const char *rest = digits(p, &n);
    if (!rest || *rest)
        return S3_RANGE_WHOLE;
    if (n == 0 || size == 0)
        return S3_RANGE_UNSATISFIABLE;
    n = n < size ? n : size;
    *out = (s3_range){size - n, n};
    return S3_RANGE_PARTIAL;
}

enum s3_range_status s3_range_parse(const char *header, uint64_t size, s3_range *out)
{
    uint64_t first, last = UINT64_MAX;
    *out = (s3_range){0, size};
    if (!header || strncasecmp(header, "bytes=", 6))
        return S3_RANGE_WHOLE;
    const char *p = header + 6;
    if (*p == '-')
        return suffix(p + 1, size, out);
    p = digits(p, &first);
    if (!p || *p++ != '-')
        return S3_RANGE_WHOLE;
    if (*p && (!(p = digits(p, &last)) || *p || last < first))
        return S3_RANGE_WHOLE;
    if (first >= size)
        return S3_RANGE_UNSATISFIABLE;
    last = last < size - 1 ? last : size - 1;
    *out = (s3_range){first, last - first + 1};
    return S3_RANGE_PARTIAL;
}

bool s3_copy_range_parse(const char *header, uint64_t size, s3_range *out)
{
    uint64_t first, last;
    if (strncmp(header, "bytes=", 6))
        return false;
    const char *p = digits(header + 6, &first);
    if (!p || *p != '-' || !(p = digits(p + 1, &last)) || *p || last < first || last >= size)
        return false;
    *out = (s3_range){first, last - first + 1};
    return true;
}
