/* layer.h: changes to a sorted set of names, in memory.
 *
 *     s3_tail     as they came:    +b  +a  -b  +c
 *     s3_layer    sorted, folded:  +a  -b  +c            never changed, shared by counting
 *
 * Y1  Of one name the last change counts. "-" is kept: it hides the name in what is older.
 */
#ifndef NL_SERVER_S3_DISK_LAYER_H
#define NL_SERVER_S3_DISK_LAYER_H

#include <stdatomic.h>

#include "base/buf.h"
#include "server/s3/disk/keypath.h"

typedef struct s3_change {
    s3_slice name;
    bool present;
} s3_change;

typedef struct s3_layer {
    atomic_uint refs;
    size_t n;
    s3_change *changes;
    char *text; /* the names are in it */
} s3_layer;

/* Zeroed: empty. */
typedef struct s3_tail {
    nl_buf text; /* records: present (1), length (2), name */
    size_t n;
} s3_tail;

/* The name is copied. */
int s3_tail_add(s3_tail *t, s3_slice name, bool present, nl_error *err);
/* Afterwards it is empty. */
void s3_tail_free(s3_tail *t);
/* Sort what is in the tail, which is empty afterwards (also after a failure: then its changes are lost). */
int s3_tail_fold(s3_tail *t, s3_layer **out, nl_error *err);

/* Both as one, `newer` winning. Takes no reference. */
int s3_layer_merge(const s3_layer *older, const s3_layer *newer, s3_layer **out, nl_error *err);
/* The first change at or behind target (behind alone where after says so); n: there is none. */
size_t s3_layer_find(const s3_layer *l, s3_slice target, bool after);
s3_layer *s3_layer_ref(s3_layer *l);
/* NULL is fine. */
void s3_layer_release(s3_layer *l);

#endif
