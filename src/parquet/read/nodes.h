/* nodes.h: the tree of a schema in Arrow's sense. Inside of this room: schema.h is what others use. */
#ifndef NL_PARQUET_READ_NODES_H
#define NL_PARQUET_READ_NODES_H

#include "parquet/read/schema.h"

/* s has its elements proven, its leaves and columns filled: make s->nodes, and each column's node. NL_NO_MEMORY. */
int pq_nodes_build(struct pq_schema *s, nl_arena *arena, nl_error *err);

#endif
