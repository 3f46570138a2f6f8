#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Supervised launches, how they begin: the mount appears when the filesystem is
# ready and not before; and a filesystem that fails to start was never mounted,
# with a message and a status that tell why.

load helpers
load supervise

setup() {
	common_setup
	requires fuse
	setup_supervise
}

# ---- Ready ------------------------------------------------------------------------

# It waits for $GO before, in, or behind FUSE_INIT.
appears_when_ready() { # STEP...
	supervise -- "touch:$REPORTS/a.there" "$@"
	until_true 10 test -e "$REPORTS/a.there"
	for _ in {1..10}; do
		assert_equal "$(look)" empty
		! is_mounted "$MNT" || fail "mounted before it was ready: $*"
		sleep 0.02
	done
	touch "$GO"
	wait_mounted "$MNT"
	assert_equal "$(look)" ready
	run -0 timeout 5 cat "$MNT/hello"
	assert_output 'hello from a moody filesystem'
	stop_fs
	assert_equal "$(look)" empty
	rm "$GO" "$REPORTS/a.there"
}

@test "-S: the mount appears when the filesystem answers, and not before" {
	appears_when_ready "wait:$GO" serve
	appears_when_ready init "wait:$GO" serve
}

@test "-b: returns when the filesystem answers, and not before" {
	start "${LAUNCH[@]}" -b -n 1 "$MNT" "$MOODY" init "wait:$GO" serve
	for _ in {1..10}; do
		assert_equal "$(look)" empty
		kill -0 "$FS_PID" || fail "returned before it was ready: $(cat "$LOG")"
		sleep 0.02
	done
	touch "$GO"
	until_true 10 has_ended "$FS_PID"
	assert_equal "$(look)" ready
	wait_fs 0
	assert_equal "$(cat "$LOG")" ''
	timeout 10 umount "$MNT"
	assert_nothing_left
}

# Asked again and again, the mountpoint is the empty folder until it is the
# ready filesystem: never a hang, an error, or one after the other.
turns() { # -S|-b STEP...
	local seen before=empty count=0
	start "${LAUNCH[@]}" "$1" -n 1 "$MNT" "$MOODY" "${@:2}"
	until [[ $before == ready ]]; do
		seen=$(look)
		[[ $seen == empty || $seen == ready ]] || fail "$*: $seen"
		((++count < 2000)) || fail "$*: never ready: $(cat "$LOG")"
		before=$seen
	done
	((count > 20)) || fail "$*: asked only $count times"
	for _ in {1..10}; do
		assert_equal "$(look)" ready
	done
	timeout 10 umount "$MNT"
	wait_fs 0
	assert_nothing_left
}

@test "a start that takes three seconds: an empty folder, then the filesystem" {
	turns -S sleep:3000 serve
	turns -b init sleep:3000 serve
	turns -b daemonize sleep:3000 serve
}

# The probe asks, and is not answered before $GO; nor does it keep those waiting
# who wait for the end of our output.
@test "READY=1 is enough, and no answer to the probe is waited for" {
	local output
	output=$(launch_moody_in_time -b init ready "wait:$GO" serve)
	assert_equal "$output" ''
	is_mounted "$MNT"
	touch "$GO"
	assert_equal "$(look)" ready
	until_true 10 unmounts
	assert_nothing_left
}

launch_moody_in_time() { # MODE STEP...
	clean_fds timeout -k 1 20 "${LAUNCH[@]}" "$1" -n 1 "$MNT" "$MOODY" \
		"${@:2}" 2>&1
}

unmounts() { timeout 10 umount "$MNT"; }

# Whoever knows the library says so by itself.
@test "filesystems with the library are ready when they say so" {
	launch -b -n 2 "$MNT" -- "$PASSTHROUGH" -f "$WORK/bin"
	assert_success
	run -0 timeout 5 ls "$MNT"
	assert_output --partial setuid
	timeout 10 umount "$MNT"
	launch -b -n 2 "$MNT" -- "$FIXTURES/rawfs"
	assert_success
	run -0 timeout 5 cat "$MNT/hello"
	timeout 10 umount "$MNT"
	assert_nothing_left
}

# As one that takes /dev/fd/N for a mountpoint; it finds no handoff.
UNAWARE=(env -u FUSEFD_FDS -u FUSEFD_PROTOCOL -u NOTIFY_SOCKET
	"$FIXTURES/hello_main" -f -s '{}')

probed() { # OPTION...
	launch -b "$@" "$MNT" -- "${UNAWARE[@]}"
	assert_equal "$status $output" '0 '
	run -0 timeout 5 "${AS_OWNER[@]}" cat "$MNT/hello"
	assert_output "hello from uid $OWNER"
	timeout 10 umount "$MNT"
	assert_nothing_left
}

@test "filesystems without the library are ready when they answer: for root" {
	probed
	probed -o allow_other
	probed -o ro,default_permissions
	as_mode user
	probed
	probed -o allow_other
}

@test "filesystems without the library are ready when they answer: for users" {
	requires setuid caps
	echo user_allow_other >/etc/fuse.conf
	for mode in setuid caps; do
		as_mode "$mode"
		probed
		probed -o allow_other
	done
	rm /etc/fuse.conf
}

@test "filesystems without the library are ready when they answer: in a user namespace" {
	requires userns
	# Those who make user namespaces find it open to all.
	mknod -m 0666 "$WORK/fuse" c 10 229
	mount --bind "$WORK/fuse" /dev/fuse
	# shellcheck disable=SC2016
	run clean_fds timeout -k 1 20 "${AS_ALICE[@]}" unshare -Urm bash -c '
		"$@" && timeout 5 cat "$0/hello" && timeout 10 umount "$0"' \
		"$ALICE_MNT" "$LAUNCHER" -b "$ALICE_MNT" -- "${UNAWARE[@]}"
	umount /dev/fuse
	rm "$WORK/fuse"
	assert_success
	assert_output 'hello from uid 0'
}

@test "the root of a filesystem that answers with an error answers" {
	# An answer is one, whatever it says: a root that may not be looked at.
	launch -b -n 1 "$MNT" -- "$MOODY" init deny serve
	assert_success
	is_mounted "$MNT"
	timeout 10 umount "$MNT"
	assert_nothing_left
}

# ---- A start that fails --------------------------------------------------------------

# What it wrote comes before the reason; then there is nothing left.
start_fails_so() { # STATUS REASON MODE OPTION... -- COMMAND...
	local reason=$2 wanted=$1
	shift 2
	launch -n 1 --stop-timeout="$STOP" "${@:1:$#}"
	assert_equal "status $status of: $*" "status $wanted of: $*"
	assert_line --index 0 'first words'
	assert_line --index 1 --regexp "^fusefd-launch: $reason"
	assert_nothing_left
}

start_fails() { # STATUS REASON STEP...
	local mode
	for mode in -S -b; do
		start_fails_so "$1" "cannot start '$MOODY': $2" "$mode" "$MNT" \
			-- "$MOODY" 'say:first words' "${@:3}"
	done
}

@test "it exits before it is ready: its own status" {
	start_fails 1 'it exited with status 1 before it was ready' exit:1
	start_fails 3 'it exited with status 3 ' init exit:3
	start_fails 42 'it exited with status 42 ' init take exit:42
	start_fails 4 'it exited with status 4 ' init close 'sleep:300' exit:4
	start_fails 5 'it exited with status 5 ' daemonize init exit:5
	start_fails 6 'it exited with status 6 ' daemonize daemonize exit:6
}

@test "it exits with 0 before it is ready: 125" {
	start_fails 125 'it exited with status 0 before it was ready' exit:0
	start_fails 125 'it exited with status 0 ' init take exit:0
	start_fails 125 'it exited with status 0 ' daemonize exit:0
}

@test "a signal ends it before it is ready: 128 and its number" {
	start_fails 139 'it was ended by signal 11 \(Segmentation fault\) before' raise:SEGV
	start_fails 137 'it was ended by signal 9 \(Killed\) before' init raise:KILL
	start_fails 134 'it was ended by signal 6 \(Aborted\) before' init take raise:ABRT
	start_fails 143 'it was ended by signal 15 \(Terminated\) before' daemonize raise:TERM
}

@test "it is not ready in time: 125, with what to do" {
	local steps
	STOP=1
	for steps in sleep:60000 'init sleep:60000' 'init take sleep:60000' \
		raise:STOP 'ignore:TERM sleep:60000' 'daemonize sleep:60000' \
		'init holder:60 raise:STOP' 'zombies:9 sleep:60000' \
		'helper:60 take sleep:60000'; do
		# shellcheck disable=SC2086 # words
		launch_too_slow -S $steps
	done
	launch_too_slow -b init raise:STOP
}

launch_too_slow() { # MODE STEP...
	start_fails_so 125 "cannot start '$MOODY': it was not ready after 1 second" \
		"$1" --ready-timeout=1 "$MNT" -- "$MOODY" 'say:first words' "${@:2}"
	assert_line --index 2 --partial --ready-timeout
}

@test "it cannot be executed: 126, not found: 127, as without a supervisor" {
	local mode
	printf '#!/no/such/interpreter\n' >"$WORK/bad" && chmod 755 "$WORK/bad"
	for mode in -S -b; do
		refuses 127 "cannot execute '/no/such'" "$mode" "$MNT" /no/such
		refuses 127 "cannot find the command 'nosuch'" "$mode" "$MNT" nosuch
		refuses 126 'its interpreter does not exist' "$mode" "$MNT" "$WORK/bad"
		refuses 126 'Permission denied' "$mode" "$MNT" /etc/passwd
		assert_nothing_left
	done
	rm "$WORK/bad"
}

# Between its start and the attach.
meanwhile() { # MODE REASON OPTION... -- COMMAND...: what is done meanwhile
	local mode=$1 reason=$2 status=0 options=()
	shift 2
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	start "${LAUNCH[@]}" "$mode" "${options[@]}" "$MNT" "$MOODY" \
		"touch:$REPORTS/a.there" "wait:$GO" serve
	until_true 10 test -e "$REPORTS/a.there" || fail "$(cat "$LOG")"
	"$@"
	touch "$GO"
	until_true 10 has_ended "$FS_PID" || fail "does not end"
	wait "$FS_PID" || status=$?
	assert_equal "$status" 125
	run -0 cat "$LOG"
	assert_output --regexp "^fusefd-launch: cannot mount on '$MNT': $reason"
	rm -f "$GO" "$REPORTS"/*.there
}

@test "something is mounted on the mountpoint meanwhile: 125" {
	local mode
	for mode in -S -b; do
		meanwhile "$mode" 'something else was mounted there meanwhile' -- \
			mount -t tmpfs none "$MNT"
		timeout 10 umount "$MNT"
		assert_nothing_left
	done
}

@test "the mountpoint is removed meanwhile: 125" {
	MNT=$WORK/short-lived
	for mode in -S -b; do
		mkdir "$MNT"
		meanwhile "$mode" 'it was removed meanwhile' -- rmdir "$MNT"
		assert_nothing_left
	done
}

# A user judged by rights of long ago could cover what is another's by now.
@test "a user's mountpoint is given to another meanwhile: 125" {
	local mode
	requires setuid
	as_mode setuid
	for mode in -S -b; do
		meanwhile "$mode" 'its owner or its mode was changed meanwhile' -- \
			chown "$BOB" "$MNT"
		chown "$ALICE" "$MNT"
		assert_nothing_left
	done
}

@test "it is renamed meanwhile: mounted where it is now" {
	MNT=$WORK/before
	mkdir "$MNT"
	supervise -- "touch:$REPORTS/a.there" "wait:$GO" serve
	until_true 10 test -e "$REPORTS/a.there"
	mv "$MNT" "$WORK/behind"
	touch "$GO"
	MNT=$WORK/behind
	wait_mounted "$MNT"
	stop_fs
	rmdir "$MNT"
}

@test "mount_max is reached meanwhile: 125" {
	local mode
	requires setuid
	as_mode setuid
	echo 'mount_max = 1' >/etc/fuse.conf
	install -d -o "$ALICE" "$WORK/alice/other"
	for mode in -S -b; do
		meanwhile "$mode" "with what you mount elsewhere.*'mount_max'" -- \
			mount_elsewhere
		timeout 10 umount "$WORK/alice/other"
		assert_nothing_left
	done
	rm /etc/fuse.conf
}

mount_elsewhere() { # COMMAND is gone, and the mount is dead.
	(clean_fds "${LAUNCH[@]}" "$WORK/alice/other" true)
}

# ---- Interrupted ------------------------------------------------------------------------

# As Ctrl-C in a script: the front is told alone.
interrupted() { # SIGNAL STEP...
	start "${LAUNCH[@]}" -b --stop-timeout="$STOP" "$MNT" "$MOODY" \
		"touch:$REPORTS/a.there" "${@:2}"
	until_true 10 test -e "$REPORTS/a.there"
	kill "-$1" "$FS_PID"
	until_true 10 has_ended "$FS_PID"
	wait "$FS_PID" || true
	until_true 10 assert_nothing_left
	rm "$REPORTS/a.there"
}

@test "-b is interrupted before it is ready: nothing is left" {
	interrupted TERM sleep:60000
	interrupted KILL init sleep:60000
	interrupted INT init take raise:STOP
	interrupted TERM daemonize ignore:TERM sleep:60000
}

@test "-S is told to end before it is ready: COMMAND is, too" {
	supervise -- record:"$SIGNALS" "touch:$REPORTS/a.there" sleep:300 raise:KILL
	until_true 10 test -e "$REPORTS/a.there"
	kill -TERM "$FS_PID"
	wait_fs 137
	assert_equal "$(cat "$SIGNALS")" TERM
	rm "$REPORTS/a.there"
	supervise -- init "touch:$REPORTS/a.there" sleep:60000
	until_true 10 test -e "$REPORTS/a.there"
	kill -TERM "$FS_PID"
	wait_fs 143
	assert_nothing_left
}

# ---- A dry run -------------------------------------------------------------------------------

@test "--dry-run starts nothing, supervised or not" {
	local mode
	for mode in -S -b; do
		launch "$mode" --dry-run "$MNT" -- "$MOODY" "touch:$REPORTS/a.there"
		assert_success
		assert_output --partial 'would execute'
		assert_file_not_exist "$REPORTS/a.there"
		assert_nothing_left
	done
}
