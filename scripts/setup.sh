#!/bin/bash
# setup.sh GROUP…: install what the groups of scripts/packages.txt need and this machine lacks.
#
# Says first which packages, why, and how large. Installs with apt as root or through sudo; where there is neither, prints
# the command and stops with 1. The group "run" includes the DuckDB library (npm ci), "test" the Python environment
# build/venv; without those two everything else still works, so that their failure is a warning.
# NEURALAKE_NO_SETUP=1 installs nothing and goes on.
set -euo pipefail
cd "$(dirname "$0")/.."

say() { printf '%s\n' "$*" >&2; }

[ $# -gt 0 ] || { say "usage: scripts/setup.sh GROUP…   (groups of scripts/packages.txt: build run test lint fuzz cross bench)"; exit 2; }
groups=" $* "
[ "${NEURALAKE_NO_SETUP:-}" = 1 ] && exit 0

# ── Debian packages ──
installed() { [ "$(dpkg-query -W -f '${db:Status-Status}' "$1" 2>/dev/null)" = installed ]; }

# The DuckDB library that this machine can load: a user's own, or the one that npm fetched.
case "$(uname -m)" in
aarch64 | arm64) duckdb=node_modules/@duckdb/node-bindings-linux-arm64/libduckdb.so ;;
*) duckdb=node_modules/@duckdb/node-bindings-linux-x64/libduckdb.so ;;
esac
have_duckdb() {
    [ -n "${DUCKDB_ROOT:-}" ] && { [ -e "$DUCKDB_ROOT/lib/libduckdb.so" ] || [ -e "$DUCKDB_ROOT/libduckdb.so" ]; } && return 0
    [ -e "$duckdb" ]
}

missing=()
reasons=()
while read -r group entry why; do
    case "$group" in '' | '#'* | release) continue ;; esac
    [[ "$groups" == *" $group "* ]] || continue
    package=${entry%%|*}
    if [[ "$entry" == *"|"* ]]; then
        command -v "${entry#*|}" >/dev/null && continue
        [ "$package" = npm ] && have_duckdb && continue
    fi
    [[ " ${missing[*]-} " == *" $package "* ]] && continue
    command -v dpkg-query >/dev/null && installed "$package" && continue
    missing+=("$package")
    reasons+=("$why")
done <scripts/packages.txt

install_packages() {
    local root=()
    if ! command -v apt-get >/dev/null; then
        say "This is not Debian: scripts/packages.txt names what is needed (${#missing[@]} packages of Debian $(awk '$1 == "release" { print $2 }' scripts/packages.txt))."
        say "Install their like here, then run again with NEURALAKE_NO_SETUP=1."
        exit 1
    fi
    if [ "$(id -u)" != 0 ]; then
        if command -v sudo >/dev/null; then root=(sudo); else root=(none); fi
    fi
    say "Missing Debian packages (${#missing[@]}):"
    for i in "${!missing[@]}"; do printf '  %-22s %s\n' "${missing[$i]}" "${reasons[$i]}" >&2; done
    if [ "${root[*]-}" = none ]; then
        say "Neither root nor sudo is at hand. Ask an administrator for:"
        say "  apt-get update && apt-get install --no-install-recommends ${missing[*]}"
        exit 1
    fi
    # A fresh machine has no lists yet: then no size can be told either.
    if ! apt-get -s -qq install --no-install-recommends "${missing[@]}" >/dev/null 2>&1; then
        say "Reading Debian's package lists (apt-get update)…"
        "${root[@]}" apt-get update -qq </dev/null
    fi
    LC_ALL=C apt-get -o Debug::NoLocking=1 install --no-install-recommends --assume-no "${missing[@]}" 2>/dev/null </dev/null |
        sed -n 's/^Need to get \(.*\) of archives\.$/To download: \1/p; s/^After this operation, \(.*\) of additional.*/On disk: \1/p; s/^\([0-9]* upgraded, [0-9]* newly installed\).*/With what they depend on: \1/p' >&2 || true
    say "Installing: ${root[*]-} apt-get install ${missing[*]}"
    "${root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" </dev/null >&2
}
[ ${#missing[@]} = 0 ] || install_packages

# ── the DuckDB library ──
sql_is_off() {
    say "warning: $1"
    say "  Without the DuckDB library everything but SQL works (query, and steps of demo and of the tests that use it)."
    say "  To get it: install Node.js with npm 7 or later (Debian: apt-get install npm; or nodejs.org), then run: npm ci"
    say "  Or name a build of your own: DUCKDB_ROOT=/path make …"
}
fetch_duckdb() {
    if ! command -v npm >/dev/null; then
        sql_is_off "npm is not installed"
        return
    fi
    say "Fetching the DuckDB library (npm ci, 20 MB; pinned in package-lock.json)…"
    if ! npm ci --ignore-scripts --no-audit --no-fund --loglevel=error </dev/null >&2; then
        sql_is_off "npm ci failed"
    elif ! have_duckdb; then
        sql_is_off "the npm package holds no library for $(uname -m)"
    fi
}
if [[ "$groups" == *" run "* ]] && ! have_duckdb; then
    fetch_duckdb
fi

# ── the oracles' Python ──
make_venv() {
    local python=/usr/bin/python3 venv=build/venv
    [ -x $python ] || python=python3
    cmp -s tests/requirements.txt $venv/requirements.txt 2>/dev/null && return
    say "Installing the oracles of the tests into $venv (duckdb, pyarrow, polars, boto3; 130 MB to download)…"
    rm -rf $venv
    if $python -m venv $venv >&2 &&
        $venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --only-binary=:all: \
            -r tests/requirements.txt </dev/null >&2; then
        cp tests/requirements.txt $venv/requirements.txt
    else
        rm -rf $venv
        say "warning: pip could not install tests/requirements.txt: comparisons with other engines will be skipped."
    fi
}
# Engines of other versions than the oracles', in a folder of their own; the tests of the S3 server want them.
add_engines() {
    local venv=build/venv engines=build/venv/engines
    [ -x $venv/bin/pip ] || return 0
    cmp -s tests/requirements_engines.txt $engines/requirements.txt 2>/dev/null && return
    say "Adding engines that drive the S3 server (delta-rs, DuckDB with httpfs; 85 MB to download)…"
    rm -rf $engines
    if $venv/bin/pip install --quiet --disable-pip-version-check --require-hashes --no-deps --only-binary=:all: \
        --target $engines -r tests/requirements_engines.txt </dev/null >&2; then
        cp tests/requirements_engines.txt $engines/requirements.txt
    else
        rm -rf $engines
        say "warning: pip could not install tests/requirements_engines.txt: these engines will be skipped."
    fi
}
if [[ "$groups" == *" test "* ]]; then
    make_venv
    add_engines
fi
