/* state_files.h: the writing side of state.h. */
#ifndef NL_SERVER_S3_STATE_FILES_H
#define NL_SERVER_S3_STATE_FILES_H

#include "base/error.h"

/* "ROOT/.neuralake/NAME", or ".neuralake" itself for NULL; the caller frees it; NULL: no memory. */
char *s3_state_path(const char *root, const char *name);
/* Write server.json (mode 0600, atomically). credentials: the path of the file with the keys. */
int s3_state_write(const char *root, const char *url, const char *credentials, nl_error *err);

#endif
