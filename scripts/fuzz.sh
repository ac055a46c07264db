#!/bin/bash
# fuzz.sh SECONDS [TARGET…]: run each libFuzzer target for so long, from its corpus in tests/fuzz/corpus/. New inputs go to
# build/fuzz/corpus/; an input that crashes stays as build/fuzz/crash-…, and is run again by: build/fuzz/fuzz/fuzz_X FILE
set -uo pipefail
cd "$(dirname "$0")/.."
seconds=${1:-60}
shift || true
mkdir -p build
cmake --preset fuzz >build/configure-fuzz.log || { cat build/configure-fuzz.log; exit 1; }
targets=("$@")
[ ${#targets[@]} -gt 0 ] || for f in tests/fuzz/*.c; do targets+=("$(basename "$f" .c)"); done
cmake --build --preset fuzz -j "${JOBS:-$(nproc)}" --target "${targets[@]/#/fuzz_}" || exit 1
rc=0
for target in "${targets[@]}"; do
    new=build/fuzz/corpus/$target seeds=()
    mkdir -p "$new"
    [ -d "tests/fuzz/corpus/$target" ] && seeds=("tests/fuzz/corpus/$target")
    echo "── $target ──"
    "build/fuzz/fuzz/fuzz_$target" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=1024 -malloc_limit_mb=256 \
        -len_control=0 -print_final_stats=1 \
        -artifact_prefix="build/fuzz/$target-" "$new" "${seeds[@]}" >"build/fuzz/$target.log" 2>&1 || rc=1
    grep -E 'ERROR|SUMMARY|runtime error|stat::|Test unit written' "build/fuzz/$target.log"
done
exit $rc
