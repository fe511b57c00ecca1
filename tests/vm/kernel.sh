# shellcheck shell=bash
# Debian's signed kernels, which are unpacked but not installed. Sourced by check-vm.sh.

# suite_of SERIES - prints the Debian release that ships kernel SERIES.
suite_of() {
	case $1 in
	5.10) echo bullseye ;;
	6.1) echo bookworm ;;
	6.12) echo trixie ;;
	*) die "no Debian release known for kernel $1 (known: 5.10 6.1 6.12)" ;;
	esac
}

# newest_kernel SUITE - prints the package on which linux-image-amd64 depends.
newest_kernel() {
	private_apt "$1" apt-cache depends --important linux-image-amd64 |
		sed -n 's/^ *Depends: \(linux-image-[0-9].*\)$/\1/p' | head -n 1
}

# require_config FILE - fails if the kernel lacks what loopprof needs, or has it as a module; an
# error here is clearer than one in the guest.
require_config() {
	local option
	for option in DEBUG_INFO_BTF BPF_SYSCALL BPF_JIT BPF_EVENTS UPROBES \
		UPROBE_EVENTS DYNAMIC_FTRACE_WITH_DIRECT_CALLS BLK_DEV_INITRD \
		RD_GZIP DEVTMPFS SERIAL_8250_CONSOLE; do
		grep -qx "CONFIG_$option=y" "$1" || die "$1: no CONFIG_$option=y"
	done
}

# fetch_kernel SERIES - makes vmlinuz, config and release in $VM_BUILD/kernel/RELEASE, and a link
# to that directory, named SERIES.
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
		# vmlinuz is renamed last: if it exists, the directory is complete.
		mkdir -p "$dir"
		echo "$release" >"$dir/release"
		mv "$tmp/boot/config-$release" "$dir/config"
		mv "$tmp/boot/vmlinuz-$release" "$dir/vmlinuz"
		rm -rf "$tmp"
	fi
	ln -sfn "$release" "$VM_BUILD/kernel/$series"
}
