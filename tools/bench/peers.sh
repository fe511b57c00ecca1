#!/usr/bin/env bash
# peers.sh [DIR [ROOTS]]: installs the profilers that loopprof is compared with into environments of
# their own below DIR (build/peers), apart from the machine's packages.
#
# A profiler that cannot be installed is no failure: the reason is in DIR/NAME.why, for the table.
set -uo pipefail

dir=${1:-build/peers}
roots=${2:-build/roots}

# install ENVIRONMENT PYTHON NAME PACKAGE...
install() {
    local environment=$dir/$1 python=$2 name=$3 why=$dir/$3.why
    shift 3
    [ -x "$environment/bin/$name" ] && return 0
    printf 'peers.sh: %s: %s\n' "$environment" "$*" >&2
    if ! [ -x "$environment/bin/pip" ]; then
        "$python" -m venv --clear "$environment" >"$why" 2>&1 || return 1
    fi
    "$environment/bin/pip" install --quiet --disable-pip-version-check --no-input --no-compile \
        --retries 1 --timeout 10 --only-binary :all: "$@" >"$why" 2>&1 || return 1
    rm -f "$why"
}

# new_python: prints the first Python on which blocksnoop runs.
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

# blocksnoop needs austin 4, which needs a newer C library than Debian 12 has: that of a root.
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

# The last austin that runs on Debian 12; its samples are text.
install samplers /usr/bin/python3 austin austin-dist==3.7.0
install samplers /usr/bin/python3 py-spy py-spy==0.4.3
if python=$(new_python); then
    install blocksnoop "$python" blocksnoop blocksnoop==0.11.1 austin-python==2.4.0 \
        austin-dist==4.0.0 && link_austin
else
    echo 'it needs Python 3.12 or later to run on' >"$dir/blocksnoop.why"
fi
exit 0
