#!/bin/sh
# SPDX-License-Identifier: BSD-2-Clause
# deb.sh: makes BUILD/loopprof_VERSION_ARCH.deb of the files built there.
set -eu

top=$(cd "$(dirname "$0")/../.." && pwd)
build=${BUILD:-$top/build}
packaging=$top/tools/packaging
version=$(sed -n 's/^#define LP_VERSION "\(.*\)"/\1/p' "$top/user/base/version.h")
architecture=$(dpkg --print-architecture)
# packages of the same sources are identical
SOURCE_DATE_EPOCH=${SOURCE_DATE_EPOCH:-$(git -C "$top" log -1 --format=%ct 2>/dev/null || date +%s)}
export SOURCE_DATE_EPOCH

root=$(mktemp -d)
trap 'rm -rf "$root"' EXIT
chmod 755 "$root"
umask 022

install -D -m 755 -s "$build/loopprof" "$root/usr/sbin/loopprof"
install -D -m 644 "$build/loopprof.8" "$root/usr/share/man/man8/loopprof.8"
gzip -9n "$root/usr/share/man/man8/loopprof.8"
install -D -m 644 "$packaging/systemd/loopprof.service" "$root/lib/systemd/system/loopprof.service"
install -D -m 644 "$packaging/systemd/loopprof.default" "$root/etc/default/loopprof"
examples=$root/usr/share/doc/loopprof/examples
mkdir -p "$examples"
cp "$packaging"/prometheus/*.yml "$packaging"/grafana/*.json "$packaging"/kubernetes/*.yaml "$examples/"
chmod 644 "$examples"/*
install -D -m 644 "$packaging/debian/copyright" "$root/usr/share/doc/loopprof/copyright"
cat "$top/LICENSE" >>"$root/usr/share/doc/loopprof/copyright"
{
	echo "loopprof ($version) unstable; urgency=medium"
	echo
	echo "  * What \`git log\` of this version lists."
	echo
	echo " -- The loopprof developers <loopprof@localhost>  $(date -uR -d "@$SOURCE_DATE_EPOCH")"
} | gzip -9n >"$root/usr/share/doc/loopprof/changelog.gz"

overrides=$root/usr/share/lintian/overrides/loopprof
mkdir -p "${overrides%/*}"
cat >"$overrides" <<'END'
# made from a checkout; who publishes it puts their own name in
loopprof: bogus-mail-host *
loopprof: bogus-mail-host-in-debian-changelog *
END

# Dependencies follow from the libraries to which the program is linked.
mkdir -p "$root/debian"
touch "$root/debian/control"
depends=$(cd "$root" && dpkg-shlibdeps -O --ignore-missing-info usr/sbin/loopprof 2>/dev/null |
	sed -n 's/^shlibs:Depends=//p')
rm -r "$root/debian"

mkdir -p "$root/DEBIAN"
sed -e "s/@VERSION@/$version/" -e "s/@ARCHITECTURE@/$architecture/" \
	-e "s/@DEPENDS@/$depends/" \
	-e "s/@SIZE@/$(du -sk --exclude=DEBIAN "$root" | cut -f1)/" \
	"$packaging/debian/control" >"$root/DEBIAN/control"
echo /etc/default/loopprof >"$root/DEBIAN/conffiles"
for script in postinst prerm postrm; do
	install -m 755 "$packaging/debian/$script" "$root/DEBIAN/$script"
done
(cd "$root" && find . -type f ! -path './DEBIAN/*' -printf '%P\0' | LC_ALL=C sort -z |
	xargs -0 md5sum >DEBIAN/md5sums)

find "$root" -exec touch -h -d "@$SOURCE_DATE_EPOCH" {} +
dpkg-deb --root-owner-group --build "$root" "$build/loopprof_${version}_$architecture.deb" >/dev/null
echo "$build/loopprof_${version}_$architecture.deb"
