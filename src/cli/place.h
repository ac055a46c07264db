/* place.h: what the words of `s3 cp` and its kin mean: a local path, s3://bucket/key, or "-". */
#ifndef NL_CLI_PLACE_H
#define NL_CLI_PLACE_H

#include <stdbool.h>

#include "base/buf.h"

/* Does it begin with "s3://"? */
bool cli_is_s3(const char *uri);
/* "s3://lake/a/b" → "a/b"; "s3://lake" → "". Borrowed. */
const char *cli_s3_key(const char *uri);
/* NL_INVALID where uri is not s3://BUCKET and a key (or, with key_optional, no key). */
int cli_check_s3(const char *uri, bool key_optional, nl_error *err);
/* What follows the last "/". Borrowed; "" where the uri ends in one. */
const char *cli_base_name(const char *uri);
/* The target of one source, as cp has it: a folder, a bucket and what ends in "/" get the source's base name. */
int cli_target_of(const char *source, const char *target, nl_buf *out, nl_error *err);
/* Folder and relative name as one: "a/" + "b", "a" + "b" → "a/b". NL_INVALID where a component of rel is ".." or empty and
 * the folder is local: a key must not leave it. */
int cli_below(const char *folder, const char *rel, nl_buf *out, nl_error *err);

#endif
