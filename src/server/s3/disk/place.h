/* place.h: the folder and the name of a key's plain file. */
#ifndef NL_SERVER_S3_DISK_PLACE_H
#define NL_SERVER_S3_DISK_PLACE_H

#include "server/s3/disk/disk.h"

enum s3_place_status {
    S3_PLACE_FOUND,   /* the folder is there; whether the file is, is not said */
    S3_PLACE_MISSING, /* a folder on the way is missing */
    S3_PLACE_NONE,    /* M3: the key has no plain path: a name is too long, or a file is where a folder should be */
    S3_PLACE_FAILED,  /* err says why */
};

typedef struct s3_place {
    int dir; /* yours: close it; -1 unless S3_PLACE_FOUND */
    char name[S3_NAME_MAX + 1];
} s3_place;

/* Walk to the folder of a key, folder by folder and never through a symbolic link. make: missing folders are made, and
 * the names of all of them are on the disk afterwards (D3). */
enum s3_place_status s3_place_find(s3_bucket *b, s3_slice key, bool make, s3_place *out, nl_error *err);

/* The path from the bucket's folder to a key's file, whose last component is the file. False: M3, or too long to be given
 * to the system at once. */
#define S3_PLACE_PATH 4096
bool s3_place_path(s3_slice key, char out[static S3_PLACE_PATH]);

/* Remove the folders above a key that became empty (D6). */
void s3_place_prune(s3_bucket *b, s3_slice key);

#endif
