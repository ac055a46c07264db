/* profiles.c: see profiles.h. The files are small and asked a few dozen times: a list is enough. */
#include "store/profiles.h"

#include <string.h>

#include "base/io/sink.h"
#include "base/str.h"
#include "store/ini.h"

enum { max_file = 1 << 20 };

struct reading {
    struct store_profiles *to;
    enum store_file file;
};

static int on_setting(void *ctx, const char *section, const char *key, const char *sub, const char *value,
                      nl_error *err)
{
    struct reading *r = ctx;
    nl_arena *a = &r->to->arena;
    struct store_setting *s = nl_arena_alloc(a, sizeof *s);
    if (!s)
        return nl_fail_memory(err);
    const struct store_setting *last = r->to->last;
    *s = (struct store_setting){.next = r->to->last, .file = r->file};
    s->section =
        last && last->file == r->file && !strcmp(last->section, section) ? last->section : nl_arena_strdup(a, section);
    s->key = nl_arena_strdup(a, key);
    s->sub = *sub ? nl_arena_strdup(a, sub) : "";
    s->value = nl_arena_strdup(a, value);
    if (!s->section || !s->key || !s->sub || !s->value)
        return nl_fail_memory(err);
    r->to->last = s;
    return NL_OK;
}

static int read_one(const struct store_environment *env, struct store_profiles *p, enum store_file file, nl_error *err)
{
    const char *path = file == STORE_CONFIG ? env->AWS_CONFIG_FILE : env->AWS_SHARED_CREDENTIALS_FILE;
    const char *in_home = file == STORE_CONFIG ? "~/.aws/config" : "~/.aws/credentials";
    if (!path && !env->HOME) {
        p->missing[file] = true;
        return NL_OK;
    }
    path = store_expand_home(&p->arena, env, path ? path : in_home);
    p->paths[file] = path ? nl_arena_strdup(&p->arena, path) : NULL;
    if (!p->paths[file])
        return nl_fail_memory(err);
    nl_buf text = {0};
    int rc = nl_read_file(path, max_file, &text, err);
    if (rc == NL_NOT_FOUND) {
        nl_error_clear(err);
        p->missing[file] = true;
        return NL_OK;
    }
    if (!rc)
        rc = store_ini_parse(path, text.data, text.len, on_setting, &(struct reading){p, file}, err);
    if (text.data)
        explicit_bzero(text.data, text.len);
    nl_buf_free(&text);
    return rc;
}

int store_profiles_read(const struct store_environment *env, struct store_profiles *out, nl_error *err)
{
    *out = (struct store_profiles){0};
    int rc = read_one(env, out, STORE_CONFIG, err);
    if (!rc)
        rc = read_one(env, out, STORE_CREDENTIALS, err);
    if (rc)
        store_profiles_free(out);
    return rc;
}

void store_profiles_free(struct store_profiles *p)
{
    for (struct store_setting *s = p->last; s; s = s->next)
        explicit_bzero((char *)(uintptr_t)s->value, strlen(s->value));
    nl_arena_free(&p->arena);
    *p = (struct store_profiles){0};
}

/* Is this the profile's section? "[profile NAME]" in the config file, or "[default]"; "[NAME]" in the other. */
static bool is_profile(const struct store_setting *s, const char *name)
{
    if (s->file == STORE_CREDENTIALS)
        return !strcmp(s->section, name);
    if (nl_starts_with(s->section, "profile ") && !strcmp(s->section + 8, name))
        return true;
    return !strcmp(name, "default") && !strcmp(s->section, "default");
}

bool store_profile_exists(const struct store_profiles *p, const char *profile)
{
    for (const struct store_setting *s = p->last; s; s = s->next)
        if (is_profile(s, profile))
            return true;
    return false;
}

static const char *value_or_null(const char *value)
{
    return *value ? value : NULL;
}

static const char *find(const struct store_profiles *p, enum store_file file, const char *profile, const char *key,
                        const char *sub)
{
    for (const struct store_setting *s = p->last; s; s = s->next)
        if (s->file == file && is_profile(s, profile) && !strcmp(s->key, key) && !strcmp(s->sub, sub))
            return value_or_null(s->value);
    return NULL;
}

const char *store_profile_from(const struct store_profiles *p, enum store_file file, const char *profile,
                               const char *key)
{
    return find(p, file, profile, key, "");
}

const char *store_profile_sub(const struct store_profiles *p, const char *profile, const char *key, const char *sub)
{
    const char *value = find(p, STORE_CREDENTIALS, profile, key, sub);
    return value ? value : find(p, STORE_CONFIG, profile, key, sub);
}

const char *store_profile_get(const struct store_profiles *p, const char *profile, const char *key)
{
    return store_profile_sub(p, profile, key, "");
}

/* Is this "[kind name]" of the config file? */
static bool is_section(const struct store_setting *s, const char *kind, const char *name)
{
    size_t n = strlen(kind);
    return s->file == STORE_CONFIG && !strncmp(s->section, kind, n) && s->section[n] == ' ' &&
           !strcmp(s->section + n + 1, name);
}

const char *store_section_get(const struct store_profiles *p, const char *kind, const char *name, const char *key,
                              const char *sub)
{
    for (const struct store_setting *s = p->last; s; s = s->next)
        if (is_section(s, kind, name) && !strcmp(s->key, key) && !strcmp(s->sub, sub))
            return value_or_null(s->value);
    return NULL;
}

bool store_section_exists(const struct store_profiles *p, const char *kind, const char *name)
{
    for (const struct store_setting *s = p->last; s; s = s->next)
        if (is_section(s, kind, name))
            return true;
    return false;
}
