#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# faults.bats for supervised launches: each system call of launcher, keeper and
# supervisor fails, or is the last. COMMAND gets ready, and ends by itself.
# Whatever happens: COMMAND has no capability, or it does not run; no process is
# left; of mounts, none but the owner's own, which the owner can unmount, and only
# if the keeper was killed or could not unmount; and what somebody else has
# mounted stays.
#
# An injection counts in each process for itself, and hits all of them, COMMAND and
# its shell, too.
#
# FUSEFD_FAULTS=all takes every error at every call, as `make faults` does.
#
# Of the plain build only: a sanitizer makes calls of its own.

load helpers
load attack
load supervise

setup() {
	common_setup
	setup_supervise
	requires fuse
	command -v strace >/dev/null || fail "there is no strace"
	COMMAND=(sh -c "grep -E '^(Cap[IPEA]|Uid|NoNewPrivs)' /proc/self/status >$REPORT
		exec $MOODY init ready sleep:100 exit:0")
}

ERRORS=(EINTR ENOMEM EPERM EMFILE EIO)
# trace OPTION...: a supervised launch under strace, as its caller.
trace() {
	env -i PATH=/usr/bin:/bin LC_ALL=C timeout -k 1 30 strace -f -qq \
		"${TRACE_AS[@]}" "$@" "${TRACED[@]}" -S -n 2 --ready-timeout=3 \
		--stop-timeout=1 "$MNT" -- "${COMMAND[@]}"
}

# "NAME NUMBER" of each call from main() on, in whichever process of ours.
list_calls() {
	trace -o "$REPORTS/calls" >/dev/null 2>&1 || return
	awk '{ thread = $1; sub(/^[0-9]+ +/, "") }
		/^execve\("[^"]*\/sh"/ { foreign[thread] = 1 }
		/^(\+\+\+|---|<)/ || foreign[thread] { next }
		{
			name = substr($0, 1, index($0, "(") - 1)
			nth = ++number[thread, name]
			if (/PR_SET_DUMPABLE/) main = 1
			if (!main || name ~ /^(syscall_|exit|brk|mmap)/)
				next
			if (!seen[name, nth]++) print name, nth
		}' "$REPORTS/calls"
	rm -f "$REPORTS/calls"
}

shorten() { # EACH
	[[ ${FUSEFD_FAULTS:-} == all ]] && { cat; return; }
	awk -v each="$1" '$2 <= 6 && (NR + $2) % each == 0'
}

blame() { BLAME+="$FAULT: $1 (status $status, output: $output)"$'\n'; }

check_command() {
	[[ $(sed -n 's/^Cap...:\t//p' "$REPORT" | sort -u) == 0000000000000000 ]] ||
		blame "COMMAND ran with a capability"
	grep -q "^Uid:.$OWNER.$OWNER.$OWNER.$OWNER$" "$REPORT" ||
		blame "COMMAND ran with other ids"
	grep -q '^NoNewPrivs:.1' "$REPORT" || blame "no_new_privs is not set"
}

check_mount() {
	[[ $(mount_field "$MNT" super) == *,user_id=$OWNER,* ]] ||
		blame "what is left is not the owner's"
	timeout 10 "${AS_OWNER[@]}" fusermount3 -u "$MNT" ||
		blame "its owner cannot unmount it"
}

run_fault() { # INJECTION
	FAULT=$1 BLAME=
	: >"$REPORT"
	status=0
	output=$(trace -o /dev/null -e "trace=${1%%:*}" -e "inject=$1" 2>&1) ||
		status=$?
	[[ $status != 124 && $status != 137 || $1 == *KILL* ]] || blame "it hangs"
	[[ ! -s $REPORT ]] || check_command
	until_true 10 has_no_process || blame "left running: $(new_processes | xargs)"
	! is_mounted "$MNT" || check_mount
	[[ $(mounts) == "$MOUNTS_BEFORE" ]] || blame "the mounts are not as before"
	[[ $status -ne 0 || -s $REPORT || -n $output ]] ||
		blame "COMMAND did not run, and all is well"
	RUNS=$((RUNS + 1))
	[[ -n $BLAME ]] || { SURVIVORS=$((SURVIVORS + 1)); return; }
	printf %s "$BLAME"
	clean_up
}
has_no_process() { [[ -z $(new_processes) ]]; }

run_faults() { # MODE EACH
	local call name number error outcome turn=0
	local -a calls
	attack_as "$1"
	TRACE_AS=() TRACED=("$LAUNCHER")
	case $1 in
	user) TRACED+=(-u alice) ;;
	setuid) TRACE_AS=(-u alice) TRACED=("$LAUNCHER_SETUID") ;;
	caps) TRACE_AS=(-u alice) TRACED=("$LAUNCHER_CAPS") ;;
	esac
	mkdir -p "$WORK/foreign"
	mount -t tmpfs of-root "$WORK/foreign"
	RUNS=0 SURVIVORS=0 MOUNTS_BEFORE=$(mounts)
	mapfile -t calls < <(list_calls | shorten "$2")
	((${#calls[@]} > 5)) || fail "cannot trace a launch"
	for call in "${calls[@]}"; do
		read -r name number <<<"$call"
		run_fault "$name:signal=KILL:when=$number"
		# A close(2) closes, whatever it says; one that is made to fail does
		# not, and who waits for the end of a pipe waits for ever.
		[[ $name != close ]] || continue
		for error in "${ERRORS[@]}"; do
			[[ ${FUSEFD_FAULTS:-} == all ||
				$error == "${ERRORS[turn % ${#ERRORS[@]}]}" ]] || continue
			run_fault "$name:error=$error:when=$number"
		done
		turn=$((turn + 1))
	done
	umount "$WORK/foreign"
	echo "# result: $1, supervised: faults at ${#calls[@]} system calls, $RUNS launches, $SURVIVORS survived" >&3
	((SURVIVORS == RUNS)) || fail "not all launches survived"
}

@test "faults in a supervised launch by root" { run_faults root 4; }

@test "faults in a supervised launch by root, with --user" { run_faults user 4; }

@test "faults in a supervised launch by setuid" {
	requires setuid
	run_faults setuid 1
}

@test "faults in a supervised launch by file capabilities" {
	requires caps
	run_faults caps 4
}
