#!/usr/bin/env bash
# SPDX-License-Identifier: BSD-2-Clause
# roots.sh DIR [NAME]...: makes DIR/bullseye, DIR/trixie and DIR/musl, systems other than the one
# that builds the static program: bullseye and trixie have a Python to profile; musl has no glibc.
# DIR/service, which is made only if it is named, boots with systemd.
set -euo pipefail

dir=${1:?usage: roots.sh DIR [NAME]...}
shift
[ $# -gt 0 ] || set -- bullseye trixie musl
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
cache=/var/cache/loopprof/packaging-roots
mkdir -p "$dir"
dir=$(cd "$dir" && pwd)
exec 9>"$dir/.lock"
flock 9

mirror=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Label: Debian' |
	awk 'NR == 1')
mirror=${mirror:-http://deb.debian.org/debian/}

# unpack SUITE ROOT PACKAGE... - unpacks packages and their dependencies, by an apt of its own.
unpack() {
	local suite=$1 root=$2 state archive link
	shift 2
	state=$(mktemp -d)
	chmod 755 "$state"
	mkdir -p "$state/lists/partial" "$state/cache/archives/partial" "$root"
	: >"$state/status"
	echo "deb [signed-by=$keyring target=Packages] $mirror $suite main" >"$state/sources.list"
	private_apt() {
		DEBIAN_FRONTEND=noninteractive apt-get -q -y -o Dir::State="$state" \
			-o Dir::State::status="$state/status" -o Dir::State::lists="$state/lists" \
			-o Dir::Cache="$state/cache" -o Dir::Cache::pkgcache=pkgcache.bin \
			-o Dir::Cache::srcpkgcache=srcpkgcache.bin \
			-o Dir::Etc::sourcelist="$state/sources.list" -o Dir::Etc::sourceparts=/dev/null \
			-o APT::Install-Recommends=false -o Acquire::Languages=none \
			-o Acquire::Retries=3 "$@"
	}
	{ private_apt update && private_apt install --download-only "$@"; } >"$state/log" 2>&1 || {
		cat "$state/log" >&2
		exit 1
	}
	for link in bin lib lib64 sbin; do
		mkdir -p "$root/usr/$link"
		ln -sfn "usr/$link" "$root/$link"
	done
	for archive in "$state"/cache/archives/*.deb; do
		dpkg-deb --extract "$archive" "$root"
	done
	mkdir -p "$root"/{proc,sys,dev,tmp}
	rm -rf "$state"
}

make_bullseye() {
	unpack bullseye "$1" python3.9-minimal libpython3.9-stdlib
	ln -sf python3.9 "$1/usr/bin/python3"
}

make_trixie() {
	unpack trixie "$1" python3.13-minimal libpython3.13-stdlib
	ln -sf python3.13 "$1/usr/bin/python3"
}

make_service() {
	unpack bookworm "$1" systemd-sysv util-linux mount busybox-static python3.11-minimal \
		libpython3.11-stdlib libbpf1 libelf1 zlib1g libzydis4.0
	rm -rf "$1"/usr/share/{doc,man,locale,zoneinfo,i18n,perl} "$1"/usr/lib/x86_64-linux-gnu/perl* \
		"$1"/usr/lib/x86_64-linux-gnu/gconv "$1"/lib/udev/hwdb.d "$1"/usr/lib/udev/hwdb.d
	ln -sf python3.11 "$1/usr/bin/python3"
}

# musl and a program linked to it, which shows that the root works.
make_musl() {
	local root=$1 sdk=$1.sdk
	rm -rf "$sdk"
	unpack bookworm "$sdk" musl-tools
	mkdir -p "$root"/{lib,bin,proc,sys,dev,tmp,etc}
	cp "$sdk"/lib/x86_64-linux-musl/libc.so "$root/lib/ld-musl-x86_64.so.1"
	echo 'int puts(const char *); int main(void) { return puts("musl") < 0; }' >"$sdk/hello.c"
	gcc -nostdinc -isystem "$sdk/usr/include/x86_64-linux-musl" -nostdlib -no-pie \
		-Wl,--dynamic-linker=/lib/ld-musl-x86_64.so.1 -o "$root/bin/hello" \
		"$sdk/usr/lib/x86_64-linux-musl/crt1.o" "$sdk/hello.c" \
		-L"$sdk/lib/x86_64-linux-musl" -l:libc.so
	rm -rf "$sdk"
}

for name; do
	[ ! -d "$dir/$name" ] || continue
	if [ -d "$cache/$name" ]; then
		cp -a "$cache/$name" "$dir/.$name.new"
	else
		rm -rf "$dir/.$name.new"
		"make_$name" "$dir/.$name.new"
		if mkdir -p "$cache" 2>/dev/null; then
			cp -a "$dir/.$name.new" "$cache/.$name.$$" && mv "$cache/.$name.$$" "$cache/$name"
		fi
	fi
	mv "$dir/.$name.new" "$dir/$name"
done
