/* variant.h: Parquet's VARIANT as JSON, one value or a column of them, shredded or not.
 *
 *     variant ─┬─ metadata      the names of all objects' fields, each once
 *              ├─ value         what is not shredded; absent where all is
 *              └─ typed_value   a scalar, a list of {value, typed_value}, or a struct of such; absent where nothing is shredded
 *
 * JSON as arrow/text/text.h has it: exact integers; decimals as strings with their scale; NaN and infinities as strings; times in
 * ISO 8601; binary in base64; UUIDs in their usual form. An object's fields come in the order of their names, from wherever they
 * were; of two with one name, which the specification forbids, the shredded one counts.
 *
 * Spec: parquet-format, VariantEncoding.md and VariantShredding.md.
 */
#ifndef NL_PARQUET_VARIANT_VARIANT_H
#define NL_PARQUET_VARIANT_VARIANT_H

#include <stddef.h>

#include <neuralake/arrow.h>

#include "base/buf.h"
#include "base/error.h"

/* Append one value. metadata and value are borrowed, and may be any bytes. NL_CORRUPT; NL_UNSUPPORTED: another version, a type that
 * the specification had not when this was written, more than 64 levels. On failure out is as it was. */
int pq_variant_to_json(const void *metadata, size_t metadata_len, const void *value, size_t value_len, nl_buf *out,
                       nl_error *err);

/* A column as strings ("u"): a struct array as the reader makes it of a VARIANT's group, its shape proved (as
 * arrow_array_check_all() does), what lies in metadata and value not. A null group is a null; a group with neither value nor
 * typed_value is the variant null, the text "null". Errors as above, with the row; NL_UNSUPPORTED also for a group that is no
 * variant's, a shredded type that the specification does not list, and more than 2 GiB of text. */
int pq_variant_array(const struct ArrowSchema *schema, const struct ArrowArray *array, struct ArrowArray *out,
                     nl_error *err);

#endif
