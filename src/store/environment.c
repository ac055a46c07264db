/* environment.c: see environment.h. */
#include "store/environment.h"

#include <stdlib.h>

#include "base/str.h"

int store_environment_read(nl_arena *arena, struct store_environment *out, nl_error *err)
{
    static const char *const names[] = {
#define NAME(name) #name,
        STORE_ENVIRONMENT(NAME)
#undef NAME
    };
    *out = (struct store_environment){0};
    const char **const fields[] = {
#define FIELD(name) &out->name,
        STORE_ENVIRONMENT(FIELD)
#undef FIELD
    };
    for (size_t i = 0; i < NL_LEN(names); i++) {
        const char *value = getenv(names[i]);
        if (!value || !*value)
            continue;
        *fields[i] = nl_arena_strdup(arena, value);
        if (!*fields[i])
            return nl_fail_memory(err);
    }
    return NL_OK;
}

const char *store_expand_home(nl_arena *arena, const struct store_environment *env, const char *path)
{
    if (!env->HOME || !nl_starts_with(path, "~/"))
        return path;
    return nl_arena_printf(arena, "%s/%s", env->HOME, path + 2);
}
