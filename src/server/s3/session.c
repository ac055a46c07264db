/* session.c: cookies of the built-in page. */
#include "server/s3/session.h"

#include <string.h>

#include "base/str.h"
#include "s3proto/hash.h"

/* The signature of a session, as text. */
static int sign(const uint8_t process_key[static 32], const s3_credential *c, int64_t expires, char hex[static 65],
                nl_error *err)
{
    nl_buf text = {0};
    uint8_t mac[32];
    int rc = nl_buf_printf(&text, err, "%s.%lld.%s", c->access_key, (long long)expires, c->secret_key);
    if (!rc) {
        s3_hmac_sha256(process_key, 32, text.data, text.len, mac);
        nl_hex(mac, 32, hex);
        explicit_bzero(text.data, text.len);
    }
    nl_buf_free(&text);
    return rc;
}

int s3_session_make(const uint8_t process_key[static 32], const s3_credential *c, int64_t now, nl_buf *out,
                    nl_error *err)
{
    char hex[65];
    int rc = sign(process_key, c, now + S3_SESSION_SECONDS, hex, err);
    if (!rc) /* the key as hexadecimal digits: nothing in it can end a cookie */
        for (const char *p = c->access_key; *p && !rc; p++)
            rc = nl_buf_printf(out, err, "%02x", (unsigned char)*p);
    return rc ? rc : nl_buf_printf(out, err, ".%lld.%s", (long long)now + S3_SESSION_SECONDS, hex);
}

/* "HEX.EXPIRES.HEX64" into its parts. */
static bool parse(const char *text, size_t len, char key[static 129], int64_t *expires, char mac[static 65])
{
    char copy[400], *dot, *second;
    if (len >= sizeof(copy))
        return false;
    memcpy(copy, text, len);
    copy[len] = '\0';
    dot = strchr(copy, '.');
    second = dot ? strchr(dot + 1, '.') : NULL;
    if (!second || dot == copy || (dot - copy) % 2 || dot - copy > 256 || strlen(second + 1) != 64)
        return false;
    size_t n = (size_t)(dot - copy) / 2;
    *dot = *second = '\0';
    if (!nl_unhex(copy, 2 * n, (uint8_t *)key) || !nl_parse_i64(dot + 1, expires))
        return false;
    key[n] = '\0';
    memcpy(mac, second + 1, 65);
    return true;
}

const s3_credential *s3_session_find(const uint8_t process_key[static 32], const s3_credentials *keys,
                                     const char *header, int64_t now)
{
    static const char name[] = S3_SESSION_COOKIE "=";
    for (const char *p = header; p && *p;) {
        p += strspn(p, "; ");
        size_t len = strcspn(p, ";");
        char key[129], mac[65], want[65];
        int64_t expires;
        if (!strncmp(p, name, sizeof(name) - 1) &&
            parse(p + sizeof(name) - 1, len - (sizeof(name) - 1), key, &expires, mac) && expires > now) {
            const s3_credential *c = s3_credentials_find(keys, key);
            if (c && !sign(process_key, c, expires, want, NULL) && s3_equal(mac, want, 64))
                return c;
        }
        p += len;
    }
    return NULL;
}
