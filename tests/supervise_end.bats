#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Supervised launches, how they end: COMMAND and its mount go together, whoever
# goes first; signals reach COMMAND, once; and no process is left. How COMMAND may
# take part in that is in manners.bats.

load helpers
load supervise

setup() {
	common_setup
	requires fuse
	setup_supervise
}

# ---- COMMAND ends -----------------------------------------------------------------

ends_with() { # STATUS STEP...: as its last
	serve_moody -- "until:$GO" "${@:2}"
	touch "$GO"
	wait_fs "$1"
	assert_equal "$(look)" empty
	assert_nothing_left
	rm "$GO"
}

@test "COMMAND ends: unmounted, with its status" {
	ends_with 0 exit:0
	ends_with 3 exit:3
	ends_with 255 exit:255
	ends_with 137 raise:KILL
	assert_equal "$(cat "$LOG")" "fusefd-launch: '$MOODY' was ended by signal 9 (Killed)"
	ends_with 139 raise:SEGV
}

@test "COMMAND ends while its mount is in use: unmounted all the same" {
	serve_moody -- serve
	exec 9<"$MNT/hello"
	kill -KILL "$(command_pid)"
	wait_fs 137
	assert_nothing_left
	exec 9<&-
}

@test "COMMAND is told to end: its own status, and no word of it" {
	serve_moody -- serve
	kill -TERM "$FS_PID"
	wait_fs 143
	assert_equal "$(cat "$LOG")" ''
	start "${LAUNCH[@]}" -S "$MNT" "$FIXTURES/rawfs"
	wait_mounted "$MNT"
	kill -TERM "$FS_PID"
	wait_fs 0
	assert_equal "$(cat "$LOG")" ''
	assert_nothing_left
}

@test "another mount on top of it is left alone, and told of" {
	serve_moody -- serve
	mount -t tmpfs none "$MNT"
	kill -KILL "$(command_pid)"
	wait_fs 137
	run -0 cat "$LOG"
	assert_output --partial "cannot unmount '$MNT': something else is mounted on top of it"
	assert_equal "$(mount_field "$MNT" type)" tmpfs
	timeout 10 umount "$MNT"
	timeout 10 umount "$MNT"
}

# ---- The mount goes ------------------------------------------------------------------

ends_by() { # COMMAND...: which unmounts
	serve_moody -- serve
	timeout 10 "$@"
	wait_fs 0
	assert_equal "$(cat "$LOG")" ''
	assert_nothing_left
}

@test "umount, umount -l, fusermount3 -u, --unmount: COMMAND ends, and its supervisor" {
	ends_by umount "$MNT"
	ends_by umount -l "$MNT"
	ends_by "$LAUNCHER" --unmount "$MNT"
	ends_by "$LAUNCHER" --unmount --lazy "$MNT"
	requires setuid
	as_mode setuid
	ends_by "${AS_ALICE[@]}" fusermount3 -u "$MNT"
	ends_by "${AS_ALICE[@]}" fusermount3 -u -z "$MNT"
	ends_by "${AS_ALICE[@]}" "$LAUNCHER_SETUID" --unmount "$MNT"
	ends_by umount "$MNT"
}

@test "a plain umount: nothing of the supervisor's is in its way, nor in the parent's" {
	mkdir "$WORK/parent"
	mount -t tmpfs none "$WORK/parent"
	mkdir "$WORK/parent/mnt" "$WORK/parent/other"
	MNT=$WORK/parent/mnt
	serve_moody -- ignore:TERM serve "wait:$GO" exit:0 # it takes its time
	touch "$WORK/parent/other/file"
	rm -r "$WORK/parent/other"
	timeout 10 umount "$MNT"
	until_true 2 timeout 10 umount "$WORK/parent" ||
		fail "$(timeout 10 umount "$WORK/parent" 2>&1)"
	kill -0 "$FS_PID" || fail 'it has ended too early to show this'
	touch "$GO"
	wait_fs 0
	rmdir "$WORK/parent"
}

goes_on_until_closed() {
	serve_moody -- serve
	exec 9<"$MNT/hello"
	timeout 10 umount -l "$MNT"
	assert_equal "$(look)" empty
	sleep 2.5 # longer than the supervisor waits between two looks
	run -0 timeout 5 cat <&9
	assert_output 'hello from a moody filesystem'
	kill -0 "$FS_PID" || fail "it has ended: $(cat "$LOG")"
	exec 9<&-
	wait_fs 0
}

@test "unmounted lazily, in use: COMMAND serves until the last file is closed" {
	with_fusectl goes_on_until_closed
}

@test "unmounted lazily, in use, where the kernel does not show that: COMMAND ends" {
	local before
	before=$(is_fusectl_mounted && echo yes || true)
	[[ -z $before ]] || umount /sys/fs/fuse/connections
	serve_moody -- serve
	exec 9<"$MNT/hello"
	timeout 10 umount -l "$MNT"
	wait_fs 143
	exec 9<&-
	[[ -z $before ]] || mount -t fusectl none /sys/fs/fuse/connections
	assert_no_process_left
}

# ---- Signals -----------------------------------------------------------------------

@test "signals are forwarded, each once" {
	local signal
	serve_moody -- record:"$SIGNALS" serve
	for signal in TERM INT HUP QUIT USR1 USR2; do
		: >"$SIGNALS"
		kill "-$signal" "$FS_PID"
		records "$signal"
	done
	stop_fs
}

@test "signals are forwarded to one that has gone to the background" {
	start "${LAUNCH[@]}" -b "$MNT" "$MOODY" daemonize daemonize record:"$SIGNALS" serve
	wait_mounted "$MNT"
	wait_fs 0
	find_supervisor
	kill -HUP "$SUPERVISOR"
	records HUP
	kill -USR1 "$SUPERVISOR"
	records HUP USR1
	timeout 10 umount "$MNT"
	assert_nothing_left
}

@test "Ctrl-C, and Ctrl-\\, go to all on the terminal, and to COMMAND once" {
	on_terminal "${LAUNCH[@]}" -S -n 1 "$MNT" "$MOODY" record:"$SIGNALS" serve
	wait_mounted "$MNT"
	printf '\003' >&"$KEYBOARD"
	records INT
	printf '\034' >&"$KEYBOARD"
	records INT QUIT
	stop_fs
	exec {KEYBOARD}>&-
}

# The kernel tells the session's leader alone, which is the supervisor here.
@test "a terminal that hangs up is told to COMMAND, once" {
	on_terminal "${LAUNCH[@]}" -S -n 1 "$MNT" "$MOODY" record:"$SIGNALS" serve
	wait_mounted "$MNT"
	kill -KILL "$FS_PID"
	wait "$FS_PID" || true
	records HUP
	timeout 10 umount "$MNT"
	exec {KEYBOARD}>&-
	assert_nothing_left
}

@test "what the caller ignores or blocks, COMMAND ignores or blocks" {
	local key
	clean_fds env --ignore-signal=HUP,CHLD,PIPE --block-signal=USR1,TERM \
		"$FIXTURES/probe" "$REPORT.plain" &
	wait "$!"
	LAUNCH=(env --ignore-signal=HUP,CHLD,PIPE --block-signal=USR1,TERM "${LAUNCH[@]}")
	launch -S "$MNT" "$FIXTURES/probe" "$REPORT" 7
	assert_failure 7
	for key in SigIgn SigBlk; do
		assert_equal "$(reported "$key")" \
			"$(sed -n "s/^$key=//p" "$REPORT.plain")"
	done
	[[ $(reported SigBlk) == *[1-9a-f]* && $(reported SigIgn) == *[1-9a-f]* ]]
	assert_nothing_left
}

@test "a caller that ignores SIGCHLD: COMMAND's end is seen, and its status" {
	LAUNCH=(env --ignore-signal=CHLD "${LAUNCH[@]}")
	ends_with 3 exit:3
	launch -b "$MNT" "$MOODY" exit:4
	assert_failure 4
	assert_nothing_left
}

# ---- Its own children ----------------------------------------------------------------

@test "children that are not COMMAND's are left alone" {
	local stranger
	# shellcheck disable=SC2016
	start bash -c 'sleep 600 & echo $! >"$0"; exec "$@"' "$REPORT" \
		"${LAUNCH[@]}" -S -n 1 "$MNT" "$MOODY" "until:$GO" exit:0
	wait_mounted "$MNT"
	touch "$GO"
	wait_fs 0
	stranger=$(cat "$REPORT")
	kill -0 "$stranger" || fail 'it was ended'
	kill -KILL "$stranger"
	assert_nothing_left
}

# ---- The supervisor ends, or stands still ------------------------------------------------

# Whatever dies, nothing is left.
@test "the supervisor is killed: its keeper unmounts, and the filesystem ends" {
	serve_moody -- serve
	kill -KILL "$FS_PID"
	wait "$FS_PID" || true
	until_true 10 eval '! is_mounted "$MNT"' || fail 'still mounted'
	assert_nothing_left
	launch -b -n 1 "$MNT" "$MOODY" serve
	assert_success
	find_supervisor
	kill -KILL "$SUPERVISOR"
	until_true 10 eval '! is_mounted "$MNT"' || fail 'still mounted'
	assert_nothing_left
}

# Nobody may do that but root.
@test "the keeper is killed: told of, and COMMAND is ended" {
	serve_moody -- serve
	find_keeper
	kill -KILL "$KEEPER"
	wait_fs 143
	run -0 cat "$LOG"
	assert_line --index 0 "fusefd-launch: cannot watch over '$MNT': its keeper was killed, and the mount stays"
	assert_line --index 1 "Unmount it with 'fusefd-launch --unmount'."
	timeout 10 "$LAUNCHER" --unmount "$MNT"
	assert_nothing_left
}

@test "the keeper is killed while the filesystem starts: told of, and nothing is left" {
	supervise -- "touch:$REPORTS/a.there" sleep:60000
	until_true 10 test -e "$REPORTS/a.there"
	find_keeper
	kill -KILL "$KEEPER"
	wait_fs 125
	run -0 cat "$LOG"
	assert_output "fusefd-launch: cannot mount on '$MNT': its keeper was killed"
	assert_nothing_left
}

@test "the supervisor is killed while the filesystem starts: nothing is left" {
	supervise -- "touch:$REPORTS/a.there" "wait:$GO" serve
	until_true 10 test -e "$REPORTS/a.there"
	kill -KILL "$FS_PID"
	wait "$FS_PID" || true
	touch "$GO"
	assert_nothing_left
	launch_killed_behind_its_front
	assert_nothing_left
}

launch_killed_behind_its_front() {
	rm "$REPORTS/a.there" "$GO"
	start "${LAUNCH[@]}" -b -n 1 "$MNT" "$MOODY" "touch:$REPORTS/a.there" "wait:$GO" serve
	until_true 10 test -e "$REPORTS/a.there"
	kill -KILL "$(command_pid)"
	wait_fs 125
	assert_equal "$(cat "$LOG")" 'fusefd-launch: the supervisor was ended by signal 9'
	touch "$GO"
}

@test "the supervisor is stopped: the filesystem goes on" {
	serve_moody -- serve
	kill -STOP "$FS_PID"
	assert_equal "$(look)" ready
	run -0 timeout 5 cat "$MNT/hello"
	timeout 10 umount "$MNT"
	kill -CONT "$FS_PID"
	wait_fs 0
	assert_nothing_left
}
