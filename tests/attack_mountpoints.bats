#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Mountpoints": what is judged is what is mounted on,
# whatever happens to its names meanwhile.
#
# FUSEFD_RACES=all runs each race over 2,000 launches instead of 200; it takes
# minutes, so give FUSEFD_FILE_TIMEOUT, of seconds, as well.
#
# Elsewhere: a path that is empty, too long, missing, or through a file, a FIFO,
# a device, and "/", for root, in badinput.bats; "--user" on a folder that only
# root can reach in modes.bats; the unmount rows where --unmount is tested.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack

setup() {
	common_setup
	requires fuse
	# Root's, in the place of /etc: a launcher that mounts on it fails these
	# tests, and does not take the C library's files away from them.
	mkdir -p "$WORK/roots/mnt"
	RUN=("$FIXTURES/probe" "$REPORT")
}

teardown() {
	[[ -z ${SWAPPER:-} ]] || kill -KILL "$SWAPPER" 2>/dev/null
	[[ -z ${HELD:-} ]] || kill -KILL "$HELD" 2>/dev/null
	[[ -n $BATS_TEST_COMPLETED ]] || clean_up_after_failure
	common_teardown
}

# What the namespaces of this file do not take with them, or a later test meets.
clean_up_after_failure() {
	rmdir "$WORK/cgroup/fusefd-test.$FUSEFD_FIRST_ID" 2>/dev/null
	umount "$WORK/alice/one/mnt" 2>/dev/null
	rm -f /etc/fuse.conf
}

as_alice() { "${AS_ALICE[@]}" "$@"; }

# A folder of alice's, empty at each call.
alices() { # NAME
	rm -rf "$WORK/alice/$1"
	install -d -o "$ALICE" -g "$ALICE" "$WORK/alice/$1"
}

# The folders that FUSE is mounted on, one line. By no process, where there are
# none, since a race asks it thousands of times.
mounted_on() {
	[[ $(</proc/self/mountinfo) == *' - fuse'* ]] || return 0
	fuse_mounts | paste -sd ' '
}

# ---- Races ------------------------------------------------------------------------

start_swapper() { # A B
	clean_fds "${AS_ALICE[@]}" "$FIXTURES/swapper" "$@" >"$LOG" 2>&1 &
	SWAPPER=$!
}

stop_swapper() {
	local status=0
	kill -TERM "$SWAPPER"
	wait "$SWAPPER" || status=$?
	SWAPPER=
	[[ $status -eq 0 ]] || fail "the swapper failed: $(cat "$LOG")"
}

# By now it may have another name, when it was an ancestor that was swapped.
unmount_swapped() { # FOLDER
	local tries
	for tries in {1..100}; do
		umount "$1" 2>/dev/null && return
	done
	fail "cannot unmount $1"
}

# race CHECK TARGET: launches on TARGET, each of which either fails with one of
# the reasons that there are, or has a mount that CHECK is content with.
race() {
	local check=$1 target=$2 launches=200 more=1000 landed=0 refused=0 folder
	local log=$BATS_TEST_TMPDIR/race
	[[ ${FUSEFD_RACES:-} != all ]] || launches=2000
	# In full where alice gains most, and in part for what else there is.
	# shellcheck disable=SC2153 # it is attack_as that sets MODE
	[[ $MODE == setuid ]] || launches=$((launches / 8))
	# Until both were met: else there was no race.
	while ((launches-- > 0 || (landed == 0 || refused == 0) && more-- > 0)); do
		if timeout 20 "${LAUNCH[@]}" -n 1 "$target" /bin/true >"$log" 2>&1; then
			folder=$(mounted_on)
			"$check" "$folder" || fail "$MODE: mounted on $folder"
			unmount_swapped "$folder"
			landed=$((landed + 1))
		else
			grep -qE 'not owned by you|may not write|symbolic link|meanwhile' \
				"$log" || fail "$MODE: $(cat "$log")"
			refused=$((refused + 1))
		fi
		[[ -z $(mounted_on) ]] || fail "$MODE: left: $(mounted_on)"
	done
	echo "# $MODE: $landed landed, $refused refused" >&3
	((landed > 0 && refused > 0)) || fail "$MODE: landed $landed, refused $refused"
}

# A folder that is mounted on keeps its name, so that what is visible by the
# other name is the other folder.
covers_alices() { # FOLDER
	local other
	case $1 in
	"$WORK/alice/one") other=$WORK/alice/two ;;
	"$WORK/alice/two") other=$WORK/alice/one ;;
	*) return 1 ;;
	esac
	[[ $(stat -c %u "$other") == 0 ]]
}

race_with_roots_folder() {
	alices one
	install -d "$WORK/alice/two" # root's, in a folder of alice's
	start_swapper "$WORK/alice/one" "$WORK/alice/two"
	race covers_alices "$WORK/alice/one"
	stop_swapper
	rmdir "$WORK/alice/one" "$WORK/alice/two"
}

@test "it swapped in a RENAME_EXCHANGE loop with root's directory: lands on the checked inode or fails" {
	in_user_modes race_with_roots_folder
}

is_alices() { [[ $1 == "$WORK/alice/one" || $1 == "$WORK/alice/two" ]]; }

race_with_link() {
	alices one
	ln -s "$WORK/roots" "$WORK/alice/two"
	chown -h "$ALICE" "$WORK/alice/two" # else root would follow it
	start_swapper "$WORK/alice/one" "$WORK/alice/two"
	race is_alices "$WORK/alice/one"
	stop_swapper
	rmdir "$WORK/alice/one"
	rm "$WORK/alice/two"
}

@test "it swapped for a symlink to root's: lands on the checked inode or fails" {
	requires setuid
	in_modes "user ${USER_MODES[*]}" race_with_link
}

is_below_alices() { [[ $1 == "$WORK/alice/"@(one|two)/mnt ]]; }

# The ancestor is alice's folder in one moment, and a way to root's in the next.
race_of_ancestor() {
	alices one
	alices one/mnt
	ln -s "$WORK/roots" "$WORK/alice/two"
	chown -h "$ALICE" "$WORK/alice/two"
	start_swapper "$WORK/alice/one" "$WORK/alice/two"
	race is_below_alices "$WORK/alice/one/mnt"
	stop_swapper
	rm -r "$WORK/alice/one" "$WORK/alice/two"
}

@test "any ancestor swapped for a symlink to root's: lands on the checked inode or fails" {
	requires setuid
	in_modes "user ${USER_MODES[*]}" race_of_ancestor
}

# ---- The window between check and attach, held open ---------------------------------

# in_the_window CHANGE: a launch on alice/one/mnt, which stands still with its
# mount made while CHANGE runs.
in_the_window() {
	rm -rf "$WORK/alice/"{one,two,three}
	alices one
	alices one/mnt
	MNT=$WORK/alice/one/mnt
	: >"$REPORT"
	hold_at attach -n 1 "$MNT" "$(long_named "$FIXTURES/probe")" "$REPORT"
	mounts | diff "$BATS_TEST_TMPDIR/mounts" - ||
		fail "mounted while it stands still"
	"$@"
	release
	echo "$output"
}

lands_on() { # FOLDER
	assert_equal "$status" 0
	assert_equal "$(mounted_on)" "$1"
	timeout 10 umount "$1"
	assert_reported Uid "$OWNER $OWNER $OWNER $OWNER"
}

lands_nowhere() { # REASON
	assert_equal "$status" 125
	assert_output --regexp "cannot mount on '$WORK/alice/one/mnt': .*($1)"
	assert_equal "$(cat "$REPORT")" ''
	assert_equal "$(mounted_on)" ''
}

renamed() { as_alice mv "$WORK/alice/one/mnt" "$WORK/alice/one/elsewhere"; }
window_renamed() {
	in_the_window renamed
	lands_on "$WORK/alice/one/elsewhere"
}

@test "between check and attach it is renamed: lands on the checked inode" {
	in_every_mode window_renamed
}

linked() { renamed && as_alice ln -s "$WORK/roots" "$WORK/alice/one/mnt"; }
window_linked() {
	in_the_window linked
	lands_on "$WORK/alice/one/elsewhere"
}

@test "between check and attach it is replaced by a symlink to root's: lands on the checked inode" {
	in_every_mode window_linked
}

ancestor_linked() {
	as_alice mv "$WORK/alice/one" "$WORK/alice/two"
	as_alice ln -s "$WORK/roots" "$WORK/alice/one"
}
window_ancestor_linked() {
	in_the_window ancestor_linked
	lands_on "$WORK/alice/two/mnt"
	rm -r "$WORK/alice/one" "$WORK/alice/two"
}

@test "between check and attach an ancestor is replaced by a symlink to root's: lands on the checked inode" {
	in_every_mode window_ancestor_linked
}

removed() { as_alice rmdir "$WORK/alice/one/mnt"; }
window_removed() {
	in_the_window removed
	lands_nowhere 'removed meanwhile'
}

@test "unlinked after the pin: refuse" {
	in_every_mode window_removed
}

replaced() {
	removed
	install -d "$WORK/alice/one/mnt" # root's
}
window_replaced() {
	in_the_window replaced
	lands_nowhere 'removed meanwhile'
}

@test "unlinked after the pin, and root's in its place: refuse" {
	in_every_mode window_replaced
}

covered() { mount -t tmpfs of-root "$WORK/alice/one/mnt"; }
window_covered() {
	in_the_window covered
	umount "$WORK/alice/one/mnt" # the topmost: root's, unless ours is on it
	lands_nowhere 'meanwhile'
}

@test "between check and attach root mounts on it: lands on the checked inode or fails" {
	in_every_mode window_covered
}

# statmount(2), which tells of one mount, is as new as Linux 6.8.
STATMOUNT=457
window_covered_before_6_8() {
	local LAUNCH=("$FIXTURES/without" "$STATMOUNT" "${LAUNCH[@]}")
	window_covered
}

@test "between check and attach root mounts on it, before Linux 6.8: lands on the checked inode or fails" {
	in_every_mode window_covered_before_6_8
}

# The same by strace, which can stop a launch where it says nothing: held
# between the pin and each act that follows, the name is long another's. It is
# held, by a delay at its call, until its tracer is killed.
swap_at() { # SYSCALL [NUMBER]
	local launch pid status=0
	rm -rf "$WORK/alice/"{one,two,three}
	alices one
	install -d "$WORK/alice/two"
	: >"$REPORT"
	clean_fds env -i PATH="$PATH" timeout 60 strace -D -f -qq -o /dev/null -u alice \
		-e "trace=$1" -e "inject=$1:delay_enter=60000000:when=${2:-1}" \
		"${LAUNCH[-1]}" -n 1 "$WORK/alice/one" "${RUN[@]}" >"$LOG" 2>&1 &
	launch=$!
	until_true 10 is_pinned || fail "$1 was not reached"
	pid=$PINNED_BY
	until_true 10 stands_still "$pid" || fail "$1 was not held"
	as_alice mv "$WORK/alice/one" "$WORK/alice/three"
	as_alice mv "$WORK/alice/two" "$WORK/alice/one"
	kill -KILL "$(sed -n 's/^TracerPid:[[:space:]]*//p' "/proc/$pid/status")"
	wait "$launch" || status=$?
	assert_equal "$1: $status $(cat "$LOG")" "$1: 0 "
	assert_equal "$1: $(mounted_on)" "$1: $WORK/alice/three"
	timeout 10 umount "$WORK/alice/three"
	rmdir "$WORK/alice/one" "$WORK/alice/three"
}

# Some process, and only the launch does that, holds what is at alice/one.
is_pinned() {
	PINNED_BY=$(find /proc/[0-9]*/fd -lname "$WORK/alice/one" -printf '%h\n' 2>/dev/null)
	PINNED_BY=${PINNED_BY//[^0-9]/}
	[[ -n $PINNED_BY ]]
}

# At one call, for longer than strace takes to let it go on.
stands_still() { # PID
	local call
	call=$(<"/proc/$1/syscall")
	[[ $call == [0-9]* ]] && sleep 0.1 && [[ $(<"/proc/$1/syscall") == "$call" ]]
}

swap_at_each() {
	local call
	for call in statx faccessat2 fsmount move_mount; do
		swap_at "$call"
	done
	swap_at fstatfs 2 # the first is libcap-ng's, of /proc
}

@test "swapped at each system call from the check to the attach (strace delay_enter): lands on the checked inode" {
	command -v strace >/dev/null || fail "there is no strace"
	requires setuid
	use_plain_build
	RUN=("$FIXTURES/probe" "$REPORT")
	in_modes "setuid alone" swap_at_each
}

# ---- What users may not mount on ------------------------------------------------------

refused_to_users() {
	refuses 125 "$1" "$2" "${RUN[@]}"
}

refuse_links() {
	alices one
	ln -sfn one "$WORK/alice/link"
	refused_to_users 'it is a symbolic link' "$WORK/alice/link"
	refused_to_users 'it is a symbolic link' "$WORK/alice/one/../link"
	ln -sfn "$WORK/none" "$WORK/alice/link"
	refused_to_users 'it is a symbolic link' "$WORK/alice/link"
	ln -sfn link "$WORK/alice/link"
	refused_to_users 'symbolic link' "$WORK/alice/link/x"
	rm "$WORK/alice/link"
}

@test "a symlink (as the last component, for a user): refuse" {
	in_user_modes refuse_links
}

@test "a symlink that the user owns, for root with --user: refuse; one of root's is followed" {
	attack_as user
	alices one
	ln -s one "$WORK/alice/link"
	ln -s "$WORK/alice" "$WORK/to-alice"
	chown -h "$ALICE" "$WORK/alice/link"
	refuses 125 "symbolic link that uid $ALICE owns" "$WORK/alice/link" "${RUN[@]}"
	refuses 125 "symbolic link that uid $ALICE owns" "$WORK/to-alice/link/." "${RUN[@]}"
	MNT=$WORK/to-alice/one
	launch -n 1 "$MNT" "${RUN[@]}"
	assert_success
	assert_equal "$(mounted_on)" "$WORK/alice/one"
	umount "$WORK/alice/one"
	rm "$WORK/alice/link" "$WORK/to-alice"
}

# With fd 9 on alice's own folder, so that nothing but the way is wrong.
refuse_magic() {
	alices one
	before_launcher bash -c 'exec "$@" 9<"$0"' "$WORK/alice/one"
	refuses 125 'symbolic link of /proc' -k 9 /proc/self/fd/9/. "${RUN[@]}"
	refuses 125 'symbolic link' -k 9 /proc/self/fd/9 "${RUN[@]}"
	refuses 125 'symbolic link of /proc' /proc/self/cwd/alice/one "${RUN[@]}"
	refuses 125 'symbolic link of /proc|Permission denied' "/proc/$$/cwd/alice/one" "${RUN[@]}"
	refuses 125 'symbolic link of /proc' "/proc/self/root$WORK/alice/one" "${RUN[@]}"
	refuses 125 'symbolic link of /proc' -k 9 /dev/fd/9/. "${RUN[@]}"
}

@test "/proc/self/fd/N, /proc/PID/cwd: refuse" {
	requires setuid
	in_modes "root ${USER_MODES[*]}" refuse_magic
}

# Root's --user follows /proc's links of root's own by what they read as, never
# by magic; those of alice's processes are alice's.
@test "/proc/PID/cwd of the user's own process, for root with --user: refuse" {
	attack_as user
	"${AS_ALICE[@]}" sleep 60 &
	HELD=$!
	until_true 20 grep -q '^sleep' "/proc/$HELD/comm"
	refuses 125 "symbolic link that uid $ALICE owns" "/proc/$HELD/cwd/alice/one" "${RUN[@]}"
	refuses 125 "symbolic link that uid $ALICE owns" "/proc/$HELD/root$WORK/alice" "${RUN[@]}"
	kill "$HELD"
	wait "$HELD" || true
	HELD=
}

refuse_foreign() {
	install -d -m 0777 -o "$BOB" "$WORK/bob/open"
	refused_to_users 'you may not write to it' "$WORK/bob"
	refused_to_users 'you may not write to it' "$WORK/mnt"
	refused_to_users 'you may not write to it' "$WORK/reports/.."
	refused_to_users 'not owned by you' "$REPORTS" # like /tmp
	refused_to_users 'not owned by you' /tmp
	install -d -m 0755 "$REPORTS/roots"
	refused_to_users 'you may not write to it' "$REPORTS/roots"
	install -d -m 1777 "$REPORTS/roots"
	refused_to_users 'not owned by you' "$REPORTS/roots"
	rmdir "$REPORTS/roots"
	refused_to_users "'/'" /
	refused_to_users "'/'" /../.
	install -d -m 0700 "$WORK/closed" "$WORK/closed/open"
	chown "$ALICE" "$WORK/closed/open"
	refused_to_users 'Permission denied' "$WORK/closed/open"
	install -d -m 0500 -o "$ALICE" "$WORK/alice/locked"
	refused_to_users 'you may not write to it' "$WORK/alice/locked"
}

@test "another user's, root's, /tmp, root's directory in /tmp, /: refuse" {
	in_user_modes refuse_foreign
}

# The other side: what is not the user's but is open to them, is.
@test "another user's that all may write to, without a sticky bit: works" {
	requires setuid
	attack_as setuid
	install -d -m 0777 -o "$BOB" "$WORK/bob/open"
	MNT=$WORK/bob/open
	launch_probe -n 1
	install -d -m 1777 -o "$ALICE" "$REPORTS/own"
	MNT=$REPORTS/own
	launch_probe -n 1
}

refuse_read_only() { refused_to_users 'Read-only file system' "$WORK/read-only/one"; }

@test "read-only: refuse" {
	requires setuid
	alices one
	mkdir -p "$WORK/read-only"
	mount --bind "$WORK/alice" "$WORK/read-only"
	mount -o remount,bind,ro "$WORK/read-only"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	in_user_modes refuse_read_only
	umount "$WORK/read-only"
	common_setup
}

# What is there is made alice's own, so that nothing but the filesystem is wrong.
refuse_interfaces() {
	local for_users='not for users'
	refused_to_users "$for_users|may not write" /sys/kernel
	refused_to_users "$for_users" /proc/self/task
	refused_to_users "$for_users" "/proc/$ALICES_PROCESS/comm"
	refused_to_users "$for_users" "/proc/$ALICES_PROCESS/task/$ALICES_PROCESS"
	refused_to_users "not owned|may not write|$for_users" /dev
	refused_to_users "$for_users" "$WORK/pts"
	refused_to_users "$for_users" "$WORK/sys/kernel"
	[[ -z $CGROUP ]] || refused_to_users "$for_users" "$CGROUP"
}

@test "in /proc, /sys, /dev, a cgroup: refuse" {
	requires setuid
	local WORLD=("$WORK/pts" "$WORK/sys" "$WORK/cgroup") ALICES_PROCESS CGROUP=
	mkdir "${WORLD[@]}"
	mount -t devpts -o uid="$ALICE",newinstance devpts "$WORK/pts"
	chown "$ALICE" "$WORK/pts"
	mount -t sysfs sysfs "$WORK/sys"
	if mount -t cgroup2 cgroup2 "$WORK/cgroup" 2>/dev/null; then
		CGROUP=$WORK/cgroup/fusefd-test.$FUSEFD_FIRST_ID
		mkdir -p "$CGROUP" && chown "$ALICE" "$CGROUP" || CGROUP=
	fi
	chown "$ALICE" "$WORK/sys/kernel"
	"${AS_ALICE[@]}" sleep 60 &
	HELD=$!
	ALICES_PROCESS=$HELD
	until_true 20 grep -q '^sleep' "/proc/$HELD/comm"
	mounts >"$BATS_TEST_TMPDIR/mounts"

	in_user_modes refuse_interfaces

	kill "$HELD"
	wait "$HELD" || true
	HELD=
	chown 0 "$WORK/sys/kernel"
	[[ -z $CGROUP ]] || rmdir "$CGROUP"
	umount "${WORLD[@]}" 2>/dev/null || umount "$WORK/pts" "$WORK/sys"
	rmdir "${WORLD[@]}"
	common_setup
}

# ---- Files --------------------------------------------------------------------------------

mount_on_file() {
	: >"$WORK/file"
	chown "$OWNER" "$WORK/file"
	MNT=$WORK/file
	launch -n 1 "$MNT" "${RUN[@]}"
	assert_success
	assert_equal "$(mounted_on)" "$MNT"
	timeout 10 umount "$MNT"
	assert_reported ENV_FUSEFD_OWNER "$OWNER"
	rm "$WORK/file"
}

@test "a regular file of one's own works" {
	in_every_mode mount_on_file
}

@test "a regular file of one's own: rootmode is S_IFREG" {
	requires setuid
	command -v strace >/dev/null || fail "there is no strace"
	use_plain_build
	RUN=("$FIXTURES/probe" "$REPORT")
	: >"$WORK/alice/file"
	chown "$ALICE" "$WORK/alice/file"
	run -0 clean_fds timeout 20 strace -qq -u alice -e trace=fsconfig -e signal=none 		"$LAUNCHER_SETUID" --fds=1 "$WORK/alice/file" "${RUN[@]}"
	umount "$WORK/alice/file"
	assert_output --partial '"rootmode", "100000"'
	rm "$WORK/alice/file"
}

refuse_files() {
	install -m 0666 /dev/null "$WORK/alice/foreign"
	refused_to_users 'not owned by you' "$WORK/alice/foreign"
	refused_to_users 'not owned by you|not for users' /etc/passwd
	install -m 0444 -o "$ALICE" /dev/null "$WORK/alice/foreign"
	refused_to_users 'may not write' "$WORK/alice/foreign"
	rm "$WORK/alice/foreign"
	mkfifo "$WORK/alice/fifo"
	mknod "$WORK/alice/device" c 1 3
	chown "$ALICE" "$WORK/alice"/{fifo,device}
	(cd "$WORK/alice" && socket_here)
	refused_to_users 'neither' "$WORK/alice/fifo"
	refused_to_users 'neither' "$WORK/alice/device"
	refused_to_users 'neither' "$WORK/alice/socket"
	refused_to_users 'neither' /dev/fuse
	refused_to_users 'neither|not owned' /dev/tty
	rm "$WORK/alice"/{fifo,device,socket}
}

# mknod(1) makes no sockets; bound by one that ends at once.
socket_here() {
	"${AS_ALICE[@]}" timeout 5 perl -MSocket -e '
		socket(S, PF_UNIX, SOCK_STREAM, 0) && bind(S, sockaddr_un("socket"))
			or die $!'
}

@test "a foreign regular file; FIFO, socket, device: refuse without blocking" {
	in_user_modes refuse_files
}

# ---- On and in other mounts -----------------------------------------------------------------

# Serves alice/source, which has a folder "inner", on $MNT.
SERVE_OPTIONS=()
serve() {
	local source=$WORK/alice/source
	install -d -o "$OWNER" -g "$OWNER" "$source" "$source/inner"
	chown -R "$OWNER:$OWNER" "$source"
	start_fs -n 1 "${SERVE_OPTIONS[@]}" -- "$PASSTHROUGH" -f "$source"
}

mount_inside_own() {
	local outer=$MNT
	serve
	launch -n 1 "$outer/inner" "${RUN[@]}"
	assert_success
	assert_equal "$(mounted_on)" "$outer $outer/inner"
	assert_reported ENV_FUSEFD_MOUNTPOINT "$outer/inner"
	# Neither root nor fusermount3 has a way to the inner one; it goes with the
	# outer.
	umount -l "$outer"
	wait_fs 0
}

@test "inside one's own FUSE mount: works" {
	in_modes "root ${USER_MODES[*]}" mount_inside_own
}

# Root too is kept out of what alice serves.
@test "inside another's FUSE mount: EACCES" {
	requires setuid
	local mode outer=$ALICE_MNT
	attack_as setuid
	serve
	mounts >"$BATS_TEST_TMPDIR/mounts"
	for mode in root user; do
		attack_as "$mode"
		refuses 125 "'$outer/inner': Permission denied" "$outer/inner" "${RUN[@]}"
	done
	LAUNCH=("${AS_BOB[@]}" "$LAUNCHER_SETUID")
	refuses 125 "'$outer/inner': Permission denied" "$outer/inner" "${RUN[@]}"
	refuses 125 "'$outer': Permission denied" "$outer" "${RUN[@]}"
	stop_fs
	common_setup
}

@test "inside one that hangs: does not hang us as root" {
	requires setuid
	local mode outer=$ALICE_MNT
	attack_as setuid
	serve
	mounts >"$BATS_TEST_TMPDIR/mounts"
	kill -STOP "$FS_PID"
	for mode in root user; do
		attack_as "$mode"
		refuses 125 'Permission denied' "$outer/inner" "${RUN[@]}"
		refuses 125 'Permission denied' "$outer" "${RUN[@]}"
	done
	kill -CONT "$FS_PID"
	stop_fs
	common_setup
}

# Whom alice lets in she can keep waiting: a name in her filesystem cannot be
# looked up without asking it, by any program (LOOKUP_CACHED would refuse names
# that are merely new). So this is what remains: it can be ended, and then
# nothing is left.
@test "inside one that hangs and has allow_other: waits as all do, can be ended, nothing is left" {
	requires setuid
	local mode outer=$ALICE_MNT
	echo user_allow_other >/etc/fuse.conf
	attack_as setuid
	SERVE_OPTIONS=(-o allow_other)
	serve
	mounts >"$BATS_TEST_TMPDIR/mounts"
	kill -STOP "$FS_PID"
	for mode in root user; do
		attack_as "$mode"
		run clean_fds timeout 1 "${LAUNCH[@]}" -n 1 "$outer/inner" "${RUN[@]}"
		assert_failure 124
		assert_equal "$(cat "$REPORT")" ''
		assert_mounts_unchanged
	done
	# Its root alone is known already, and does not hang us.
	attack_as root
	launch -n 1 "$outer" "${RUN[@]}"
	assert_success
	umount "$outer"
	kill -CONT "$FS_PID"
	attack_as setuid
	stop_fs
	rm /etc/fuse.conf
	common_setup
}

stack() {
	local server
	serve
	server=$FS_PID
	launch -n 1 "$MNT" "${RUN[@]}"
	assert_success
	assert_equal "$(mounted_on)" "$MNT $MNT"
	assert_reported ENV_FUSEFD_MOUNTPOINT "$MNT"
	umount "$MNT"
	run -0 "${AS_OWNER[@]}" ls "$MNT" # the topmost is gone, the other serves
	assert_output inner
	FS_PID=$server
	stop_fs
}

@test "already mounted: stacks" {
	in_modes "root ${USER_MODES[*]}" stack
}

# ---- Propagation ----------------------------------------------------------------------------

# Two views of one folder, alice/first and alice/second, as PROPAGATION has it.
two_views() { # shared|slave|private
	mkdir -p "$WORK/alice"/{first,second}
	mount --bind "$WORK/alice/first" "$WORK/alice/first"
	mount --make-shared "$WORK/alice/first"
	mount --bind "$WORK/alice/first" "$WORK/alice/second"
	mount "--make-$1" "$WORK/alice/second"
	mkdir -p "$WORK/alice/first/mnt"
	chown "$ALICE" "$WORK/alice/first/mnt"
	mounts >"$BATS_TEST_TMPDIR/mounts"
}

one_view() {
	umount "$WORK/alice/first" "$WORK/alice/second"
	rm -r "$WORK/alice"/{first,second}
	mounts >"$BATS_TEST_TMPDIR/mounts"
}

# Mounts by way of one view; then it is seen in the folders given, and nowhere
# else; and after one unmount nowhere at all.
seen_in() { # VIEW FOLDER...
	local seen=("${@:2}")
	launch -n 1 "$WORK/alice/$1/mnt" "${RUN[@]}"
	assert_success
	assert_equal "$(fuse_mounts | sort | xargs)" \
		"$(printf '%s\n' "${seen[@]/#/$WORK/alice/}" | sort | xargs)"
	umount "$WORK/alice/$1/mnt"
	assert_mounts_unchanged
}

# An exec that fails, after the attach, takes the copies away too.
takes_all_back() { # VIEW
	refuses 126 'interpreter' "$WORK/alice/$1/mnt" "$WORK/alice/script"
}

propagate() { # PROPAGATION SEEN-OF-FIRST SEEN-OF-SECOND
	printf '#!/no/such/interpreter\n' >"$WORK/alice/script"
	chmod 755 "$WORK/alice/script"
	two_views "$1"
	# shellcheck disable=SC2086 # folders
	seen_in first $2
	# shellcheck disable=SC2086
	seen_in second $3
	: >"$REPORT"
	takes_all_back first
	takes_all_back second
	one_view
}

@test "parent shared: copies appear, and one unmount cleans the peers" {
	in_every_mode propagate shared 'first/mnt second/mnt' 'first/mnt second/mnt'
}

@test "parent slave: copies come from the master, and go with them" {
	in_every_mode propagate slave 'first/mnt second/mnt' second/mnt
}

@test "parent private: no copies" {
	in_every_mode propagate private first/mnt second/mnt
}

# ---- Beyond the table -------------------------------------------------------------------------

# A relative path leads to where the current directory is, which may be what no
# path leads to any more, or longer than any path.
in_odd_folders() {
	local deep='' level
	alices one
	before_launcher bash -c 'cd "$0" && mkdir -p gone/mnt && cd gone/mnt &&
		rm -r ../../gone && exec "$@"' "$WORK/alice/one"
	refuses 125 'removed|does not exist' . "${RUN[@]}"
	attack_as "$MODE"
	before_launcher bash -c 'cd "$0" || exit
		name=$(printf "%0200d" 0)
		for level in {1..25}; do mkdir -p "$name" && cd "$name" || exit; done
		exec "$@"' "$WORK/alice/one"
	refuses 125 'a very long one' . "${RUN[@]}"
}

@test "beyond: the current directory is deleted, or too deep for a path: refuse" {
	in_every_mode in_odd_folders
}

# Alice reaches into a mount namespace of her own by /proc/PID/root, and stands
# in a folder that is mounted there only.
in_foreign_namespace() {
	before_launcher bash -c 'cd "$0" && exec "$@"' "/proc/$INNER/root$WORK/alice"
	refuses 125 "cannot mount on" ./one "${RUN[@]}"
	refuses 125 "cannot mount on" ./hidden/one "${RUN[@]}"
}

@test "beyond: a folder in another mount namespace: refuse" {
	requires setuid userns
	local INNER
	alices one
	alices hidden
	"${AS_ALICE[@]}" unshare -Urm sh -c '
		mount -t tmpfs tmpfs "$0/hidden" && mkdir "$0/hidden/one" &&
		exec sleep 60' "$WORK/alice" &
	HELD=$!
	INNER=$HELD
	until_true 20 grep -q '^sleep' "/proc/$INNER/comm"
	[[ -d /proc/$INNER/root$WORK/alice/hidden/one ]]
	in_modes "user ${USER_MODES[*]}" in_foreign_namespace
	kill "$HELD"
	wait "$HELD" || true
	HELD=
}
