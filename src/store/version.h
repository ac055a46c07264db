/* version.h: what a cache asks of the sources that S3 and the web give: of which object are these bytes, and of which version? */
#ifndef STORE_VERSION_H
#define STORE_VERSION_H

#include "base/buf.h"
#include "base/io/source.h"

enum { STORE_ETAG = 72 };

/* The version of its bytes, as the store names it (a strong ETag); "" where that is not known yet, or there is none. */
void store_source_etag(nl_source *base, char out[static STORE_ETAG]);
/* It may still be this version: the first tail asks for bytes only where it is not. Where it is, nl_fetch_wait() of that tail
 * gives no bytes, and version and size are known. Before anything was asked of the source. */
void store_source_expect(nl_source *base, const char *etag, uint64_t size);
/* Append what tells the object from all others: its address. Reads the settings, sends nothing. */
int store_source_identity(nl_source *base, nl_buf *out, nl_error *err);

#endif
