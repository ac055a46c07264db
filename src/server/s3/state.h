/* state.h: what a server leaves in its root for others to find: where it listens, and with which keys.
 *
 *     ROOT/.neuralake/           mode 0700
 *       lock                     locked (OFD lock) as long as a server runs: the lock, not the file, says so
 *       server.json              {"pid": 123, "url": "http://127.0.0.1:9000", "credentials": "/path"}   mode 0600
 *       credentials.yaml         the random pair made for this root, in the form of a credentials file  mode 0600
 *
 * The default root is $XDG_DATA_HOME/neuralake/s3, else ~/.local/share/neuralake/s3: the same from every folder, so that
 * `neuralake s3 env` in a second terminal finds what `neuralake s3 serve` in the first one started.
 */
#ifndef NL_SERVER_S3_STATE_H
#define NL_SERVER_S3_STATE_H

#include "base/error.h"

/* The default root as a string that the caller frees. NL_INVALID where neither XDG_DATA_HOME nor HOME is set. */
int s3_state_default_root(char **out, nl_error *err);

/* Where the running server of this root is found. root NULL: the default root. The strings are the caller's: free() them;
 * on failure all are NULL. NL_NOT_FOUND: no server runs on this root (a stale server.json does not fool it), with the
 * command that starts one as the hint. Takes no lock: never in the way of a server that starts. */
int s3_state_find(const char *root, char **url, char **access_key, char **secret_key, nl_error *err);

#endif
