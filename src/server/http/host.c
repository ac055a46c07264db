/* host.c: Host headers, split and looked up. */
#include "server/http/host.h"

#include <ctype.h>
#include <string.h>

/* Is s "" or ":" and one to five digits? */
static bool is_port(const char *s)
{
    if (!*s)
        return true;
    if (*s++ != ':')
        return false;
    size_t n = strspn(s, "0123456789");
    return n <= 5 && !s[n];
}

bool http_host_name(const char *header, char out[static HTTP_HOST_MAX + 1])
{
    const char *start = header, *end;
    if (*header == '[') {
        start++;
        end = strchr(start, ']');
        if (!end || !is_port(end + 1))
            return false;
    } else {
        end = start + strcspn(start, ":");
        if (!is_port(end))
            return false;
    }
    size_t n = (size_t)(end - start);
    if (n == 0 || n > HTTP_HOST_MAX)
        return false;
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char)start[i];
        if (!isalnum(c) && c != '-' && c != '.' && c != '_' && !(c == ':' && *header == '['))
            return false;
        out[i] = (char)tolower(c);
    }
    out[n] = '\0';
    return true;
}

/* Names have letters; what is only digits, dots, colons and the like is an address and has no labels in front. */
static bool is_address(const char *name)
{
    return strchr(name, ':') || strspn(name, "0123456789.") == strlen(name);
}

bool http_host_known(const char *name, const char *const *known, size_t n, size_t *label_len)
{
    size_t len = strlen(name);
    *label_len = 0;
    for (size_t i = 0; i < n; i++)
        if (!strcmp(name, known[i]))
            return true;
    for (size_t i = 0; i < n; i++) {
        size_t k = strlen(known[i]);
        if (!is_address(known[i]) && len > k + 1 && name[len - k - 1] == '.' && !strcmp(name + len - k, known[i])) {
            *label_len = len - k - 1;
            return true;
        }
    }
    return false;
}
