#!/bin/bash
# lint.sh: every check of the house; all of them run, and any finding fails. NEURALAKE_LINT="format rooms" runs only those.
#
#   format     clang-format changes nothing
#   rooms      src/ROOMS: who includes whom, no circles
#   shape      lengths, banned calls, comments, words
#   scripts    the shell and Python scripts parse
#   cppcheck   and clang-tidy: static analysis; .clang-tidy and scripts/lint/cppcheck.txt say which checks and why
set -uo pipefail
cd "$(dirname "$0")/.."
build=build/test
failed=()
mkdir -p $build

sources() { git ls-files -co --exclude-standard -- "$@" | while read -r f; do [ -f "$f" ] && echo "$f"; done; }

format() { sources '*.c' '*.h' | xargs clang-format --dry-run -Werror; }
rooms() { python3 scripts/lint_rooms.py; }
shape() { python3 scripts/lint_shape.py --stats; }

scripts() {
    local rc=0 f
    while read -r f; do
        case "$f" in
        *.py) python3 -c 'import ast, sys; ast.parse(open(sys.argv[1]).read(), sys.argv[1])' "$f" || rc=1 ;;
        *) case "$(head -c 64 "$f" | head -n 1)" in *bash*) bash -n "$f" || rc=1 ;; *) sh -n "$f" || rc=1 ;; esac ;;
        esac
    done < <(sources '*.sh' '*.py' .ci/run)
    return $rc
}

cppcheck() {
    grep -v '^#' scripts/lint/cppcheck.txt >build/cppcheck.txt # version 2.10 takes no comments
    # As for x86-64 with GNU's headers left out: it models the C library itself.
    command cppcheck -q -j "$(nproc)" --enable=warning,performance,portability --std=c11 --inline-suppr \
        --suppressions-list=build/cppcheck.txt --suppress=missingIncludeSystem -Isrc -Iinclude -Itests \
        -D_GNU_SOURCE -D__x86_64__ -D__linux__ --error-exitcode=1 src include tests bench examples
}

clang_tidy() {
    # The commands of the test build: optimised, asserts on. Sources of the other processor have none.
    cmake --preset test >build/configure-test.log || { cat build/configure-test.log; return 1; }
    python3 scripts/lint/tidy.py "$build"
}

for check in ${NEURALAKE_LINT:-format rooms shape scripts cppcheck clang_tidy}; do
    start=$SECONDS
    if "$check"; then word=clean; else
        word=FINDINGS
        failed+=("$check")
    fi
    printf '%-10s %s (%d s)\n' "$check" "$word" $((SECONDS - start)) >&2
done
[ ${#failed[@]} = 0 ] || { echo "lint: findings in ${failed[*]}" >&2; exit 1; }
