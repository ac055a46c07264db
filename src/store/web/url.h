/* url.h: addresses of the web as users write them. Pure.
 *
 *     https://data.example.org/2024/x.parquet?sig=3f…    asked for as it is
 *     └──────── endpoint ────┘
 *     https://data.example.org/2024/x.parquet?…          the name: for messages. What is behind "?" may be a secret
 *
 * A name and a password in an address are refused, and not repeated: addresses stand in catalogs, in logs and in histories.
 */
#ifndef STORE_WEB_URL_H
#define STORE_WEB_URL_H

#include "store/s3/endpoint.h"

/* Does it begin with http:// or https://, in whatever case? */
bool store_web_is(const char *uri);
/* NL_INVALID: no host, a bad port, a name and password, or a character that has no place in an address. *name is yours:
 * free(). endpoint may be NULL, name too. */
int store_web_parse(const char *url, struct store_endpoint *endpoint, char **name, nl_error *err);

#endif
