/* names.c: the rules for buckets and keys. Spec: "General purpose bucket naming rules", "Naming Amazon S3 objects". */
#include "s3proto/names.h"

#include <stdint.h>
#include <string.h>

#include "base/str.h"

static bool letter_or_digit(char c)
{
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9');
}

/* Four groups of digits: it would be taken for an address. */
static bool looks_like_address(const char *s, size_t len)
{
    int dots = 0;
    for (size_t i = 0; i < len; i++) {
        if (s[i] == '.')
            dots++;
        else if (s[i] < '0' || s[i] > '9')
            return false;
    }
    return dots == 3;
}

/* Does name begin or end with what AWS keeps for itself? */
static bool reserved(const char *name)
{
    return nl_starts_with(name, "xn--") || nl_starts_with(name, "sthree-") || nl_ends_with(name, "-s3alias") ||
           nl_ends_with(name, "--ol-s3");
}

int s3_bucket_check(const char *name, size_t len, nl_error *err)
{
    if (len < 3 || len > S3_BUCKET_MAX)
        return nl_fail(err, NL_INVALID, "bucket name of %zu characters: 3 to 63 are allowed", len);
    char copy[S3_BUCKET_MAX + 1];
    memcpy(copy, name, len);
    copy[len] = 0;
    for (size_t i = 0; i < len; i++) {
        char c = name[i];
        if (!letter_or_digit(c) && c != '-' && c != '.')
            return nl_fail(err, NL_INVALID,
                           "bucket name \"%s\": only lower-case letters, digits, \"-\" and \".\" are allowed", copy);
        if (c == '.' && i && (name[i - 1] == '.' || name[i - 1] == '-'))
            return nl_fail(err, NL_INVALID, "bucket name \"%s\": \"..\" and \"-.\" are not allowed", copy);
        if (c == '-' && i && name[i - 1] == '.')
            return nl_fail(err, NL_INVALID, "bucket name \"%s\": \".-\" is not allowed", copy);
    }
    if (!letter_or_digit(name[0]) || !letter_or_digit(name[len - 1]))
        return nl_fail(err, NL_INVALID, "bucket name \"%s\": it must begin and end with a letter or digit", copy);
    if (looks_like_address(name, len))
        return nl_fail(err, NL_INVALID, "bucket name \"%s\": it must not look like an IP address", copy);
    if (reserved(copy))
        return nl_fail(err, NL_INVALID, "bucket name \"%s\": this prefix or suffix is reserved", copy);
    return NL_OK;
}

int s3_key_check(const char *key, size_t len, nl_error *err)
{
    if (!len)
        return nl_fail(err, NL_INVALID, "the key is empty");
    if (len > S3_KEY_MAX)
        return nl_fail(err, NL_INVALID, "a key of %zu bytes: at most %d are allowed", len, S3_KEY_MAX);
    if (memchr(key, 0, len))
        return nl_fail(err, NL_INVALID, "the key holds a NUL");
    if (!nl_utf8_valid((const uint8_t *)key, len))
        return nl_fail(err, NL_INVALID, "the key is not valid UTF-8");
    return NL_OK;
}

int s3_uri_split(const char *uri, char bucket[static S3_BUCKET_MAX + 1], const char **key, nl_error *err)
{
    static const char scheme[] = "s3://";
    if (!nl_starts_with(uri, scheme))
        return nl_fail(err, NL_INVALID, "%s: not of the form s3://bucket/key", uri);
    const char *name = uri + sizeof scheme - 1;
    size_t len = strcspn(name, "/");
    int rc = s3_bucket_check(name, len, err);
    if (rc) {
        nl_note(err, "%s", uri);
        return rc;
    }
    memcpy(bucket, name, len);
    bucket[len] = 0;
    *key = name[len] ? name + len + 1 : name + len;
    return NL_OK;
}
