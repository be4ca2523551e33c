#!/usr/bin/env bash
# Builds the image and runs it as it is to be run: without root, capabilities, a writable root file
# system or 64 MB of memory to spare; stops, kills and freezes it while data flows; and lets the
# simulators compare source and sink in the end.
#
# Needs a Docker daemon, or root to start one. Nothing is downloaded but Docker itself, if it is
# missing: the base images are made of this machine's own libraries, and the program is the one that
# `cargo build` makes, or the one that PROGRAM names.
set -euo pipefail
repository=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)

skip() {
    echo "skipped: $*"
    exit 0
}

fail() {
    echo "FAILED: $*" >&2
    for container in daemon simulators; do
        echo "--- $container" >&2
        docker logs "$name-$container" 2>&1 | tail -n 40 >&2 || true
        docker inspect --format '{{json .State}}' "$name-$container" >&2 || true
    done
    exit 1
}

work=$(mktemp -d "${TMPDIR:-/var/tmp}/zendesk-aep-image.XXXXXX")
name=zendesk-aep-test-$$
dockerd_pid=
clean_up() {
    docker rm --force --volumes "$name-daemon" "$name-simulators" >/dev/null 2>&1 || true
    docker volume rm --force "$name-state" >/dev/null 2>&1 || true
    docker image rm --force "$name" "$name-base" "$name-builder" "$name-runtime" >/dev/null 2>&1 || true
    if [ -n "$dockerd_pid" ]; then
        kill "$dockerd_pid"
        wait "$dockerd_pid" 2>/dev/null || true
    fi
    rm -rf --one-file-system "$work"
}
trap clean_up EXIT

# A daemon of our own, if nobody runs one.
if ! docker info >/dev/null 2>&1; then
    [ "$(id -u)" = 0 ] || skip "there is no Docker daemon, and only root may start one"
    if ! command -v dockerd >/dev/null; then
        export DEBIAN_FRONTEND=noninteractive
        { apt-get update && apt-get install --yes --no-install-recommends docker.io; } >/dev/null 2>&1 ||
            skip "cannot install docker.io"
    fi
    export DOCKER_HOST=unix://$work/docker.sock
    dockerd --data-root "$work/docker" --exec-root "$work/exec" --pidfile "$work/docker.pid" \
        --host "$DOCKER_HOST" --bridge=none --iptables=false --ip-forward=false \
        >"$work/dockerd.log" 2>&1 &
    dockerd_pid=$!
    for _ in $(seq 100); do
        docker info >/dev/null 2>&1 && break
        kill -0 "$dockerd_pid" 2>/dev/null || { dockerd_pid= && break; }
        sleep 0.2
    done
    docker info >/dev/null 2>&1 || {
        tail -n 3 "$work/dockerd.log"
        skip "this machine does not let us run a Docker daemon"
    }
fi

if [ -z "${PROGRAM:-}" ]; then
    cd "$repository"
    cargo build --locked --bin zendesk-aep
    PROGRAM=${CARGO_TARGET_DIR:-target}/debug/zendesk-aep
fi

# An image of these files and CA certificates: as little as there can be, so that the Dockerfile is
# seen to need no more.
import() {
    local image=$1 root=$work/$1 file
    shift
    install -D --mode=0644 /etc/ssl/certs/ca-certificates.crt "$root/etc/ssl/certs/ca-certificates.crt"
    for file in "$@"; do
        install -D "$file" "$root$file"
    done
    tar --directory "$root" --owner=0 --group=0 --create . | docker import - "$image" >/dev/null
}
libraries_of() { ldd "$@" | grep --only-matching '/[^ ]*lib[^ ]*' | tr --delete ':' | sort --unique; }
tools=(/bin/sh "$(command -v mkdir)")
mapfile -t libraries < <(libraries_of "${tools[@]}")
import "$name-builder" "${tools[@]}" "${libraries[@]}"
mapfile -t libraries < <(libraries_of "$PROGRAM")
import "$name-runtime" "${libraries[@]}"

# All of the Dockerfile but the compiling.
mkdir "$work/context"
cp "$PROGRAM" "$work/context/zendesk-aep"
{
    docker build --network=none --target base --tag "$name-base" "$repository" \
        --build-arg BUILDER_IMAGE="$name-builder" --build-arg RUNTIME_IMAGE="$name-runtime" &&
        printf 'FROM %s\nCOPY zendesk-aep /usr/bin/\n' "$name-base" |
        docker build --network=none --tag "$name" --file - "$work/context"
} >"$work/build.log" 2>&1 || {
    cat "$work/build.log"
    fail "the image cannot be built"
}

if docker compose version >/dev/null 2>&1; then
    compose=(docker compose)
elif command -v docker-compose >/dev/null; then
    compose=(docker-compose)
else
    compose=()
    echo "skipped: the Compose file is not read, there is no Compose"
fi
[ "${#compose[@]}" = 0 ] || "${compose[@]}" --file "$repository/deploy/compose.yaml" config >/dev/null ||
    fail "Compose does not accept the file"

run=(docker run --detach --read-only --cap-drop=ALL --security-opt=no-new-privileges)

# The first to mount a volume gives it its owner: the image's own directory must.
docker run --rm --network=none --volume "$name-state:/state" "$name" --version

# Simulators and daemon share a network that has nothing but loopback.
mkdir "$work/there"
chown 10001:10001 "$work/there"
"${run[@]}" --name "$name-simulators" --no-healthcheck --network=none --tmpfs /tmp \
    --volume "$work/there:/there" --volume "$name-state:/there/state" "$name" \
    sandbox --serve /there --users 5000 --changes-per-second 50 --log info --output json >/dev/null

eventually() {
    local what=$1
    shift
    for _ in $(seq 300); do
        "$@" && return
        sleep 0.2
    done
    fail "not in a minute: $what"
}
eventually "the simulators' configuration" test -e "$work/there/config.toml"

"${run[@]}" --name "$name-daemon" --network="container:$name-simulators" \
    --memory=64m --memory-swap=64m --pids-limit=64 --stop-timeout=45 \
    --health-interval=1s --health-retries=1 --health-start-period=0s \
    --volume "$work/there:/config:ro" --volume "$name-state:/state" "$name" >/dev/null

state_of() { docker inspect --format "{{$1}}" "$name-daemon"; }
is_health() { [ "$(state_of .State.Health.Status)" = "$1" ]; }
status_of() { awk -v key="$1:" '$1 == key { print $2 }' "/proc/$(state_of .State.Pid)/status"; }
has_delivered() {
    docker exec "$name-daemon" zendesk-aep status --output json 2>/dev/null |
        grep --quiet '"ingested": [1-9]'
}
assert_equal() { [ "$2" = "$3" ] || fail "$1: $2, not $3"; }

eventually "healthy" is_health healthy
eventually "delivering" has_delivered
assert_equal "its user" "$(status_of Uid)" 10001
assert_equal "its capabilities" "$(status_of CapEff)" 0000000000000000
assert_equal "no new privileges" "$(status_of NoNewPrivs)" 1
first_peak=$(status_of VmHWM)

echo "stopping it while data flows"
begin=$SECONDS
docker stop "$name-daemon" >/dev/null
[ $((SECONDS - begin)) -lt 45 ] || fail "it did not stop within its grace"
assert_equal "the exit code of a stop" "$(state_of .State.ExitCode)" 0

echo "killing it while data flows"
docker start "$name-daemon" >/dev/null
eventually "healthy again" is_health healthy
eventually "delivering again" has_delivered
docker kill "$name-daemon" >/dev/null

echo "freezing it"
docker start "$name-daemon" >/dev/null
eventually "healthy after a kill" is_health healthy
pid=$(state_of .State.Pid)
kill -STOP "$pid"
eventually "unhealthy" is_health unhealthy
kill -CONT "$pid"
eventually "healthy once it goes on" is_health healthy

echo "comparing source and sink"
docker kill --signal=INT "$name-simulators" >/dev/null
code=$(docker wait "$name-simulators")
docker logs "$name-simulators" 2>/dev/null
assert_equal "the simulators' verdict" "$code" 0

last_peak=$(status_of VmHWM)
eventually "healthy without its peers" is_health healthy
docker stop "$name-daemon" >/dev/null
assert_equal "the last exit code" "$(state_of .State.ExitCode)" 0
assert_equal "killed for want of memory" "$(state_of .State.OOMKilled)" false
size=$(docker image inspect --format '{{.Size}}' "$name")
echo "image: $((size / 1000000)) MB, of which the program $(($(stat --dereference --format=%s "$PROGRAM") / 1000000)) MB; resident at most $((first_peak / 1024)) MiB before the stop, $((last_peak / 1024)) MiB after the kill, of 64"
