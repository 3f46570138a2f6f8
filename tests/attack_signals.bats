#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Signals and timing": what the caller left, COMMAND finds;
# who stops a launch can keep it, and cannot look into it.
#
# Elsewhere: "every system call made to fail" and "SIGKILL at every system call"
# are faults.bats.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack

setup() {
	common_setup
	requires fuse
	RUN=("$FIXTURES/probe" "$REPORT")
}

teardown() {
	[[ -z ${HELD:-} ]] || kill -KILL "$HELD" 2>/dev/null
	common_teardown
}

# ---- What COMMAND finds -----------------------------------------------------------

# A set of signals that was reported, without 32 and 33. These are the C
# library's own: a process that was started by posix_spawn(3), as make starts
# all, has them ignored, and whoever starts a thread, as the launcher does with
# cap_sys_admin alone, takes the second.
signals() { # KEY
	printf '%016x' "$((16#$(reported "$1") & ~0x180000000))"
}

# As the probe finds it without a launcher: the C library keeps two signals.
as_left() { # KEY... -- COMMAND: what is put before the launcher
	local key wanted=() keys=()
	while [[ $1 != -- ]]; do
		keys+=("$1")
		shift
	done
	shift
	: >"$REPORT"
	run clean_fds "$@" "$FIXTURES/probe" "$REPORT"
	assert_success
	for key in "${keys[@]}"; do
		wanted+=("$key=$(signals "$key")")
	done
	: >"$REPORT"
	before_launcher "$@"
	launch_probe -n 1
	for key in "${keys[@]}"; do
		assert_equal "$key=$(signals "$key")" "${wanted[0]}"
		wanted=("${wanted[@]:1}")
	done
}

@test "everything blocked, by the caller: COMMAND finds it so" {
	in_every_mode as_left SigBlk SigIgn -- env --block-signal
	assert_equal "$(signals SigIgn)" 0000000000000000
	[[ $(signals SigBlk) == *[1-9a-f]* ]]
}

@test "SIGCHLD and SIGPIPE ignored, by the caller: COMMAND finds it so" {
	in_every_mode as_left SigBlk SigIgn -- env --ignore-signal=CHLD,PIPE
	assert_equal "$(signals SigIgn)" 0000000000011000
}

@test "every signal ignored and blocked, by the caller: COMMAND finds it so" {
	in_every_mode as_left SigBlk SigIgn -- env --ignore-signal --block-signal
	[[ $(signals SigIgn) == *[1-9a-f]* ]]
}

# A failed exec too, whose guard has a thread where nothing can be locked.
refuse_blocked() {
	local bad=$WORK/alice/bad-interpreter
	printf '#!/no/such/interpreter\n' >"$bad" && chmod 755 "$bad"
	before_launcher env --ignore-signal --block-signal
	refuses 126 interpreter "$MNT" "$bad"
}

@test "every signal ignored and blocked, by the caller: a failed exec leaves nothing" {
	in_every_mode refuse_blocked
}

with_umask() { # UMASK
	: >"$REPORT"
	before_launcher bash -c 'umask "$0" && exec "$@"' "$1"
	launch_probe -n 2
	assert_reported Umask "0$1"
}

@test "umask 000 and 777" {
	in_every_mode with_umask 000
	in_every_mode with_umask 777
}

# Started where alice/gone was.
from_deleted_folder() {
	install -d -o "$OWNER" "$WORK/alice/gone"
	"$@"
	assert_file_not_exist "$WORK/alice/gone"
}

in_deleted_folder() {
	: >"$REPORT"
	before_launcher bash -c 'cd "$0" && rmdir "$0" && exec "$@"' "$WORK/alice/gone"
	from_deleted_folder launch_probe -n 1
	# root's directory is not for another user's COMMAND.
	if [[ $MODE == user ]]; then
		assert_reported CWD /
	else
		assert_reported CWD 'No such file or directory'
	fi
	: >"$REPORT"
	from_deleted_folder refuses 125 "'mnt'.*exist" mnt "${RUN[@]}"
	from_deleted_folder refuses 125 "'.'|removed" . "${RUN[@]}"
	from_deleted_folder refuses 127 "'./probe'" "$MNT" ./probe "$REPORT"
}

@test "cwd deleted" {
	chmod 0777 "$WORK/alice"
	in_every_mode in_deleted_folder
	chmod 0755 "$WORK/alice"
}

# ---- SIGSTOP ------------------------------------------------------------------------

# The launch stops at one system call after the other, for
# as long as somebody likes; then it goes on.
stopped_at_each() {
	local call status
	for call in capset setresuid prctl openat2 fsopen fsconfig fsmount ioctl \
		move_mount; do
		# Its guard is a thread, which is stopped at a call of its own.
		[[ $MODE != alone || $call != capset ]] || continue
		: >"$REPORT"
		rm -f "$BATS_TEST_TMPDIR/trace"
		clean_fds env -i PATH="$PATH" timeout 60 strace -f -qq -u alice \
			-o "$BATS_TEST_TMPDIR/trace" -e "trace=$call" -e "inject=$call:signal=STOP:when=1" \
			"${LAUNCH[-1]}" -n 2 "$MNT" "${RUN[@]}" >"$LOG" 2>&1 &
		HELD=$!
		until_true 10 find_stopped || fail "did not stop at $call: $(cat "$LOG")"
		assert_equal "$call: $(cat "$REPORT")" "$call: "
		[[ $call == move_mount ]] || assert_mounts_unchanged
		"${AS_ALICE[@]}" kill -CONT "$STOPPED" # the user's own to do
		status=0
		wait "$HELD" || status=$?
		HELD=
		assert_equal "$call: $status $(cat "$LOG")" "$call: 0 "
		timeout 10 umount "$MNT"
		assert_reported Uid "$OWNER $OWNER $OWNER $OWNER"
		assert_reported CapPrm 0000000000000000
	done
}

# By strace's account: it stops the process itself too, for a moment, and /proc
# does not tell one from the other.
find_stopped() {
	STOPPED=$(sed -n '/ --- stopped by SIGSTOP ---$/{s/ .*//p;q}' \
		"$BATS_TEST_TMPDIR/trace" 2>/dev/null)
	[[ -n $STOPPED ]]
}

@test "SIGSTOP at every system call that changes something: goes on as if nothing had been" {
	command -v strace >/dev/null || fail "there is no strace"
	use_plain_build
	RUN=("$FIXTURES/probe" "$REPORT")
	in_user_modes stopped_at_each
}

# Before the attach nothing is left, whatever ends it.
end_by_signal() { # SIGNAL
	hold_at attach -n 2 "$MNT" "$(long_named "$FIXTURES/probe")" "$REPORT"
	assert_mounts_unchanged
	"${AS_OWNER[@]}" kill "-$1" "$HELD"
	release
	[[ $status -gt 128 ]] || fail "SIG$1: exit status $status"
	assert_equal "$(cat "$REPORT")" ''
	assert_mounts_unchanged
}

end_by_signals() {
	local signal
	for signal in TERM QUIT KILL; do
		end_by_signal "$signal"
	done
}

@test "SIGTERM and its kin before the attach: nothing is left" {
	in_every_mode end_by_signals
}

# Who stops two launches after each was counted has more than may be counted.
held_after_count() {
	local first first_pipe
	install -d -o "$ALICE" "$WORK/alice/second"
	hold_at attach -n 1 "$MNT" "$(long_named "$FIXTURES/probe")" "$REPORT"
	first=$HELD first_pipe=$FULL
	hold_at attach -n 1 "$WORK/alice/second" "$(long_named "$FIXTURES/probe")" "$REPORT"
	release
	assert_equal "$status" 0
	HELD=$first FULL=$first_pipe
	release
	timeout 10 umount "$WORK/alice/second"
	! is_mounted "$MNT" || fail "$MODE: two mounts where mount_max is 1"
	assert_equal "$status" 125
}

@test "beyond: launches that are held after they were counted do not get round mount_max" {
	echo 'mount_max = 1' >/etc/fuse.conf
	in_user_modes held_after_count
	rm /etc/fuse.conf
}

# ---- Inspection ---------------------------------------------------------------------------

# inspect PID FD: all that alice can learn of it. What anybody may know of any
# process is left out.
inspect() { run -0 "${AS_ALICE[@]}" timeout 10 "$FIXTURES/inspector" "$@"; }

assert_closed() {
	refute_output --partial granted
	# And all was tried.
	assert_line --regexp '^PTRACE_ATTACH=.*Operation not permitted'
	assert_line --regexp '^PTRACE_SEIZE=.*Operation not permitted'
	assert_line --regexp '^pidfd_getfd=.*Operation not permitted'
	assert_line --regexp '^mem=Permission denied'
	assert_line --regexp '^environ=Permission denied'
	assert_line --regexp '^fd=Permission denied'
	assert_line --regexp '^process_vm_readv=Operation not permitted'
}

@test "inspection, the other side: of a process of one's own all is granted" {
	"${AS_ALICE[@]}" sleep 60 3<>/dev/null &
	HELD=$!
	until_true 20 grep -q '^sleep' "/proc/$HELD/comm"
	inspect "$HELD" 0
	assert_line mem=granted
	assert_line environ=granted
	assert_line fd=granted
	assert_line pidfd_getfd=granted
	assert_line process_vm_readv=granted
	[[ $(cat /proc/sys/kernel/yama/ptrace_scope 2>/dev/null) == [1-3] ]] ||
		assert_line PTRACE_ATTACH=granted
	kill -KILL "$HELD"
	wait "$HELD" || true
	HELD=
}

inspect_held() { # POINT
	hold_at "$1" -n 2 "$MNT" "$(long_named "$FIXTURES/probe")" "$REPORT"
	inspect "$HELD" 3
	assert_closed
	release
	assert_equal "$status" 0
	timeout 10 umount "$MNT"
}

@test "ptrace, pidfd_getfd, /proc/PID/mem on us, once the process is the user's: refused" {
	in_user_modes inspect_held narrowed
}

@test "ptrace, pidfd_getfd, /proc/PID/mem on us, just before the attach: refused" {
	in_user_modes inspect_held attach
}

@test "ptrace, pidfd_getfd, /proc/PID/mem on root's launch for alice: refused" {
	attack_as user
	inspect_held narrowed
	inspect_held attach
}

# COMMAND is the user's own again, to be debugged as anything else.
@test "inspection of COMMAND by its user: granted" {
	requires setuid
	attack_as setuid
	start_fs -- "$PASSTHROUGH" -f "$WORK/bin"
	inspect "$FS_PID" 3
	assert_line mem=granted
	assert_line fd=granted
	stop_fs
}

# ---- Core dumps -----------------------------------------------------------------------------

dump_held() {
	rm -f "$REPORTS"/core*
	before_launcher bash -c 'cd "$0" && ulimit -c unlimited && exec "$@"' "$REPORTS"
	hold_at attach -n 2 "$MNT" "$(long_named "$FIXTURES/probe")" "$REPORT"
	"${AS_OWNER[@]}" kill -ABRT "$HELD"
	release
	assert_equal "$status" 134
	run -1 compgen -G "$REPORTS/core*"
}

@test "a core dump of us, RLIMIT_CORE unlimited: none" {
	local pattern
	pattern=$(cat /proc/sys/kernel/core_pattern)
	[[ $pattern == core* ]] || skip "cores go elsewhere here: $pattern"
	# The other side: what alice runs there does leave one.
	run "${AS_ALICE[@]}" bash -c 'cd "$0" && ulimit -c unlimited && kill -ABRT $$' "$REPORTS"
	run -0 compgen -G "$REPORTS/core*"
	in_user_modes dump_held
}
