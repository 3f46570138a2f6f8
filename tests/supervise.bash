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

# But for the keeper, which the launcher started before it became a supervisor.
children_of() { # PID
	local child children
	read -ra children <"/proc/$1/task/$1/children" || true # no newline
	for child in "${children[@]}"; do
		is_keeper "$child" || echo "$child"
	done | xargs
}
is_keeper() { [[ $(cat "/proc/$1/comm" 2>&1) == fusefd-keeper ]]; } # PID

# Sets KEEPER, the pid of the only one there is.
find_keeper() {
	local pid
	KEEPER=
	for pid in $(new_processes); do
		! is_keeper "$pid" || KEEPER=$pid
	done
	[[ -n $KEEPER ]]
}

# The supervisor's only child.
command_pid() {
	local children
	read -ra children < <(children_of "$FS_PID")
	((${#children[@]} == 1)) || return
	echo "${children[0]}"
}
has_one_child() { command_pid >/dev/null; }

# The pid of a supervisor that went to the background: its front has ended.
find_supervisor() {
	local pid
	SUPERVISOR=
	for pid in $(new_processes); do
		[[ $(readlink "/proc/$pid/exe") == */fusefd-supervise ]] || continue
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

# fusectl shows whether anybody has files open behind a lazy unmount.
with_fusectl() { # COMMAND...
	local mounted=
	is_fusectl_mounted || mounted=yes
	[[ -z $mounted ]] || mount -t fusectl none /sys/fs/fuse/connections
	"$@"
	[[ -z $mounted ]] || umount /sys/fs/fuse/connections
}

is_fusectl_mounted() { mountpoint -q /sys/fs/fuse/connections; }

# What a step record:$SIGNALS has written.
has_recorded() { # SIGNAL...
	[[ $(xargs <"$SIGNALS") == "$*" ]]
}

records() { # SIGNAL...: these and no others, once
	until_true 10 has_recorded "$@" || fail "recorded: $(xargs <"$SIGNALS")"
	sleep 0.1
	has_recorded "$@" || fail "recorded: $(xargs <"$SIGNALS")"
}

# On a terminal of its own, whose keyboard is the fifo, and without a shell in
# front: one that Ctrl-\ ends would have the terminal hang up. What this shell
# starts in the background ignores SIGINT and SIGQUIT.
on_terminal() { # COMMAND...
	mkfifo "$BATS_TEST_TMPDIR/keyboard"
	exec {KEYBOARD}<>"$BATS_TEST_TMPDIR/keyboard"
	rm "$BATS_TEST_TMPDIR/keyboard"
	printf '%q ' "$@" >"$BATS_TEST_TMPDIR/line"
	: >"$LOG"
	# script(1) reads the line by $SHELL, and %q speaks bash.
	clean_fds env --default-signal=INT,QUIT SHELL="$BASH" script -qefc \
		"exec $(cat "$BATS_TEST_TMPDIR/line")" /dev/null \
		<&"$KEYBOARD" >"$LOG" 2>&1 &
	FS_PID=$!
}

# ---- In each way to run: "exec", without a supervisor, -S and -b ---------------

# launch_by exec|-S|-b COMMAND...
launch_by() {
	local options=(-n 1)
	[[ $1 == exec ]] || options+=("$1" --stop-timeout="$STOP")
	start "${LAUNCH[@]}" "${options[@]}" "$MNT" -- "${@:2}"
}

# The same, until it is there. FS_PID is the process that was started.
serve_by() {
	launch_by "$@"
	wait_mounted "$MNT"
	[[ $1 != -b ]] || wait_fs 0
}

# What was served by exec is left, and nobody answers.
take_dead_mount() {
	[[ $(look) == *'Transport endpoint is not connected' ]] || fail "$(look)"
	timeout 10 "$LAUNCHER" --unmount "$MNT"
	assert_nothing_left
}

# It ends by itself, with that status: a supervisor unmounts. -b has exited
# with 0 long before.
ends_by_itself() { # MODE STATUS
	[[ $1 == -b ]] || wait_fs "$2"
	[[ $1 != exec ]] || take_dead_mount
	until_true 10 eval '! is_mounted "$MNT"' || fail "$1: still mounted"
	assert_nothing_left
}

# Served, until somebody unmounts it, whereupon it ends with that status.
serves_and_ends() { # STATUS COMMAND...
	local mode
	for mode in exec -S -b; do
		echo "$mode: ${*:2}" # seen where it fails
		serve_by "$mode" "${@:2}"
		assert_equal "$(look)" ready
		timeout 10 umount "$MNT"
		[[ $mode == -b ]] || wait_fs "$1"
		assert_nothing_left
	done
}
