/* catalog_yaml.h: the sections of a YAML catalog: what the loader knows, and the JSON Schema must say alike. */
#ifndef NL_CATALOG_CATALOG_YAML_H
#define NL_CATALOG_CATALOG_YAML_H

#include "catalog/yaml.h"

/* All sections; the first is the whole file, the others are named as in the schema's "definitions". */
extern const struct yaml_section *const catalog_yaml_sections[];
extern const size_t catalog_yaml_n_sections;

#endif
