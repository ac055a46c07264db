/* str.c: comparisons, UTF-8, hexadecimal. Numbers are in str_number.c, the nearest name in str_nearest.c. */
#include "base/str.h"

#include <string.h>

bool nl_starts_with(const char *s, const char *prefix)
{
    return strncmp(s, prefix, strlen(prefix)) == 0;
}

bool nl_ends_with(const char *s, const char *suffix)
{
    size_t n = strlen(s), m = strlen(suffix);
    return n >= m && memcmp(s + n - m, suffix, m) == 0;
}

void nl_hex(const uint8_t *data, size_t len, char *out)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < len; i++) {
        *out++ = digits[data[i] >> 4];
        *out++ = digits[data[i] & 15];
    }
    *out = '\0';
}

/* The value of a hexadecimal digit, or -1. */
static int digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    if (c >= 'A' && c <= 'F')
        return c - 'A' + 10;
    return -1;
}

bool nl_unhex(const char *hex, size_t hex_len, uint8_t *out)
{
    if (hex_len % 2)
        return false;
    for (size_t i = 0; i < hex_len; i += 2) {
        int high = digit_of(hex[i]), low = digit_of(hex[i + 1]);
        if (high < 0 || low < 0)
            return false;
        *out++ = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* RFC 3629, section 4: what the second byte may be depends on the first. */
size_t nl_utf8_char(const uint8_t *s, size_t len)
{
    if (len == 0)
        return 0;
    uint8_t c = s[0];
    if (c < 0x80)
        return 1;
    size_t n = c < 0xC2 ? 0 : c < 0xE0 ? 2 : c < 0xF0 ? 3 : c < 0xF5 ? 4 : 0;
    if (n == 0 || n > len)
        return 0;
    uint8_t low = c == 0xE0 ? 0xA0 : c == 0xF0 ? 0x90 : 0x80;
    uint8_t high = c == 0xED ? 0x9F : c == 0xF4 ? 0x8F : 0xBF;
    if (s[1] < low || s[1] > high)
        return 0;
    for (size_t i = 2; i < n; i++)
        if ((s[i] & 0xC0) != 0x80)
            return 0;
    return n;
}

bool nl_utf8_valid(const uint8_t *s, size_t len)
{
    for (size_t i = 0; i < len;) {
        uint64_t eight;
        if (len - i >= 8 && (memcpy(&eight, s + i, 8), (eight & 0x8080808080808080u) == 0)) {
            i += 8; /* most text is ASCII */
            continue;
        }
        size_t n = nl_utf8_char(s + i, len - i);
        if (n == 0)
            return false;
        i += n;
    }
    return true;
}

/* One character or one byte of s as it is shown, into piece; *taken bytes of s are used. Returns the length. */
static size_t show_next(const uint8_t *s, size_t len, char piece[static 4], size_t *taken)
{
    size_t n = nl_utf8_char(s, len);
    bool c1 = n == 2 && s[0] == 0xC2 && s[1] < 0xA0; /* U+0080 to U+009F drive terminals too */
    if (n == 0 || s[0] < 0x20 || s[0] == 0x7F || c1) {
        static const char digits[] = "0123456789ABCDEF";
        piece[0] = '\\';
        piece[1] = 'x';
        piece[2] = digits[s[0] >> 4];
        piece[3] = digits[s[0] & 15];
        *taken = 1;
        return 4;
    }
    memcpy(piece, s, n);
    *taken = n;
    return n;
}

size_t nl_printable(const char *s, size_t len, char *out, size_t cap)
{
    static const char more[] = "…";
    size_t used = 0, cut = 0; /* cut: the last place where "…" and the NUL still fit */
    for (size_t i = 0, taken; i < len; i += taken) {
        char piece[4];
        size_t n = show_next((const uint8_t *)s + i, len - i, piece, &taken);
        if (used + sizeof(more) <= cap)
            cut = used;
        if (used + n + 1 > cap) {
            memcpy(out + cut, more, sizeof(more));
            return cut + sizeof(more) - 1;
        }
        memcpy(out + used, piece, n);
        used += n;
    }
    out[used] = '\0';
    return used;
}
