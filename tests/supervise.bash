# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck shell=bash
#
# What the bats files about supervised launches share, on top of helpers.bash:
# the filesystem that fails where it is told to, and a look at a supervisor's
# children.

MOODY=$FIXTURES/moody # fixtures/moody.c lists its steps
SIGNALS="$REPORTS/signals" GO="$REPORTS/go" # files for its steps to use

# At the end of a setup. Stragglers of a failed start take two seconds at most.
setup_supervise() {
	rm -f "$SIGNALS" "$GO" "$REPORTS"/*.there
	STOP=2
}

# supervise OPTION... -- STEP...: a moody filesystem, in the background of this
# shell. FS_PID is the supervisor's.
supervise() {
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	start "${LAUNCH[@]}" -S -n 1 --stop-timeout="$STOP" "${options[@]}" "$MNT" \
		-- "$MOODY" "$@"
}

# The same, until it is there.
serve_moody() {
	supervise "$@"
	wait_mounted "$MNT"
}

children_of() { # PID
	cat "/proc/$1/task/$1/children"
}

# The supervisor's only child.
command_pid() {
	local children
	read -ra children < <(children_of "$FS_PID")
	((${#children[@]} == 1)) || return
	echo "${children[0]}"
}
has_one_child() { command_pid >/dev/null; }

# The pid of a supervisor that went to the background: it is a launcher whose
# parent is not.
find_supervisor() {
	local pid
	SUPERVISOR=
	for pid in $(new_processes); do
		[[ $(readlink "/proc/$pid/exe") == */fusefd-launch ]] || continue
		SUPERVISOR=$pid
	done
	[[ -n $SUPERVISOR ]]
}

# What the mountpoint answers: "empty", as the folder that it is without a
# mount; "ready", as the filesystem, whose root has number 1; or whatever goes
# wrong, a hang too.
look() {
	local inode status=0
	inode=$(timeout 5 "${AS_OWNER[@]}" stat -c %i "$MNT" 2>&1) || status=$?
	case $status:$inode in
	0:1) echo ready ;;
	0:[0-9]*) echo empty ;;
	*) echo "status $status: $inode" ;;
	esac
}

# Nothing is mounted, and no process is left.
assert_nothing_left() {
	assert_mounts_unchanged
	assert_no_process_left
}
