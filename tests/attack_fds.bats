#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Fds and limits": COMMAND sees 0 to 2 and what was
# announced, and finds the limits as its caller set them; under each of them a
# launch works or leaves nothing.
#
# Elsewhere: each of 0, 1, 2 closed, and fds leaked to root's launch, in
# launch.bats; EMFILE and ENOMEM at every single call in faults.bats; E2BIG in
# badinput.bats.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack

setup() {
	common_setup
	requires fuse
	use_plain_build
	RUN=("$FIXTURES/probe" "$REPORT")
}

# works_or_leaves_nothing: of the launch that just ended, with the probe's
# report on stdout. Sets WORKED.
works_or_leaves_nothing() {
	WORKED=no
	if is_mounted "$MNT" && ((status > 128)); then
		# COMMAND's exec succeeded, and that is all: it found too little of
		# something to get to its main(). As where any COMMAND dies, the
		# mount stays, and is the user's own.
		[[ -z $output ]] || fail "COMMAND died, and said: $output"
		timeout 10 "${AS_OWNER[@]}" fusermount3 -u "$MNT"
	elif is_mounted "$MNT"; then
		timeout 10 umount "$MNT"
		assert_equal "status $status with a mount" 'status 0 with a mount'
		WORKED=yes
	else
		[[ $status -ne 0 ]] || fail "neither mounted nor refused: $output"
		[[ $output != *ENV_FUSEFD_FDS* ]] || fail "COMMAND ran: $output"
		# Where a signal ended it, the shell's "Killed" is all there is.
		[[ -n $output || $status -gt 128 ]] || fail "no reason is told (status $status)"
		((${#lines[@]} <= 2)) || fail "more than two lines: $output"
	fi
	assert_mounts_unchanged
}

# ---- Fds --------------------------------------------------------------------------

# Fd N is open in the launch where it is not among those closed.
close_combination() { # "0<&- 1>&-"
	local fd
	: >"$REPORT"
	attack_as "$MODE"
	before_launcher bash -c "exec \"\$@\" $1" bash
	launch -n 2 "$MNT" "${RUN[@]}"
	assert_success
	timeout 10 umount "$MNT"
	assert_equal "$(reported_fds)" "0 1 2 3 4"
	assert_reported ENV_FUSEFD_FDS 3,4
	for fd in 0 1 2; do
		# Of a privileged program the C library has closed ones opened
		# already, the first on a device that cannot be read.
		[[ $1 != *${fd}[\<\>]* ]] || grep -qE "^FD_$fd=/dev/(null|full) " "$REPORT" ||
			fail "closed by $1: $(grep "^FD_$fd" "$REPORT")"
	done
	# And where it fails, and has nobody to tell: as quietly as it must.
	launch -n 2 "$MNT" "$WORK/none"
	assert_failure 127
	assert_mounts_unchanged
}

close_combinations() {
	local zero one two
	for zero in '' '0<&-'; do
		for one in '' '1>&-'; do
			for two in '' '2>&-'; do
				close_combination "$zero $one $two"
			done
		done
	done
}

@test "0, 1, 2 closed in every combination" {
	in_every_mode close_combinations
}

inherit_many() {
	: >"$REPORT"
	before_launcher bash -c '
		for fd in {3..200}; do
			[[ $fd == 255 ]] || eval "exec $fd</etc/passwd"
		done
		exec "$@"' bash
	launch -n 3 -k 100 -k 150 "$MNT" "${RUN[@]}"
	assert_success
	timeout 10 umount "$MNT"
	assert_equal "$(reported_fds)" "0 1 2 3 4 5 100 150"
	assert_reported ENV_FUSEFD_FDS 3,4,5
}

@test "fds 3 to 200 inherited: COMMAND sees 0 to 2 and what was announced" {
	in_every_mode inherit_many
}

# What stands in a device fd's place must not be taken for one.
inherit_odd() {
	local kind
	for kind in '/dev/null' '/etc' "$WORK/alice" '/proc/self/mem' /dev/zero; do
		: >"$REPORT"
		attack_as "$MODE"
		before_launcher bash -c 'exec 3<"$0" 4<"$0" 2>&3 1<&3 0<&4; exec "$@"' "$kind"
		launch -n 1 "$MNT" "${RUN[@]}"
		assert_success
		timeout 10 umount "$MNT"
		assert_equal "$(reported_fds)" "0 1 2 3"
		run -0 grep -c '^FD_3=/dev/fuse ' "$REPORT"
	done
}

@test "0, 1, 2 are folders, files and devices that cannot be written to" {
	in_every_mode inherit_odd
}

# ---- NOFILE -------------------------------------------------------------------------

few_fds() {
	local limit
	for limit in {0..8}; do
		attack_as "$MODE"
		before_launcher bash -c 'ulimit -n "$0" && exec "$@"' "$limit"
		launch -n 1 "$MNT" "$FIXTURES/probe" fd:1
		works_or_leaves_nothing
		# 0 to 2, the device, the mountpoint, the mount, and one for a moment;
		# more where a guard stands by.
		[[ $limit -lt 7 || $MODE == alone ]] || assert_equal "$limit: $WORKED" "$limit: yes"
		((limit > 5)) || assert_equal "$limit: $WORKED" "$limit: no"
		launch -n 4 "$MNT" "$FIXTURES/probe" fd:1
		works_or_leaves_nothing
		((limit > 6)) || assert_equal "$limit: $WORKED" "$limit: no"
		# With 3, libcap-ng cannot even be loaded.
		((limit <= 3 || limit > 6)) ||
			assert_line --index 0 --regexp "'/dev/fuse' 4 times: Too many open files|Too many open files"
	done
}

@test "NOFILE 0 to 8" {
	in_every_mode few_fds
}

few_fds_and_closed() {
	local limit
	for limit in {0..8}; do
		attack_as "$MODE"
		before_launcher bash -c 'ulimit -n "$0" && exec "$@" 0<&-' "$limit"
		launch -n 1 "$MNT" "$FIXTURES/probe" fd:1
		works_or_leaves_nothing
	done
}

@test "NOFILE 0 to 8, and fd 0 closed" {
	in_every_mode few_fds_and_closed
}

# ---- The other limits -----------------------------------------------------------------

# limited "ulimit ARG..." KEY VALUE: COMMAND finds that limit, and works.
limited() {
	: >"$REPORT"
	before_launcher bash -c "$1 && exec \"\$@\"" bash
	launch -n 1 "$MNT" "$FIXTURES/probe" fd:1
	assert_success
	timeout 10 umount "$MNT"
	report_is_output
	assert_reported "$2" "$3"
}

@test "RLIMIT_FSIZE 0: COMMAND finds it so" {
	in_every_mode limited 'ulimit -f 0' LIMIT_FSIZE 0:0
}

# Where the message cannot be written, SIGXFSZ ends the launch: before it has
# mounted, or with the mount taken back.
refuse_into_file() {
	local bad=$WORK/alice/bad-interpreter
	printf '#!/no/such/interpreter\n' >"$bad" && chmod 755 "$bad"
	before_launcher bash -c 'ulimit -f 0 && exec "$@" 2>"$0"' "$REPORTS/stderr"
	install -m 0666 /dev/null "$REPORTS/stderr"
	launch -n 1 "$MNT" "$bad"
	assert_failure
	assert_mounts_unchanged
	launch -n 1 -v "$MNT" "${RUN[@]}"
	assert_failure
	assert_mounts_unchanged
	assert_equal "$(cat "$REPORTS/stderr" "$REPORT")" ''
	rm "$REPORTS/stderr" "$bad"
}

@test "RLIMIT_FSIZE 0, stderr is a file: nothing is left" {
	in_every_mode refuse_into_file
}

@test "RLIMIT_CORE unlimited: COMMAND finds it so" {
	in_every_mode limited 'ulimit -c unlimited' LIMIT_CORE -1:-1
}

# From where nothing runs to where all does; the launcher needs more than the
# probe, so that none of these leaves a mount with a COMMAND that died of it.
little_memory() {
	local limit worked=
	for limit in 1 200 1000 1500 2000 2250 2500 2750 3000 3250 3500 4000 5000 \
		6000 8000 12000 20000 100000; do
		attack_as "$MODE"
		before_launcher bash -c 'ulimit "$1" "$2" && shift 2 && exec "$@"' bash \
			"$1" "$limit"
		launch -n 1 "$MNT" "$FIXTURES/probe" fd:1
		works_or_leaves_nothing
		worked+="$limit:$WORKED "
	done
	# Both ends were met.
	assert_regex "$worked" "1:no .*100000:yes"
}

@test "AS tiny: works, or nothing is left" {
	in_every_mode little_memory -v
}

@test "STACK tiny: works, or nothing is left" {
	in_every_mode little_stack
}

# Here it is the kernel that refuses, when the exec copies the arguments.
little_stack() {
	local limit worked=
	for limit in 0 1 4 8 16 32 64 128 256 1024; do
		attack_as "$MODE"
		before_launcher bash -c 'ulimit -s "$0" && exec "$@"' "$limit"
		launch -n 1 "$MNT" "$FIXTURES/probe" fd:1
		works_or_leaves_nothing
		worked+="$limit:$WORKED "
	done
	assert_regex "$worked" "0:no .*1024:yes"
}

# ---- NPROC --------------------------------------------------------------------------------

# Of a user who may have one: two_processes COMMAND, which becomes that user.
two_processes() {
	PROCESSES=()
	for _ in 1 2; do
		"$@" sleep 60 &
		PROCESSES+=($!)
		until_true 20 grep -q '^sleep' "/proc/$!/comm"
	done
}

end_processes() {
	kill "${PROCESSES[@]}"
	wait "${PROCESSES[@]}" || true
}

# Only where the uid changes does the kernel look at the limit again when the
# new one executes something, which is root's --user.
# Processes are counted on the whole machine, so the user is nobody else's.
@test "RLIMIT_NPROC exceeded at exec: the mount is gone again" {
	local uid=$((70000 + RANDOM))
	attack_as user
	LAUNCH=(bash -c 'ulimit -u 1 && exec "$@"' bash "$LAUNCHER" -u "$uid:$uid")
	two_processes setpriv --reuid="$uid" --regid="$uid" --clear-groups
	refuses 126 "cannot execute '$FIXTURES/probe': Resource temporarily unavailable" \
		-n 1 "$MNT" "${RUN[@]}"
	end_processes
	# It was the limit, and nothing else.
	launch_probe -n 1
	assert_reported LIMIT_NPROC 1:1
}

# A setuid launcher comes back from uid 0 at the end, which counts as one process
# more; it lifts the limit for that, unless root itself may not, as in a container
# without CAP_SYS_RESOURCE (24).
may_lift_limits() {
	((0x$(sed -n 's/^CapEff:\t//p' /proc/self/status) >> 24 & 1))
}

nproc_of_own() {
	: >"$REPORT"
	before_launcher bash -c 'ulimit -u 1 && exec "$@"' bash
	if [[ $MODE == setuid ]] && ! may_lift_limits; then
		refuses 126 "cannot execute .*: Resource temporarily unavailable" \
			-n 1 "$MNT" "${RUN[@]}"
		return
	fi
	# Without CAP_SETPCAP a thread waits for the exec to fail.
	if [[ $MODE == alone ]]; then
		refuses 125 'cannot start a thread to guard the mount: Resource temporarily' \
			-n 1 "$MNT" "${RUN[@]}"
		return
	fi
	launch_probe -n 1
	assert_reported LIMIT_NPROC 1:1
	assert_reported Threads 1
}

@test "RLIMIT_NPROC exceeded, by a user: it does not matter, or nothing is left" {
	requires setuid
	RUN=("$FIXTURES/probe" "$REPORT")
	two_processes "${AS_ALICE[@]}"
	in_user_modes nproc_of_own
	end_processes
}
