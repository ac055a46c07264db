/* url.c: see url.h. */
#include "store/web/url.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

bool store_web_is(const char *uri)
{
    return !strncasecmp(uri, "http://", 7) || !strncasecmp(uri, "https://", 8);
}

/* Scheme, host and port. */
static int parse_authority(const char *url, size_t len, struct store_endpoint *out, nl_error *err)
{
    char *place = strndup(url, len);
    if (!place)
        return nl_fail_memory(err);
    int rc = store_endpoint_parse(&(struct store_settings){.endpoint_url = place, .region = ""}, out, err);
    if (rc && err)
        err->hint[0] = 0; /* which is about S3 */
    free(place);
    return rc;
}

int store_web_parse(const char *url, struct store_endpoint *endpoint, char **name, nl_error *err)
{
    struct store_endpoint ignored;
    size_t scheme = (size_t)(strstr(url, "://") + 3 - url);
    const char *host = url + scheme;
    size_t authority = strcspn(host, "/?#\\");
    const char *at = memrchr(host, '@', authority);
    if (name)
        *name = NULL;
    if (at)
        return nl_fail(err, NL_INVALID, "%.*s%.*s: an address takes no name and password", (int)scheme, url,
                       (int)(authority - (size_t)(at + 1 - host)), at + 1);
    for (const unsigned char *p = (const unsigned char *)url; *p; p++)
        if (*p <= ' ' || *p == 0x7F || *p == '\\')
            return nl_fail(err, NL_INVALID, "%.*s: byte 0x%02X has no place in an address (a space is %%20)",
                           (int)(scheme + authority), url, *p);
    int rc = parse_authority(url, scheme + authority, endpoint ? endpoint : &ignored, err);
    if (rc || !name)
        return rc;
    size_t shown = strcspn(url, "?#");
    *name = malloc(shown + sizeof "?…");
    if (!*name)
        return nl_fail_memory(err);
    memcpy(*name, url, shown);
    strncpy(*name + shown, url[shown] == '?' ? "?…" : "", sizeof "?…");
    return NL_OK;
}
