#!/bin/bash
# Runs loopprof on real Debian kernels, each in a virtual machine without KVM.
#
#   tests/vm/check-vm.sh [KERNEL...]     KERNEL: 5.10, 6.1, 6.12; default 5.10 6.12
#
# Environment:
#   LOOPPROF        the program to test (build/loopprof)
#   VM_TIMEOUT      seconds until a guest is given up (300)
#   VM_REFRESH=1    ask the archive for newer kernels and make the image anew
#   DEBIAN_MIRROR   where packages come from (http://deb.debian.org)
#
# As root it installs missing tools. All outputs are below build/vm/.

set -euo pipefail
shopt -s inherit_errexit

VM_TESTS=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(cd "$VM_TESTS/../.." && pwd)
VM_BUILD=$TOP/build/vm
LOOPPROF=${LOOPPROF:-$TOP/build/loopprof}
VM_TIMEOUT=${VM_TIMEOUT:-300}
passed=0 failed=0 skipped=0

note() { echo "check-vm: $*"; }

die() {
	printf 'check-vm: %s\n' "$*" >&2
	exit 1
}

# shellcheck source-path=SCRIPTDIR source=apt.sh disable=SC1091
. "$VM_TESTS/apt.sh"
# shellcheck source-path=SCRIPTDIR source=kernel.sh disable=SC1091
. "$VM_TESTS/kernel.sh"
# shellcheck source-path=SCRIPTDIR source=image.sh disable=SC1091
. "$VM_TESTS/image.sh"

# install_tools - installs what a fresh Debian 12 lacks.
install_tools() {
	local missing=()
	command -v qemu-system-x86_64 >/dev/null || missing+=(qemu-system-x86)
	command -v cpio >/dev/null || missing+=(cpio)
	[[ -e $KEYRING ]] || missing+=(debian-archive-keyring)
	((${#missing[@]})) || return 0
	((EUID == 0)) || die "please install: ${missing[*]}"
	note "installing ${missing[*]}"
	apt-get -q update >/dev/null
	DEBIAN_FRONTEND=noninteractive \
		apt-get -q -y --no-install-recommends install "${missing[@]}" >/dev/null
}

# boot KERNEL_DIR IMAGE RUN_DIR - runs the guest until it is off.
boot() {
	# -cpu max has RDRAND: without it early getrandom() waits for entropy.
	# panic=-1 with -no-reboot turns a panic into an exit. There are two processors, as a
	# profiler and its target seldom share one.
	# thread=single: with a thread each, an emulated processor can hit an int3 that another
	# one has just removed, as the kernel does when it enables a tracepoint; on real
	# processors interrupts prevent that.
	# --foreground keeps qemu in this process group, so that Ctrl-C ends it too.
	timeout --foreground --kill-after=5 "$VM_TIMEOUT" qemu-system-x86_64 \
		-accel tcg,thread=single -cpu max -smp 2 -m 1024 -nodefaults -nographic -no-reboot \
		-serial "file:$3/console.log" -serial "file:$3/report.log" \
		-kernel "$1/vmlinuz" -initrd "$2" \
		-append 'console=ttyS0 panic=-1 loglevel=5' </dev/null >"$3/qemu.log" 2>&1 9>&-
}

# count_results SERIES RUN_DIR - prints the guest's lines and adds them up. Fails if the guest
# reported a failure, or not everything.
count_results() {
	local word rest ended=0 before=$failed
	while read -r word rest; do
		case $word in
		PASS) passed=$((passed + 1)) ;;
		FAIL) failed=$((failed + 1)) ;;
		SKIP) skipped=$((skipped + 1)) ;;
		END) ended=1 ;;
		esac
		[[ $word == END ]] || echo "$1: $word $rest"
	done <"$2/report.log"
	if ((!ended)); then
		failed=$((failed + 1))
		echo "$1: FAIL guest: ended without reporting every test"
	fi
	((failed == before))
}

# check_kernel SERIES - runs one guest, from the package to the result.
check_kernel() {
	local series=$1 kernel=$VM_BUILD/kernel/$1 run=$VM_BUILD/run-$1
	[[ -e $kernel/vmlinuz && -z ${VM_REFRESH-} ]] || fetch_kernel "$series"
	rm -rf "$run"
	mkdir -p "$run"
	touch "$run/report.log" "$run/console.log"
	note "booting $(<"$kernel/release")"
	boot "$kernel" "$VM_BUILD/initrd" "$run" ||
		echo "$series: qemu ended with status $? (124: time limit of $VM_TIMEOUT s)"
	count_results "$series" "$run" && return
	echo "--- $series: end of the console ($run/console.log)"
	# Drops the escape sequences by which the firmware clears the screen.
	cat "$run/qemu.log" "$run/console.log" | tr -cd '[:print:]\t\n' | tail -n 60
	echo "---"
}

main() {
	local series
	(($#)) || set -- 5.10 6.12
	for series; do
		suite_of "$series" >/dev/null
	done
	[[ $(uname -m) == x86_64 ]] || die "only for x86_64 so far"
	[[ -x $LOOPPROF ]] || die "no program $LOOPPROF; run make first, or set LOOPPROF"
	install_tools
	mkdir -p "$VM_BUILD/kernel"
	# A lock allows one run at a time: two would write the same image.
	exec 9>"$VM_BUILD/lock"
	flock -n 9 || die "another run is under way in $VM_BUILD"
	[[ -z ${VM_REFRESH-} ]] || rm -f "$VM_BUILD"/base-*.cpio.gz
	make_image "$LOOPPROF" "$VM_BUILD/initrd"
	for series; do
		check_kernel "$series"
	done
	echo "$passed passed, $failed failed, $skipped skipped"
	((failed == 0 && passed > 0))
}

main "$@"
