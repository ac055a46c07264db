/* profiles.h: what the files ~/.aws/config and ~/.aws/credentials say, kept as they are: a list of settings.
 *
 *     config        [default]   [profile lab]   [services ours]   [sso-session corp]
 *     credentials   [default]   [lab]
 *
 * Q1  A setting of the credentials file beats the same one of the config file; the last of two in one file wins.
 * Q2  Keys are asked for by file (store_profile_from()): they come whole from one place.
 */
#ifndef STORE_PROFILES_H
#define STORE_PROFILES_H

#include <stdbool.h>

#include "store/environment.h"

enum store_file { STORE_CONFIG, STORE_CREDENTIALS };

struct store_setting {
    struct store_setting *next; /* the one before it in the file: the last comes first */
    enum store_file file;
    const char *section, *key, *sub, *value;
};

struct store_profiles {
    nl_arena arena;
    struct store_setting *last;
    const char *paths[2]; /* by enum store_file; NULL: no HOME and no variable */
    bool missing[2];      /* there is no such file */
};

/* Read both files; a missing one is empty. NL_INVALID: a file does not parse (file and line). On failure out holds
 * nothing. */
int store_profiles_read(const struct store_environment *env, struct store_profiles *out, nl_error *err);
/* Secrets are wiped before their memory is given back. */
void store_profiles_free(struct store_profiles *p);

/* Is there a section for the profile, in either file? One without any setting does not count. */
bool store_profile_exists(const struct store_profiles *p, const char *profile);
/* A setting of the profile (Q1); NULL: not there, or empty. */
const char *store_profile_get(const struct store_profiles *p, const char *profile, const char *key);
/* The same, indented below a key: "s3", "addressing_style". */
const char *store_profile_sub(const struct store_profiles *p, const char *profile, const char *key, const char *sub);
/* The same, of one file (Q2). */
const char *store_profile_from(const struct store_profiles *p, enum store_file file, const char *profile,
                               const char *key);
/* A setting of [kind name] of the config file: "services", "sso-session". sub may be "". */
const char *store_section_get(const struct store_profiles *p, const char *kind, const char *name, const char *key,
                              const char *sub);
bool store_section_exists(const struct store_profiles *p, const char *kind, const char *name);

#endif
