/* metadata.h: a field's metadata, pairs of key and value in the binary form of the Arrow C data interface.
 *
 *     int32 pairs │ int32 length, key │ int32 length, value │ …        native byte order; NULL: no metadata
 *
 * Neither keys nor values end in a NUL. The form does not say how long it is: what a producer gave is trusted to hold what
 * its lengths say; lengths that cannot be end the walk.
 */
#ifndef NL_ARROW_METADATA_H
#define NL_ARROW_METADATA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include <neuralake/arrow.h>

#include "base/error.h"

/* One pair, borrowed from the schema. */
struct arrow_pair {
    const char *key, *value;
    size_t key_len, value_len;
};

/* A walk over the pairs; start it with arrow_metadata_walk(). */
struct arrow_metadata {
    const char *start;
    size_t at;
    int32_t left;
};

/* Before the first pair; NULL: no metadata. */
struct arrow_metadata arrow_metadata_walk(const char *metadata);
/* The next pair; false at the end. */
bool arrow_metadata_next(struct arrow_metadata *m, struct arrow_pair *out);
/* The value of a key (the first, if it is there twice); NULL: no such key. Borrowed from s. */
const char *arrow_metadata_get(const struct ArrowSchema *s, const char *key, size_t *len);
/* Set a key, or (value NULL) take it away, in a schema that this room made (NL_INVALID for others). value is copied. On failure s is as
 * it was. */
int arrow_metadata_set(struct ArrowSchema *s, const char *key, const char *value, size_t len, nl_error *err);
/* Bytes of the whole form; 0: its lengths cannot be, or come to more than 2 GiB. */
size_t arrow_metadata_length(const char *metadata);

/* For metadata.c: s, of this room's making, owns metadata (malloc'd, may be NULL) from here on. False: s is not ours. */
bool arrow_schema_own_metadata(struct ArrowSchema *s, char *metadata);

#endif
