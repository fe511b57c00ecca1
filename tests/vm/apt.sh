# shellcheck shell=bash
# Packages of any Debian suite, without changes to the host's apt: each suite has a
# configuration of its own below $VM_BUILD/apt. Sourced by check-vm.sh.
#
# apt itself verifies what it fetches: the release file against the archive's
# keyring, the index against the release file, the package against the index.

DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org}
DEBIAN_ARCHIVE=http://archive.debian.org
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# write_apt_conf SUITE - writes an apt configuration that knows SUITE alone.
write_apt_conf() {
	local dir=$VM_BUILD/apt/$1
	# The status file is empty, as packages of the host must not count. The sandbox user, who
	# cannot read a checkout in a user's home directory, is switched off; that changes who downloads,
	# not what is verified. Of the host's settings only a proxy and the checks of dates are
	# used: its hooks may delete files, and its permission to skip signatures must not apply.
	cat <<-EOF
		Dir::Etc::main "/dev/null";
		Dir::Etc::parts "/dev/null";
		Dir::Etc::sourcelist "$dir/sources.list";
		Dir::Etc::sourceparts "/dev/null";
		Dir::Etc::preferences "/dev/null";
		Dir::Etc::preferencesparts "/dev/null";
		Dir::Etc::trusted "/dev/null";
		Dir::Etc::trustedparts "/dev/null";
		Dir::State "$dir/state";
		Dir::State::status "$dir/status";
		Dir::Cache "$dir/cache";
		Dir::Log "$dir";
		APT::Architecture "amd64";
		APT::Architectures { "amd64"; };
		APT::Sandbox::User "root";
		$(apt-config dump | sed -nE '/^Acquire::(https?|Check-)/p')
		Acquire::Languages "none";
		Acquire::Retries "3";
	EOF
}

# private_apt SUITE TOOL ARG... - runs an apt tool that knows SUITE alone.
private_apt() {
	local suite=$1 tool=$2
	shift 2
	# apt reads this file instead of the host's configuration.
	APT_CONFIG=$VM_BUILD/apt/$suite/apt.conf "$tool" -q "$@"
}

# read_suite SUITE MIRROR [security] - downloads the package index of SUITE.
read_suite() {
	local suite=$1 mirror=$2 dir=$VM_BUILD/apt/$1
	echo "deb [signed-by=$KEYRING] $mirror/debian $suite main" >"$dir/sources.list"
	if [[ ${3-} == security ]]; then
		echo "deb [signed-by=$KEYRING] $mirror/debian-security" \
			"$suite-security main" >>"$dir/sources.list"
	fi
	# Without --error-on=any apt-get succeeds even if it has downloaded nothing.
	private_apt "$suite" apt-get update --error-on=any >"$dir/update.log" 2>&1
}

# open_suite SUITE - downloads its package index, once per run.
open_suite() {
	local suite=$1 dir=$VM_BUILD/apt/$1 mirror
	# A file marks that, as a variable would be lost in subshells.
	[[ -e $dir/opened.$$ ]] && return
	rm -f "$dir"/opened.*
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	write_apt_conf "$suite" >"$dir/apt.conf"
	# Suites that are out of support move to the archive, after their security updates, which
	# are therefore optional: an older kernel of the same series is still a test.
	for mirror in "$DEBIAN_MIRROR" "$DEBIAN_ARCHIVE"; do
		if read_suite "$suite" "$mirror" security || read_suite "$suite" "$mirror"; then
			: >"$dir/opened.$$"
			return
		fi
	done
	die "cannot read $suite: $(tail -n 5 "$dir/update.log")"
}

# download SUITE DIR PACKAGE... - downloads the newest .deb of each PACKAGE into DIR.
download() {
	local suite=$1 dir=$2
	shift 2
	mkdir -p "$dir"
	# apt-get download always writes to the working directory.
	(cd "$dir" && private_apt "$suite" apt-get download "$@") >"$dir/download.log" 2>&1 ||
		die "cannot download $*:" "$(tail -n 5 "$dir/download.log")"
}
