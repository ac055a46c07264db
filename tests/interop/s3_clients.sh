#!/bin/bash
# The command-line clients that people have (aws-cli, s3cmd, rclone, curl) against `neuralake s3 serve`.
# Exit code 77: none of them is installed.
set -eu -o pipefail

neuralake=${NEURALAKE:-build/neuralake}
dir=$(mktemp -d)
server=
finish() {
    if [ -n "$server" ]; then kill "$server" 2>/dev/null || true; wait "$server" 2>/dev/null || true; fi
    rm -rf "$dir"
}
trap finish EXIT
fail() { echo "s3_clients: $*" >&2; exit 1; }
same() { [ "$1" = "$2" ] || fail "$3: got '$1', want '$2'"; }
# refused PATTERN COMMAND…: the command fails, and says so.
refused() {
    local want=$1 text
    shift
    if text=$("$@" 2>&1); then fail "$*: worked, wanted $want"; fi
    [[ $text == *"$want"* ]] || fail "$*: got '$text', wanted $want"
}
have() { command -v "$1" >/dev/null; }
have aws || have s3cmd || have rclone || { echo "skipped: no S3 client is installed"; exit 77; }

# No client may find settings of this machine; rclone fails with AWS_CA_BUNDLE set.
for name in $(compgen -e | grep '^AWS_'); do unset "$name"; done
export HOME=$dir

"$neuralake" s3 serve --root "$dir/root" --listen 127.0.0.1:0 >"$dir/out" &
server=$!
for _ in $(seq 100); do [ -s "$dir/out" ] && break; sleep 0.1; done
url=$(sed -n 's/^listening on //p' "$dir/out")
[ -n "$url" ] || fail "the server did not start"
eval "$("$neuralake" s3 env --root "$dir/root")"
export AWS_DEFAULT_REGION=us-east-1
same "$AWS_ENDPOINT_URL" "$url" "s3 env"

head -c 21000000 /dev/urandom >"$dir/big"
mkdir -p "$dir/tree/sub/deep"
for i in 1 2 3; do echo "file $i" >"$dir/tree/sub/$i.txt"; done
echo deep >"$dir/tree/sub/deep/a b+c%20&d.txt"
echo umlaut >"$dir/tree/übung.txt"
: >"$dir/tree/empty"
list() { (cd "$1" && find . -type f | LC_ALL=C sort | xargs -d '\n' md5sum); }

if have aws; then
    s3() { aws --endpoint-url "$url" s3 "$@"; }
    api() { aws --endpoint-url "$url" s3api "$@"; }
    s3 mb s3://aws-bucket >/dev/null
    s3 cp --no-progress "$dir/big" s3://aws-bucket/big >/dev/null
    s3 cp --no-progress s3://aws-bucket/big "$dir/back" >/dev/null
    cmp "$dir/big" "$dir/back" || fail "aws: 21 MB by multipart came back changed"
    echo streamed | s3 cp - s3://aws-bucket/stream >/dev/null
    same "$(s3 cp s3://aws-bucket/stream -)" streamed "aws: cp from and to a pipe"
    s3 cp --no-progress s3://aws-bucket/big s3://aws-bucket/copy >/dev/null
    same "$(api head-object --bucket aws-bucket --key copy --query ContentLength)" 21000000 "aws: copy"
    s3 sync --no-progress "$dir/tree" s3://aws-bucket/tree >/dev/null
    same "$(s3 sync --no-progress "$dir/tree" s3://aws-bucket/tree)" "" "aws: a second sync has nothing to do"
    s3 sync --no-progress s3://aws-bucket/tree "$dir/aws-tree" >/dev/null
    same "$(list "$dir/aws-tree")" "$(list "$dir/tree")" "aws: sync there and back"
    same "$(s3 ls s3://aws-bucket/tree/ | awk '{print $NF}' | tr '\n' ' ')" "sub/ empty übung.txt " "aws: ls"
    same "$(s3 ls --recursive s3://aws-bucket/tree/ | wc -l)" 6 "aws: ls --recursive"
    s3 mv --no-progress s3://aws-bucket/copy s3://aws-bucket/moved >/dev/null
    same "$(api get-object --bucket aws-bucket --key moved --range bytes=5-9 "$dir/part" --query ContentLength)" 5 "aws: range"
    cmp <(tail -c +6 "$dir/big" | head -c 5) "$dir/part" || fail "aws: range's bytes"
    etag=$(api put-object --bucket aws-bucket --key small --body "$dir/tree/sub/1.txt" --query ETag --output text)
    same "$etag" "\"$(md5sum <"$dir/tree/sub/1.txt" | cut -d' ' -f1)\"" "aws: ETag"
    refused "(304)" api get-object --bucket aws-bucket --key small --if-none-match "$etag" "$dir/x"
    refused NoSuchKey api get-object --bucket aws-bucket --key missing "$dir/x"
    refused BucketNotEmpty s3 rb s3://aws-bucket
    # Some versions still presign with the signature of old (V2) in us-east-1: it is refused, with words.
    same "$(curl -s "$url/aws-bucket/small?AWSAccessKeyId=$AWS_ACCESS_KEY_ID&Expires=4000000000&Signature=c2lnbg%3D%3D" |
        grep -c 'Please use AWS4-HMAC-SHA256')" 1 "V2"
    aws configure set default.s3.signature_version s3v4
    same "$(curl -sf "$(s3 presign s3://aws-bucket/small)")" "file 1" "aws: presign"
    AWS_SECRET_ACCESS_KEY=wrong-secret refused SignatureDoesNotMatch s3 ls
    api put-object-tagging --bucket aws-bucket --key small --tagging 'TagSet=[{Key=b,Value=2},{Key=a,Value=1}]'
    same "$(api get-object-tagging --bucket aws-bucket --key small --query 'TagSet[].Key' --output text)" "a	b" "aws: tags"
    same "$(api head-object --bucket aws-bucket --key big --part-number 2 --query PartsCount)" 3 "aws: parts"
    same "$(api get-object-attributes --bucket aws-bucket --key big --object-attributes ObjectSize ObjectParts \
        --query '[ObjectSize,ObjectParts.TotalPartsCount]' --output text)" "21000000	3" "aws: attributes"
    api put-bucket-cors --bucket aws-bucket --cors-configuration \
        'CORSRules=[{AllowedOrigins=["https://*.example.org"],AllowedMethods=[GET],AllowedHeaders=["*"],ExposeHeaders=[ETag]}]'
    same "$(api get-bucket-cors --bucket aws-bucket --query 'CORSRules[0].AllowedMethods[0]' --output text)" GET "aws: CORS"
    same "$(curl -s -o /dev/null -w '%{http_code}' -X OPTIONS "$url/aws-bucket/small" -H 'Origin: https://a.example.org' \
        -H 'Access-Control-Request-Method: GET')" 200 "curl: preflight"
    same "$(curl -s -o /dev/null -w '%{http_code}' -X OPTIONS "$url/aws-bucket/small" -H 'Origin: https://evil.example' \
        -H 'Access-Control-Request-Method: GET')" 403 "curl: preflight of others"
    curl -s -D - -o /dev/null -H 'Origin: https://a.example.org' "$url/aws-bucket/small" |
        grep -qi '^access-control-allow-origin: https://a.example.org' || fail "curl: CORS header of a refusal"
    api delete-bucket-cors --bucket aws-bucket
    refused NoSuchCORSConfiguration api get-bucket-cors --bucket aws-bucket
    s3 rm --recursive s3://aws-bucket >/dev/null
    s3 rb s3://aws-bucket >/dev/null
    echo "aws-cli: ok"
fi

if have s3cmd; then
    host=${url#http://}
    cmd() {
        s3cmd --config=/dev/null --no-ssl --host="$host" --host-bucket="$host" --no-progress \
            --access_key="$AWS_ACCESS_KEY_ID" --secret_key="$AWS_SECRET_ACCESS_KEY" "$@"
    }
    cmd mb s3://s3cmd-bucket >/dev/null
    cmd put "$dir/big" s3://s3cmd-bucket/big >/dev/null
    cmd get --force s3://s3cmd-bucket/big "$dir/back" >/dev/null
    cmp "$dir/big" "$dir/back" || fail "s3cmd: 21 MB by multipart came back changed"
    cmd sync "$dir/tree/" s3://s3cmd-bucket/tree/ >/dev/null
    mkdir "$dir/s3cmd-tree"
    cmd sync s3://s3cmd-bucket/tree/ "$dir/s3cmd-tree/" >/dev/null
    same "$(list "$dir/s3cmd-tree")" "$(list "$dir/tree")" "s3cmd: sync there and back"
    same "$(cmd ls s3://s3cmd-bucket/tree/ | wc -l)" 3 "s3cmd: ls"
    cmd cp s3://s3cmd-bucket/big s3://s3cmd-bucket/copy >/dev/null
    cmd mv s3://s3cmd-bucket/copy s3://s3cmd-bucket/moved >/dev/null
    cmd info s3://s3cmd-bucket/moved >/dev/null
    cmd info s3://s3cmd-bucket >/dev/null
    cmd del --recursive --force s3://s3cmd-bucket >/dev/null
    cmd rb s3://s3cmd-bucket >/dev/null
    echo "s3cmd: ok"
fi

if have rclone; then
    export RCLONE_CONFIG=/dev/null RCLONE_CONFIG_LAKE_TYPE=s3 RCLONE_CONFIG_LAKE_PROVIDER=Other RCLONE_CONFIG_LAKE_ENV_AUTH=true \
        RCLONE_CONFIG_LAKE_ENDPOINT="$url" RCLONE_CONFIG_LAKE_REGION=us-east-1
    rclone mkdir lake:rclone-bucket
    rclone copy "$dir/tree" lake:rclone-bucket/tree
    rclone check "$dir/tree" lake:rclone-bucket/tree 2>/dev/null || fail "rclone: check"
    rclone copy --s3-upload-cutoff 5M --s3-chunk-size 5M "$dir/big" lake:rclone-bucket/
    rclone check --download "$dir" lake:rclone-bucket --include /big 2>/dev/null || fail "rclone: 21 MB by multipart"
    rclone sync lake:rclone-bucket/tree "$dir/rclone-tree"
    same "$(list "$dir/rclone-tree")" "$(list "$dir/tree")" "rclone: sync there and back"
    rclone moveto lake:rclone-bucket/big lake:rclone-bucket/other/big
    same "$(rclone lsf -R --files-only lake:rclone-bucket | wc -l)" 7 "rclone: lsf"
    same "$(rclone cat lake:rclone-bucket/tree/sub/1.txt)" "file 1" "rclone: cat"
    rclone purge lake:rclone-bucket
    echo "rclone: ok"
fi

if curl --help all 2>/dev/null | grep -q aws-sigv4; then
    request() {
        curl -s --aws-sigv4 aws:amz:us-east-1:s3 -u "$AWS_ACCESS_KEY_ID:$AWS_SECRET_ACCESS_KEY" \
            -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' "$@"
    }
    request -X PUT "$url/curl-bucket" -o /dev/null
    request -T "$dir/tree/sub/2.txt" "$url/curl-bucket/two" -o /dev/null
    same "$(request "$url/curl-bucket/two")" "file 2" "curl: --aws-sigv4"
    same "$(curl -s -o /dev/null -w '%{http_code}' "$url/curl-bucket/two")" 403 "curl: unsigned"
    same "$(curl -s -o /dev/null -w '%{http_code}' -H 'Host: evil.example:80' "$url/")" 403 "curl: a name that is not ours"
    curl -s -X OPTIONS "$url/curl-bucket/two" -H 'Origin: http://evil.example' -D - | grep -qi '^access-control' && fail "CORS is on"
    echo "curl: ok"
fi

same "$(curl -s "$url/-/health")" ok "health"
[[ $(curl -s "$url/-/metrics") == *neuralake_s3_request_duration_seconds_bucket* ]] || fail "metrics"

# Several keys, read again on SIGHUP; an access log; https; a server that refuses to be open with the keys of a laptop.
cat >"$dir/keys.yaml" <<'END'
- {access_key: writer, secret_key: writer-secret}
- {access_key: reader, secret_key: reader-secret, access: read-only, buckets: [lake], prefixes: [pub/]}
- {anonymous: read-only, buckets: [lake], prefixes: [pub/]}
END
tls=()
if openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -keyout "$dir/key.pem" -out "$dir/cert.pem" \
    -days 2 -subj /CN=localhost -addext subjectAltName=DNS:localhost,IP:127.0.0.1 2>/dev/null; then
    tls=(--tls-cert "$dir/cert.pem" --tls-key "$dir/key.pem")
fi
"$neuralake" s3 serve --root "$dir/root2" --listen 127.0.0.1:0 --credentials "$dir/keys.yaml" --durability none \
    --access-log "$dir/log" "${tls[@]}" >"$dir/out2" 2>"$dir/err2" &
second=$!
for _ in $(seq 100); do [ -s "$dir/out2" ] && break; sleep 0.1; done
url2=$(sed -n 's/^listening on //p' "$dir/out2")
[ -n "$url2" ] || fail "the second server did not start: $(cat "$dir/err2")"
[ -z "${tls[*]}" ] || [[ $url2 == https://* ]] || fail "TLS: $url2"
by() {
    local who=$1
    shift
    curl -s --cacert "$dir/cert.pem" --aws-sigv4 aws:amz:us-east-1:s3 -u "$who:$who-secret" \
        -H 'x-amz-content-sha256: UNSIGNED-PAYLOAD' -o /dev/null -w '%{http_code}' "$@"
}
same "$(by writer -X PUT "$url2/lake")" 200 "writer: bucket"
same "$(by writer -T "$dir/big" "$url2/lake/pub/big")" 200 "writer: 21 MB"
same "$(by writer -T "$dir/tree/empty" "$url2/lake/private")" 200 "writer: private"
same "$(by reader "$url2/lake/pub/big")" 200 "reader reads"
same "$(by reader -T "$dir/tree/empty" "$url2/lake/pub/x")" 403 "reader does not write"
same "$(by reader "$url2/lake/private")" 403 "reader stays in his prefix"
curl -s --cacert "$dir/cert.pem" "$url2/lake/pub/big" | cmp - "$dir/big" || fail "everybody reads what is open"
same "$(curl -s --cacert "$dir/cert.pem" -o /dev/null -w '%{http_code}' "$url2/lake/private")" 403 "and nothing else"
if have aws && [ -n "${tls[*]}" ]; then
    AWS_ACCESS_KEY_ID=writer AWS_SECRET_ACCESS_KEY=writer-secret aws --endpoint-url "$url2" --ca-bundle "$dir/cert.pem" \
        s3 cp --no-progress "s3://lake/pub/big" "$dir/back" >/dev/null
    cmp "$dir/big" "$dir/back" || fail "aws: by https"
fi
echo 'nonsense' >"$dir/keys.yaml"
kill -HUP "$second"
for _ in $(seq 100); do grep -q 'stay as they were' "$dir/err2" && break; sleep 0.1; done
grep -q 'stay as they were' "$dir/err2" || fail "SIGHUP: a broken file is not told"
same "$(by writer "$url2/lake/private")" 200 "the old keys hold"
echo '- {access_key: other, secret_key: other-secret}' >"$dir/keys.yaml"
kill -HUP "$second"
for _ in $(seq 100); do grep -q 'read again' "$dir/err2" && break; sleep 0.1; done
same "$(by writer "$url2/lake/private")" 403 "SIGHUP: the old key is gone"
same "$(by other "$url2/lake/private")" 200 "SIGHUP: the new key holds"
kill -TERM "$second"
wait "$second" || fail "the second server ended with $?"
grep -q ' reader GetObject "GET /lake/pub/big" 200 in=0 out=21000000 ' "$dir/log" || fail "access log: $(cat "$dir/log")"

# By another address of this machine, where it has one: metrics are for loopback alone.
address=$(hostname -I 2>/dev/null | cut -d' ' -f1)
if [ -n "$address" ]; then
    "$neuralake" s3 serve --root "$dir/root4" --listen 0.0.0.0:0 --credentials "$dir/keys.yaml" >"$dir/out4" &
    third=$!
    for _ in $(seq 100); do [ -s "$dir/out4" ] && break; sleep 0.1; done
    port=$(sed -n 's/^listening on .*:\([0-9]*\)$/\1/p' "$dir/out4")
    status() { curl --noproxy '*' -s -o /dev/null -w '%{http_code}' "$1"; }
    same "$(status "http://127.0.0.1:$port/-/metrics") $(status "http://$address:$port/-/health") $(status "http://$address:$port/-/metrics")" \
        "200 200 404" "metrics"
    kill -TERM "$third"
    wait "$third" || fail "the third server ended with $?"
fi
refused "not a loopback address" "$neuralake" s3 serve --root "$dir/root3" --listen 0.0.0.0:0
echo "keys, https, log: ok"

kill -INT "$server"
wait "$server" || fail "the server ended with $?"
server=
"$neuralake" s3 env --root "$dir/root" >/dev/null 2>&1 && fail "s3 env found a server that is gone"
echo "all clients: ok"
