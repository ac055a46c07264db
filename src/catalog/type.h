/* type.h: the types that a catalog can name, and values of them written as text.
 *
 *     BOOLEAN "b"   INTEGER "i"   BIGINT "l"   DOUBLE "g"   VARCHAR "u"   DATE "tdD"   TIMESTAMP "tsu:"
 */
#ifndef NL_CATALOG_TYPE_H
#define NL_CATALOG_TYPE_H

#include <neuralake/catalog.h>

#include "base/error.h"
#include "filter/filter.h"

/* The Arrow format of a type, static; NULL for NL_TYPE_NOT_STATED and for what is none. */
const char *catalog_type_format(enum nl_type type);
/* "BIGINT", in any case, into its Arrow format. NL_INVALID with the nearest name, or all names. */
int catalog_type_parse(const char *name, const char **format, nl_error *err);
/* The SQL name of one of the formats above. */
const char *catalog_format_name(const char *format);

/* Read a text as a value of the format; a VARCHAR borrows the text. NL_INVALID "'x' is not a BIGINT". */
int catalog_value_parse(const char *format, const char *text, size_t len, nl_value *out, nl_error *err);

#endif
