/* mime.h: what kind of thing a file is, by its name. */
#ifndef NL_CLI_MIME_H
#define NL_CLI_MIME_H

/* The media type of the name's suffix, whatever folders stand before it: "application/json" for "a/b.JSON" and for
 * "b.json.gz". NULL: unknown. Static. */
const char *cli_mime_of(const char *name);

#endif
