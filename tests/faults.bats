#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# A normal launch, again and again, with each of its system calls made to fail,
# and with SIGKILL at each. Whatever happens: COMMAND runs as it should and
# without a capability, or it does not run, the reason is told, and the mounts
# are what they were. Killed after the attach, the mount is the user's own, and
# the user can unmount it. A launch that keeps to this has survived.
#
# FUSEFD_FAULTS=all takes every error at every call, as `make faults` does.
# Otherwise a call fails once, the errors in turn; and of calls that repeat, the
# first six and the last three are taken, and the loader's are left out.
#
# Of the plain build only: a sanitizer makes calls of its own.
# Not in make test: it takes minutes on a slow machine.

load helpers
load attack

setup() {
	common_setup
	requires fuse
	command -v strace >/dev/null || fail "there is no strace"
}

# Few enough calls for everyday use: reads and prints lines of list_calls.
shorten() {
	[[ ${FUSEFD_FAULTS:-} == all ]] && { cat; return; }
	awk '$3 == "main" { line[++lines] = $0; name[lines] = $1
			nth[lines] = ++count[$1] }
		END { for (i = 1; i <= lines; i++)
			if (nth[i] <= 6 || nth[i] > count[name[i]] - 3)
				print line[i] }'
}

ERRORS=(EINTR ENOMEM EPERM EMFILE EIO)

# trace OPTION...: the launch under strace, as its caller. env(1) is not
# traced: strace itself becomes the user.
trace() {
	env -i PATH=/usr/bin:/bin LC_ALL=C timeout -k 1 20 \
		strace -f -qq "${TRACE_AS[@]}" "$@" "${TRACED[@]}" -n 3 "$MNT" \
		-- "$FIXTURES/probe" "$REPORT"
}

# The calls of a launch up to the exec of COMMAND, "NAME NUMBER WHOSE" a line,
# where NUMBER counts the calls of that name. The first is the exec of the
# launcher, and those before main() are the dynamic loader's: it has its own
# ways to fail, which need not tell a reason.
list_calls() {
	trace -o "$BATS_TEST_TMPDIR/calls" >/dev/null 2>&1 || return
	timeout 10 umount "$MNT"
	# strace counts in each thread for itself.
	awk '{ thread = $1; sub(/^[0-9]+ +/, "") }
		/^(\+\+\+|---|<)/ { next }
		{
			name = substr($0, 1, index($0, "(") - 1)
			nth = ++number[thread, name]
			if (/PR_SET_DUMPABLE/)
				main = 1
			# This strace has no name for it, and cannot fail it.
			if (name ~ /^syscall_/)
				next
			if (name == "execve" && nth == 1 || seen[name, nth]++)
				next
			print name, nth, main ? "main" : "loader"
			if (name == "execve")
				exit
		}' "$BATS_TEST_TMPDIR/calls"
}

# What is wrong with a launch; it does not end the others.
blame() { BLAME+="$FAULT: $1 (status $status, output: $output)"$'\n'; }

# COMMAND ran: as the owner, with nothing else.
check_command() {
	[[ $status -eq 0 ]] || blame "COMMAND ran, yet the status is $status"
	[[ $(reported Uid) == "$OWNER $OWNER $OWNER $OWNER" ]] ||
		blame "COMMAND ran with the uids $(reported Uid)"
	[[ $(reported CapPrm)$(reported CapEff)$(reported CapAmb)$(reported CapInh) =~ ^0+$ ]] ||
		blame "COMMAND ran with a capability"
	[[ $(reported NoNewPrivs) == 1 ]] || blame "no_new_privs is not set"
}

# A mount that was left where it may be left.
check_mount() {
	[[ $(mount_field "$MNT" super) == *,user_id=$OWNER,* &&
		,$(mount_field "$MNT" options), == *,nosuid,nodev,* ]] ||
		blame "the mount is not the user's own"
	timeout 10 "${AS_OWNER[@]}" fusermount3 -u "$MNT" ||
		blame "the user cannot unmount it"
}

# run_fault INJECTION WHOSE: one launch.
run_fault() {
	FAULT=$1 BLAME=
	: >"$REPORT"
	status=0
	output=$(trace -o /dev/null -e "trace=${1%%:*}" -e "inject=$1" 2>&1) ||
		status=$?
	if [[ -s $REPORT ]]; then
		check_command
		check_mount
	elif [[ $1 == *:signal=KILL:* ]]; then
		! is_mounted "$MNT" || check_mount
		[[ $status -ne 0 ]] || blame "killed, and content"
	else
		[[ $status -ne 0 ]] || blame "COMMAND did not run"
		[[ -n $output || $2 == loader ]] || blame "no reason was told"
	fi
	[[ $(mounts) == "$MOUNTS_BEFORE" ]] || blame "the mounts are not as before"
	RUNS=$((RUNS + 1))
	if [[ -z $BLAME ]]; then
		SURVIVORS=$((SURVIVORS + 1))
		return
	fi
	printf %s "$BLAME"
	clean_up # for the next launch to start afresh
}

run_faults() { # MODE
	local call name number whose error outcome turn=0
	local -a calls

	attack_as "$1"
	TRACE_AS=() TRACED=("$LAUNCHER")
	case $1 in
	user) TRACED+=(-u alice) ;;
	setuid) TRACE_AS=(-u alice) TRACED=("$LAUNCHER_SETUID") ;;
	caps) TRACE_AS=(-u alice) TRACED=("$LAUNCHER_CAPS") ;;
	alone) TRACE_AS=(-u alice) TRACED=("$LAUNCHER_ALONE") ;;
	esac
	RUNS=0 SURVIVORS=0
	MOUNTS_BEFORE=$(mounts)
	mapfile -t calls < <(list_calls | shorten)
	((${#calls[@]} > 50)) || fail "cannot trace a launch"
	[[ ${calls[-1]} == "execve 2 main" ]] || fail "the launch does not end in an exec"
	for call in "${calls[@]}"; do
		read -r name number whose <<<"$call"
		run_fault "$name:signal=KILL:when=$number" "$whose"
		for error in "${ERRORS[@]}"; do
			[[ ${FUSEFD_FAULTS:-} == all ]] ||
				[[ $error == "${ERRORS[turn % ${#ERRORS[@]}]}" ]] || continue
			outcome=error=$error
			# Where it fails it returns no error, but too low a break.
			[[ $name != brk ]] || outcome=retval=0
			run_fault "$name:$outcome:when=$number" "$whose"
		done
		turn=$((turn + 1))
	done
	tell "$1: faults at ${#calls[@]} system calls" "$RUNS" "$SURVIVORS"
	echo "$RUNS $SURVIVORS" >>"$BATS_FILE_TMPDIR/counts"
	((SURVIVORS == RUNS)) || fail "not all launches survived"
}

# For tests/run to show. tell WHAT RUNS SURVIVORS
tell() {
	local survivors=$3
	(($2 != $3)) || survivors=all
	echo "# result: $1, $2 launches, $survivors survived" >&3
}

teardown_file() {
	local counts runs=0 survivors=0
	[[ -e $BATS_FILE_TMPDIR/counts ]] || return 0 # all were skipped
	while read -ra counts; do
		runs=$((runs + counts[0])) survivors=$((survivors + counts[1]))
	done <"$BATS_FILE_TMPDIR/counts"
	tell "in all modes" "$runs" "$survivors"
}

@test "faults in a launch by root" { run_faults root; }

@test "faults in a launch by root, with --user" { run_faults user; }

@test "faults in a launch by setuid" {
	requires setuid
	run_faults setuid
}

@test "faults in a launch by file capabilities" {
	requires caps
	run_faults caps
}

@test "faults in a launch by cap_sys_admin alone" {
	requires caps
	run_faults alone
}
