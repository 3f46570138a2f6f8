#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The command line: what each option does to COMMAND and to the mount, and how
# the launcher exits.

load helpers

setup() {
	common_setup
	requires fuse
}

# probe with -n 1 and the given arguments behind REPORT STATUS.
launch_with_arguments() { # OPTION... -- ARG...
	local options=()
	while [[ $1 != -- ]]; do
		options+=("$1")
		shift
	done
	shift
	launch "${options[@]}" "$MNT" -- "$FIXTURES/probe" "$REPORT" 0 "$@"
	assert_success
	timeout 10 umount "$MNT"
}

# ---- Help ---------------------------------------------------------------------

@test "--help and --version go to stdout, and touch nothing" {
	for option in --help -h; do
		run --separate-stderr clean_fds "$LAUNCHER" "$option"
		assert_success
		assert_line --index 0 'Usage: fusefd-launch [OPTION]... MOUNTPOINT [--] COMMAND [ARG]...'
		assert_equal "$stderr" ''
	done
	for option in --version -V; do
		run --separate-stderr clean_fds "$LAUNCHER" "$option"
		assert_success
		assert_output --regexp '^fusefd-launch [0-9]+\.[0-9]+\.[0-9]+$'
		assert_equal "$stderr" ''
	done
}

@test "--help to a full disk is a failure" {
	[[ -c /dev/full ]] || skip "there is no /dev/full"
	run -125 clean_fds sh -c '"$1" --help >/dev/full' sh "$LAUNCHER"
}

# ---- Exit statuses --------------------------------------------------------------

@test "exits as COMMAND exits" {
	local wanted
	for wanted in 0 1 3 125 255; do
		launch "$MNT" "$FIXTURES/probe" "$REPORT" "$wanted"
		assert_equal "$status" "$wanted"
		assert_reported ARGV_2 "$wanted"
		timeout 10 umount "$MNT"
	done
}

@test "dies of the signal that COMMAND dies of: there is no process between" {
	launch "$MNT" sh -c 'kill -KILL $$'
	assert_failure 137
	timeout 10 umount "$MNT"
}

@test "is the process that it was started as" {
	start "${LAUNCH[@]}" "$MNT" "$FIXTURES/probe" "$REPORT"
	wait "$FS_PID"
	assert_reported Pid "$FS_PID"
	timeout 10 umount "$MNT"
}

# ---- Placeholders -----------------------------------------------------------------

@test "placeholders are replaced, anywhere in an argument, many in one" {
	launch_with_arguments -n 3 -- '{}' 'fd={fd};' '{fds}' 'at {mountpoint}/x' \
		'{fd}{fd}{}'
	assert_reported ARGV_3 /dev/fd/3
	assert_reported ARGV_4 'fd=3;'
	assert_reported ARGV_5 3,4,5
	assert_reported ARGV_6 "at $MNT/x"
	assert_reported ARGV_7 33/dev/fd/3
}

@test "other braces stay as they are" {
	launch_with_arguments -n 1 -- '{' '}' '{x}' '{fd' '{ }' '{{}' '{FD}'
	assert_reported ARGV_3 '{'
	assert_reported ARGV_4 '}'
	assert_reported ARGV_5 '{x}'
	assert_reported ARGV_6 '{fd'
	assert_reported ARGV_7 '{ }'
	assert_reported ARGV_8 '{/dev/fd/3'
	assert_reported ARGV_9 '{FD}'
}

@test "--literal replaces nothing" {
	launch_with_arguments --literal -n 2 -- '{}' '{fd}' '{fds}' '{mountpoint}'
	assert_reported ARGV_3 '{}'
	assert_reported ARGV_4 '{fd}'
	assert_reported ARGV_5 '{fds}'
	assert_reported ARGV_6 '{mountpoint}'
	assert_reported ARGC 7
}

@test "what a placeholder puts in is not looked at again" {
	mkdir "$WORK/{fd}"
	MNT="$WORK/{fd}"
	launch_with_arguments -n 1 -- '{mountpoint}'
	rmdir "$WORK/{fd}"
	assert_reported ARGV_3 "$WORK/{fd}"
}

# ---- How many fds --------------------------------------------------------------------

@test "the number of fds by default: one per CPU it may run on, at most 8" {
	local cpus
	cpus=$(nproc)
	launch_probe
	assert_equal "$(device_fds | wc -l)" "$((cpus < 8 ? cpus : 8))"
	launch_probe -n auto
	assert_equal "$(device_fds | wc -l)" "$((cpus < 8 ? cpus : 8))"
	LAUNCH=(taskset -c 0 "${LAUNCH[@]}")
	launch_probe
	assert_equal "$(device_fds | wc -l)" 1
}

@test "the number of fds by default: one where COMMAND takes {} or {fd}" {
	launch_with_arguments -- 'x{}'
	assert_reported ENV_FUSEFD_FDS 3
	launch_with_arguments -- '{fd}'
	assert_reported ENV_FUSEFD_FDS 3
	launch_with_arguments -n 2 -- '{}'
	assert_reported ENV_FUSEFD_FDS 3,4
	if (($(nproc) > 1)); then
		launch_with_arguments --literal -- '{}'
		assert_not_equal "$(reported ENV_FUSEFD_FDS)" 3
		launch_with_arguments -- '{fds}'
		assert_not_equal "$(reported ENV_FUSEFD_FDS)" 3
	fi
}

# ---- --keep-fd and --listen-fds ------------------------------------------------------

@test "--keep-fd leaves that fd, all others are closed" {
	LAUNCH=("${AS_OPENED[@]}" "$LAUNCHER")
	launch_probe -n 2
	assert_equal "$(reported_fds)" "0 1 2 3 4"
	launch_probe -n 2 -k 7
	assert_equal "$(reported_fds)" "0 1 2 3 4 7"
	run -0 grep -x 'FD_7=/dev/zero cloexec=0 .*' "$REPORT"
	launch_probe -n 2 -k 9 --keep-fd=7
	assert_equal "$(reported_fds)" "0 1 2 3 4 7 9"
}

@test "device fds have the lowest numbers that no kept fd has" {
	LAUNCH=("${AS_OPENED[@]}" "$LAUNCHER")
	launch_probe -n 4 -k 4 -k 5
	assert_reported ENV_FUSEFD_FDS 3,6,7,8
	launch_probe -n 2 -k 3
	assert_reported ENV_FUSEFD_FDS 4,5
}

@test "an fd kept twice, and one of the standard three, are kept" {
	LAUNCH=("${AS_OPENED[@]}" "$LAUNCHER")
	launch_probe -n 1 -k 4 -k 4 -k 0 -k 2
	assert_equal "$(reported_fds)" "0 1 2 3 4"
}

@test "a closed standard fd is /dev/null, and no device fd" {
	local closed
	for closed in '0<&-' '1>&-' '2>&-' '0<&- 1>&- 2>&-'; do
		LAUNCH=(bash -c "exec \"\$@\" $closed" bash "$LAUNCHER")
		launch_probe -n 1
		assert_reported ENV_FUSEFD_FDS 3
		run grep -c '^FD_[012]=/dev/null ' "$REPORT"
		[[ $output -ge 1 ]] || fail "closed by $closed: $(cat "$REPORT")"
	done
}

@test "--listen-fds sets what sd_listen_fds(3) reads; without it nothing does" {
	launch_probe -n 3 --listen-fds
	assert_reported ENV_LISTEN_FDS 3
	assert_reported ENV_LISTEN_PID "$(reported Pid)"
	assert_reported ENV_LISTEN_FDNAMES fusefd-primary:fusefd-clone:fusefd-clone
	LAUNCH=(env LISTEN_FDS=1 LISTEN_PID=1 LISTEN_FDNAMES=x "$LAUNCHER")
	launch_probe -n 3
	run -1 grep ENV_LISTEN "$REPORT"
}

# ---- What COMMAND finds ---------------------------------------------------------------

@test "COMMAND finds cwd, umask, limits, signals and environment as they were" {
	local ignored
	mkdir -p "$WORK/somewhere"
	LAUNCH=(env -i MARK=1 EMPTY= PATH="$PATH" bash -c '
		cd "$0/somewhere" || exit
		umask 027
		ulimit -S -n 99
		ulimit -c unlimited
		trap "" USR1 PIPE
		exec "$@"' "$WORK" "$LAUNCHER")
	launch_probe -n 1
	assert_reported CWD "$WORK/somewhere"
	assert_reported Umask 0027
	assert_reported LIMIT_NOFILE "99:$(ulimit -H -n)"
	assert_reported ENV_MARK 1
	run -0 grep -x ENV_EMPTY= "$REPORT"
	# SIGUSR1 and SIGPIPE, 10 and 13, and what is ignored here already.
	ignored=$(sed -n 's/^SigIgn:[[:space:]]*//p' /proc/self/status)
	assert_reported SigIgn "$(printf %016x "$((0x$ignored | 0x1200))")"
	assert_reported SigBlk 0000000000000000
}

@test "COMMAND is found in PATH, and argv[0] is as it was given" {
	LAUNCH=(env PATH="/nowhere:$FIXTURES:$PATH" "$LAUNCHER")
	launch -n 1 "$MNT" probe "$REPORT"
	assert_success
	timeout 10 umount "$MNT"
	assert_reported ARGV_0 probe
}

@test "options end at the first operand: those of COMMAND are its own" {
	launch_with_arguments -n 1 -- --help -n 99 -- --
	assert_reported ARGV_3 --help
	assert_reported ARGV_6 --
	assert_reported ARGV_7 --
	launch -n 1 "$MNT" "$FIXTURES/probe" "$REPORT" 0 -V
	assert_success
	timeout 10 umount "$MNT"
	assert_reported ARGV_3 -V
}

# ---- The mount -------------------------------------------------------------------------

@test "the mount is nosuid and nodev, and of the owner" {
	start_fs -- "$PASSTHROUGH" -f "$WORK/bin"
	run mount_field "$MNT" options
	assert_output rw,nosuid,nodev,relatime
	run mount_field "$MNT" super
	assert_output --regexp '(^|,)user_id=0,group_id=0(,|$)'
	refute_output --partial allow_other
	run mount_field "$MNT" type
	assert_output fuse.passthrough
	run mount_field "$MNT" source
	assert_output passthrough
	stop_fs
}

@test "-o: ro, noexec, noatime, fsname, subtype, max_read, as the kernel has them" {
	start_fs -o ro,noexec,noatime,nodiratime,max_read=65536 \
		-o 'fsname=a\,b #\\c,subtype=some-type.x' \
		-- "$PASSTHROUGH" -f "$WORK/bin"
	run mount_field "$MNT" options
	assert_output ro,nosuid,nodev,noexec,noatime,nodiratime
	run mount_field "$MNT" type
	assert_output fuse.some-type.x
	run mount_field "$MNT" source
	assert_output 'a,b\040\043\134c'
	run mount_field "$MNT" super
	assert_output --partial max_read=65536
	run -1 --separate-stderr touch "$MNT/x"
	stop_fs
}

@test "-o: the later one holds; root may ask for suid and dev" {
	start_fs -o ro,rw,suid,dev -- "$PASSTHROUGH" -f "$WORK/bin"
	run mount_field "$MNT" options
	assert_output rw,relatime
	stop_fs
}

@test "-o allow_other and allow_root bring default_permissions, unless refused" {
	local option
	for option in allow_other allow_root; do
		launch -o "$option" "$MNT" true
		run mount_field "$MNT" super
		assert_output --partial default_permissions
		assert_output --partial allow_other
		timeout 10 umount "$MNT"
		launch -o "$option,no_default_permissions" "$MNT" true
		run mount_field "$MNT" super
		refute_output --partial default_permissions
		assert_output --partial allow_other
		timeout 10 umount "$MNT"
	done
}

@test "mounts on a regular file, and on a mountpoint named in odd ways" {
	touch "$WORK/file"
	MNT=$WORK/file
	launch_probe -n 1
	assert_reported ENV_FUSEFD_MOUNTPOINT "$WORK/file"
	mkdir "$WORK/a b"$'\n'"c"
	MNT=$WORK/a\ b$'\n'c
	launch_probe -n 1
	assert_reported ENV_FUSEFD_MOUNTPOINT "$WORK/a b\\x0ac"
	rmdir "$MNT"
	LAUNCH=(env --chdir="$WORK/alice" "$LAUNCHER")
	MNT=../mnt/.
	launch -n 1 "$MNT" "$FIXTURES/probe" "$REPORT"
	assert_success
	timeout 10 umount "$WORK/mnt"
	assert_reported ENV_FUSEFD_MOUNTPOINT "$WORK/mnt"
	assert_reported ARGV_0 "$FIXTURES/probe"
}

# ---- --dry-run ---------------------------------------------------------------------------

@test "--dry-run says each step and changes nothing" {
	run clean_fds strace -f -o "$BATS_TEST_TMPDIR/trace" \
		-e trace=execve,mount,fsopen,fsmount,fsconfig,move_mount,umount2 \
		"$LAUNCHER" --dry-run -n 2 "$MNT" "$FIXTURES/probe" "$REPORT" '{}'
	assert_success
	assert_line --partial "$MNT"
	assert_line --partial "FUSEFD_FDS=3,4"
	assert_line --partial "$FIXTURES/probe"
	assert_line --partial /dev/fd/3
	assert_equal "$(cat "$REPORT")" ''
	run -0 grep -c execve "$BATS_TEST_TMPDIR/trace"
	assert_output 1
	run -1 grep -E 'mount|^[0-9]+ +fs' <(grep -v execve "$BATS_TEST_TMPDIR/trace")
}

@test "--dry-run finds what would fail" {
	launch --dry-run "$WORK/none" "$FIXTURES/probe" "$REPORT"
	assert_failure 125
	launch --dry-run "$MNT" "$WORK/no-command"
	assert_failure 127
}

@test "--verbose says the steps on stderr, and goes on" {
	launch_probe -v -n 1
	assert_line --partial "$MNT"
	assert_reported ENV_FUSEFD_FDS 3
}
