# shellcheck shell=bash
# Debian's signed kernels, unpacked and not installed. Sourced by check-vm.sh.

# suite_of SERIES - the Debian release that ships kernel SERIES.
suite_of() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	*) die "no Debian release known for kernel $1 (known: 5.10 6.1 6.12)" ;;
	esac
}

# newest_kernel SUITE - the package that linux-image-amd64 stands for there.
newest_kernel() {
	private_apt "$1" apt-cache depends --important linux-image-amd64 |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# require_config FILE - fail unless the kernel can do what loopprof needs
# without modules; a clear word here beats a riddle in the guest.
require_config() {
	local option
	for option in DEBUG_INFO_BTF BPF_SYSCALL BPF_JIT BPF_EVENTS UPROBES \
		UPROBE_EVENTS DYNAMIC_FTRACE_WITH_DIRECT_CALLS BLK_DEV_INITRD \
		RD_GZIP DEVTMPFS SERIAL_8250_CONSOLE; do
		grep -qx "CONFIG_$option=y" "$1" || die "$1: no CONFIG_$option=y"
	done
}

# fetch_kernel SERIES - leave vmlinuz, config and release in
# $VM_BUILD/kernel/RELEASE, and a link to it named SERIES.
fetch_kernel() {
	local series=$1 suite package release dir tmp
	suite=$(suite_of "$series")
	open_suite "$suite"
	package=$(newest_kernel "$suite")
	[[ $package == linux-image-"$series".* ]] ||
		die "$suite has '$package', not a $series kernel"
	release=${package#linux-image-}
	dir=$VM_BUILD/kernel/$release
	if [[ ! -e $dir/vmlinuz ]]; then
		note "fetching $package from $suite"
		tmp=$dir.tmp
		rm -rf "$tmp"
		download "$suite" "$tmp" "$package"
		dpkg-deb --fsys-tarfile "$tmp"/linux-image-*.deb |
			tar -x -C "$tmp" "./boot/vmlinuz-$release" "./boot/config-$release"
		require_config "$tmp/boot/config-$release"
		# vmlinuz comes last and by renaming: it is the mark of a whole one.
		mkdir -p "$dir"
		echo "$release" >"$dir/release"
		mv "$tmp/boot/config-$release" "$dir/config"
		mv "$tmp/boot/vmlinuz-$release" "$dir/vmlinuz"
		rm -rf "$tmp"
	fi
	ln -sfn "$release" "$VM_BUILD/kernel/$series"
}
