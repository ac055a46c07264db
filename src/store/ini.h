/* ini.h: the files ~/.aws/config and ~/.aws/credentials.
 *
 *     [profile lab]              section "profile lab"
 *     region = eu-central-1      key "region"
 *     s3 =                       key "s3", empty: what follows, indented, belongs to it
 *       addressing_style = path  key "s3", sub "addressing_style"
 *     # comment                  also "; comment", and after a value when a space stands before it
 *
 * I1  A line that is none of these is an error with file and line; a key before any section too.
 * I2  An indented line below a key that has a value continues a value that we have no use for: it is skipped.
 */
#ifndef STORE_INI_H
#define STORE_INI_H

#include <stddef.h>

#include "base/error.h"

/* One setting. sub is "" for a plain key. The strings are valid during the call only. */
typedef int (*store_ini_fn)(void *ctx, const char *section, const char *key, const char *sub, const char *value,
                            nl_error *err);

/* Parse len bytes; fn returning other than NL_OK ends it with that. NL_INVALID: I1, a NUL, a line above 4,096 bytes. name
 * is for messages. */
int store_ini_parse(const char *name, const char *text, size_t len, store_ini_fn fn, void *ctx, nl_error *err);

#endif
