#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Policy": what the administrator wrote holds for every
# user, and what was not understood allows nothing.
#
# In setuid mode, allow_other with user_allow_other, suid, dev and a full
# mount_max are in modes.bats too; what a text of fuse.conf means is in
# unit/test_fuse_conf, what is root's alone in unit/test_policy.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack
load attack_input

setup() {
	common_setup
	requires fuse
	rm -rf /etc/fuse.conf # of the copy of /etc, see helpers.bash
}

configure() { printf %b "$1" >/etc/fuse.conf; } # TEXT, with \n and \0

# ---- allow_other ------------------------------------------------------------------

refuses_access_for_others() {
	local option
	for option in allow_other allow_root allow_other,default_permissions \
		fsname=x,allow_other; do
		refuses_options "mount option 'allow_(other|root)' is not allowed to users" \
			-o "$option"
	done
}

@test "allow_other without user_allow_other: refuse" {
	in_user_modes refuses_access_for_others
	configure '#user_allow_other\nmount_max = 5\n# user_allow_other\n'
	in_user_modes refuses_access_for_others
}

grants_access_for_others() {
	launch_probe -o "${1:-allow_other}"
	assert_reported ENV_FUSEFD_ACL all
	assert_powerless
}

@test "allow_other with user_allow_other, and by root with whatever is there" {
	configure 'user_allow_other\n'
	in_user_modes grants_access_for_others
	configure 'mount_max = 0\nbogus\n'
	chown alice /etc/fuse.conf
	in_modes 'root user' grants_access_for_others
}

# ---- Which file is trusted -----------------------------------------------------------

uses_the_defaults() {
	launch_probe
	assert_powerless
	refuses_access_for_others
}

@test "fuse.conf missing: defaults" {
	in_user_modes uses_the_defaults
}

# It is read with the launcher's own rights.
@test "fuse.conf 0600: read" {
	configure 'user_allow_other\n'
	chmod 0600 /etc/fuse.conf
	in_modes 'setuid caps' grants_access_for_others
}

cannot_read_it() {
	refuses_options "cannot read '/etc/fuse.conf': Permission denied"
}

@test "fuse.conf 0600, and cap_sys_admin alone to read it with: refuse" {
	requires caps
	configure 'user_allow_other\n'
	chmod 0600 /etc/fuse.conf
	attack_as alone
	# As in a packaged system, where everybody may open the device.
	setcap cap_sys_admin=ep "$LAUNCHER_ALONE"
	cannot_read_it
	setcap cap_sys_admin,cap_dac_override=ep "$LAUNCHER_ALONE"
	launch_probe -o allow_other
}

@test "fuse.conf a symlink: judged by what it leads to" {
	echo user_allow_other >/etc/fuse.conf.real
	ln -s fuse.conf.real /etc/fuse.conf
	in_user_modes grants_access_for_others
	chown alice /etc/fuse.conf.real
	in_user_modes refuses_options "cannot trust '/etc/fuse.conf': it is not root's but uid $ALICE's"
	ln -sfn fuse.conf /etc/fuse.conf
	in_user_modes refuses_options "cannot read '/etc/fuse.conf': Too many levels"
	ln -sfn fuse.conf.real/x /etc/fuse.conf
	in_user_modes refuses_options "cannot read '/etc/fuse.conf': Not a directory"
	rm /etc/fuse.conf.real
}

# allows_nothing REASON: not even what needs no permission. None blocks.
allows_nothing() {
	in_user_modes refuses_options "$1"
	in_user_modes refuses_options "$1" -o allow_other
	rm -rf /etc/fuse.conf
}

@test "fuse.conf a directory, FIFO, socket or device: refuse" {
	mkdir /etc/fuse.conf
	allows_nothing "cannot trust '/etc/fuse.conf': it is not a file"
	mkfifo /etc/fuse.conf
	allows_nothing "cannot trust '/etc/fuse.conf': it is not a file"
	mknod /etc/fuse.conf c 1 5 # /dev/zero
	allows_nothing "cannot trust '/etc/fuse.conf': it is not a file"
	ln -s /dev/null /etc/fuse.conf
	allows_nothing "cannot trust '/etc/fuse.conf': it is not a file"
	perl -MSocket -e 'socket S, AF_UNIX, SOCK_STREAM, 0 and
		bind S, sockaddr_un("/etc/fuse.conf") or die $!'
	allows_nothing "cannot read '/etc/fuse.conf': No such device"
}

@test "fuse.conf not root's, or others may write to it: refuse" {
	local mode
	configure 'user_allow_other\n'
	chown alice:root /etc/fuse.conf
	allows_nothing "cannot trust '/etc/fuse.conf': it is not root's but uid $ALICE's"
	for mode in 0664 0646 0620 0602 0666; do
		configure 'user_allow_other\n'
		chmod "$mode" /etc/fuse.conf
		allows_nothing "cannot trust '/etc/fuse.conf': others than root may write"
	done
	# An ACL's mask is in the group's place.
	configure 'user_allow_other\n'
	chmod 0644 /etc/fuse.conf
	setfacl -m u:alice:rw /etc/fuse.conf
	allows_nothing "cannot trust '/etc/fuse.conf': others than root may write"
}

@test "fuse.conf a symlink to nothing: refuse, for it is not missing" {
	rm -f /etc/fuse.conf
	ln -s "$WORK/no-such-file" /etc/fuse.conf
	in_user_modes refuses_options "cannot read '/etc/fuse.conf': it is a symbolic link to nothing"
}

@test "fuse.conf huge: refuse; as large as may be: read" {
	configure "user_allow_other\n#$(printf '%065519d' 0)"
	assert_equal "$(stat -c %s /etc/fuse.conf)" 65537
	in_user_modes refuses_options "cannot trust '/etc/fuse.conf': it is larger than 65536"
	truncate -s 1T /etc/fuse.conf
	in_user_modes refuses_options "cannot trust '/etc/fuse.conf': it is larger than 65536"
	configure "user_allow_other\n#$(printf '%065518d' 0)"
	in_user_modes grants_access_for_others
}

@test "fuse.conf with NULs, or with what is not understood: refuse, by the line's number" {
	local text
	for text in 'user_allow_other\0\n' '\0' 'user_allow_other\n\0' \
		'user_allow_other\n#\0\n' 'user_allow_other\nbogus\n' 'allow_other\n' \
		'user_allow_other = 1\n' '\033[31m\n'; do
		configure "$text"
		in_modes setuid refuses_options "cannot understand line [123] of '/etc/fuse.conf'"
	done
	configure 'user_allow_other\n\n#\nuser_allow_others\n'
	allows_nothing "cannot understand line 4 of '/etc/fuse.conf'"
}

# ---- mount_max --------------------------------------------------------------------------

# Alice's own mount in this mode, for as long as FUNCTION takes.
with_a_mount() { # FUNCTION [ARG]...
	launch "$MNT" true # dead, and a mount
	assert_success
	assert_equal "$(fuse_mounts | wc -l)" 1
	mounts >"$BATS_TEST_TMPDIR/mounts.before"
	mv "$BATS_TEST_TMPDIR/mounts" "$BATS_TEST_TMPDIR/mounts.none"
	mv "$BATS_TEST_TMPDIR/mounts.before" "$BATS_TEST_TMPDIR/mounts"
	MNT=$WORK/alice/second "$@"
	mv "$BATS_TEST_TMPDIR/mounts.none" "$BATS_TEST_TMPDIR/mounts"
	timeout 10 umount "$MNT"
}

mounts_one_more() {
	launch_probe "$@"
	assert_powerless
}

@test "mount_max -1: any number" {
	install -d -o "$ALICE" "$WORK/alice/second"
	configure 'mount_max = -1\n'
	in_user_modes with_a_mount mounts_one_more
}

@test "mount_max 0: none" {
	configure 'mount_max = 0\n'
	in_user_modes refuses_options 'you may have 0 FUSE mounts at a time, and have 0'
}

@test "mount_max 1: one" {
	install -d -o "$ALICE" "$WORK/alice/second"
	configure 'mount_max = 1\n'
	in_user_modes mounts_one_more
	in_user_modes with_a_mount \
		refuses_options 'you may have 1 FUSE mounts at a time, and have 1'
	configure 'mount_max = 2\n'
	in_user_modes with_a_mount mounts_one_more
}

@test "mount_max 1x: refuse" {
	local value
	for value in 1x '' -2 +1 0x1 2147483648 '1 1' ' = 1'; do
		configure "user_allow_other\nmount_max = $value\n"
		in_modes setuid refuses_options "cannot understand line 2 of '/etc/fuse.conf'"
	done
	in_user_modes refuses_options "cannot understand line 2 of '/etc/fuse.conf'"
}

# What the user may write into mountinfo: source, subtype, the mountpoint.
hides_no_mount() {
	local folder=$WORK/alice/$'second - ext4 x rw,user_id=0\n0 0 0:0 / / - fuse x user_id=0'
	install -d -o "$ALICE" "$folder"
	# shellcheck disable=SC1003
	launch -o 'fsname=- ext4 x rw\,user_id=0,subtype=user_id-0' "$folder" true
	assert_success
	mv "$BATS_TEST_TMPDIR/mounts" "$BATS_TEST_TMPDIR/mounts.none"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	refuses_options 'you may have 1 FUSE mounts at a time, and have 1'
	mv "$BATS_TEST_TMPDIR/mounts.none" "$BATS_TEST_TMPDIR/mounts"
	timeout 10 umount "$folder"
	rmdir "$folder"
}

@test "mount_max counts what a user names so that it looks like another's" {
	configure 'mount_max = 1\n'
	in_user_modes hides_no_mount
}

# Bob's mount and 1023 copies of it: each step mounts all that is there once
# more within itself.
thousand_mounts_of_bobs() {
	local copies=$WORK/copies step
	mkdir "$copies"
	mount -t tmpfs none "$copies"
	mkdir "$copies"/{mnt,{1..10}}
	"$LAUNCHER" -u bob "$copies/mnt" true
	for step in {1..10}; do
		mount --rbind "$copies" "$copies/$step"
	done
}

@test "another user's thousand mounts do not count for me" {
	requires setuid
	thousand_mounts_of_bobs
	assert_equal "$(fuse_mounts | wc -l)" 1024
	mv "$BATS_TEST_TMPDIR/mounts" "$BATS_TEST_TMPDIR/mounts.none"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	in_user_modes mounts_one_more
	# And they do count for him: 1000 is the default.
	LAUNCH=("${AS_BOB[@]}" "$LAUNCHER_SETUID") MNT=$WORK/bob/mnt
	refuses_options 'you may have 1000 FUSE mounts at a time, and have 1024'
	configure 'mount_max = 1025'
	launch_probe
	mv "$BATS_TEST_TMPDIR/mounts.none" "$BATS_TEST_TMPDIR/mounts"
	umount -l "$WORK/copies"
	rmdir "$WORK/copies"
}

# ---- suid and dev --------------------------------------------------------------------------
# "default nosuid,nodev for root too": launch.bats, "the mount is nosuid and
# nodev, …"; in each other mode, "a filesystem is served" of modes.bats.

refuses_suid_and_dev() {
	local option
	for option in suid dev nosuid,suid nodev,dev fsname=x,suid suid,nodev ro,dev; do
		refuses_options "mount option '(suid|dev)' is for root only" -o "$option"
	done
	refuses_options "mount option 'suid' is for root only" -o nosuid -o suid
}

@test "suid, dev by a user: refuse" {
	in_user_modes refuses_suid_and_dev
	configure 'user_allow_other\nmount_max = -1\n'
	in_user_modes refuses_suid_and_dev
}

stays_nosuid_and_nodev() {
	launch -o suid,dev,ro,nosuid,nodev "$MNT" true
	assert_success
	run mount_field "$MNT" options
	timeout 10 umount "$MNT"
	assert_output ro,nosuid,nodev,relatime
}

@test "suid, dev taken back in the same list: nosuid, nodev" {
	in_every_mode stays_nosuid_and_nodev
}

refuses_roots_options() {
	local user
	for user in root alice 0 "$ALICE" bob:bob no-such-user '' :; do
		refuses_options 'option --user is for root' -u "$user"
	done
	refuses_options 'option --keep-caps is for root' -c chown
	refuses_options 'option --keep-caps is for root' -c sys_admin,setuid
}

@test "--user, --keep-caps by a user: refuse" {
	in_user_modes refuses_roots_options
}
