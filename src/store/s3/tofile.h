/* tofile.h: the body of an answer goes into a file as it comes.
 *
 *     libcurl ──16 KiB──▶ stage ──512 KiB──▶ CRC64NVME ──▶ pwrite()      all of it while the bytes are in the core's cache
 *
 * So a download needs no memory but the stages, reads no byte twice from main memory, and its checksum costs next to nothing.
 * The I/O thread's own: this is the one place where it hashes, and where it waits for a file.
 */
#ifndef STORE_S3_TOFILE_H
#define STORE_S3_TOFILE_H

#include "store/s3/call.h"

/* A new attempt: nothing has come. */
void store_file_begin(struct store_call *call);
/* The next bytes, which fit into the room. NL_IO with call->file_errno; NL_NO_MEMORY. */
int store_file_take(struct store_call *call, const void *data, size_t len);
/* All has come: write the rest; call->sum is then that of the body. As store_file_take(). */
int store_file_end(struct store_call *call);

#endif
