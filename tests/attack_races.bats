#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# Root mounts and unmounts on alice's mountpoint without end while a supervised
# filesystem attaches there, and while it is unmounted: whatever happens, root's
# mount is never taken away, and never stays hidden under hers.
#
# FUSEFD_RACES=all runs 2,000 of each instead of 24; it takes minutes, so give
# FUSEFD_FILE_TIMEOUT, of seconds, as well.
#
# Not here: a lazy unmount of what is in use, and --unmount --lazy, have
# a look and an act with nothing but a system call between them: identity.h.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack
load supervise

setup() {
	common_setup
	setup_supervise
	requires fuse
}

teardown() {
	[[ -z ${RACER:-} ]] || kill -KILL "$RACER" 2>/dev/null
	[[ -n $BATS_TEST_COMPLETED ]] || clean_up_races
	common_teardown
}

# All that there is, for the next test to start afresh.
clean_up_races() {
	while umount --lazy "$ALICE_MNT" 2>/dev/null; do :; done
	umount --lazy "$WORK/template" 2>/dev/null
}

start_racer() {
	mkdir -p "$WORK/template"
	mount -t tmpfs of-root "$WORK/template"
	clean_fds python3 "$BATS_TEST_DIRNAME/fixtures/racer.py" "$ALICE_MNT" \
		"$WORK/template" >"$BATS_TEST_TMPDIR/racer" 2>&1 &
	RACER=$!
	until_true 10 is_roots || fail "$(cat "$BATS_TEST_TMPDIR/racer")"
}

is_roots() { [[ $(</proc/self/mountinfo) == *" $ALICE_MNT "*" - tmpfs of-root "* ]]; }
is_hers() { [[ $(</proc/self/mountinfo) == *' - fuse.rawfs '* ]]; }
is_hers_or_ended() { is_hers || has_ended "$FS_PID"; }

pause_racer() {
	kill -USR1 "$RACER"
	until_true 10 test -e "$WORK/template/paused" || fail "it does not pause: $(cat "$BATS_TEST_TMPDIR/racer")"
}

resume_racer() {
	kill -USR2 "$RACER"
	until_true 10 is_going || fail "it does not go on"
}
is_going() { [[ ! -e $WORK/template/paused ]]; }

stop_racer() { # WHAT
	kill "$RACER"
	wait "$RACER"
	RACER=
	umount "$WORK/template"
	echo "# result: $MODE: $1; root: $(xargs <"$BATS_TEST_TMPDIR/racer")" >&3
	run cat "$BATS_TEST_TMPDIR/racer"
	assert_line 'taken 0'
	assert_line 'hidden 0'
}

rounds() {
	local rounds=24
	[[ ${FUSEFD_RACES:-} != all ]] || rounds=2000
	# In full where alice gains most, and in part for what else there is.
	[[ $MODE == setuid ]] || rounds=$((rounds / 4))
	echo "$rounds"
}

start_hers() {
	start "${LAUNCH[@]}" -S -n 1 "$ALICE_MNT" -- "$FIXTURES/rawfs"
	until_true 20 is_hers_or_ended || fail "neither mounted nor refused: $(cat "$LOG")"
}

by_term() { kill -TERM "$FS_PID"; }
by_kill() { kill -KILL "$FS_PID"; }
by_launcher() { # [OPTION]
	(clean_fds "${AS_ALICE[@]}" timeout 20 "$LAUNCHER_SETUID" --unmount "$@" \
		"$ALICE_MNT" >/dev/null 2>&1) || kill -TERM "$FS_PID"
}

# If root's is on hers, hers stays below it: a supervisor says so, and ends.
end_hers() { # HOW...
	"$@" 2>/dev/null || true
	wait "$FS_PID" 2>/dev/null || true
	FS_PID=
	pause_racer
	until_true 10 has_no_keeper || fail "there is a keeper"
	is_hers || return 0
	umount --no-canonicalize "$ALICE_MNT"
	LEFT=$((LEFT + 1))
}
has_no_keeper() { ! find_keeper; }

raced_attaches() {
	local i wanted landed=0 refused=0
	wanted=$(rounds) LEFT=0
	start_racer
	for ((i = 0; i < wanted; i++)); do
		start_hers
		if is_hers; then
			landed=$((landed + 1))
		else
			grep -qE "meanwhile|not owned by you|may not write|in no mount|on '/'" "$LOG" ||
				fail "$(cat "$LOG")"
			refused=$((refused + 1))
		fi
		end_hers by_term
		resume_racer
	done
	stop_racer "$landed attached, $refused refused, $LEFT left below root's"
	((refused > 0)) || fail "there was no race"
}

@test "raced attaches: root's mount is neither taken nor hidden" {
	requires setuid
	in_modes "user setuid" raced_attaches
}

raced_unmounts() { # HOW...
	local i wanted
	wanted=$(rounds) LEFT=0
	start_racer
	pause_racer
	for ((i = 0; i < wanted; i++)); do
		start_hers
		is_hers || fail "$(cat "$LOG")"
		resume_racer
		sleep "0.00$((RANDOM % 10))"
		end_hers "$@"
	done
	stop_racer "$wanted unmounts $*, $LEFT left below root's"
}

@test "raced unmounts by the supervisor: root's mount is neither taken nor hidden" {
	requires setuid
	in_modes "user setuid" raced_unmounts by_term
}

@test "raced unmounts by the keeper alone: root's mount is neither taken nor hidden" {
	requires setuid
	in_modes "user setuid" raced_unmounts by_kill
}

@test "raced unmounts by --unmount: root's mount is neither taken nor hidden" {
	requires setuid
	in_modes setuid raced_unmounts by_launcher
}
