#!/bin/bash
# What `make install` puts down works from there: the program finds what belongs to it, and a user's program builds with
# pkg-config against the shared and against the static library, which shows no symbol but the public ones.
set -uo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$(dirname "${NEURALAKE:?names the program of a build}")
if grep -q '^NEURALAKE_SANITIZE:STRING=.' "$build/CMakeCache.txt"; then
    echo "skipped: a sanitizer's build is not for installing"
    exit 77
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
prefix=$dir/usr/local
passed=0
failed=0

check() { # WHAT COMMAND…
    if "${@:2}" >"$dir/out" 2>&1; then passed=$((passed + 1)); else
        failed=$((failed + 1))
        echo "FAILED: $1"
        head -n 20 "$dir/out" | sed 's/^/    /'
    fi
}
only_public() { ! "$@" | awk 'NF == 3 { print $3 }' | grep -v '^nl_'; }

cat >"$dir/user.c" <<'C'
#include <neuralake/neuralake.h>
#include <stdio.h>
#include <string.h>

int main(void)
{
    nl_source *source;
    nl_error err;
    printf("%s\n", nl_version());
    return strcmp(nl_version(), NL_VERSION) || nl_source_open_file("/no/such/file", &source, &err) != NL_NOT_FOUND;
}
C

check "installs below DESTDIR" env DESTDIR="$dir" cmake --install "$build" --prefix /usr/local
for file in bin/neuralake lib/libneuralake.so.0 lib/libneuralake.a lib/pkgconfig/neuralake.pc include/neuralake/neuralake.h \
    share/man/man1/neuralake.1 share/bash-completion/completions/neuralake share/zsh/site-functions/_neuralake; do
    check "$file is there" test -s "$prefix/$file"
done
check "the program runs" "$prefix/bin/neuralake" --version
check "bash accepts the completion" bash -n "$prefix/share/bash-completion/completions/neuralake"
if [ -e "$build/lib/neuralake/libduckdb.so" ]; then
    check "SQL works from there" env -u DUCKDB_ROOT "$prefix/bin/neuralake" query 'SELECT 42'
fi

export PKG_CONFIG_PATH=$prefix/lib/pkgconfig
flags() { pkg-config "$@" neuralake; }
check "links the shared library" gcc -Wall -Werror "$dir/user.c" -o "$dir/shared" $(flags --cflags --libs)
check "runs with the shared library" env LD_LIBRARY_PATH="$prefix/lib" "$dir/shared"
check "links the static library" gcc -Wall -Werror "$dir/user.c" -o "$dir/static" $(flags --cflags) \
    "$prefix/lib/libneuralake.a" $(flags --static --libs | sed 's/-lneuralake//')
check "runs with the static library" "$dir/static"
check "the shared library shows nl_ only" only_public nm -D --defined-only "$prefix/lib/libneuralake.so"
check "the static library shows nl_ only" only_public nm -g --defined-only "$prefix/lib/libneuralake.a"
check "sources are the ones that were built" grep -q "\"$("$prefix/bin/neuralake" --version | awk '{ print $2 }')\"" \
    "$source/include/neuralake/version.h"
echo "$passed passed, $failed failed, 0 skipped"
[ $failed = 0 ]
