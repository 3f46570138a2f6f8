#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# What a launch looks like from the kernel's side: its system calls, against the
# order of operations that the manual promises.
#
# Of the plain build only: a sanitizer makes calls of its own.

load helpers

setup() {
	common_setup
	requires fuse
	command -v strace >/dev/null || fail "there is no strace"
}

# strace_as MODE ARG...: the calls of each process go to a file of its own,
# $TRACE.PID. Only within ( ).
strace_as() {
	local as=() launcher=("$LAUNCHER")

	as_mode "$1"
	case $1 in
	user) [[ $2 == --unmount ]] || launcher+=(-u alice) ;;
	setuid) as=(-u alice) launcher=("$LAUNCHER_SETUID") ;;
	caps) as=(-u alice) launcher=("$LAUNCHER_CAPS") ;;
	esac
	TRACE=$BATS_TEST_TMPDIR/trace
	rm -f "$TRACE".*
	clean_fds timeout 20 strace -ff -qq -s 300 "${as[@]}" -o "$TRACE" \
		"${launcher[@]}" "${@:2}"
}

# Of the process that the others are children of.
first_trace() { printf '%s\n' "$TRACE".[0-9]* | sort -t. -k2 -V | head -n 1; }

# states [EFFECTIVE IDS] <FILE: its calls, from main() to the first exec, each
# behind the effective set ("all" until it is first changed) and the last three
# ids ("first" until they are set). To take uid 0 raises all that is permitted.
states() {
	awk -v effective="${1:-all}" -v ids="${2:-first}" -v main="${1:+1}" '
		/PR_SET_DUMPABLE/ { main = 1 }
		!main { next }
		{ sub(/syscall_0x1c9/, "statmount"); sub(/syscall_0x1ca/, "listmount") }
		{ print effective, ids, $0 }
		/^execve/ { exit }
		/^capset/ {
			effective = $0
			sub(/.*effective=/, "", effective)
			sub(/,.*/, "", effective)
		}
		/^setresuid/ {
			ids = $0
			gsub(/.*\(|\).*| /, "", ids)
			if (ids == "-1,0,-1") effective = "all"
		}'
}

# trace MODE: one launch, whose states go to $STATES.
trace() {
	(strace_as "$1" -n 3 -o ro,fsname=a,subtype=b "$ALICE_MNT" -- /bin/true) ||
		fail "the launch failed"
	as_mode "$1"
	TRACE=$BATS_TEST_TMPDIR/trace STATES=$BATS_TEST_TMPDIR/states
	timeout 10 umount "$ALICE_MNT"
	assert_equal "$(printf '%s\n' "$TRACE".* | wc -l)" 1
	states <"$(first_trace)" >"$STATES"
}

calls() { awk '{ sub(/\(.*/, "", $3); print $3 }' "$STATES"; }

# While CAP_SYS_ADMIN is effective, but for its raise and what asks whether it
# was.
admins_calls() {
	awk '$1 ~ /CAP_SYS_ADMIN/ && $3 !~ /^(cap[gs]et|close)\(/ {
		sub(/\(.*/, "", $3); print $3 }' "$STATES"
}

# All that changes mounts.
mounting_calls() {
	calls | grep -E '^(fs(open|config|mount|pick)|mount|mount_setattr|move_mount|open_tree|umount2?|pivot_root|chroot|setns|unshare)$'
}

# Each change of the ids, one a line, after they were laid aside.
ids_taken() { grep -oE ' setresuid\(.*\)' "$STATES" | sed 's/ setresuid//'; }

# In which order the ids are taken. A user without CAP_SETUID has no shield.
expected_ids() { # MODE
	local user="($OWNER, $OWNER, $OWNER)"

	[[ $1 != setuid ]] || printf '%s\n' "(-1, $OWNER, -1)" '(-1, 0, -1)'
	echo "$user"
	[[ $1 == caps ]] || printf '%s\n' "(0, $OWNER, 0)" "$user"
}

# The calls that take privilege: the detached mount, and its attach.
CREATING=(fsopen fsconfig fsconfig fsconfig fsconfig fsconfig fsconfig
	fsconfig fsconfig fsmount)

# And the same again, for the supervisor's probe.
LOOKING=(fsopen fsconfig fsconfig fsmount)

# What is asked and changed before the effective set is empty.
LAYING_ASIDE='prctl|get[eu]*[ug]id|setres[ug]id'

check_laid_aside() {
	run awk -v aside="^($LAYING_ASIDE|capget|capset)\\\\(" \
		'$1 == "all" && $3 !~ aside' "$STATES"
	refute_output
	# What may be opened is opened without CAP_SYS_ADMIN.
	assert_regex "$(grep -c '"/dev/fuse"' "$STATES")" '^3$'
	run awk '/"\/dev\/fuse"/ && $1 ~ /all|CAP_SYS_ADMIN/' "$STATES"
	refute_output
	run awk '/mountinfo/ && $1 != "0"' "$STATES"
	refute_output
}

check_trace() { # MODE
	trace "$1"
	check_laid_aside

	# Just these calls, once each, are made with CAP_SYS_ADMIN effective.
	run admins_calls
	assert_output "$(printf '%s\n' "${CREATING[@]}" move_mount)"
	# It alone; and CAP_SETUID alone, around the one change of ids.
	run -0 awk '$1 != "all" && $1 ~ /CAP_SYS_ADMIN/ { print $1 }' "$STATES"
	assert_equal "$(sort -u <<<"$output")" '1<<CAP_SYS_ADMIN'
	run bash -c "awk '\$1 == \"1<<CAP_SETUID\" && \$3 !~ /^cap/' '$STATES' | cut -d' ' -f3-"
	if [[ $1 == caps ]]; then
		refute_output
	else
		assert_equal "$(grep -c setresuid <<<"$output")" 1
		assert_line --index 0 --regexp "^setresuid\\(0, $OWNER, 0\\)"
		assert_line --index 1 --regexp '^getresuid'
		assert_equal "${#lines[@]}" 2
	fi

	# And they are made nowhere else, nor is any other that mounts.
	run mounting_calls
	assert_output "$(printf '%s\n' "${CREATING[@]}" move_mount)"

	# The mount and its place are named by fds: no path in the attach. The
	# last look comes right before, and the next right after.
	assert_regex "$(grep move_mount "$STATES")" 'move_mount\([0-9]+, "", [0-9]+, "", '
	run bash -c "grep -B 3 -A 3 move_mount '$STATES' | awk '{ sub(/\\(.*/, \"\", \$3); print \$3 }' | xargs"
	assert_output 'statx capset capget move_mount capset capget statmount'

	# Nothing is written; nor, once the mount is made, opened but to count
	# mounts, or allocated.
	run bash -c "sed -n '/ fsmount(/,\$p' '$STATES' | grep -E ' (open|openat|openat2|brk|mmap)\\(' | grep -v mountinfo"
	refute_output
	run grep -E ' (write|writev|sendto|sendmsg)\(' "$STATES"
	refute_output

	# The exec has nothing effective, comes once, and all ids are the owner's.
	assert_regex "$(grep ' execve(' "$STATES")" "^0 $OWNER,$OWNER,$OWNER execve\(\"/bin/true\", "
	run ids_taken
	assert_output "$(expected_ids "$1")"
	run grep -oE ' setresgid\(.*\)' "$STATES"
	assert_output " setresgid($OWNER, $OWNER, $OWNER)"
}

# What --verbose tells of privilege, among the calls that take it.
@test "the states of privilege are told as they are" {
	TRACE=$BATS_TEST_TMPDIR/trace
	timeout 20 strace -f -qq -s 100 -o "$TRACE" "$LAUNCHER" \
		-v "$MNT" -- /bin/true || fail "the launch failed"
	timeout 10 umount "$MNT"
	run sed -nE 's/^[0-9]+ +//
		s/^write\(2, "fusefd-launch: privilege: (effective.*)\\n".*/\1/p
		s/^(fsopen|fsmount|move_mount)\(.*/\1/p' "$TRACE"
	local on='effective CAP_SYS_ADMIN; permitted CAP_SETUID, CAP_SYS_ADMIN'
	local off='effective none; permitted CAP_SETUID, CAP_SYS_ADMIN'
	assert_output "$(printf '%s\n' "$off" fsopen fsmount "$on" "$off" \
		move_mount "$on" "$off")"
}

# From the attach on, each write fails as on a pipe that has lost its reader.
@test "nobody who reads what --verbose tells: a mount is served all the same" {
	local writes
	timeout 20 strace -f -qq -o "$BATS_TEST_TMPDIR/trace" "$LAUNCHER" \
		-v "$MNT" -- /bin/true || fail "the launch failed"
	timeout 10 umount "$MNT"
	writes=$(sed '/move_mount/q' "$BATS_TEST_TMPDIR/trace" | grep -c ' write(2, ')
	run timeout 20 strace -f -qq -o /dev/null -e trace=write \
		-e "inject=write:error=EPIPE:signal=PIPE:when=$((writes + 1))+" "$LAUNCHER" \
		-v "$MNT" -- /bin/true
	assert_success
	timeout 10 umount "$MNT"
}

opened_before_narrowing() {
	awk -v narrowed="$OWNER,$OWNER,$OWNER" '$2 == narrowed { exit }
		$3 ~ /^open/' "$STATES" | grep -oE '"[^"]*"' | uniq -c
}

@test "the system calls of a launch by root" { check_trace root; }

@test "the system calls of a launch by root, with --user" {
	check_trace user
	# Root finds the mountpoint with its own rights, and does so last.
	run opened_before_narrowing
	assert_line --partial '"/dev/fuse"'
	refute_line --partial '/bin/true'
}

@test "the system calls of a launch by setuid" {
	requires setuid
	check_trace setuid
	# With root's rights, no file is opened but these.
	run opened_before_narrowing
	assert_output "$(printf '%7d "%s"\n' 1 /etc/fuse.conf 3 /dev/fuse)"
}

@test "the system calls of a launch by file capabilities" {
	requires caps
	check_trace caps
	run opened_before_narrowing
	assert_output "$(printf '%7d "%s"\n' 1 /etc/fuse.conf 3 /dev/fuse)"
}

# ---- With a keeper ----------------------------------------------------------------

# keep_and_stop MODE: a supervised filesystem, served and told to stop. Sets
# KEEPERS, the keeper's trace, from its fork on.
keep_and_stop() {
	local pid
	as_mode "$1"
	(strace_as "$1" -S -n 3 -o ro,fsname=a,subtype=b "$ALICE_MNT" -- \
		"$FIXTURES/rawfs") >"$LOG" 2>&1 </dev/null &
	FS_PID=$!
	wait_mounted "$ALICE_MNT"
	TRACE=$BATS_TEST_TMPDIR/trace STATES=$BATS_TEST_TMPDIR/states
	pid=$(first_trace)
	kill -TERM "${pid##*.}"
	wait_fs 0
	states <"$(first_trace)" >"$STATES"
	KEEPERS=$(grep -l fusefd-keeper "$TRACE".*)
}

# A supervised launch, whose launcher never attaches.
check_kept() { # MODE
	keep_and_stop "$1"
	check_laid_aside
	run admins_calls
	assert_output "$(printf '%s\n' "${CREATING[@]}" "${LOOKING[@]}")"
	run mounting_calls
	assert_output "$(printf '%s\n' "${CREATING[@]}" "${LOOKING[@]}" open_tree)"
	# Not even permitted, for a program that has the user's ids.
	assert_regex "$(grep ' execve(' "$STATES")" \
		"^0 $OWNER,$OWNER,$OWNER execve\(\"[^\"]*/fusefd-supervise\", "
	assert_regex "$(grep ' capset(' "$STATES" | tail -n 1)" \
		'effective=0, permitted=0, inheritable=0}'

	# Of the others, only the keeper has any. It changes no id back.
	run grep -lE '^(fs(open|config|mount)|mount|move_mount|umount2?|open_tree|mount_setattr|setns)\(|effective=1|permitted=1' \
		"$TRACE".*
	assert_output "$(printf '%s\n' "$(first_trace)" "$KEEPERS" | sort)"
	states 0 "$OWNER,$OWNER,$OWNER" <"$KEEPERS" >"$STATES"
	run ids_taken
	if [[ $1 == caps ]]; then
		refute_output
	else
		assert_output "(0, $OWNER, 0)"
	fi
	check_keepers_calls "$1"
}

check_keepers_calls() { # MODE
	# Nothing that it opens, executes, starts or writes.
	run grep -E '^(open|openat|openat2|creat|execve|execveat|clone|clone3|fork|vfork|write|writev|connect|sendto|setuid|ioctl)\(' "$KEEPERS"
	refute_output
	assert_equal "$(grep -c PR_SET_SECCOMP "$KEEPERS")" 1

	# The attach, and the unmount: it is looked at, marked between two more
	# looks, and unmounted.
	local look=(statmount readlink statmount listmount)
	run admins_calls
	assert_output "$(printf '%s\n' move_mount "${look[@]}" "${look[@]}" umount2 \
		"${look[@]}" umount2)"
	run mounting_calls
	assert_output "$(printf '%s\n' move_mount umount2 umount2)"
	assert_equal "$(grep -cE 'umount2\(.*, MNT_EXPIRE\)' "$STATES")" 2
	run awk '$1 !~ /^(0|1<<CAP_SYS_ADMIN|1<<CAP_SETUID)$/' "$STATES"
	refute_output
	assert_regex "$(grep move_mount "$STATES")" 'move_mount\([0-9]+, "", [0-9]+, "", '
	run bash -c "grep -B 3 -A 3 move_mount '$STATES' | awk '{ sub(/\\(.*/, \"\", \$3); print \$3 }' | xargs"
	assert_output 'statx capset capget move_mount capset capget statmount'
	assert_regex "$(grep umount2 "$STATES")" 'umount2\("/proc/self/fd/[0-9]+", '
}

@test "the system calls of a supervised launch by root" { check_kept root; }

@test "the system calls of a supervised launch by root, with --user" { check_kept user; }

@test "the system calls of a supervised launch by setuid" {
	requires setuid
	check_kept setuid
}

@test "the system calls of a supervised launch by file capabilities" {
	requires caps
	check_kept caps
}

# ---- Unmounting --------------------------------------------------------------------

# check_unmount MODE ARG...: --unmount of a mount of alice's.
check_unmount() {
	as_mode "$1"
	launch "$ALICE_MNT" -- /bin/true
	assert_success
	(strace_as "$1" --unmount "${@:2}" "$ALICE_MNT") || fail "it failed"
	TRACE=$BATS_TEST_TMPDIR/trace STATES=$BATS_TEST_TMPDIR/states
	states <"$(first_trace)" >"$STATES"
	run ids_taken
	assert_output "$(expected_ids "$1")"
	run awk '/mountinfo/ && $1 != "0"' "$STATES"
	refute_output
	run awk -v aside="^($LAYING_ASIDE|capget|capset)\\\\(" \
		'$1 == "all" && $3 !~ aside' "$STATES"
	refute_output
	# No path but in the directory that is held, or the mount itself.
	assert_regex "$(grep umount2 "$STATES")" 'umount2\("/proc/self/fd/[0-9]+(/mnt)?", '
}

check_unmounts() { # MODE
	check_unmount "$1"
	run admins_calls
	assert_output "$(printf '%s\n' open_tree statx statmount umount2)"
	check_unmount "$1" --lazy
	run admins_calls
	assert_output "$(printf '%s\n' open_tree statmount statmount listmount umount2)"
}

@test "the system calls of an unmount by setuid" {
	requires setuid
	check_unmounts setuid
}

@test "the system calls of an unmount by file capabilities" {
	requires caps
	check_unmounts caps
}

@test "the launcher is built so that a mistake in it is hard to use" {
	local binary=$FUSEFD_PLAIN_BUILD/fusefd-launch

	run readelf --wide --file-header --program-headers --dynamic "$binary"
	assert_line --regexp 'Type: +DYN \(Position-Independent Executable'
	assert_line --regexp 'GNU_RELRO'
	assert_line --regexp 'GNU_STACK .* RW '
	assert_line --regexp 'FLAGS.*BIND_NOW'
	refute_line --regexp '(RPATH|RUNPATH|TEXTREL)'
	refute_line --regexp ' RWE '
	run readelf --wide --symbols "$binary"
	assert_line --partial '__stack_chk_fail'
	assert_line --regexp '__[a-z]+_chk@'
	# All that it is linked with; libcap-ng's names are inside, if there is
	# a static one.
	run bash -c 'readelf --wide --dynamic "$1" | grep NEEDED' bash "$binary"
	assert_line --regexp '\[libc.so.6\]'
	run -1 grep -vE '\[(libc.so.6|ld-linux[a-z0-9_-]*\.so\.[0-9]|libcap-ng.so.0)\]' <<<"$output"
}
