#!/usr/bin/env bash
# The examples, compiled as a user would: with the public headers alone, under strict flags, against both libraries; and each
# public header by itself, in C and in C++.
# ctest: duckdb
set -euo pipefail
source=$(cd "$(dirname "$0")/../.." && pwd)
build=$(dirname "$NEURALAKE")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
passed=0 failed=0
check() { # WHAT COMMAND…
    if "${@:2}" >"$work/out" 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $1"
        cat "$work/out"
    fi
}
sanitize=()
if grep -aq __asan_init "$NEURALAKE"; then
    sanitize=(-fsanitize=address,undefined)
elif grep -aq __tsan_init "$NEURALAKE"; then
    sanitize=(-fsanitize=thread)
fi

for header in "$source"/include/neuralake/*.h; do
    name=neuralake/$(basename "$header")
    for compiler in "gcc -std=c17 -x c" "clang -std=c17 -x c" "g++ -std=c++17 -x c++"; do
        command -v "${compiler%% *}" >/dev/null || continue
        # catalog.h is for C catalogs: its macros are C, its declarations both.
        printf '#include <%s>\nextern int something;\n' "$name" >"$work/one.c"
        # shellcheck disable=SC2086
        check "$name alone: $compiler" $compiler -Wall -Wextra -Werror -pedantic -fsyntax-only -I"$source/include" "$work/one.c"
    done
done

for example in read_parquet write_parquet query; do
    check "compile $example" gcc -std=c17 -Wall -Wextra -Werror -pedantic "${sanitize[@]}" -I"$source/include" \
        "$source/examples/$example.c" -L"$build" -lneuralake -Wl,-rpath,"$build" -o "$work/$example"
done
cd "$work"
says() { # TEXT COMMAND…: the command prints exactly that line
    check "${*:2} prints '$1'" sh -c 'text=$1; shift; "$@" | grep -qx "$text"' sh "$@"
}
says 'wrote 4000 rows to m.parquet' ./write_parquet m.parquet
says '4000 rows, sum(celsius) = 87998' ./read_parquet m.parquet celsius
says '4000 rows, sum(place.lat) = 219980' ./read_parquet m.parquet place.lat
says '1000 rows, sum(place.lat) = 54995' ./read_parquet m.parquet place.lat 1000 2000
check "the file that was written keeps its promises" "$NEURALAKE" parquet check m.parquet
says '3 rows' ./query "$source/examples/demo/catalog.c" 'SELECT s_name FROM demo_db.supplier'
if ./read_parquet nothing.parquet x 2>errors; then
    echo "FAILED: a missing file was read"
    failed=$((failed + 1))
fi
check "a missing file is an error" grep -q 'nothing.parquet: No such file' errors
if ./read_parquet m.parquet place.height 2>errors; then
    echo "FAILED: a missing column was read"
    failed=$((failed + 1))
fi
check "a missing column is an error" grep -q 'place.height' errors
echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
