#!/usr/bin/env bash
# Start Ceph's RADOS gateway without a cluster: one monitor and one OSD in memory, below a folder of its own.
#
#     scripts/start_radosgw.sh DIR [PORT]        prints the settings; then: eval "$(scripts/start_radosgw.sh /tmp/rgw)"
#     scripts/start_radosgw.sh --stop DIR
#
# For holding our server, and our client, against it (CONTRIBUTING.md). Debian: apt-get install radosgw ceph-mon ceph-osd.
set -euo pipefail

stop() {
    for name in rgw osd mon; do
        [ -s "$1/$name.pid" ] && kill "$(cat "$1/$name.pid")" 2>/dev/null || true
        rm -f "$1/$name.pid"
    done
}
if [ "${1:-}" = --stop ]; then
    stop "${2:?usage: start_radosgw.sh --stop DIR}"
    exit
fi
dir=$(realpath -m "${1:?usage: start_radosgw.sh DIR [PORT]}")
port=${2:-7480}
for tool in ceph-mon ceph-osd radosgw radosgw-admin ceph; do
    command -v "$tool" >/dev/null || { echo "start_radosgw: no $tool: apt-get install radosgw ceph-mon ceph-osd" >&2; exit 1; }
done
stop "$dir"
rm -rf "$dir/mon" "$dir/osd" "$dir/keyring"
mkdir -p "$dir/mon" "$dir/osd" "$dir/run"
exec 3>&1 >"$dir/log" 2>&1 # what its programs say; standard output is for the settings

id=$(cat /proc/sys/kernel/random/uuid)
export CEPH_CONF=$dir/ceph.conf
monitor=$((port + 1))
cat >"$CEPH_CONF" <<CONF
[global]
fsid = $id
mon host = [v1:127.0.0.1:$monitor]
public network = 127.0.0.0/8
ms bind ipv6 = false
auth cluster required = none
auth service required = none
auth client required = none
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 1
osd crush chooseleaf type = 0
osd objectstore = memstore
memstore device bytes = 2147483648
osd class update on start = false
osd crush update on start = false
run dir = $dir/run
admin socket = $dir/run/\$name.asok
log file = $dir/run/\$name.log
keyring = $dir/keyring
[mon.a]
mon data = $dir/mon
pid file = $dir/mon.pid
[osd.0]
osd data = $dir/osd
pid file = $dir/osd.pid
[client.rgw]
rgw frontends = beast endpoint=127.0.0.1:$port
pid file = $dir/rgw.pid
CONF

ceph-authtool --create-keyring "$dir/keyring" --gen-key -n mon. --cap mon 'allow *'
ceph-authtool "$dir/keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *'
monmaptool --create --clobber --fsid "$id" --addv a "[v1:127.0.0.1:$monitor]" "$dir/monmap"
ceph-mon -i a --mkfs --monmap "$dir/monmap" --keyring "$dir/keyring"
ceph-mon -i a
osd=$(cat /proc/sys/kernel/random/uuid)
timeout 60 ceph osd new "$osd"
ceph-osd -i 0 --mkfs --osd-uuid "$osd"
ceph-osd -i 0
timeout 60 ceph osd crush add osd.0 1.0 host=here root=default
timeout 120 radosgw-admin -n client.admin user create --uid test --display-name test --access-key testkey --secret-key testsecret
radosgw -n client.rgw
for _ in $(seq 300); do
    curl -s -o /dev/null "http://127.0.0.1:$port/" && break
    sleep 0.1
done
cat >&3 <<SETTINGS
export NEURALAKE_TEST_S3_ENDPOINT='http://127.0.0.1:$port'
export AWS_ACCESS_KEY_ID=testkey
export AWS_SECRET_ACCESS_KEY=testsecret
export AWS_REGION=us-east-1
SETTINGS
