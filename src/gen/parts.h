/* parts.h: the sample table of spare parts.
 *
 *     row   p_partkey  p_name    p_brand   p_retailprice
 *     1     1          Part#1    Brand#1     10
 *     2     2          Part#2    Brand#2     20
 *     3     3          Part#3    Brand#3     30
 *     4     4          Part#4    Brand#1     40
 *     5     5          Part#5    Brand#2     50
 *     k     k          Part#k    Brand#(1 + (k - 1) mod 3)   10 × (1 + (k - 1) mod 10,000): at most 100,000
 *
 * The key is never null; the others are declared nullable, so that real parts can join the sample, and are never null here.
 */
#ifndef NL_GEN_PARTS_H
#define NL_GEN_PARTS_H

#include "gen/gen.h"

extern const struct generator gen_parts;

/* As the generator's stream. */
int gen_parts_stream(int64_t rows, int64_t batch_rows, struct ArrowArrayStream *out, nl_error *err);

#endif
