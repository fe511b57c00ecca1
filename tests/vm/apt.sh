# shellcheck shell=bash
# Debian packages of any suite, without touching the host's apt: a private
# configuration per suite below $VM_BUILD/apt. Sourced by check-vm.sh.
#
# apt itself verifies what it fetches: the release file against the archive's
# keyring, the index against the release file, the package against the index.

DEBIAN_MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org}
DEBIAN_ARCHIVE=http://archive.debian.org
KEYRING=/usr/share/keyrings/debian-archive-keyring.gpg

# write_apt_conf SUITE - an apt configuration that sees only SUITE.
write_apt_conf() {
	local dir=$VM_BUILD/apt/$1
	# An empty status file: what the host has installed must not matter. The
	# sandbox user cannot read a checkout in somebody's home, so it is off;
	# that changes who fetches, not what is verified. Of the host's settings
	# only a proxy and the checks of dates are taken: its hooks may delete files,
	# and its leave to skip signatures is not ours.
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

# private_apt SUITE TOOL ARG... - run an apt tool that sees only SUITE.
private_apt() {
	local suite=$1 tool=$2
	shift 2
	# apt reads this file before the host's, which it then leaves out.
	APT_CONFIG=$VM_BUILD/apt/$suite/apt.conf "$tool" -q "$@"
}

# read_suite SUITE MIRROR [security] - fetch the package index of SUITE.
read_suite() {
	local suite=$1 mirror=$2 dir=$VM_BUILD/apt/$1
	echo "deb [signed-by=$KEYRING] $mirror/debian $suite main" >"$dir/sources.list"
	if [[ ${3-} == security ]]; then
		echo "deb [signed-by=$KEYRING] $mirror/debian-security" \
			"$suite-security main" >>"$dir/sources.list"
	fi
	# Without --error-on=any apt-get calls it a success to have fetched nothing.
	private_apt "$suite" apt-get update --error-on=any >"$dir/update.log" 2>&1
}

# open_suite SUITE - fetch its package index, once a run.
open_suite() {
	local suite=$1 dir=$VM_BUILD/apt/$1 mirror
	# A file and not a variable: some callers are subshells.
	[[ -e $dir/opened.$$ ]] && return
	rm -f "$dir"/opened.*
	mkdir -p "$dir/state/lists/partial" "$dir/cache/archives/partial"
	: >"$dir/status"
	write_apt_conf "$suite" >"$dir/apt.conf"
	# Suites that are out of support move to the archive, and their security
	# updates go first. Those are optional: an older kernel of the same series
	# is still a test.
	for mirror in "$DEBIAN_MIRROR" "$DEBIAN_ARCHIVE"; do
		if read_suite "$suite" "$mirror" security || read_suite "$suite" "$mirror"; then
			: >"$dir/opened.$$"
			return
		fi
	done
	die "cannot read $suite: $(tail -n 5 "$dir/update.log")"
}

# download SUITE DIR PACKAGE... - the newest .deb of each PACKAGE into DIR.
download() {
	local suite=$1 dir=$2
	shift 2
	mkdir -p "$dir"
	# apt-get download writes to the working directory and knows no other.
	(cd "$dir" && private_apt "$suite" apt-get download "$@") >"$dir/download.log" 2>&1 ||
		die "cannot download $*:" "$(tail -n 5 "$dir/download.log")"
}
