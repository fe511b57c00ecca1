# shellcheck shell=bash
# The guest's root: an initramfs in two parts, which the kernel unpacks one
# over the other. The base (Debian packages) is cached; the overlay (the program
# under test, the tests) is made anew for each run. Sourced by check-vm.sh.

IMAGE_SUITE=bookworm
IMAGE_PACKAGES=(
	busybox-static libc6 libgcc-s1 libcrypt1
	python3.11-minimal libpython3.11-minimal libpython3.11-stdlib libexpat1
	libbpf1 libelf1 zlib1g libzydis4.0 libzycore1.4
)
# What nothing here runs. Every byte is unpacked by an emulated processor.
IMAGE_UNUSED=(
	usr/share usr/lib/x86_64-linux-gnu/{gconv,audit}
	usr/lib/python3.11/{test,unittest,idlelib,tkinter,lib2to3,distutils,ensurepip}
	usr/lib/python3.11/{pydoc_data,turtledemo,sqlite3,curses,dbm,xml,xmlrpc}
	usr/lib/python3.11/{multiprocessing,venv,wsgiref,turtle.py,pydoc.py}
)

# base_key - names the recipe, so that a changed one makes a new image.
base_key() {
	cat "$VM_TESTS/image.sh" "$VM_TESTS/guest/init" | sha256sum | cut -c 1-16
}

# pack DIR FILE - DIR as a compressed cpio archive, owned by root.
pack() {
	(cd "$1" && find . -print0 | LC_ALL=C sort -z |
		cpio --quiet --null -o -H newc -R 0:0) | gzip -6 >"$2.tmp"
	mv "$2.tmp" "$2"
}

# image_python ROOT ARG... - the image's own Python, run here: only the version
# that will read the byte code can write it.
image_python() {
	local root=$1 lib=lib/x86_64-linux-gnu
	shift
	PYTHONHOME=$root/usr "$root/$lib/ld-linux-x86-64.so.2" \
		--library-path "$root/$lib:$root/usr/$lib" \
		"$root/usr/bin/python3.11" "$@"
}

# fill_base ROOT - unpack the packages and make what their scripts would.
fill_base() {
	local root=$1 deb applet
	open_suite "$IMAGE_SUITE"
	download "$IMAGE_SUITE" "$root.debs" "${IMAGE_PACKAGES[@]}"
	for deb in "$root.debs"/*.deb; do
		dpkg-deb --extract "$deb" "$root"
	done
	(cd "$root" && rm -rf "${IMAGE_UNUSED[@]}")
	mkdir -p "$root"/{dev,proc,sys,tmp,run,root,etc,sbin,usr/sbin}
	"$root/bin/busybox" --list | while read -r applet; do
		[[ -e $root/bin/$applet ]] || ln -s busybox "$root/bin/$applet"
	done
	ln -sf python3.11 "$root/usr/bin/python3"
	echo 'root:x:0:0:root:/root:/bin/sh' >"$root/etc/passwd"
	install -m 755 "$VM_TESTS/guest/init" "$root/init"
	# Without byte code every start of Python compiles its library, which takes
	# many seconds under emulation. -s and -p keep our paths out of it.
	image_python "$root" -m compileall -q --invalidation-mode unchecked-hash \
		-s "$root" -p / "$root/usr/lib/python3.11" >/dev/null
}

# make_base - print the path of the base image, made if it is not there.
make_base() {
	local image root
	image=$VM_BUILD/base-$(base_key).cpio.gz
	if [[ ! -e $image ]]; then
		note "making the base image" >&2
		root=$VM_BUILD/base.tmp
		rm -rf "$root" "$root.debs" "$VM_BUILD"/base-*.cpio.gz
		mkdir -p "$root"
		fill_base "$root"
		pack "$root" "$image"
		rm -rf "$root" "$root.debs"
	fi
	echo "$image"
}

# copy_libraries ROOT PROGRAM BASE - what PROGRAM links to and BASE lacks.
copy_libraries() {
	local root=$1 program=$2 base=$3 have path
	have=$(gzip -dc "$base" | cpio --quiet -t)
	# A static program or a script makes ldd fail, and needs nothing.
	{ ldd "$program" 2>/dev/null || true; } | sed -n 's/.* => \(\/[^ ]*\) .*/\1/p' |
		while read -r path; do
			grep -q "/${path##*/}\$" <<<"$have" && continue
			install -D -m 755 "$path" "$root/usr/lib/x86_64-linux-gnu/${path##*/}"
		done
}

# make_image PROGRAM FILE - write the whole initramfs with PROGRAM to FILE.
make_image() {
	local program=$1 file=$2 base root=$VM_BUILD/overlay.tmp
	base=$(make_base)
	rm -rf "$root"
	mkdir -p "$root/usr/bin" "$root/tests"
	install -m 755 "$program" "$root/usr/bin/loopprof"
	copy_libraries "$root" "$program" "$base"
	cp -r "$VM_TESTS/guest/." "$root/tests/"
	chmod -R u=rwX,go=rX "$root/tests"
	pack "$root" "$VM_BUILD/overlay.cpio.gz"
	cat "$base" "$VM_BUILD/overlay.cpio.gz" >"$file"
	rm -rf "$root" "$VM_BUILD/overlay.cpio.gz"
}
