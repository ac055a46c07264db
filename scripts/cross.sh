#!/bin/bash
# cross.sh: build the rooms with kernels for arm64 and run their tests under qemu-user. Nothing is installed: Debian's arm64
# libraries are downloaded with apt into build/cross-sysroot, by a private configuration of apt.
set -euo pipefail
cd "$(dirname "$0")/.."
rooms="base;s3proto;arrow;filter;gen;parquet"
packages="libcmocka-dev libssl-dev libxxhash-dev libexpat1-dev libzstd-dev libsnappy-dev libdeflate-dev libbrotli-dev liblz4-dev libjansson-dev"
sysroot=$PWD/build/cross-sysroot

make_sysroot() {
    local work=$PWD/build/cross-apt
    [ "$(cat "$sysroot/packages" 2>/dev/null)" = "$packages" ] && return
    echo "Fetching Debian's arm64 libraries into build/cross-sysroot: $packages"
    rm -rf "$work" "$sysroot"
    mkdir -p "$work/state/lists/partial" "$work/cache/archives/partial" "$sysroot"
    : >"$work/state/status"
    cat >"$work/apt.conf" <<CONF
APT::Architecture "arm64";
APT::Architectures { "arm64"; };
APT::Sandbox::User "$(id -un)";
Acquire::Languages "none";
Dir::State "$work/state";
Dir::State::status "$work/state/status";
Dir::Cache "$work/cache";
CONF
    export APT_CONFIG=$work/apt.conf
    # Sources beside Debian's may have no arm64: what counts is that the download succeeds.
    apt-get update -qq </dev/null || true
    # shellcheck disable=SC2086  # a list of names
    apt-get install -qq -y --download-only --no-install-recommends -o Debug::NoLocking=1 $packages </dev/null
    for deb in "$work"/cache/archives/*.deb; do
        # The C library is the cross compiler's own.
        case "$(basename "$deb")" in libc6* | libc-dev* | linux-libc-dev*) continue ;; esac
        dpkg-deb -x "$deb" "$sysroot"
    done
    rm -rf "$work"
    echo "$packages" >"$sysroot/packages"
}

mkdir -p build
make_sysroot
cmake --preset cross -DNEURALAKE_ONLY_ROOMS="$rooms" >build/configure-cross.log || { cat build/configure-cross.log; exit 1; }
cmake --build --preset cross -j "${JOBS:-$(nproc)}"
# test_base_proc: qemu-user cannot tell the parent that a program does not exist (it makes a fork of posix_spawn's vfork).
scripts/run_tests.sh build/cross -E '^test_base_proc$'
