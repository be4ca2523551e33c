#!/usr/bin/env bash
# Installs the package in a Debian that is booted for it, and puts the service through a life: from
# an unedited configuration over reloads, crashes and freezes to its removal.
#
# Needs root, and a machine that lets it boot a container. Two variables save time:
#   DEBIAN_TREE  a folder with a minimal Debian to copy, instead of downloading one
#   PACKAGE      the package to try, instead of building one around a debug build
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)

skip() {
    echo "skipped: $*"
    exit 0
}

[ "$(id -u)" = 0 ] || skip "only root may boot a container"
unshare --mount --pid --uts --ipc --net --fork true 2>/dev/null ||
    skip "this machine does not let us make namespaces"
# shellcheck source=/dev/null
codename=$(. /etc/os-release && [ "${ID:-}" = debian ] && echo "${VERSION_CODENAME:-}") ||
    skip "the package is built for the Debian it is built on, and this is none"

# What is to be had is had for the time of the test.
packages=()
command -v systemd-nspawn >/dev/null || packages+=(systemd-container)
[ -n "${DEBIAN_TREE:-}" ] || command -v debootstrap >/dev/null || packages+=(debootstrap)
if [ "${#packages[@]}" -gt 0 ]; then
    export DEBIAN_FRONTEND=noninteractive
    { apt-get update && apt-get install --yes --no-install-recommends "${packages[@]}"; } >/dev/null 2>&1 ||
        skip "cannot install ${packages[*]}"
fi

work=$(mktemp -d "${TMPDIR:-/var/tmp}/zendesk-aep-deploy.XXXXXX")
trap 'rm -rf --one-file-system "$work"' EXIT
tree=$work/debian

if [ -z "${PACKAGE:-}" ]; then
    cd "$here/../.."
    # Beside what is built, so that it is there the next time.
    tools=$(realpath -m "${CARGO_TARGET_DIR:-target}/tools")
    export PATH="$PATH:$tools/bin"
    command -v cargo-deb >/dev/null ||
        cargo install --quiet --locked cargo-deb --version 3.8.0 --root "$tools" ||
        skip "cannot install cargo-deb"
    PACKAGE=$(deploy/package/build --debug)
fi
if [ -n "${DEBIAN_TREE:-}" ]; then
    cp -a "$DEBIAN_TREE" "$tree"
else
    debootstrap --variant=minbase --include=systemd-sysv,dbus,ca-certificates \
        "$codename" "$tree" >"$work/debootstrap.log" 2>&1 || {
        tail -n 3 "$work/debootstrap.log"
        skip "cannot download a Debian"
    }
fi

# The checks run inside, as a unit of their own that ends the container with their exit code.
mkdir "$tree/checks"
cp "$PACKAGE" "$tree/checks/zendesk-aep.deb"
cp "$here/systemd/inside.sh" "$tree/checks/"
cp "$here/systemd/checks.service" "$tree/etc/systemd/system/"
mkdir -p "$tree/etc/systemd/system/multi-user.target.wants"
ln -sf ../checks.service "$tree/etc/systemd/system/multi-user.target.wants/"
: >"$tree/checks/log"

code=0
timeout --kill-after=30 600 systemd-nspawn --quiet --boot --directory "$tree" \
    --machine "zendesk-aep-deploy-$$" --private-network --register=no --keep-unit \
    --console=pipe >"$work/console.log" 2>&1 </dev/null || code=$?
cat "$tree/checks/log"
if [ ! -s "$tree/checks/log" ]; then
    tail -n 5 "$work/console.log"
    skip "no container boots here"
fi
exit "$code"
