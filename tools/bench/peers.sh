#!/usr/bin/env bash
# peers.sh [DIR [ROOTS]]: installs the profilers that loopprof is compared with, each in
# an environment of its own below DIR (build/peers), never on the machine.
#
# What cannot be had is no failure: DIR/NAME.why has the reason, for bench's table.
set -uo pipefail

dir=${1:-build/peers}
roots=${2:-build/roots}

# create NAME PYTHON PACKAGE...
create() {
    local name=$1 python=$2
    shift 2
    [ -e "$dir/$name/complete" ] && return 0
    rm -rf "${dir:?}/$name"
    printf 'peers.sh: %s: %s\n' "$dir/$name" "$*" >&2
    if "$python" -m venv "$dir/$name" >"$dir/$name.why" 2>&1 &&
        "$dir/$name/bin/pip" install --quiet --disable-pip-version-check --no-input \
            --retries 1 --timeout 10 --only-binary :all: "$@" >"$dir/$name.why" 2>&1; then
        touch "$dir/$name/complete"
        rm -f "$dir/$name.why"
        return 0
    fi
    rm -rf "${dir:?}/$name"
    return 1
}

# new_python: the first one that blocksnoop runs on.
new_python() {
    local python
    for python in /usr/bin/python3 python3.14 python3.13 python3.12 \
        "${PYENV_ROOT:-$HOME/.pyenv}"/versions/3.1[2-9]*/bin/python; do
        if "$python" -c 'import ensurepip, sys; sys.exit(sys.version_info < (3, 12))' \
            >/dev/null 2>&1; then
            printf '%s\n' "$python"
            return 0
        fi
    done
    return 1
}

# blocksnoop needs austin 4, and that a newer C library than Debian 12 has: a root's.
link_austin() {
    local austin=$dir/blocksnoop/bin/austin libraries=$roots/trixie/usr/lib/x86_64-linux-gnu
    mkdir -p "$dir/blocksnoop/path"
    if "$austin" --version >/dev/null 2>&1; then
        ln -sf ../bin/austin "$dir/blocksnoop/path/austin"
        return 0
    fi
    printf '#!/bin/sh\nexec %s --library-path %s %s "$@"\n' \
        "'$libraries/ld-linux-x86-64.so.2'" "'$libraries'" "'$austin'" \
        >"$dir/blocksnoop/path/austin"
    chmod 755 "$dir/blocksnoop/path/austin"
}

mkdir -p "$dir" || exit 1
dir=$(cd "$dir" && pwd)
[ -d "$roots" ] && roots=$(cd "$roots" && pwd)

# The last austin that runs on Debian 12, and writes its samples as text.
create samplers /usr/bin/python3 py-spy==0.4.3 austin-dist==3.7.0
if python=$(new_python); then
    create blocksnoop "$python" blocksnoop==0.11.1 austin-python==2.4.0 austin-dist==4.0.0 &&
        link_austin
else
    echo 'it needs Python 3.12 or later to run on' >"$dir/blocksnoop.why"
fi
exit 0
