#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The manners that filesystems have, and what comes of each: without a
# supervisor ("exec"), with -S, and with -b. Each line of the table under MANNERS
# in fusefd-launch(8) is a test, here or in manners_terminal.bats.

load helpers
load supervise

setup() {
	common_setup
	requires fuse
	setup_supervise
}

# ---- What makes no difference ----------------------------------------------------------

@test "changes its directory; its session, or its name; executes itself again" {
	serves_and_ends 0 env --chdir=/ "$MOODY" serve
	serves_and_ends 0 setsid "$MOODY" serve
	serves_and_ends 0 "$MOODY" 'name:x) Z 1 (fuse' serve
	serves_and_ends 0 env env "$MOODY" serve
}

@test "blocks all signals; closes stdin, stdout, stderr; uses up its fds" {
	serves_and_ends 0 env --block-signal "$MOODY" serve
	serves_and_ends 0 sh -c 'exec "$@" <&- >&- 2>&-' sh "$MOODY" serve
	# A sanitizer looks for leaks with fds of its own.
	install -m 0755 "$FUSEFD_PLAIN_BUILD/fixtures/moody" "$WORK/bin"
	serves_and_ends 0 "$WORK/bin/moody" hoard serve
}

@test "has a parent that waits for it, and holds its device fds" {
	serves_and_ends 0 sh -c '"$@"; exit $?' sh "$MOODY" serve
}

@test "changes its directory: a mountpoint that was given as a relative path" {
	local where=$MNT mode
	LAUNCH=(env --chdir="${MNT%/*}" "${LAUNCH[@]}")
	for mode in '' -S -b; do
		# shellcheck disable=SC2016,SC2086
		start "${LAUNCH[@]}" $mode -n 1 "${MNT##*/}" \
			sh -c 'cd / && [ "$FUSEFD_MOUNTPOINT" = "$1" ] &&
				shift && exec "$@"' sh "$where" "$MOODY" serve
		wait_mounted "$MNT"
		timeout 10 umount "$MNT"
		wait_fs 0
		assert_nothing_left
	done
}

# ---- Who goes to the background -----------------------------------------------------------

# A daemon that goes on; what it is not dies, and that says nothing.
@test "goes to the background: followed" {
	local steps
	for steps in 'daemonize serve' 'daemonize daemonize serve' \
		'daemonize init ready serve' 'daemonize helper:600 serve'; do
		# shellcheck disable=SC2086 # words
		launch -b -n 1 "$MNT" -- "$MOODY" $steps
		assert_success
		assert_equal "$(look)" ready
		timeout 10 umount "$MNT"
		assert_nothing_left
	done
	launch -b -n 2 "$MNT" -- "$PASSTHROUGH" "$WORK/bin"
	assert_success
	run -0 timeout 5 ls "$MNT"
	assert_output --partial setuid
	timeout 10 umount "$MNT"
	assert_nothing_left
}

@test "goes to the background, without a supervisor: the launcher has ended, with 0" {
	launch_by exec "$MOODY" daemonize serve
	wait_fs 0
	assert_equal "$(look)" ready
	timeout 10 umount "$MNT"
	assert_nothing_left
}

@test "goes to the background, and ends: unmounted, with its status" {
	serve_moody -- daemonize daemonize "until:$GO" exit:3
	touch "$GO"
	wait_fs 3
	assert_nothing_left
}

@test "goes to the background with another status than 0: it has failed" {
	fails_so 3 'it exited with status 3 before' daemonize:3 sleep:60000
	launch_by exec "$MOODY" daemonize:3 serve
	wait_fs 3
	assert_equal "$(look)" ready
	timeout 10 umount "$MNT"
	assert_nothing_left
}

fails_so() { # STATUS REASON STEP...
	local mode
	for mode in -S -b; do
		launch_by "$mode" "$MOODY" "${@:3}"
		wait_fs "$1"
		run -0 cat "$LOG"
		assert_output --partial "cannot start '$MOODY': $2"
		assert_nothing_left
	done
}

# ---- Who leaves children ---------------------------------------------------------------------

has_no_zombie() { # PID
	local child
	for child in $(children_of "$1"); do
		! grep -q '^State:.Z' "/proc/$child/status" || return
	done
}

# has_children PID COUNT
has_children() { (($(children_of "$1" | wc -w) == $2)); }

@test "has orphans: buried, and how they end is no matter" {
	serve_moody -- helper:0,1 helper:0,2 helper:0 serve
	until_true 10 has_children "$FS_PID" 1 # the probe, and all of these
	assert_equal "$(look)" ready
	stop_fs
	serve_moody -- daemonize helper:0,1 helper:0,2 helper:1,3 serve
	until_true 10 has_children "$FS_PID" 1
	has_no_zombie "$FS_PID"
	assert_equal "$(look)" ready
	stop_fs
	assert_nothing_left
}

# The first that was started.
filesystem_pid() { children_of "$FS_PID" | xargs -n 1 | sort -n | head -n 1; }

@test "leaves children, that hold its device fds too: they are ended with it" {
	local started=$SECONDS
	STOP=60
	serve_moody -- helper:600 helper:600 serve
	kill -KILL "$(filesystem_pid)"
	wait_fs 137
	serve_moody -- holder:600 serve
	kill -KILL "$(filesystem_pid)"
	wait_fs 137
	serve_moody -- zombies:5 helper:600 serve
	stop_fs
	((SECONDS - started < STOP)) || fail 'they were killed, not told'
	assert_nothing_left
}

# They are no filesystem that has gone to the background: nobody has a device
# fd any more, whatever the status was, and however many they are.
@test "leaves children without its device fds, and ends well, or as a daemon: over" {
	over_but_for_helpers 'helper:600 0' 'helper:600 helper:600 0' \
		'helper:600 daemonize 3' 'helper:600 daemonize helper:600 0'
	as_mode user
	over_but_for_helpers 'helper:600 0'
	requires setuid
	as_mode setuid
	over_but_for_helpers 'helper:600 0'
}

over_but_for_helpers() { # "STEP... STATUS"...
	local steps
	for steps in "$@"; do
		# shellcheck disable=SC2086 # words
		serve_moody -- ${steps% *} "until:$GO" "exit:${steps##* }"
		touch "$GO"
		wait_fs "${steps##* }"
		rm "$GO"
		assert_nothing_left
	done
}

# It is found out by way of the mountpoint; but of that mount, not of another.
@test "leaves children without its device fds, under another mount: not found out" {
	serve_moody -- helper:600 "until:$GO" exit:0
	mount -t tmpfs none "$MNT"
	touch "$GO"
	until_true 10 has_children "$FS_PID" 1
	kill -KILL "$(children_of "$FS_PID" | xargs)"
	wait_fs 137
	timeout 10 umount "$MNT"
	timeout 10 umount "$MNT"
	assert_nothing_left
}

# One that said READY=1 was the filesystem, whoever holds its device fds.
@test "said READY=1 itself, ends well, and leaves children: over" {
	local child
	for child in helper holder; do
		serve_moody -- "$child:600" init ready "until:$GO" exit:0
		touch "$GO"
		wait_fs 0
		rm "$GO"
		assert_nothing_left
	done
}

@test "leaves children that hold its device fds, without a supervisor: the mount hangs" {
	launch_by exec "$MOODY" holder:600 serve
	wait_mounted "$MNT"
	kill -KILL "$FS_PID"
	wait_fs 137
	run -124 timeout 1 stat "$MNT"
	timeout 10 "$LAUNCHER" --unmount "$MNT"
	assert_mounts_unchanged
	kill -KILL "$(new_processes)"
	assert_nothing_left
}

@test "has a parent that waits for it: whichever of them ends, both do" {
	serve_by -S sh -c '"$@"; exit $?' sh "$MOODY" serve
	kill -TERM "$FS_PID"
	wait_fs 143
	assert_nothing_left
	serve_by -S sh -c '"$@"; exit $?' sh "$MOODY" "until:$GO" exit:3
	touch "$GO"
	ends_by_itself -S 3
}

@test "has a parent that waits for it, without a supervisor: it goes on alone" {
	serve_by exec sh -c '"$@"; exit $?' sh "$MOODY" serve
	kill -TERM "$FS_PID"
	wait_fs 143
	assert_equal "$(look)" ready
	timeout 10 umount "$MNT"
	assert_nothing_left
}

# ---- Who loses the device fds -------------------------------------------------------------------

# Nothing has been mounted, but by exec.
fails_in_each_way() { # STATUS LINE COMMAND...
	local mode
	for mode in exec -S -b; do
		launch_by "$mode" "${@:3}"
		wait_fs "$1"
		run -0 cat "$LOG"
		assert_line --index 0 --regexp "$2"
		[[ $mode == exec ]] ||
			assert_line --index 1 --regexp "^fusefd-launch: cannot start '$3': "
		[[ $mode != exec ]] || take_dead_mount
		assert_nothing_left
	done
}

# In the place of close_range(3, ...), as daemons do it.
CLOSES=(sh -c 'exec 3>&-; exec "$@"' sh)

@test "closes all fds above 2 before it starts: told by the library, and by libfuse" {
	fails_in_each_way 3 'one of them is not open' \
		"${CLOSES[@]}" "$PASSTHROUGH" -f "$WORK/bin"
	fails_in_each_way 4 '/dev/fd/3' "${CLOSES[@]}" env -u FUSEFD_FDS \
		-u FUSEFD_PROTOCOL -u NOTIFY_SOCKET "$FIXTURES/hello_main" -f -s '{}'
}

@test "closes its device fds before it is ready: 125" {
	local reason='it closed its device fds before it was ready'
	fails_so 125 "$reason" close sleep:60000
	fails_so 125 "$reason" init close sleep:60000
	fails_so 125 "$reason" init close raise:STOP
}

# A mount that is dead is better than a filesystem that is ended while it
# writes back what it has.
@test "closes its device fds and goes on: dead, and unmounted when it ends" {
	local mode
	for mode in exec -S -b; do
		serve_by "$mode" "$MOODY" "until:$GO" close "touch:$REPORTS/a.there" \
			"wait:$GO.end" exit:3
		touch "$GO"
		until_true 10 test -e "$REPORTS/a.there"
		run -1 timeout 5 stat "$MNT"
		assert_output --partial 'Transport endpoint is not connected'
		touch "$GO.end"
		ends_by_itself "$mode" 3
		rm "$GO" "$GO.end" "$REPORTS/a.there"
	done
}

# ---- Who ends in a way of its own ------------------------------------------------------------------

@test "exits at once: its status; nothing is left, but by exec a dead mount" {
	fails_in_each_way 42 '^first words$' "$MOODY" 'say:first words' exit:42
}

# By a user and by root, who needs no privilege to unmount else.
unmounts_itself() {
	local mode
	for mode in exec -S -b; do
		serve_by "$mode" "$MOODY" "until:$GO" close "run:$1 '$MNT'" exit:3
		touch "$GO"
		[[ $mode == -b ]] || {
			until_true 10 has_ended "$FS_PID"
			[[ -s $LOG ]] || fail "$1 says nothing"
		}
		ends_by_itself "$mode" 3
		rm "$GO"
	done
}

@test "runs fusermount3 -u, or umount, at its end: refused; a supervisor unmounts" {
	unmounts_itself 'fusermount3 -u'
	unmounts_itself umount
	requires setuid
	as_mode setuid
	unmounts_itself 'fusermount3 -u'
	unmounts_itself umount
}
