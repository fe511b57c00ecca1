#!/usr/bin/env bash
# roots.sh [DIR]: makes Debian roots with Pythons that the host lacks, which run by
# `chroot DIR/NAME /usr/bin/python3`. DIR is build/roots by default.
#
# Packages are unpacked, not installed: a Python to be profiled needs its files
# and libraries only, and debootstrap would spend minutes on the rest.
set -euo pipefail
shopt -s nullglob

# The name of each root, its suite, and the version of Python in it.
roots=(trixie:trixie:3.13 sid:sid:3.14 sid315:sid:3.15)
keyring=/usr/share/keyrings/debian-archive-keyring.gpg

fail() {
    printf 'roots.sh: %s\n' "$*" >&2
    exit 1
}

# quiet LOG COMMAND...: apt's output is shown only if the command fails.
quiet() {
    local log=$1
    shift
    "$@" >"$log" 2>&1 </dev/null || {
        cat "$log" >&2
        fail "failed: $*"
    }
}

# works ROOT VERSION: whether the root runs that Python, with its asyncio in C.
works() {
    chroot "$1" /usr/bin/python3 -c \
        "import sys, asyncio, _asyncio; sys.exit('%d.%d' % sys.version_info[:2] != '$2')" 2>&1
}

# The archive that the host uses, which may be a mirror.
mirror() {
    apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Label: Debian' |
        awk 'NR == 1'
}

# apt with a configuration of its own: nothing counts as installed, only one suite is known, and
# what the archive key did not sign is refused, whatever the host allows. The package cache is
# enabled because container images disable it, and each call would then parse the whole suite again.
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

    # Package base-files would bring these links, through which libraries are found.
    for link in bin lib lib64 sbin; do
        mkdir -p "$root/usr/$link"
        ln -s "usr/$link" "$root/$link"
    done
    for archive in "$state"/cache/archives/*.deb; do
        quiet "$state/log" dpkg-deb --extract "$archive" "$root"
    done
    mkdir -m 1777 "$root/tmp"
    # Names this root's own Python, as the suite's default may be a later one.
    ln -sf "python$version" "$root/usr/bin/python3"

    why=$(works "$root" "$version") ||
        fail "$suite: its python3 does not run as $version with asyncio: $why"
}

dir=${1:-build/roots}
[ "$(id -u)" -eq 0 ] || fail 'must be run as root, for chroot'

mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
# A lock allows one run at a time; a later run then finds complete roots.
exec 9>"$dir/.lock"
flock 9
# Removes what a killed run has left.
rm -rf "$dir"/.new.*

missing=()
for entry in "${roots[@]}"; do
    name=${entry%%:*}
    if [ -d "$dir/$name" ] && works "$dir/$name" "${entry##*:}" >/dev/null; then
        printf 'roots.sh: %s: exists\n' "$dir/$name" >&2
    else
        missing+=("$entry")
    fi
done
[ "${#missing[@]}" -gt 0 ] || exit 0

# apt's state is in a directory that apt's unprivileged user can read; roots are made beside
# their final places, so that a rename makes each appear complete.
state=$(mktemp -d)
new=$(mktemp -d "$dir/.new.XXXXXX")
pids=()
cleanup() {
    trap '' INT TERM
    # Builds that go on would write into removed directories. Each build is a process group, so that
    # its apt ends with it.
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
    # A fresh container image needs an update before any package can be found.
    quiet "$state/log" apt-get update
    [ -r "$keyring" ] || quiet "$state/log" apt-get install -y debian-archive-keyring
    archive_uri=$(mirror)
fi
[ -n "$archive_uri" ] || fail 'apt knows no Debian archive'

set -m
for entry in "${missing[@]}"; do
    IFS=: read -r name suite version <<<"$entry"
    make_root "$suite" "$version" "$state/$name" "$new/$name" &
    pids+=("$!")
done
set +m
failed=0
for i in "${!missing[@]}"; do
    name=${missing[i]%%:*}
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
