#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "COMMAND": it is executed as the user who is to run it and
# by nobody else, with no privilege whatever its file says; where it cannot be
# executed, the mount is gone again.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack
load attack_input

setup() {
	common_setup
	requires fuse
	FILE=$WORK/command/file
	rm -rf "$WORK/command"
	mkdir "$WORK/command"
}

# refuses_command STATUS PATTERN COMMAND [ARG]...: tidily, in the name of $FILE.
refuses_command() {
	: >"$REPORT"
	refuses "$1" "cannot execute '${3//\\/.}'.*$2" "$MNT" -- "${@:3}"
	assert_tidy
}

# ---- The exec's own error ------------------------------------------------------------
# Not found, and by root, as words: badinput.bats, "COMMAND is not found: 127",
# "COMMAND cannot be executed: 126".

@test "Missing: refused before anything is mounted" {
	in_every_mode refuses_command 127 'No such file or directory' "$FILE"
	in_every_mode refuses_command 127 'Not a directory' "$FIXTURES/probe/x"
	in_every_mode refuses_command 126 'File name too long' "/$(printf '%0256d' 0)"
	ln -s file "$FILE"
	in_every_mode refuses_command 126 'Too many levels' "$FILE"
	ln -sfn nothing "$FILE"
	in_every_mode refuses_command 127 'No such file' "$FILE"
}

@test "0644: refused" {
	install -m 0644 "$FIXTURES/probe" "$FILE"
	in_every_mode refuses_command 126 'Permission denied' "$FILE" "$REPORT"
	# Somebody else may.
	chmod 0700 "$FILE"
	chown bob "$FILE"
	in_every_mode refuses_command 126 'Permission denied' "$FILE" "$REPORT"
}

# The exec would look for it in the mount that it is to serve.
below_the_mountpoint() {
	install "$FIXTURES/probe" "$MNT/probe"
	ln -sf "$MNT/probe" "$WORK/command/link"
	refuses_command 126 'will hide it' "$MNT/probe" "$REPORT"
	refuses_command 126 'will hide it' "$WORK/command/link" "$REPORT"
	rm "$MNT/probe" "$WORK/command/link"
	# A name that only begins the same is another.
	install -D "$FIXTURES/probe" "$MNT-x/probe"
	: >"$REPORT"
	launch "$MNT" -- "$MNT-x/probe" "$REPORT"
	assert_success
	timeout 10 umount "$MNT"
	rm -r "$MNT-x"
}

@test "below the mountpoint: refused, and does not wait for itself" {
	in_every_mode below_the_mountpoint
}

# Root without capabilities is not asked for rights that the file does not give.
@test "0711, which cannot be read: runs" {
	install -m 0711 "$FIXTURES/probe" "$FILE"
	in_every_mode runs_powerless
}

runs_powerless() {
	: >"$REPORT"
	launch "$@" "$MNT" -- "$FILE" "$REPORT"
	assert_success
	timeout 10 umount "$MNT"
	assert_powerless
}

@test "a directory, FIFO, socket, device: refused without blocking" {
	in_every_mode refuses_command 126 'Is a directory' "$WORK/command"
	mkfifo -m 0755 "$FILE"
	in_every_mode refuses_command 126 'Permission denied' "$FILE"
	rm "$FILE"
	mknod -m 0755 "$FILE" c 1 5
	in_every_mode refuses_command 126 'Permission denied' "$FILE"
	in_every_mode refuses_command 126 'Permission denied' /dev/fd/3
	in_every_mode refuses_command 126 'Permission denied' /proc/self/fd/3
}

@test "without #!: the mount gone, no /bin/sh in its place" {
	printf 'echo ran >"%s"\n' "$REPORT" >"$FILE"
	chmod 0755 "$FILE"
	# It would be seen: a shell takes it for a script.
	sh -c "$FILE"
	assert_equal "$(cat "$REPORT")" ran
	in_every_mode refuses_command 126 'Exec format error' "$FILE" "$REPORT"
	: >"$FILE"
	in_every_mode refuses_command 126 'Exec format error' "$FILE"
	head -c 100 "$FIXTURES/probe" >"$FILE"
	in_every_mode refuses_command 126 "(Exec format|Input/output) error" "$FILE"
}

@test "with a bad interpreter: the mount gone" {
	local interpreter
	for interpreter in /no/such '/no/such\r' '\0' ' ' /proc/self/mem /dev/null/x; do
		printf '#!%b\n' "$interpreter" >"$FILE"
		chmod 0755 "$FILE"
		in_every_mode refuses_command 126 \
			'(interpreter|Exec format|Permission denied|Not a directory)' "$FILE" "$REPORT"
	done
	printf '#!%s\n' "$FILE" >"$FILE"
	in_every_mode refuses_command 126 'Too many levels' "$FILE"
	# A program's own, of the same length.
	sed 's,/lib64/ld-linux,/lib64/LD-LINUX,' "$FIXTURES/probe" >"$FILE"
	in_every_mode refuses_command 126 'its interpreter does not exist' "$FILE" "$REPORT"
}

@test "being written (ETXTBSY): the mount gone" {
	cp "$FIXTURES/probe" "$FILE"
	exec 5>>"$FILE"
	in_every_mode refuses_command 126 'Text file busy' "$FILE" "$REPORT"
	exec 5>&-
	in_every_mode runs_powerless
}

# As the caller gives them they are short enough; as they become they are not.
@test "E2BIG: the mount gone" {
	local arguments
	mapfile -t arguments < <(yes '{fds}' | head -n 4000)
	in_every_mode overflows_by "${arguments[@]}"
	in_every_mode overflows_by "$(printf '{fds}%.0s' {1..200})"
	# Another user's COMMAND does not get that much of it.
	in_modes "root ${USER_MODES[*]}" overflows_by_environment
}

# Each of them becomes 900 bytes; there is room for 2 MB.
overflows_by() { # ARG...
	before_launcher prlimit --stack=8388608:8388608
	LAUNCH+=(-n 253)
	refuses_command 126 'Argument list too long' "$FIXTURES/probe" "$REPORT" 0 "$@"
}

# The launcher is executed with as much as there is room for (128 KB with a
# small stack, found from above); its own five variables are too many.
overflows_by_environment() {
	# shellcheck disable=SC2016
	before_launcher env -i "ASAN_OPTIONS=${ASAN_OPTIONS:-}" bash -c '
		ulimit -s 400
		shopt -s execfail
		unset PWD OLDPWD SHLVL
		X=$(printf %065000d 0) Y=$X
		export X Y
		until exec "$@"; do Y=${Y:64}; done' bash
	LAUNCH+=(-n 253)
	launch "$MNT" "$FIXTURES/probe" "$REPORT"
	assert_failure 126
	assert_equal "${lines[-1]}" "fusefd-launch: cannot execute '$FIXTURES/probe': Argument list too long"
	assert_equal "$(cat "$REPORT")" ''
	assert_mounts_unchanged
}

# Ended by the kernel behind the point of no return: the launcher is no more,
# and what is left is the user's own mount, dead.
dies_in_the_exec() {
	launch "$MNT" -- "$FILE"
	[[ $status -eq 139 || $status -eq 137 ]]
	[[ $(mount_field "$MNT" super) == *,user_id=$OWNER,* ]]
	assert_equal "$(mount_field "$MNT" options)" rw,nosuid,nodev,relatime
	timeout 10 "${AS_OWNER[@]}" fusermount3 -u "$MNT"
	assert_mounts_unchanged
}

@test "a program that the kernel kills as it starts: a dead mount of the user's own is left" {
	# Of each segment to load, the size in memory.
	cp "$FIXTURES/probe" "$FILE"
	# shellcheck disable=SC2016
	perl -0777 -pi -e '
		my ($at, $size, $count) = unpack("x32Q x14S2", $_);
		for (my $header = $at; $count--; $header += $size) {
			substr($_, $header + 40, 8) = pack("Q", 1 << 62)
				if unpack("L", substr($_, $header, 4)) == 1;
		}' "$FILE"
	in_every_mode dies_in_the_exec
}

# ---- Privilege in the file ---------------------------------------------------------------

# One with sanitizers in it is never given privilege: they obey the environment.
PROBE=$FUSEFD_PLAIN_BUILD/fixtures/probe

@test "Setuid root: runs without privilege" {
	local mode
	for mode in 4755 6755 2755; do
		install -m "$mode" "$PROBE" "$FILE"
		in_every_mode runs_powerless
	done
	# It would be seen: without the launcher it is root.
	chmod 4755 "$FILE"
	"${AS_ALICE[@]}" "$FILE" "$REPORT"
	assert_reported Uid "$ALICE 0 0 0"
}

@test "Setuid of another user: runs as its caller" {
	install -o bob -g bob -m 6755 "$PROBE" "$FILE"
	in_every_mode runs_powerless
	"${AS_ALICE[@]}" "$FILE" "$REPORT"
	assert_reported Uid "$ALICE $BOB $BOB $BOB"
}

@test "Setuid interpreter of a script: runs without privilege" {
	install -m 4755 "$PROBE" "$WORK/command/interpreter"
	printf '#!%s %s\n' "$WORK/command/interpreter" "$REPORT" >"$FILE"
	chmod 4755 "$FILE"
	in_every_mode runs_powerless_by_name
}

# The interpreter's argument is the report; COMMAND's own follow.
runs_powerless_by_name() {
	: >"$REPORT"
	launch "$MNT" -- "$FILE"
	assert_success
	timeout 10 umount "$MNT"
	assert_powerless
}

# The kernel executes a file that asks for a capability only where the bounding
# set has it: else EPERM. Where the bounding set is full, no_new_privs stands.
asks_for_capabilities() {
	: >"$REPORT"
	launch "$MNT" -- "$FILE" "$REPORT"
	if [[ ${MODE:?} == alone && $status -eq 0 ]]; then
		timeout 10 umount "$MNT"
		assert_powerless
		return
	fi
	assert_failure 126
	assert_output --regexp "^fusefd-launch: cannot execute '$FILE': .*: it has file capabilities"
	assert_equal "$(cat "$REPORT")" ''
	assert_mounts_unchanged
}

@test "with file capabilities: refused, or runs without privilege" {
	local capabilities
	requires caps
	install "$PROBE" "$FILE"
	for capabilities in cap_sys_admin=ep cap_sys_admin=eip all=ep cap_chown=ep \
		cap_setpcap,cap_sys_admin=ep; do
		setcap "$capabilities" "$FILE"
		in_every_mode asks_for_capabilities
	done
	for capabilities in cap_sys_admin=p all=p cap_sys_admin=i all=i; do
		setcap "$capabilities" "$FILE"
		in_every_mode runs_powerless
	done
	setcap cap_net_raw=ep "$FILE"
	"${AS_ALICE[@]}" "$FILE" "$REPORT"
	assert_reported CapEff 0000000000002000
}

@test "with file capabilities, and --keep-caps: no more than it names" {
	local capabilities
	requires caps
	install "$PROBE" "$FILE"
	attack_as user
	for capabilities in cap_chown=ep cap_chown=p all=i; do
		setcap "$capabilities" "$FILE"
		: >"$REPORT"
		launch -c chown "$MNT" -- "$FILE" "$REPORT"
		assert_success
		timeout 10 umount "$MNT"
		[[ $(reported CapPrm) =~ ^000000000000000[01]$ ]]
		[[ $(reported CapEff) =~ ^000000000000000[01]$ ]]
		assert_reported CapBnd 0000000000000001
		assert_reported NoNewPrivs 1
		assert_reported SETUID_0 'Operation not permitted'
	done
	setcap cap_chown,cap_sys_admin=ep "$FILE"
	LAUNCH+=(-c chown)
	refuses_command 126 'it has file capabilities' "$FILE" "$REPORT"
}

# COMMAND may start what it likes: a launcher is one of them.
@test "the launcher itself, setuid or not, as COMMAND: not privileged" {
	local program
	requires setuid
	for program in "$LAUNCHER" "$LAUNCHER_SETUID"; do
		in_every_mode launches_a_launcher "$program"
	done
}

launches_a_launcher() { # PROGRAM
	install -d -o "$OWNER" "$(dirname "$MNT")/second"
	: >"$REPORT"
	launch "$MNT" -- "$1" "$(dirname "$MNT")/second" "$FIXTURES/probe" "$REPORT"
	assert_failure 125
	assert_output --regexp '^fusefd-launch: not privileged'
	assert_equal "$(cat "$REPORT")" ''
	timeout 10 umount "$MNT"
	rmdir "$(dirname "$MNT")/second"
}

# ---- Who may execute it ----------------------------------------------------------------------
# "Readable for root only, with --user": badinput.bats, "COMMAND is for root
# only, and --user another: 126".

# Whether it is there is nothing that a user learns.
sees_nothing_of_roots() {
	refuses_command 126 'Permission denied' "$WORK/command/roots/probe" "$REPORT"
	refuses_command 126 'Permission denied' "$WORK/command/roots/prob_" "$REPORT"
}

@test "in a directory that only root may search: refuse, and nothing is learned" {
	install -d -m 0700 "$WORK/command/roots"
	cp "$FIXTURES/probe" "$WORK/command/roots"
	in_modes 'user setuid caps alone' sees_nothing_of_roots
	# By root's own cwd too.
	attack_as user
	before_launcher env --chdir="$WORK/command/roots"
	refuses_command 126 'Permission denied' ./probe "$REPORT"
}

@test "on a filesystem mounted noexec: refuse" {
	mkdir "$WORK/command/noexec"
	mount -t tmpfs -o noexec none "$WORK/command/noexec"
	mv "$BATS_TEST_TMPDIR/mounts" "$BATS_TEST_TMPDIR/mounts.none"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	cp "$FIXTURES/probe" "$WORK/command/noexec/"
	in_every_mode refuses_command 126 'Permission denied' \
		"$WORK/command/noexec/probe" "$REPORT"
	mv "$BATS_TEST_TMPDIR/mounts.none" "$BATS_TEST_TMPDIR/mounts"
	umount "$WORK/command/noexec"
}

# ---- --user ----------------------------------------------------------------------------------
# Unknown: badinput.bats, "an unknown user or group"; numeric: modes.bats,
# "--user: COMMAND has that user's ids, …", "--user by a number that no user
# has, with a group"; by a user: attack_policy.bats.

@test "--user of a form that is neither a name nor a number: refuse" {
	local user
	attack_as root
	for user in -1 +0 00 0x0 4294967295 4294967296 18446744073709551616 ' alice' \
		'alice ' ALICE $'alice\n' alice/ ../alice '%s'; do
		refuses_options "unknown user '" -u "$user"
		refuses_options "unknown (user|group) '" -u "alice:$user"
	done
	for user in : :: alice: :alice; do
		refuses_options "is not USER\[:GROUP\]|unknown" -u "$user"
	done
	refuses_options "unknown group 'crew:alice'" -u alice:crew:alice
	refuses_options "unknown user '0*\.\.\.0*'" -u "$(printf '%0100000d' 0)"
}

@test "--user that the user database has in a broken way: defined" {
	attack_as root
	# A name that is a number is a number.
	echo "60555:x:0:0::/root:/bin/sh" >>/etc/passwd
	refuses_options "user '60555' has no entry" -u 60555
	launch_probe -u 60555:60555
	assert_reported Uid '60555 60555 60555 60555'
	# More groups than the kernel's first guess, some twice.
	echo "carol:x:60556:60556:::" >>/etc/passwd
	seq 61000 61200 | sed 's/.*/group&:x:&:carol,carol/' >>/etc/group
	launch_probe -u carol
	assert_equal "$(reported Groups | wc -w)" 202
	assert_reported Uid '60556 60556 60556 60556'
	assert_reported ENV_HOME ''
	sed -i '/^60555:\|^carol:/d' /etc/passwd
	sed -i '/:carol,carol$/d' /etc/group
}
