#!/usr/bin/env bash
# roots.sh [DIR]: makes the Debian roots whose Pythons the host lacks, for
# `chroot DIR/NAME /usr/bin/python3`. DIR is build/roots unless told.
#
# Packages are unpacked, not installed: a Python to be profiled needs its files
# and libraries only, and debootstrap would spend minutes on the rest.
set -euo pipefail
shopt -s nullglob

# NAME (the suite) and the Python it is there for.
roots=(trixie:3.13 sid:3.14)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    printf 'roots.sh: %s\n' "$*" >&2
    exit 1
}

# quiet LOG COMMAND...: apt talks a lot, and only a failure makes it worth reading.
quiet() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        fail "failed: $*"
    }
}

# works ROOT VERSION: the root runs that Python, with its asyncio in C.
works() {
    chroot "$1" /usr/bin/python3 -c \
        "import sys, asyncio, _asyncio; sys.exit('%d.%d' % sys.version_info[:2] != '$2')" 2>&1
}

# The archive that the host itself uses, which may be a mirror.
mirror() {
    apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Label: Debian' |
        awk 'NR == 1'
}

# An apt of our own beside the host's: nothing counts as installed, one suite is
# known, and what the archive key did not sign is refused whatever the host allows.
# The package cache is named because container images switch it off, and each
# call would then parse the whole suite again.
apt_in() {
    local state=$1
    shift
    DEBIAN_FRONTEND=noninteractive apt-get -y \
        -o Dir::State="$state" -o Dir::State::status="$state/status" \
        -o Dir::State::lists="$state/lists" -o Dir::Cache="$state/cache" \
        -o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin \
        -o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
        -o Dir::Etc::preferences=/dev/null -o Dir::Etc::preferencesparts=/dev/null \
        -o APT::Default-Release= -o APT::Install-Recommends=false \
        -o APT::Get::AllowUnauthenticated=false -o Acquire::AllowInsecureRepositories=false \
        -o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

# make_root SUITE VERSION STATE ROOT
make_root() {
    local suite=$1 version=$2 state=$3 root=$4 archive link why
    mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$root"
    : >"$state/status"
    printf 'deb [signed-by=%s target=Packages] %s %s main\n' \
        "$keyring" "$archive_uri" "$suite" >"$state/sources.list"
    quiet "$state/log" apt_in "$state" update
    quiet "$state/log" apt_in "$state" install --download-only \
        "python$version-minimal" "libpython$version-stdlib"

    # base-files would bring these links; libraries are looked up through them.
    for link in bin lib lib64 sbin; do
        mkdir -p "$root/usr/$link"
        ln -s "usr/$link" "$root/$link"
    done
    for archive in "$state"/cache/archives/*.deb; do
        quiet "$state/log" dpkg-deb --extract "$archive" "$root"
    done
    # The suite's default Python moves on; this root's does not.
    ln -sf "python$version" "$root/usr/bin/python3"

    why=$(works "$root" "$version") ||
        fail "$suite: its python3 does not run as $version with asyncio: $why"
}

dir=${1:-build/roots}
[ "$(id -u)" -eq 0 ] || fail 'must be run as root, for chroot'

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
# One run at a time; the next one then finds complete roots.
exec 9>"$dir/.lock"
flock 9
# Left by a run that was killed outright.
rm -rf "$dir"/.new.*

missing=()
for entry in "${roots[@]}"; do
    name=${entry%:*}
    if [ -d "$dir/$name" ] && works "$dir/$name" "${entry#*:}" >/dev/null; then
        printf 'roots.sh: %s: kept\n' "$dir/$name" >&2
    else
        missing+=("$entry")
    fi
done
[ "${#missing[@]}" -gt 0 ] || exit 0

# apt's state lies where apt's own unprivileged user can reach it; the roots lie
# beside their final place, so that a rename is all that makes one appear.
state=$(mktemp -d)
new=$(mktemp -d "$dir/.new.XXXXXX")
pids=()
cleanup() {
    trap '' INT TERM
    # A build that runs on would write into what is being removed. Each is a
    # process group of its own, so that its apt goes with it.
    for pid in "${pids[@]}"; do
        kill -- "-$pid" 2>/dev/null || true
    done
    wait
    rm -rf "$state" "$new"
}
trap cleanup EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
chmod 755 "$state" "$new"

archive_uri=$(mirror)
if [ -z "$archive_uri" ] || [ ! -r "$keyring" ]; then
    # A fresh image knows no archive until its first update.
    quiet "$state/log" apt-get update
    [ -r "$keyring" ] || quiet "$state/log" apt-get install -y debian-archive-keyring
    archive_uri=$(mirror)
fi
[ -n "$archive_uri" ] || fail 'apt knows no Debian archive'

set -m
for entry in "${missing[@]}"; do
    name=${entry%:*}
    make_root "$name" "${entry#*:}" "$state/$name" "$new/$name" &
    pids+=("$!")
done
set +m
failed=0
for i in "${!missing[@]}"; do
    name=${missing[i]%:*}
    if ! wait "${pids[i]}"; then
        failed=1
        continue
    fi
    rm -rf "${dir:?}/$name"
    mv -T "$new/$name" "$dir/$name"
    printf 'roots.sh: %s: made\n' "$dir/$name" >&2
done
pids=()
[ "$failed" -eq 0 ]
