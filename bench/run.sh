#!/usr/bin/env bash
# Build folder in, comparisons out: `make bench`. The peers live in a Python environment of their own, made once.
#
#     bench/run.sh BUILD                                  everything: whole commands, Parquet, object storage
#     bench/run.sh BUILD parquet [ARGUMENTS OF parquet.py…]
#     bench/run.sh BUILD s3 [ARGUMENTS OF s3.py…]
#     bench/run.sh BUILD ARGUMENTS OF lake.py…            BENCH_PYTHON names an environment that is there already
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
build=$1
shift
python=${BENCH_PYTHON:-$build/bench-venv/bin/python}
if [ ! -x "$python" ]; then
    python3 -m venv "$build/bench-venv"
    "$python" -m pip install --quiet --requirement "$here/requirements.txt" ||
        echo "bench: not every peer could be installed; what is missing is left out" >&2
fi
# Variables that other programs set for their own TLS would make the peers differ from what a user sees.
unset AWS_CA_BUNDLE
if [ "${1:-}" = parquet ]; then
    shift
    exec "$python" "$here/parquet.py" --build "$build" "$@"
fi
if [ "${1:-}" = s3 ]; then
    shift
    exec "$python" "$here/s3.py" --build "$build" "$@"
fi
"$python" "$here/lake.py" --program "$build/neuralake" --relay "$build/bench/relay" "$@"
if [ $# = 0 ]; then
    "$python" "$here/parquet.py" --build "$build"
    "$python" "$here/s3.py" --build "$build"
fi
