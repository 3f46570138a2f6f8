#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The manners that filesystems have (see manners.bats): with signals, with the
# terminal, and with the passwords that they ask for.
#
# Of the plain build only: beside manners.bats it adds what a terminal does.

load helpers
load supervise

setup() {
	common_setup
	requires fuse
	setup_supervise
}

# ---- Signals ---------------------------------------------------------------------

@test "ignores SIGTERM: it stays, until it is unmounted" {
	local mode
	for mode in exec -S; do
		serve_by "$mode" "$MOODY" ignore:TERM serve
		kill -TERM "$FS_PID"
		run -0 timeout 5 cat "$MNT/hello"
		assert_output 'hello from a moody filesystem'
		stop_fs
		assert_nothing_left
	done
}

@test "does not end when it is unmounted: told to, then killed" {
	STOP=1
	serve_moody -- record:"$SIGNALS" serve sleep:600000
	timeout 10 umount "$MNT"
	wait_fs 137
	assert_equal "$(cat "$SIGNALS")" TERM
	serve_by -b "$MOODY" ignore:TERM serve sleep:600000
	timeout 10 umount "$MNT"
	assert_nothing_left
}

@test "does not end when it is unmounted, without a supervisor: it stays" {
	serve_by exec "$MOODY" serve "touch:$REPORTS/a.there" sleep:600000
	timeout 10 umount "$MNT"
	until_true 10 test -e "$REPORTS/a.there"
	! has_ended "$FS_PID" || fail 'it has ended'
	kill -TERM "$FS_PID"
	wait_fs 143
	assert_nothing_left
}

is_stopped() { grep -q '^State:.T' "/proc/$1/status"; }

@test "stops itself: the mount hangs; unmounted, it is continued and ended" {
	serve_by -S "$MOODY" "until:$GO" raise:STOP serve
	touch "$GO"
	until_true 10 is_stopped "$(command_pid)"
	run -124 timeout 1 stat "$MNT/hello"
	timeout 10 "$LAUNCHER" --unmount "$MNT"
	wait_fs 143
	assert_nothing_left
}

@test "stops itself, without a supervisor: the mount hangs, and can be unmounted" {
	serve_by exec "$MOODY" "until:$GO" raise:STOP serve
	touch "$GO"
	until_true 10 is_stopped "$FS_PID"
	run -124 timeout 1 stat "$MNT/hello"
	timeout 10 "$LAUNCHER" --unmount "$MNT"
	assert_mounts_unchanged
	kill -CONT "$FS_PID"
	wait_fs 0
	assert_nothing_left
}

# With -S the supervisor is one of the group, and bats must not be.
@test "signals its process group: it ends as it would have, and its supervisor lives" {
	local mode
	LAUNCH=(setsid "${LAUNCH[@]}")
	for mode in exec -S -b; do
		serve_by "$mode" "$MOODY" "until:$GO" 'run:kill -TERM 0' sleep:60000
		touch "$GO"
		ends_by_itself "$mode" 143
		rm "$GO"
	done
}

# ---- The terminal ------------------------------------------------------------------

# The terminal does not tell it, and the supervisor does.
@test "has a session of its own: Ctrl-C reaches it" {
	on_terminal "${LAUNCH[@]}" -S -n 1 "$MNT" setsid "$MOODY" record:"$SIGNALS" serve
	wait_mounted "$MNT"
	printf '\003' >&"$KEYBOARD"
	records INT
	stop_fs
	exec {KEYBOARD}>&-
}

# As ssh(1) and its like ask for a password, and become the filesystem.
# shellcheck disable=SC2016
ASKS=(bash -c 'read -rp "word? " word </dev/tty 2>/dev/tty &&
	[[ $word == sesame ]] && exec "$@"' ask)

has_asked() { grep -q 'word?' "$LOG"; }

# asks_on_terminal exec|-S|-b: it stands at its prompt. A shell waits behind.
asks_on_terminal() {
	local mode=()
	[[ $1 == exec ]] || mode=("$1")
	on_terminal "${LAUNCH[@]}" "${mode[@]}" -n 1 "$MNT" \
		"${ASKS[@]}" "$MOODY" serve
	until_true 10 has_asked || fail "$(cat "$LOG")"
}

leave_terminal() {
	exec {KEYBOARD}>&-
	FS_PID=
	assert_nothing_left
}

@test "asks at the terminal: answered in each way to run, by root and by users" {
	answers_in_each_way
	requires setuid
	as_mode setuid
	answers_in_each_way
}

answers_in_each_way() {
	local mode
	for mode in exec -S -b; do
		asks_on_terminal "$mode"
		if [[ $mode == exec ]]; then
			run -124 "${AS_OWNER[@]}" timeout 1 stat "$MNT"
		else
			assert_equal "$(look)" empty
		fi
		echo sesame >&"$KEYBOARD"
		wait_mounted "$MNT"
		assert_equal "$(look)" ready
		timeout 10 umount "$MNT"
		wait_fs 0
		leave_terminal
	done
}

# The shell behind asks again, when the terminal is its own once more.
@test "asks at the terminal, with -b: then the terminal is the caller's again" {
	# shellcheck disable=SC2016
	run clean_fds env SHELL="$BASH" timeout 30 script -qec "
		$(printf '%q ' "${LAUNCH[@]}" -b -n 1 "$MNT" "${ASKS[@]}" "$MOODY" serve) || exit
		read -r word </dev/tty && echo \"and then \$word\"" /dev/null \
		< <(printf 'sesame\nmore\n'; sleep 5)
	assert_success
	assert_output --partial 'and then more'
	assert_equal "$(look)" ready
	timeout 10 umount "$MNT"
}

@test "asks at the terminal, and is told Ctrl-C: nothing is left" {
	local mode
	for mode in -S -b; do
		asks_on_terminal "$mode"
		printf '\003' >&"$KEYBOARD"
		wait_fs 130
		[[ $mode == -S ]] ||
			grep -q 'was ended by signal 2 (Interrupt) before' "$LOG" ||
			fail "$(cat "$LOG")"
		leave_terminal
	done
}

# Nobody could continue it: it is not in the caller's job.
@test "asks at the terminal, and is told Ctrl-Z, with -b: it goes on asking" {
	asks_on_terminal -b
	printf '\032' >&"$KEYBOARD"
	sleep 0.2
	echo sesame >&"$KEYBOARD"
	wait_mounted "$MNT"
	timeout 10 umount "$MNT"
	wait_fs 0
	leave_terminal
}

# The first of its process group, by whose pid that goes, has left it.
@test "asks at the terminal in a child that it leaves, and is told Ctrl-Z, with -b: likewise" {
	# shellcheck disable=SC2016
	ASKS=(bash -c '(read -rp "word? " word </dev/tty 2>/dev/tty &&
		[[ $word == sesame ]] && exec "$@") & exit 0' ask)
	asks_on_terminal -b
	until_true 10 asks_without_parent
	printf '\032' >&"$KEYBOARD"
	sleep 0.2
	echo sesame >&"$KEYBOARD"
	wait_mounted "$MNT"
	timeout 10 umount "$MNT"
	wait_fs 0
	leave_terminal
}

# Its parent is the supervisor, and it is not the first of its group.
asks_without_parent() {
	local pid parent group
	for pid in $(pgrep -x bash); do
		read -r parent group < <(ps -o ppid=,pgid= -p "$pid")
		[[ $group == "$pid" ]] ||
			[[ $(cat "/proc/$parent/comm") != fusefd-supervis ]] || return 0
	done
	return 1
}

# It must not be stopped for it, nor read what is meant for others.
@test "asks at the terminal again, with -b, once it is ready: EIO" {
	on_terminal "${LAUNCH[@]}" -b -n 1 "$MNT" "$MOODY" "until:$GO" \
		"run:read -r word </dev/tty; echo \$? >$SIGNALS" serve
	wait_mounted "$MNT"
	wait_fs 0
	touch "$GO"
	until_true 10 test -s "$SIGNALS"
	assert_not_equal "$(cat "$SIGNALS")" 0
	timeout 10 umount "$MNT"
	leave_terminal
}

# Root's terminal is not alice's to read, nor to type into (TIOCSTI): COMMAND has
# nothing of it, and neither can be attached to by ptrace(2) who still has.
@test "-b with --user: COMMAND has no terminal, no stdin, and a session of its own" {
	local pid seen=0
	on_terminal "$LAUNCHER" -b -n 1 -u alice "$ALICE_MNT" "$MOODY" \
		"run:(read -r word </dev/tty; echo tty \$?; readlink /proc/self/fd/0; ps -o sid=,tty= -p \$PPID) >$SIGNALS 2>/dev/null" \
		"touch:$REPORTS/a.there" "wait:$GO" serve
	until_true 10 test -e "$REPORTS/a.there" || fail "$(cat "$LOG")"
	for pid in $(pgrep -u alice -x fusefd-supervis); do
		run -0 "${AS_ALICE[@]}" timeout 10 "$FIXTURES/inspector" "$pid" 0
		refute_output --partial granted
		seen=$((seen + 1))
	done
	assert_equal "$seen" 2 # the front, and the supervisor
	touch "$GO"
	as_mode user
	wait_mounted "$MNT"
	wait_fs 0
	run -0 cat "$SIGNALS"
	assert_line --index 0 --regexp '^tty [12]$'
	assert_line --index 1 /dev/null
	assert_line --index 2 --regexp '^ *[0-9]+ \?'
	timeout 10 umount "$MNT"
	leave_terminal
}

# ---- Passwords from elsewhere ------------------------------------------------------------

# shellcheck disable=SC2016
READS=(bash -c 'read -r word && [[ $word == sesame ]] && exec "$@"' reads)

@test "reads a password from stdin: in each way to run" {
	local mode
	for mode in '' -S -b; do
		# shellcheck disable=SC2086
		clean_fds "${LAUNCH[@]}" $mode -n 1 "$MNT" -- \
			"${READS[@]}" "$MOODY" serve <<<sesame >"$LOG" 2>&1 &
		FS_PID=$!
		wait_mounted "$MNT"
		timeout 10 umount "$MNT"
		wait_fs 0
		assert_nothing_left
	done
}

# From what its last argument names.
# shellcheck disable=SC2016
READS_FILE=(bash -c 'read -r word <"${!#}" && [[ $word == sesame ]] &&
	exec "${@:1:$#-1}"' reads)

# In the shell of whoever starts the launcher. LAUNCHER OPTION... -- COMMAND...
with_pipe() {
	# shellcheck disable=SC2016
	start "${AS_OWNER[@]}" bash -c 'exec "$@" <(echo sesame)' bash "$@"
}

reads_from_pipe() { # LAUNCHER
	local mode
	for mode in '' -S -b; do
		# shellcheck disable=SC2086
		with_pipe "$1" $mode -n 1 --keep-fd=63 "$MNT" -- \
			"${READS_FILE[@]}" "$MOODY" serve
		wait_mounted "$MNT"
		timeout 10 umount "$MNT"
		wait_fs 0
		assert_nothing_left
	done
}

@test "reads a password from <(...), /dev/fd/63: with --keep-fd, by root and by users" {
	reads_from_pipe "$LAUNCHER"
	requires setuid
	as_mode setuid
	reads_from_pipe "$LAUNCHER_SETUID"
}

@test "reads a password from <(...), without --keep-fd: it is not there" {
	with_pipe "$LAUNCHER" -S "$MNT" -- "${READS_FILE[@]}" "$MOODY" serve
	wait_fs 1
	grep -q '/dev/fd/63: No such file' "$LOG" || fail "$(cat "$LOG")"
	assert_nothing_left
}

# The pipe is root's: open as it is it can be read, but not opened by its name.
@test "reads a password from root's <(...), with --user: by way of one of its own" {
	with_pipe "$LAUNCHER" -u alice -S -k 63 "$ALICE_MNT" -- \
		"${READS_FILE[@]}" "$MOODY" serve
	wait_fs 1
	grep -q '/dev/fd/63: Permission denied' "$LOG" || fail "$(cat "$LOG")"
	# shellcheck disable=SC2016
	with_pipe "$LAUNCHER" -u alice -S -k 63 "$ALICE_MNT" -- bash -c \
		'exec "${@:1:$#-1}" <(cat <&63)' bash "${READS_FILE[@]}" "$MOODY" serve
	as_mode user
	wait_mounted "$MNT"
	stop_fs
	assert_nothing_left
}

# ---- The mountpoint ---------------------------------------------------------------------

# shellcheck disable=SC2016
LOOKS=(sh -c 'touch "$1" && [ -d "$2" ] && shift 2 && exec "$@"' sh
	"$REPORTS/a.there")

@test "looks at its mountpoint before it serves: at the directory, supervised" {
	local mode
	for mode in -S -b; do
		serve_by "$mode" "${LOOKS[@]}" "$MNT" "$MOODY" serve
		timeout 10 umount "$MNT"
		[[ $mode == -b ]] || wait_fs 0
		assert_nothing_left
	done
}

@test "looks at its mountpoint before it serves, without a supervisor: waits until killed" {
	launch_by exec "${LOOKS[@]}" "$MNT" "$MOODY" serve
	until_true 10 test -e "$REPORTS/a.there"
	sleep 0.3
	! has_ended "$FS_PID" || fail "$(cat "$LOG")"
	kill -KILL "$FS_PID"
	wait_fs 137
	take_dead_mount
}

# As alice: root's uid 0 without capabilities may map nobody.
@test "enters a mount namespace of its own: the mount is not in there, supervised" {
	requires setuid userns
	as_mode setuid
	serve_by -S unshare -Urm "$MOODY" serve
	stop_fs
	assert_nothing_left
}

@test "enters a mount namespace of its own, without a supervisor: it stays mounted there" {
	requires setuid userns
	as_mode setuid
	serve_by exec unshare -Urm --propagation private "$MOODY" serve
	timeout 10 umount "$MNT"
	grep -q " $MNT .* - fuse" "/proc/$FS_PID/mountinfo"
	! has_ended "$FS_PID" || fail 'it has ended'
	kill -TERM "$FS_PID"
	wait_fs 143
	assert_nothing_left
}
