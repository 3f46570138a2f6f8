#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The ways by which the launcher gets its privilege: started by root, by root
# with --user, setuid root, with file capabilities, in a user namespace. What
# COMMAND is left with is the same in all of them: nothing.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack

setup() {
	common_setup
	requires fuse
}

# What holds in every mode, of the probe's report.
assert_like_anybody() { # UID GROUPS
	assert_reported Uid "$1 $1 $1 $1"
	assert_reported Gid "$1 $1 $1 $1"
	assert_reported Groups "$2"
	assert_unprivileged
	assert_equal "$(device_fds | wc -l)" 4
	assert_equal "$(reported_fds)" "0 1 2 3 4 5 6"
	assert_reported ENV_FUSEFD_OWNER "$1"
	assert_reported ENV_FUSEFD_MOUNTPOINT "$MNT"
}

# Alice's, to whom neither the device nor root is open any more.
assert_like_alice() {
	assert_like_anybody "$ALICE" "$ALICE $CREW"
	assert_reported SETUID_0 'Operation not permitted'
	[[ $(stat -c %a /dev/fuse) == *[2367] ]] ||
		assert_reported OPEN_DEV_FUSE 'Permission denied'
	assert_reported ENV_HOME "$WORK/alice"
	assert_reported ENV_USER alice
	assert_reported ENV_LOGNAME alice
}

# A filesystem of the owner's, that shows a folder which only they may read.
assert_serves() {
	local source=$WORK/alice/source
	install -d -m 0700 "$source"
	echo "of the owner" >"$source/file"
	chown -R "$OWNER:$OWNER" "$source"

	start_fs -n 4 -- "$PASSTHROUGH" -f "$source"
	run mount_field "$MNT" options
	assert_output rw,nosuid,nodev,relatime
	run mount_field "$MNT" super
	assert_output --partial "user_id=$OWNER,group_id=$OWNER"
	run -0 "${AS_OWNER[@]}" cat "$MNT/file"
	assert_output "of the owner"
	"${AS_OWNER[@]}" sh -c 'echo written >"$1"' sh "$MNT/new"
	run -0 stat -c '%u %s' "$source/new"
	assert_output "$OWNER 8"
	run -1 "${AS_BOB[@]}" cat "$MNT/file"
	assert_output --partial 'Permission denied'
	[[ $OWNER == 0 ]] || {
		run -1 cat "$MNT/file"
		assert_output --partial 'Permission denied'
	}
	stop_fs
}

# assert_told BOUNDING PERMITTED: the states of privilege, and no others.
assert_told() {
	local effective="effective CAP_SYS_ADMIN; permitted $2"
	local permitted="effective none; permitted $2"

	launch_probe --verbose -n 2
	run -0 grep privilege: <<<"$output"
	assert_output "$(printf 'fusefd-launch: privilege: %s\n' \
		"uid $OWNER, gid $OWNER; no_new_privs; bounding $1" "$permitted" \
		"$effective" "$permitted" "$effective" "$permitted")"
}

# ---- Root ------------------------------------------------------------------------

@test "root: COMMAND is uid 0, and powerless" {
	LAUNCH=(setpriv --groups "$CREW,4" "$LAUNCHER")
	launch_probe -n 4
	assert_like_anybody 0 "4 $CREW"
	# NOROOT, NO_SETUID_FIXUP and their locks: uid 0 means nothing, for good.
	assert_equal "$(($(reported SECUREBITS) & 0xf))" 15
}

@test "root: with ambient and inheritable capabilities, too" {
	LAUNCH=(setpriv --groups 4 --inh-caps +chown,+net_admin
		--ambient-caps +chown,+net_admin "$LAUNCHER")
	launch_probe -n 4
	assert_like_anybody 0 4
}

@test "root: a filesystem is served" {
	as_mode root
	assert_serves
}

# ---- Root with --user ---------------------------------------------------------------

@test "root: --verbose tells each state of privilege" { assert_told none 'CAP_SETUID, CAP_SYS_ADMIN'; }

@test "root: no state of privilege is told without --verbose" {
	launch_probe
	refute_output
}

@test "root: --dry-run tells the one state that it comes to" {
	launch --dry-run -n 2 "$MNT" "$FIXTURES/probe" "$REPORT"
	assert_success
	run -0 grep privilege: <<<"$output"
	assert_output "$(printf 'fusefd-launch: privilege: %s\n' \
		'uid 0, gid 0; no_new_privs; bounding none' \
		'effective none; permitted CAP_SETUID, CAP_SYS_ADMIN')"
}

@test "--user: COMMAND has that user's ids, groups and home, and nothing of root's" {
	local user
	for user in alice "$ALICE" alice:alice "alice:$ALICE"; do
		LAUNCH=(env XDG_RUNTIME_DIR=/run/user/0 SSH_AUTH_SOCK=/root/agent
			DBUS_SESSION_BUS_ADDRESS=unix:path=/root/bus
			setpriv --groups 0,4 "$LAUNCHER" -u "$user")
		MNT=$ALICE_MNT
		launch_probe -n 4
		assert_like_alice
		assert_reported ENV_SHELL /bin/sh
		run -1 grep -E '^ENV_(XDG_|SSH_|DBUS_)' "$REPORT"
	done
}

@test "--user with a group: that one is its gid" {
	LAUNCH=("$LAUNCHER" -u alice:crew)
	launch_probe
	assert_reported Uid "$ALICE $ALICE $ALICE $ALICE"
	assert_reported Gid "$CREW $CREW $CREW $CREW"
	assert_reported Groups "$CREW"
	assert_unprivileged
}

@test "--user by a number that no user has, with a group" {
	LAUNCH=("$LAUNCHER" -u 61234:61235)
	launch_probe
	assert_reported Uid '61234 61234 61234 61234'
	assert_reported Gid '61235 61235 61235 61235'
	assert_reported Groups 61235
	assert_reported ENV_HOME /
	assert_unprivileged
}

@test "--user root: uid 0, and powerless" {
	LAUNCH=("$LAUNCHER" -u root)
	launch_probe -n 4
	assert_reported Uid '0 0 0 0'
	assert_unprivileged
}

@test "--user: the mountpoint may be one that only root can reach" {
	install -d -m 0700 "$WORK/roots" "$WORK/roots/mnt"
	LAUNCH=("$LAUNCHER" -u alice)
	MNT=$WORK/roots/mnt
	launch_probe -n 4
	assert_like_alice
	rmdir "$WORK/roots/mnt" "$WORK/roots"
}

@test "--user: a filesystem is served" {
	as_mode user
	assert_serves
}

# CAP_CHOWN is bit 0, CAP_FOWNER bit 3 (linux/capability.h).
@test "--keep-caps: those and no others, in all five sets" {
	local set
	for LAUNCH in "$LAUNCHER -u alice" "$LAUNCHER"; do
		read -ra LAUNCH <<<"$LAUNCH"
		launch_probe --keep-caps chown,fowner
		for set in CapInh CapPrm CapEff CapBnd CapAmb; do
			assert_reported "$set" 0000000000000009
		done
		assert_reported NoNewPrivs 1
	done
}

@test "--keep-caps: --verbose tells of them" {
	launch_probe --verbose --keep-caps fowner,chown
	assert_line 'fusefd-launch: privilege: uid 0, gid 0; no_new_privs; bounding CAP_CHOWN, CAP_FOWNER'
	assert_line 'fusefd-launch: privilege: effective none; permitted CAP_CHOWN, CAP_FOWNER, CAP_SETUID, CAP_SYS_ADMIN'
}

# ---- Setuid ----------------------------------------------------------------------------

@test "setuid: COMMAND is the user who started it, and powerless" {
	requires setuid
	as_mode setuid
	launch_probe -n 4
	assert_like_alice
}

@test "setuid: a filesystem is served" {
	requires setuid
	as_mode setuid
	assert_serves
}

@test "setuid: --verbose tells each state of privilege" {
	requires setuid
	as_mode setuid
	assert_told none 'CAP_SETUID, CAP_SYS_ADMIN'
}

@test "setuid: root's mountpoints, options and users are refused" {
	requires setuid
	as_mode setuid
	refuses 125 'not owned by you|may not write' "$WORK/mnt" "$FIXTURES/probe" "$REPORT"
	refuses 125 'not allowed to users' -o allow_other "$MNT" "$FIXTURES/probe" "$REPORT"
	refuses 125 'not allowed to users' -o allow_root "$MNT" "$FIXTURES/probe" "$REPORT"
	refuses 125 suid -o suid "$MNT" "$FIXTURES/probe" "$REPORT"
	refuses 125 dev -o dev "$MNT" "$FIXTURES/probe" "$REPORT"
	refuses 125 '--user is for root' -u bob "$MNT" "$FIXTURES/probe" "$REPORT"
	refuses 125 '--keep-caps is for root' -c chown "$MNT" "$FIXTURES/probe" "$REPORT"
	refuses 125 'not for users' /proc/self/fdinfo "$FIXTURES/probe" "$REPORT"
	refuses 125 "'/'" / "$FIXTURES/probe" "$REPORT"
}

@test "setuid: allow_other works where fuse.conf has user_allow_other" {
	requires setuid
	as_mode setuid
	echo user_allow_other >/etc/fuse.conf
	launch_probe -o allow_other
	assert_reported ENV_FUSEFD_ACL all
	rm /etc/fuse.conf
}

@test "setuid: mount_max counts the user's own mounts" {
	requires setuid
	as_mode setuid
	echo 'mount_max = 1' >/etc/fuse.conf
	start_fs -- "$PASSTHROUGH" -f "$WORK/bin"
	install -d -o "$ALICE" "$WORK/alice/second"
	launch "$WORK/alice/second" "$FIXTURES/probe" "$REPORT"
	rm /etc/fuse.conf
	stop_fs
	assert_failure 125
	assert_output --partial mount_max
	assert_equal "$(cat "$REPORT")" ''
}

@test "not privileged at all: refused, with what to do" {
	LAUNCH=("${AS_ALICE[@]}" "$LAUNCHER")
	refuses 125 'not privileged' "$ALICE_MNT" "$FIXTURES/probe" "$REPORT"
	requires setuid
	LAUNCH=("${AS_ALICE[@]}" setpriv --no-new-privs "$LAUNCHER_SETUID")
	refuses 125 no_new_privs "$ALICE_MNT" "$FIXTURES/probe" "$REPORT"
}

# ---- File capabilities -------------------------------------------------------------------

@test "file capabilities: COMMAND is the user who started it, and powerless" {
	requires caps
	as_mode caps
	launch_probe -n 4
	assert_like_alice
}

@test "file capabilities: a filesystem is served" {
	requires caps
	as_mode caps
	assert_serves
}

# Without CAP_SETUID there is no shield.
@test "file capabilities, cap_sys_admin alone: --verbose tells each state of privilege" {
	requires caps
	attack_as alone
	assert_told 'as it was, without CAP_SETPCAP' CAP_SYS_ADMIN
}

@test "file capabilities: root's mountpoints are refused" {
	requires caps
	as_mode caps
	refuses 125 'not owned by you|may not write' "$WORK/mnt" "$FIXTURES/probe" "$REPORT"
	refuses 125 suid -o suid "$MNT" "$FIXTURES/probe" "$REPORT"
}

# ---- A user namespace ----------------------------------------------------------------------

# Those who make user namespaces find /dev/fuse open to all, as udev makes it.
open_device_to_all() {
	mknod -m 0666 "$WORK/fuse" c 10 229
	mount --bind "$WORK/fuse" /dev/fuse
}

close_device() {
	umount /dev/fuse
	rm "$WORK/fuse"
}

@test "user namespace: COMMAND is its root, and powerless" {
	requires userns
	open_device_to_all
	LAUNCH=("${AS_ALICE[@]}" unshare -Urm "$LAUNCHER")
	launch -n 4 "$ALICE_MNT" "$FIXTURES/probe" "$REPORT"
	close_device
	assert_success
	assert_reported Uid '0 0 0 0'
	assert_reported ENV_FUSEFD_OWNER 0
	assert_unprivileged
	assert_equal "$(reported_fds)" "0 1 2 3 4 5 6"
}

@test "user namespace: a filesystem is served in it, and nothing changes outside" {
	requires userns
	open_device_to_all
	install -d -o "$ALICE" "$WORK/alice/source"
	echo inside >"$WORK/alice/source/file"
	mounts >"$BATS_TEST_TMPDIR/mounts.outside"
	run clean_fds "${AS_ALICE[@]}" timeout 20 unshare -Urm bash -c '
		"$1" -n 4 "$2" -- "$3" -f "$4" & server=$!
		for tries in {1..500}; do
			grep -q " $2 .* - fuse" /proc/self/mountinfo && break
			sleep 0.02
		done
		cat "$2/file" && umount "$2" && wait "$server" && echo ended
		' bash "$LAUNCHER" "$ALICE_MNT" "$PASSTHROUGH" "$WORK/alice/source"
	mounts | diff "$BATS_TEST_TMPDIR/mounts.outside" -
	close_device
	assert_success
	assert_line inside
	assert_line ended
}

@test "user namespace without a mount namespace: refused" {
	requires userns
	open_device_to_all
	LAUNCH=("${AS_ALICE[@]}" unshare -Ur "$LAUNCHER")
	launch "$ALICE_MNT" "$FIXTURES/probe" "$REPORT"
	close_device
	assert_failure 125
	assert_output --partial 'namespace'
	assert_equal "$(cat "$REPORT")" ''
}
