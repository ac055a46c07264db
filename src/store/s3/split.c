/* split.c: see split.h. */
#include "store/s3/split.h"

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

static bool is_hex_letter(char c)
{
    return c >= 'a' && c <= 'f';
}

/* Does the character at i belong to a hash: at least four hexadecimal digits, letters among them, between others? */
static bool in_hash(const char *key, size_t i)
{
    size_t from = i, to = i;
    bool letters = false;
    while (from && (is_digit(key[from - 1]) || is_hex_letter(key[from - 1])))
        from--;
    while (is_digit(key[to]) || is_hex_letter(key[to]))
        letters |= is_hex_letter(key[to++]);
    bool word = (from && key[from - 1] >= 'g' && key[from - 1] <= 'z') || (key[to] >= 'g' && key[to] <= 'z');
    return letters && !word && to - from >= 4;
}

/* The character that follows c in its place; 0: none. */
static char next_of(char c, bool hash)
{
    if (is_digit(c) && c < '9')
        return (char)(c + 1);
    if (c == '9' && hash)
        return 'a';
    return hash && is_hex_letter(c) && c < 'f' ? (char)(c + 1) : '\0';
}

size_t store_split_guess(nl_arena *arena, const char *last, size_t prefix_len, const char *until, const char **out,
                         size_t most)
{
    size_t n = 0;
    for (size_t i = strnlen(last, prefix_len); last[i]; i++) {
        bool hash = in_hash(last, i);
        for (char c = next_of(last[i], hash); c && n < most; c = next_of(c, hash)) {
            char *guess = nl_arena_strndup(arena, last, i + 1);
            if (!guess)
                return SIZE_MAX;
            guess[i] = c;
            if (until && strcmp(guess, until) >= 0)
                break;
            out[n++] = guess;
        }
    }
    return n;
}
