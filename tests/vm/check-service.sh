#!/bin/bash
# SPDX-License-Identifier: BSD-2-Clause
# Boots a small Debian with systemd, installs the package and starts the service in its sandbox,
# as on a host; checks that it profiles a program and writes its outputs.
#
#   tests/vm/check-service.sh BUILD [KERNEL]    after `make deb`; KERNEL as for check-vm.sh
set -euo pipefail
shopt -s inherit_errexit

VM_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$VM_TESTS/../.." && pwd)
BUILD=$(cd "${1:-$TOP/build}" && pwd)
SERIES=${2:-6.12}
VM_BUILD=$TOP/build/vm
VM_TIMEOUT=${VM_TIMEOUT:-400}
RUN=$VM_BUILD/run-service

note() { echo "check-service: $*"; }

die() {
	printf 'check-service: %s\n' "$*" >&2
	exit 1
}

# shellcheck source-path=SCRIPTDIR source=apt.sh disable=SC1091
. "$VM_TESTS/apt.sh"
# shellcheck source-path=SCRIPTDIR source=kernel.sh disable=SC1091
. "$VM_TESTS/kernel.sh"

# fill ROOT - installs the system, the package and the check.
fill() {
	local root=$1
	"$TOP/tests/packaging/roots.sh" "$BUILD/packaging-roots" service
	cp -a "$BUILD/packaging-roots/service" "$root"
	dpkg-deb --extract "$BUILD"/loopprof_*.deb "$root"
	cp "$VM_TESTS/service/check.sh" "$VM_TESTS/guest/stalls.py" "$root/"
	cp "$VM_TESTS"/service/*.service "$VM_TESTS"/service/*.target "$root/etc/systemd/system/"
	# an interval that the check can wait for on an emulated machine
	sed -i 's/-i 15s/-i 5s/' "$root/etc/default/loopprof"
	: >"$root/etc/machine-id"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	echo 'root:x:0:' >"$root/etc/group"
	ln -sf lib/systemd/systemd "$root/init"
}

mkdir -p "$VM_BUILD/kernel"
[[ -e $VM_BUILD/kernel/$SERIES/vmlinuz ]] || fetch_kernel "$SERIES"
rm -rf "$RUN"
mkdir -p "$RUN"
touch "$RUN/report.log" "$RUN/console.log"
fill "$RUN/root"
(cd "$RUN/root" && find . -print0 | cpio --quiet --null -o -H newc -R 0:0) | gzip -1 >"$RUN/initrd"
rm -rf "$RUN/root"
note "booting $(<"$VM_BUILD/kernel/$SERIES/release") with systemd"
timeout --foreground --kill-after=5 "$VM_TIMEOUT" qemu-system-x86_64 \
	-accel tcg,thread=single -cpu max -smp 2 -m 1536 -nodefaults -nographic -no-reboot \
	-serial "file:$RUN/console.log" -serial "file:$RUN/report.log" \
	-kernel "$VM_BUILD/kernel/$SERIES/vmlinuz" -initrd "$RUN/initrd" \
	-append 'console=ttyS0 panic=-1 loglevel=4 systemd.unit=check.target systemd.show_status=0 quiet' \
	</dev/null >"$RUN/qemu.log" 2>&1 || note "qemu ended with status $?"
passed=$(grep -c '^PASS' "$RUN/report.log" || true)
failed=$(grep -c '^FAIL' "$RUN/report.log" || true)
grep -E '^(PASS|FAIL)' "$RUN/report.log" | tr -d '\r' || true
if ! grep -q '^END' "$RUN/report.log"; then
	failed=$((failed + 1))
	echo "FAIL the guest ended without reporting everything"
fi
if ((failed)); then
	tr -cd '[:print:]\t\n' <"$RUN/console.log" | tail -n 40
	tr -cd '[:print:]\t\n' <"$RUN/report.log" | tail -n 60
fi
echo "$passed passed, $failed failed"
((failed == 0 && passed > 0))
