/* endpoint.c: see endpoint.h. */
#include "store/s3/endpoint.h"

#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/str.h"
#include "s3proto/uri.h"

static int bad(const char *url, const char *why, nl_error *err)
{
    int rc = nl_fail(err, NL_INVALID, "endpoint \"%s\": %s", url, why);
    nl_hint(err, "an endpoint is written http://HOST:PORT or https://HOST; see AWS_ENDPOINT_URL");
    return rc;
}

static bool is_loopback(const char *host, size_t len)
{
    char name[64];
    if (len >= sizeof name)
        return false;
    memcpy(name, host, len);
    name[len] = 0;
    struct in_addr address;
    return !strcasecmp(name, "localhost") || !strcmp(name, "[::1]") ||
           (inet_pton(AF_INET, name, &address) == 1 && ntohl(address.s_addr) >> 24 == 127);
}

/* Is this a host: a name, an IPv4 address, or an IPv6 address in brackets? */
static bool host_ok(const char *s, size_t len)
{
    static const char name[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._";
    static const char address[] = "0123456789abcdefABCDEF:.";
    if (len > 2 && s[0] == '[' && s[len - 1] == ']')
        return strspn(s + 1, address) == len - 2;
    return len && strspn(s, name) >= len;
}

static int parse(const char *url, struct store_endpoint *out, nl_error *err)
{
    out->https = !strncasecmp(url, "https://", 8);
    if (!out->https && strncasecmp(url, "http://", 7) != 0)
        return bad(url, "neither http:// nor https://", err);
    const char *host = url + (out->https ? 8 : 7);
    size_t authority = strcspn(host, "/?#");
    const char *rest = host + authority;
    const char *bracket = memchr(host, ']', authority);
    const char *from = bracket ? bracket : host;
    const char *colon = memchr(from, ':', authority - (size_t)(from - host));
    size_t host_len = colon ? (size_t)(colon - host) : authority;
    if (!host_ok(host, host_len) || host_len > 253)
        return bad(url, "no host", err);
    unsigned long port = out->https ? 443 : 80;
    if (colon) {
        char *end;
        port = strtoul(colon + 1, &end, 10);
        if (end != host + authority || port < 1 || port > 65535 || colon[1] == '+' || colon[1] == '-')
            return bad(url, "bad port", err);
    }
    size_t path_len = strlen(rest);
    while (path_len && rest[path_len - 1] == '/')
        path_len--;
    if (strpbrk(rest, "?#%") || path_len >= sizeof out->path)
        return bad(url, "bad path", err);
    memcpy(out->path, rest, path_len);
    out->loopback = is_loopback(host, host_len);
    if (port == (out->https ? 443 : 80))
        snprintf(out->host, sizeof out->host, "%.*s", (int)host_len, host);
    else
        snprintf(out->host, sizeof out->host, "%.*s:%lu", (int)host_len, host, port);
    snprintf(out->base, sizeof out->base, "%s://%s", out->https ? "https" : "http", out->host);
    return NL_OK;
}

int store_endpoint_parse(const struct store_settings *s, struct store_endpoint *out, nl_error *err)
{
    char aws[128];
    *out = (struct store_endpoint){.given = s->endpoint_url != NULL};
    for (const char *p = s->region; *p; p++)
        if (!(*p >= 'a' && *p <= 'z') && !(*p >= 'A' && *p <= 'Z') && !(*p >= '0' && *p <= '9') && *p != '-' &&
            *p != '_')
            return nl_fail(err, NL_INVALID, "region \"%s\": not a name like eu-central-1", s->region);
    if (strlen(s->region) > 60)
        return nl_fail(err, NL_INVALID, "region \"%s\": too long", s->region);
    snprintf(aws, sizeof aws, "https://s3.%s.amazonaws.com%s", s->region,
             nl_starts_with(s->region, "cn-") ? ".cn" : "");
    out->virtual_host = s->addressing == STORE_ADDRESS_VIRTUAL || (s->addressing == STORE_ADDRESS_AUTO && !out->given);
    return parse(s->endpoint_url ? s->endpoint_url : aws, out, err);
}

int store_endpoint_address(const struct store_endpoint *e, const char *bucket, const char *key, nl_buf *host,
                           nl_buf *path, nl_error *err)
{
    bool virtual_host = bucket && e->virtual_host && !strchr(bucket, '.');
    int rc = nl_buf_printf(host, err, "%s%s%s", virtual_host ? bucket : "", virtual_host ? "." : "", e->host);
    if (!rc)
        rc = nl_buf_printf(path, err, "%s/", e->path);
    if (!rc && bucket && !virtual_host)
        rc = nl_buf_puts(path, bucket, err);
    if (!rc && key && *key) {
        if (bucket && !virtual_host)
            rc = nl_buf_putc(path, '/', err);
        if (!rc)
            rc = s3_uri_encode(path, key, strlen(key), true, err);
    }
    return rc;
}
