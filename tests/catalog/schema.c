/* tests/catalog/schema.c: the JSON Schema for editors knows exactly the keys, types and words that the loader knows. */
#include <stdlib.h>

#include <jansson.h>

#include "base/str.h"
#include "catalog/catalog_yaml.h"
#include "catalog/type.h"
#include "support/check.h"
#include "support/proc.h"
#include "support/tmp.h"

static json_t *load_schema(void)
{
    char *path = tmp_path(proc_source_dir(), "share/neuralake.schema.json");
    json_error_t why;
    json_t *schema = json_load_file(path, JSON_REJECT_DUPLICATES, &why);
    if (!schema)
        print_message("%s:%d: %s\n", path, why.line, why.text);
    CHECK(schema);
    free(path);
    return schema;
}

/* The object of a section: the whole schema, a definition, or (partitioning) the object among a definition's choices. */
static json_t *section_of(json_t *schema, const char *name)
{
    if (strcmp(name, "catalog") == 0)
        return schema;
    json_t *definition = json_object_get(json_object_get(schema, "definitions"), name);
    json_t *choices = json_object_get(definition, "anyOf");
    for (size_t i = 0; i < json_array_size(choices); i++)
        if (json_object_get(json_array_get(choices, i), "properties"))
            return json_array_get(choices, i);
    return definition;
}

static void keys_are_alike(void **state)
{
    (void)state;
    json_t *schema = load_schema();
    CHECK_INT(json_object_size(json_object_get(schema, "definitions")) + 1, catalog_yaml_n_sections);
    for (size_t s = 0; s < catalog_yaml_n_sections; s++) {
        const struct yaml_section *section = catalog_yaml_sections[s];
        json_t *object = section_of(schema, section->name), *keys = json_object_get(object, "properties");
        check_why("section %s", section->name);
        CHECK(json_is_false(json_object_get(object, "additionalProperties")));
        for (size_t i = 0; i < section->n_keys; i++) {
            check_why("section %s, key %s", section->name, section->keys[i].name);
            CHECK(json_object_get(keys, section->keys[i].name));
        }
        check_why("section %s has keys that the loader does not know", section->name);
        CHECK_INT(json_object_size(keys), section->n_keys);
    }
    check_why("%s", "");
    json_decref(schema);
}

static void types_are_alike(void **state)
{
    (void)state;
    json_t *schema = load_schema();
    static const char *const sections[] = {"column", "partition_column"};
    for (size_t s = 0; s < NL_LEN(sections); s++) {
        json_t *object = section_of(schema, sections[s]);
        json_t *words = json_object_get(json_object_get(json_object_get(object, "properties"), "type"), "enum");
        CHECK_INT(json_array_size(words), 2 * 7); /* each in two cases */
        for (size_t i = 0; i < json_array_size(words); i++) {
            const char *format;
            nl_error err = {0};
            check_why("%s", json_string_value(json_array_get(words, i)));
            CHECK_OK(catalog_type_parse(json_string_value(json_array_get(words, i)), &format, &err), err);
        }
    }
    check_why("%s", "");
    json_decref(schema);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(keys_are_alike), cmocka_unit_test(types_are_alike)};
    return cmocka_run_group_tests_name("catalog/schema", tests, NULL, NULL);
}
