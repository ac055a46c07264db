/* glob.c: patterns of paths. */
#include <stddef.h>

#include "catalog/parquet.h"

/* No recursion: two places to go back to, one for the last "*", one for the last "**". When the text after a star does
 * not fit, the star takes one byte more; a "*" may not take a "/", then the "**" before it does. */
bool catalog_glob(const char *pattern, const char *path)
{
    const char *star = NULL, *star_path = NULL, *all = NULL, *all_path = NULL;
    while (*path) {
        if (pattern[0] == '*' && pattern[1] == '*') {
            all = pattern += 2;
            all_path = path;
            star = NULL;
        } else if (*pattern == '*') {
            star = ++pattern;
            star_path = path;
        } else if (*pattern == *path) {
            pattern++;
            path++;
        } else if (star && *star_path != '/') {
            path = ++star_path;
            pattern = star;
        } else if (all) {
            path = ++all_path;
            pattern = all;
            star = NULL;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return !*pattern;
}
