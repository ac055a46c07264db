/* rescan.h: all entries of a folder, sorted into a file, in little memory however many they are.
 *
 *     folder ──2 MiB of names──▶ sorted ──▶ run 0 │ run 1 │ …  (one temporary file) ──blend──▶ the sorted file
 */
#ifndef NL_SERVER_S3_DISK_RESCAN_H
#define NL_SERVER_S3_DISK_RESCAN_H

#include "server/s3/disk/sorted.h"

/* Read the open folder `folder` into `to`, from offset start on. The runs lie in a file without a name in the folder
 * scratch. *out is not counted; all descriptors stay the caller's. */
int s3_rescan(int folder, int scratch, int to, uint64_t start, uint64_t id, s3_sorted *out, nl_error *err);

#endif
