#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# Installs the Debian packages that a make target needs and that are missing.
# usage: packages.sh GROUP...
set -eu

group() {
	case $1 in
	build) echo gcc make pkg-config clang llvm bpftool libbpf-dev libelf-dev zlib1g-dev libzydis-dev libc6-dev ;;
	static) echo binutils debian-archive-keyring dpkg-dev ;;
	deb) echo dpkg-dev lintian systemd prometheus python3-venv ;;
	demo) echo python3 python3-aiohttp wrk ;;
	test) echo libcmocka-dev python3 python3-pytest python3-pytest-timeout python3-pytest-xdist python3-aiohttp python3-uvloop wrk prometheus prometheus-node-exporter ca-certificates debian-archive-keyring util-linux python3-venv nodejs chromium
		# the same programs from elsewhere will do, and may conflict with Debian's packages
		command -v npm >/dev/null || echo npm
		# libFuzzer for the installed version of clang
		clang --version 2>/dev/null | sed -n 's/.*version \([0-9]*\).*/libclang-rt-\1-dev/p'
		command -v go >/dev/null || [ -x /usr/local/go/bin/go ] || echo golang-go ;;
	vm) echo qemu-system-x86 cpio debian-archive-keyring ;;
	bench) echo python3 python3-aiohttp python3-venv wrk bpftool util-linux ;;
	lint) echo clang-format clang-tidy cppcheck shellcheck ;;
	*) echo "packages.sh: unknown group $1" >&2; exit 2 ;;
	esac
}

missing=
for name in "$@"; do
	for package in $(group "$name"); do
		dpkg-query -W -f '${Status}\n' "$package" 2>/dev/null | grep -q '^install ok installed$' ||
			missing="$missing $package"
	done
done
[ -n "$missing" ] || exit 0
if [ "$(id -u)" -ne 0 ]; then
	echo "missing packages:$missing" >&2
	echo "install them: sudo apt-get install$missing" >&2
	exit 1
fi
echo "installing:$missing" >&2
log=$(mktemp)
trap 'rm -f "$log"' EXIT
# shellcheck disable=SC2086 # a list of words
if ! { apt-get update -q && DEBIAN_FRONTEND=noninteractive \
	apt-get install -y -q --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	exit 1
fi
