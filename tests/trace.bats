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

# trace MODE: one launch. $TRACE has its calls, from main() to the exec of
# COMMAND, each behind the effective set ("all" until it is first changed) and
# the uid ("first" until it is).
trace() {
	local as=() launcher=("$LAUNCHER")

	as_mode "$1"
	case $1 in
	user) launcher+=(-u alice) ;;
	setuid) as=(-u alice) launcher=("$LAUNCHER_SETUID") ;;
	caps) as=(-u alice) launcher=("$LAUNCHER_CAPS") ;;
	esac
	TRACE=$BATS_TEST_TMPDIR/trace
	timeout 20 strace -f -qq "${as[@]}" -o "$TRACE.all" "${launcher[@]}" \
		-n 3 -o ro,fsname=a,subtype=b "$MNT" -- /bin/true ||
		fail "the launch failed"
	timeout 10 umount "$MNT"
	awk 'BEGIN { effective = "all"; uid = "first" }
		{ sub(/^[0-9]+ +/, "") }
		/PR_SET_DUMPABLE/ { main = 1 }
		!main { next }
		{ print effective, uid, $0 }
		/^execve/ { exit }
		/^capset/ {
			effective = $0
			sub(/.*effective=/, "", effective)
			sub(/,.*/, "", effective)
		}
		/^setresuid/ { uid = $0; gsub(/.*\(|,.*/, "", uid) }
		' "$TRACE.all" >"$TRACE"
}

calls() { awk '{ sub(/\(.*/, "", $3); print $3 }' "$TRACE"; }

# The calls that take privilege: the detached mount, and its attach.
PRIVILEGED=(fsopen fsconfig fsconfig fsconfig fsconfig fsconfig fsconfig
	fsconfig fsconfig fsmount move_mount)

check_trace() { # MODE
	trace "$1"

	# Just these calls, once each, are made with CAP_SYS_ADMIN effective;
	# but for a close, and the look at whether it is so.
	run awk '$1 == "1<<CAP_SYS_ADMIN" && $3 !~ /^(cap[gs]et|close)\(/ {
		sub(/\(.*/, "", $3); print $3 }' "$TRACE"
	assert_output "$(printf '%s\n' "${PRIVILEGED[@]}")"

	# And they are made nowhere else, nor is any other that mounts.
	run bash -c 'grep -cE "^(fs(open|config|mount|pick)|mount|mount_setattr|move_mount|open_tree|umount2|pivot_root|chroot|setns|unshare)$"' <<<"$(calls)"
	assert_output "${#PRIVILEGED[@]}"

	# The mount and its place are named by fds: no path in the attach.
	assert_regex "$(grep move_mount "$TRACE")" 'move_mount\([0-9]+, "", [0-9]+, "", '

	# The exec has nothing effective, and comes once.
	assert_regex "$(grep ' execve(' "$TRACE")" "^0 [a-z0-9]+ execve\(\"/bin/true\", "

	# The ids change once, all three to the owner's.
	run grep -oE ' setresuid\(.*\)' "$TRACE"
	assert_output " setresuid($OWNER, $OWNER, $OWNER)"
	run grep -oE ' setresgid\(.*\)' "$TRACE"
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
	local on='effective CAP_SYS_ADMIN; permitted CAP_SYS_ADMIN'
	local off='effective none; permitted CAP_SYS_ADMIN'
	assert_output "$(printf '%s\n' "$off" "$on" fsopen fsmount "$off" \
		"$on" move_mount "$off")"
}

# From the raise before the attach on, each write fails as on a pipe that has
# lost its reader.
@test "nobody who reads what --verbose tells: a mount is served all the same" {
	local writes
	timeout 20 strace -f -qq -o "$BATS_TEST_TMPDIR/trace" "$LAUNCHER" \
		-v "$MNT" -- /bin/true || fail "the launch failed"
	timeout 10 umount "$MNT"
	writes=$(sed '/move_mount/q' "$BATS_TEST_TMPDIR/trace" | grep -c ' write(2, ')
	run timeout 20 strace -f -qq -o /dev/null -e trace=write \
		-e "inject=write:error=EPIPE:signal=PIPE:when=$writes+" "$LAUNCHER" \
		-v "$MNT" -- /bin/true
	assert_success
	timeout 10 umount "$MNT"
}

opened_before_narrowing() {
	awk '$2 == "first" && $3 ~ /^open/' "$TRACE" | grep -oE '"[^"]*"' | uniq -c
}

@test "the system calls of a launch by root" { check_trace root; }

@test "the system calls of a launch by root, with --user" {
	check_trace user
	# Root finds the mountpoint with its own rights, and does so last.
	run awk '$2 == "first" && $3 ~ /^open/' "$TRACE"
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
	# All that it is linked with.
	run readelf --wide --dynamic "$binary"
	assert_equal "$(grep -c NEEDED <<<"$output")" 2
	assert_line --regexp 'NEEDED.*\[libcap-ng.so.0\]'
	assert_line --regexp 'NEEDED.*\[libc.so.6\]'
}
