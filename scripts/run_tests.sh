#!/bin/bash
# run_tests.sh BUILD [CTEST-OPTION…]: run the tests of a build in parallel, show the output of those that fail, and end
# with the line "N passed, N failed, N skipped", which counts test cases, not programs. Exit code 1 when any failed.
set -uo pipefail
build=$1
shift
root=$(cd "$(dirname "$0")/.." && pwd)
if [ -z "${NEURALAKE_TEST_PYTHON:-}" ] && [ -x "$root/build/venv/bin/python" ]; then
    export NEURALAKE_TEST_PYTHON="$root/build/venv/bin/python"
fi
jobs=${NEURALAKE_TEST_JOBS:-$(nproc)}
log="$build/Testing/Temporary/LastTest.log"
junit="$build/junit.xml"
rm -f "$log" "$junit"
ctest --test-dir "$build" -j "$jobs" --output-on-failure --no-tests=error \
    --output-junit "$(realpath -m "$junit")" "$@" </dev/null
status=$?
python3 "$root/scripts/tests_summary.py" "$log" "$junit" || status=1
exit $status
