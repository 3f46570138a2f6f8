#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Attacks on what a supervisor finds out by a probe: whether the filesystem
# serves, and whether any of those whom COMMAND has left behind does. The probe
# has the owner's ids; and who answers it, or does not, is the owner's too.

load helpers
load supervise

setup() {
	common_setup
	requires fuse
	setup_supervise
	SERVE=$REPORTS/serve
	rm -f "$SERVE"
}

# The supervisor's probe. Sets PROBE, its pid.
find_probe() {
	PROBE=$(pgrep -P "$FS_PID" -x fusefd-probe)
}

wait_for_probe() {
	until_true 10 find_probe || fail "there is no probe: $(cat "$LOG")"
}

has_another_probe() { # PID
	find_probe && [[ $PROBE != "$1" ]]
}

# Its owner does it. Nothing is known thereafter, and so another one asks.
kill_probe() {
	local before
	wait_for_probe
	before=$PROBE
	"${AS_OWNER[@]}" kill -KILL "$before"
	until_true 10 has_another_probe "$before" ||
		fail "nobody asks again: $(cat "$LOG")"
}

# ---- Nobody answers it ----------------------------------------------------------

# It waits in a request that was read, where no signal ends it.
hung_probe_is_unmounted() {
	STOP=1
	serve_moody -- "until:$GO" daemonize take "touch:$REPORTS/taken.there" \
		ignore:TERM sleep:600000
	touch "$GO"
	wait_for_probe
	until_true 10 test -e "$REPORTS/taken.there"
	timeout 10 "$LAUNCHER" --unmount "$MNT"
	until_true 30 has_ended "$FS_PID" || fail 'it waits for its probe'
	wait_fs 137
}

@test "a child that was left behind never answers: unmounted, it is ended all the same" {
	with_fusectl hung_probe_is_unmounted
	assert_nothing_left
}

# The probe itself, while it is not answered, is no user of the mount.
goes_on_with_hung_probe() {
	STOP=60
	serve_moody -- "until:$GO" daemonize "wait:$SERVE" serve
	exec 9<"$MNT/hello"
	touch "$GO"
	wait_for_probe
	timeout 10 umount -l "$MNT"
	sleep 2.5 # longer than the supervisor waits between two looks
	touch "$SERVE"
	run -0 timeout 5 cat <&9
	assert_output 'hello from a moody filesystem'
	sleep 2.5
	kill -0 "$FS_PID" || fail "it has ended: $(cat "$LOG")"
	exec 9<&-
	wait_fs 0
}

@test "a child that was left behind answers late, unmounted lazily: it serves to the end" {
	with_fusectl goes_on_with_hung_probe
	assert_nothing_left
}

# ---- It is answered strangely -----------------------------------------------------

@test "a root of which the filesystem itself says ENOTCONN: ready, and served" {
	supervise -- deny:107 serve # ENOTCONN
	until_true 10 is_mounted "$MNT" || fail "$(cat "$LOG")"
	assert_serves
	stop_fs
	assert_nothing_left
}

assert_serves() {
	run -0 timeout 5 cat "$MNT/hello"
	assert_output 'hello from a moody filesystem'
}

@test "the same of a child that was left behind: it is not taken for dead" {
	serve_moody -- "until:$GO" deny:107 daemonize serve
	touch "$GO"
	until_true 10 is_left_behind || fail "$(cat "$LOG")"
	sleep 2.5 # longer than a dead one would be given
	assert_serves
	stop_fs
	assert_nothing_left
}

# COMMAND has ended, its child has a session of its own, and nobody asks it.
is_left_behind() {
	local pid
	pid=$(command_pid) && ! find_probe &&
		[[ $(ps -o sid= -p "$pid" | xargs) == "$pid" ]]
}

# ---- It is killed --------------------------------------------------------------------

@test "the probe is killed while the filesystem starts: ready when it serves" {
	local mode
	for mode in root user; do
		as_mode "$mode"
		supervise -- "wait:$SERVE" serve
		kill_probe
		kill_probe
		touch "$SERVE"
		wait_mounted "$MNT"
		stop_fs
		assert_nothing_left
		rm "$SERVE"
	done
}

@test "the probe of a child that was left behind is killed: it goes on" {
	local mode
	for mode in root user; do
		as_mode "$mode"
		serve_moody -- "until:$GO" daemonize "wait:$SERVE" serve
		touch "$GO"
		kill_probe
		sleep 1.5 # longer than a dead one would be given
		touch "$SERVE"
		assert_equal "$(look)" ready
		stop_fs
		assert_nothing_left
		rm "$GO" "$SERVE"
	done
}
