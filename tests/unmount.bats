#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# --unmount, as its users need it: whatever state the filesystem is in, and
# whatever its mountpoint is called. What it must withstand is in
# attack_unmount.bats.

load helpers
load attack

setup() {
	common_setup
	requires fuse
	attack_as root
}

# unmount_here ARG...: by the launcher of the mode at hand; of "--user", which
# does not go with it, root is who remains.
unmount_here() {
	local by=("${LAUNCH[@]}")
	[[ $MODE != user ]] || by=("$LAUNCHER")
	run clean_fds timeout -k 1 20 "${by[@]}" --unmount "$@"
}

# COMMAND ends at once: what is mounted is dead.
mount_dead() { # FOLDER
	mkdir -p "$1"
	chown "$OWNER" "$1"
	launch -n 1 "$1" /bin/true
	assert_success
}

assert_unmounted() {
	assert_success
	assert_output ''
	assert_mounts_unchanged
}

assert_refused() { # PATTERN
	assert_failure 125
	assert_line --index 0 --regexp "^fusefd-launch: cannot unmount '.*': .*$1"
	((${#lines[@]} <= 2)) || fail "more than two lines: $output"
}

# ---- Whose it is ---------------------------------------------------------------

unmount_served() {
	start_fs -n 2 -- "$FIXTURES/rawfs"
	unmount_here "$MNT"
	assert_unmounted
	wait_fs 0
}

@test "a mount that is served goes, and its filesystem ends" {
	in_every_mode unmount_served
}

unmount_with_fusermount() {
	start_fs -n 1 -- "$FIXTURES/rawfs"
	timeout 10 "${AS_OWNER[@]}" fusermount3 -u "$MNT"
	wait_fs 0
	assert_mounts_unchanged
	start_fs -n 1 -- "$FIXTURES/rawfs"
	timeout 10 umount "$MNT"
	wait_fs 0
	assert_mounts_unchanged
}

@test "fusermount3 -u and umount keep working" {
	in_every_mode unmount_with_fusermount
}

@test "--unmount takes what others mounted, too" {
	mount -i -t fuse -o user_id=0,group_id=0,rootmode=40000,fd=9 other "$MNT" 9<>/dev/fuse
	unmount_here "$MNT"
	assert_unmounted
}

@test "root unmounts whose ever it is, where only root can reach" {
	requires setuid
	local folder=$WORK/alice/closed
	attack_as setuid
	mkdir -m 0700 "$folder"
	chown "$ALICE" "$folder"
	mount_dead "$folder/mnt"
	attack_as root
	unmount_here "$folder/mnt"
	assert_unmounted
	rm -r "$folder"
}

# ---- What state it is in ----------------------------------------------------------

unmount_stopped() { # OPTION...
	start_fs -n 1 -- "$FIXTURES/rawfs"
	kill -STOP "$FS_PID"
	unmount_here "$@" "$MNT"
	assert_unmounted
	kill -CONT "$FS_PID"
	wait_fs 0
}

@test "a filesystem that is stopped does not hold it up" {
	in_every_mode unmount_stopped
	in_every_mode unmount_stopped --lazy
}

unmount_killed() { # OPTION...
	start_fs -n 1 -- "$FIXTURES/rawfs"
	kill -KILL "$FS_PID"
	wait_fs 137
	run timeout 10 "${AS_OWNER[@]}" stat "$MNT"
	assert_output --partial 'endpoint is not connected'
	unmount_here "$@" "$MNT"
	assert_unmounted
}

@test "a filesystem that was killed does not hold it up" {
	in_every_mode unmount_killed
	in_every_mode unmount_killed --lazy
}

# Nobody may touch the mountpoint meanwhile: they would wait.
unmount_silent() { # OPTION...
	start "${LAUNCH[@]}" -n 1 "$MNT" sleep 60
	until_true 10 is_mounted "$MNT"
	unmount_here "$@" "$MNT"
	assert_unmounted
	kill "$FS_PID"
	wait_fs 143
}

@test "a filesystem that never answered does not hold it up" {
	in_every_mode unmount_silent
	in_every_mode unmount_silent --lazy
}

# ---- In use --------------------------------------------------------------------

unmount_used() {
	local user
	start_fs -n 1 -- "$FIXTURES/rawfs"
	"${AS_OWNER[@]}" sh -c 'cd "$1" && exec sleep 60' sh "$MNT" &
	user=$!
	until_true 10 is_inside "$user"
	unmount_here "$MNT"
	assert_refused 'it is in use'
	assert_line --index 1 --partial -- '--lazy'
	is_mounted "$MNT"
	unmount_here --lazy "$MNT"
	assert_unmounted
	has_ended "$FS_PID" && fail "the filesystem has ended while it is used"
	kill "$user"
	wait "$user" || true
	wait_fs 0
}

@test "in use: refused with what to do; --lazy detaches, and it goes with its user" {
	in_every_mode unmount_used
}

unmount_around() {
	start "${LAUNCH[@]}" -n 1 "$MNT" -- "$PASSTHROUGH" -f "$WORK/outer"
	wait_mounted "$MNT"
	launch -n 1 "$MNT/inner" /bin/true
	assert_success
	unmount_here "$MNT"
	assert_refused "it has a mount inside, on '$MNT/inner'"
	unmount_here --lazy "$MNT"
	assert_unmounted
	wait_fs 0
}

@test "a mount inside: refused with its name; --lazy takes both" {
	mkdir -p "$WORK/outer/inner"
	chown -R "$ALICE" "$WORK/outer"
	in_modes "root ${USER_MODES[*]}" unmount_around
}

# A mount on it takes a root that its owner may write to.
unmount_stack() {
	mkdir -p "$WORK/tree"
	chown "$OWNER" "$WORK/tree"
	start_fs -n 1 -o fsname=below -- "$PASSTHROUGH" -f "$WORK/tree"
	launch -n 1 -o fsname=above "$MNT" /bin/true
	assert_success
	assert_equal "$(mount_field "$MNT" source)" above
	unmount_here "$MNT"
	assert_success
	assert_equal "$(mount_field "$MNT" source)" below
	timeout 10 "${AS_OWNER[@]}" ls "$MNT"
	unmount_here "$MNT"
	assert_unmounted
	wait_fs 0
}

@test "stacked: the topmost goes" {
	in_modes "root ${USER_MODES[*]}" unmount_stack
}

# ---- How it is named ----------------------------------------------------------------

unmount_named() { # NAME
	mount_dead "$WORK/alice/names/$1"
	[[ -n $(fuse_mounts) ]]
	unmount_here "$WORK/alice/names/$1"
	assert_unmounted
}

unmount_names() {
	local name
	install -d -o "$OWNER" "$WORK/alice/names"
	for name in 'a b' $'a\nb' $'a\tb' 'a\b' 'a\040b' 'a#b' $'\xff' $'\e[2J' \
		'mnt (deleted)' ' - fuse x rw,user_id=0' -v "$(printf '%0255d' 0)"; do
		unmount_named "$name"
	done
	rm -r "$WORK/alice/names"
}

@test "names with spaces, newlines, backslashes, and that end in (deleted)" {
	in_every_mode unmount_names
}

unmount_file() {
	: >"$WORK/alice/file"
	chown "$OWNER" "$WORK/alice/file"
	launch -n 1 "$WORK/alice/file" /bin/true
	assert_success
	unmount_here "$WORK/alice/file"
	assert_unmounted
	rm "$WORK/alice/file"
}

@test "a file that is mounted on" {
	in_every_mode unmount_file
}

unmount_in_other_words() {
	local way
	ln -sfn alice "$WORK/way"
	for way in alice/mnt ./alice/mnt// "$WORK/alice/../alice/mnt/" "$WORK/way/mnt" \
		"/$WORK/alice//mnt"; do
		mount_dead "$ALICE_MNT"
		unmount_here "$way"
		assert_unmounted
	done
	(cd "$WORK/alice" && mount_dead "$ALICE_MNT" && unmount_here mnt && assert_unmounted)
	rm "$WORK/way"
}

@test "by a relative path, with slashes behind, through a symlink" {
	in_every_mode unmount_in_other_words
}

refuse_names() {
	mount_dead "$MNT"
	ln -sfn "$MNT" "$WORK/alice/link"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	unmount_here "$WORK/alice/link"
	assert_refused 'it is a symbolic link'
	unmount_here /
	assert_refused 'it is the root directory'
	unmount_here "$WORK/alice/."
	assert_refused 'its path ends in dots'
	unmount_here "$MNT/.."
	assert_refused 'its path ends in dots'
	unmount_here "$WORK/none"
	assert_refused 'it does not exist'
	unmount_here "$WORK/none/mnt"
	assert_refused 'it does not exist'
	unmount_here /etc/passwd/mnt
	assert_refused 'Not a directory'
	unmount_here /etc/passwd
	assert_refused 'nothing is mounted there'
	unmount_here "$WORK/alice"
	assert_refused 'nothing is mounted there'
	unmount_here "$(printf '%0256d' 0)"
	assert_refused 'File name too long'
	unmount_here "$(printf '/%0200d' {1..25})"
	assert_refused 'File name too long'
	assert_mounts_unchanged
	umount "$MNT"
	rm "$WORK/alice/link"
	mounts >"$BATS_TEST_TMPDIR/mounts"
}

@test "what is no mountpoint is refused, and why" {
	in_every_mode refuse_names
}

refuse_inside() {
	start_fs -n 1 -- "$FIXTURES/rawfs"
	unmount_here "$MNT/many"
	if [[ $MODE == user ]]; then
		assert_refused 'Permission denied' # alice keeps root out
	else
		assert_refused 'nothing is mounted there'
		assert_line --index 1 "The mount that it lies in is on '$MNT'."
	fi
	unmount_here "$MNT"
	assert_unmounted
	wait_fs 0
}

@test "a directory inside of a mount is none: refused, naming the mount" {
	in_every_mode refuse_inside
}

refuse_inside_dead() {
	mount_dead "$MNT"
	unmount_here "$MNT/inner"
	if [[ $MODE == user ]]; then
		assert_refused 'Permission denied'
	else
		assert_refused 'a filesystem that has died'
	fi
	unmount_here "$MNT"
	assert_unmounted
}

@test "inside of a dead mount: refused, saying so" {
	in_every_mode refuse_inside_dead
}

# ---- Several, and what is said -------------------------------------------------------

unmount_several() {
	mount_dead "$WORK/alice/a"
	mount_dead "$WORK/alice/b"
	mount_dead "$WORK/alice/c"
	unmount_here "$WORK/alice/a" "$WORK/none" "$WORK/alice/b" /tmp "$WORK/alice/c"
	assert_failure 125
	assert_line --index 0 --partial "'$WORK/none'"
	assert_line --index 1 --partial "'/tmp'"
	assert_equal "${#lines[@]}" 2
	assert_mounts_unchanged
	mount_dead "$WORK/alice/a"
	mount_dead "$WORK/alice/b"
	unmount_here -- "$WORK/alice/a" "$WORK/alice/b"
	assert_unmounted
	rmdir "$WORK/alice"/{a,b,c}
}

@test "several: goes on after one that fails, and exits with 125" {
	in_every_mode unmount_several
}

say_what_was_done() {
	mount_dead "$MNT"
	unmount_here --verbose "$MNT"
	assert_success
	assert_line "fusefd-launch: unmounted '$MNT', of type 'fuse.true'"
	mount_dead "$MNT"
	unmount_here --verbose --lazy "$MNT"
	assert_success
	assert_line "fusefd-launch: unmounted '$MNT', of type 'fuse.true'"
}

@test "--verbose says what was done" {
	in_every_mode say_what_was_done
}

@test "options that do not go with it, and none to unmount: refuse" {
	refuses 125 'no MOUNTPOINT' --unmount
	refuses 125 'empty name' --unmount ''
	refuses 125 'needs --unmount' --lazy "$MNT" /bin/true
	refuses 125 'exclude each other' --unmount -S "$MNT"
	refuses 125 'does not go with --unmount' --unmount -n 1 "$MNT"
	refuses 125 'does not go with --unmount' --unmount -u alice "$MNT"
	refuses 125 'does not go with --unmount' --unmount -o ro "$MNT"
}

# ---- Shared mounts -------------------------------------------------------------------

# What is mounted in one view is seen in the other; by whichever it is named,
# both go.
unmount_peers() {
	local view
	for view in first second; do
		mount_dead "$WORK/alice/first/mnt"
		is_mounted "$WORK/alice/second/mnt"
		unmount_here "$WORK/alice/$view/mnt"
		assert_unmounted
	done
}

@test "parent shared: one unmount cleans the peers" {
	mkdir -p "$WORK/alice/first/mnt" "$WORK/alice/second"
	mount --bind "$WORK/alice/first" "$WORK/alice/first"
	mount --make-shared "$WORK/alice/first"
	mount --bind "$WORK/alice/first" "$WORK/alice/second"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	in_every_mode unmount_peers
	umount "$WORK/alice/first" "$WORK/alice/second"
	rm -r "$WORK/alice"/{first,second}
	mounts >"$BATS_TEST_TMPDIR/mounts"
}
