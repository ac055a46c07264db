/* host.h: which Host headers are ours. A page of another site can make a browser send requests to 127.0.0.1 under its own
 * name (DNS rebinding); so a name that we do not know is refused. */
#ifndef NL_SERVER_HTTP_HOST_H
#define NL_SERVER_HTTP_HOST_H

#include <stdbool.h>
#include <stddef.h>

#define HTTP_HOST_MAX 255

/* Split "name:port", "[::1]:port" or "name": the name, without brackets and in lower case, into out. False: malformed, or
 * longer than HTTP_HOST_MAX. */
bool http_host_name(const char *header, char out[static HTTP_HOST_MAX + 1]);

/* Is name one of n known ones, or a label in front of one that is a name, not an address ("bucket.localhost")? *label_len
 * is the length of that label, 0 where there is none. Known names are in lower case. */
bool http_host_known(const char *name, const char *const *known, size_t n, size_t *label_len);

#endif
