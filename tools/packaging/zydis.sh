#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# zydis.sh DIR: makes DIR/libZydis.a, which Debian has only as a shared library, from Debian's
# own source package.  apt verifies it by the signature of the archive, which covers every file.
set -eu

dir=${1:?usage: zydis.sh DIR}
keyring=/usr/share/keyrings/debian-archive-keyring.gpg
cache=/var/cache/loopprof/zydis
[ ! -s "$dir/libZydis.a" ] || exit 0
mkdir -p "$dir"
if [ -s "$cache/libZydis.a" ]; then
	cp "$cache/libZydis.a" "$dir/"
	exit 0
fi

# The suite and mirror of the headers with which the program is compiled.
# shellcheck source=/dev/null
suite=$(. /etc/os-release && echo "$VERSION_CODENAME")
mirror=$(apt-get indextargets --format "\$(REPO_URI)" 'Created-By: Packages' 'Label: Debian' |
	awk 'NR == 1')
[ -n "$mirror" ] || mirror=http://deb.debian.org/debian/

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir -p "$work/lists/partial" "$work/cache/archives/partial"
echo "deb-src [signed-by=$keyring] $mirror $suite main" >"$work/sources.list"

# A private state of apt: the host's lists do not change.
apt() {
	apt-get -q -o Dir::State::lists="$work/lists" -o Dir::Cache="$work/cache" \
		-o Dir::Cache::pkgcache=pkgcache.bin -o Dir::Cache::srcpkgcache=srcpkgcache.bin \
		-o Dir::Etc::sourcelist="$work/sources.list" -o Dir::Etc::sourceparts=/dev/null \
		-o Acquire::Languages=none -o Acquire::Retries=3 "$@"
}

cd "$work"
{ apt update && apt source --download-only --only-source zydis; } >log 2>&1 || {
	cat log >&2
	exit 1
}
mkdir source
tar -xf zydis_*.orig.tar.* -C source --strip-components=1
for file in Decoder DecoderData MetaInfo Mnemonic Register SharedData Utils Zydis; do
	${CC:-cc} -O2 -DZYDIS_STATIC_BUILD -DZYCORE_STATIC_BUILD -DZYDIS_DISABLE_FORMATTER \
		-DZYDIS_DISABLE_ENCODER -Isource/include -Isource/src -c "source/src/$file.c" \
		-o "$file.o"
done
ar rcs libZydis.a ./*.o
cd - >/dev/null
cp "$work/libZydis.a" "$dir/"
# stored for the next clone, if the directory is writable
{ mkdir -p "$cache" && cp "$work/libZydis.a" "$cache/"; } 2>/dev/null || true
