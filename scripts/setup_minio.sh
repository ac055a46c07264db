#!/usr/bin/env bash
# Start MinIO from docker-compose.yml, wait until it is healthy, make the bucket, print the settings.
#
#     scripts/setup_minio.sh [BUCKET]            then: eval "$(scripts/setup_minio.sh)"
#
# Works unchanged against any S3 endpoint that is already running: set AWS_ENDPOINT_URL, AWS_ACCESS_KEY_ID and
# AWS_SECRET_ACCESS_KEY, and nothing is started. Only the settings go to standard output.
set -euo pipefail

bucket=${1:-neuralake-bucket}
here=$(cd "$(dirname "$0")/.." && pwd)
program=${NEURALAKE:-$(command -v neuralake || echo "$here/build/neuralake")}
wait_seconds=60

say() { echo "$*" >&2; }

if [ ! -x "$program" ]; then
    say "setup_minio: neuralake is not built: run 'make' first"
    exit 1
fi

if [ -z "${AWS_ENDPOINT_URL:-}" ]; then
    if ! docker compose version >/dev/null 2>&1; then
        say "setup_minio: there is no docker compose here, and AWS_ENDPOINT_URL names no endpoint that runs already."
        say "Install Docker, or use the embedded server: neuralake s3 serve &, then eval \"\$(neuralake s3 env)\"."
        exit 1
    fi
    docker compose -f "$here/docker-compose.yml" up -d --wait minio >&2
    unset AWS_ENDPOINT_URL_S3 AWS_SESSION_TOKEN # they would win over what follows, or spoil it
    export AWS_ENDPOINT_URL=http://127.0.0.1:9000
    export AWS_ACCESS_KEY_ID=${MINIO_ROOT_USER:-minioadmin}
    export AWS_SECRET_ACCESS_KEY=${MINIO_ROOT_PASSWORD:-minioadmin}
fi
: "${AWS_ACCESS_KEY_ID:?set it, or leave AWS_ENDPOINT_URL unset}" "${AWS_SECRET_ACCESS_KEY:?set it, or leave AWS_ENDPOINT_URL unset}"
export AWS_REGION=${AWS_REGION:-us-east-1}

# A listing that is answered says more than an open port: the server is up, and the keys are right.
for ((i = 0; ; i++)); do
    if error=$("$program" s3 ls 2>&1 >/dev/null); then
        break
    fi
    if [[ $error == *"HTTP 403"* ]]; then
        say "setup_minio: $error"
        exit 1
    fi
    if ((i >= wait_seconds)); then
        say "setup_minio: $AWS_ENDPOINT_URL was not ready within $wait_seconds s: $error"
        exit 1
    fi
    sleep 1
done
"$program" s3 mb "s3://$bucket" >&2

for name in AWS_ENDPOINT_URL AWS_ACCESS_KEY_ID AWS_SECRET_ACCESS_KEY AWS_REGION; do
    printf 'export %s=%q\n' "$name" "${!name}"
done
