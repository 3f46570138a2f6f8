#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The attack table, "Namespaces": what a user namespace gives is given in there
# only, and a launcher that has no privilege says so.
#
# Elsewhere: `-Urm` works and nothing outside changes, `-Ur` is refused, and
# no_new_privs with a setuid launcher, in modes.bats.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack

setup() {
	common_setup
	requires fuse userns
	RUN=("$FIXTURES/probe" "$REPORT")
}

teardown() {
	close_device
	common_teardown
}

# Those who make user namespaces find /dev/fuse open to all, as udev makes it.
open_device_to_all() {
	mknod -m 0666 "$WORK/fuse" c 10 229
	mount --bind "$WORK/fuse" /dev/fuse
	mounts >"$BATS_TEST_TMPDIR/mounts"
}

close_device() {
	[[ -e $WORK/fuse ]] || return 0
	umount /dev/fuse
	rm "$WORK/fuse"
	mounts | grep -v " - fuse" >"$BATS_TEST_TMPDIR/mounts"
}

# LAUNCHER_HERE is each of them in turn.
every_launcher() { # COMMAND ARG...
	for LAUNCHER_HERE in "$WORK"/build/fusefd-launch "$LAUNCHER_SETUID" \
		"$LAUNCHER_CAPS" "$LAUNCHER_ALONE"; do
		[[ -x $LAUNCHER_HERE ]] || continue
		echo "with $LAUNCHER_HERE:"
		"$@"
	done
}

within() { # UNSHARE-OPTION...
	LAUNCH=("${AS_ALICE[@]}" unshare "$@" "$LAUNCHER_HERE")
}

# ---- unshare ----------------------------------------------------------------------

# Without a map the user is nobody there, and holds nothing after an exec. The
# setuid bit has no effect there; file capabilities have, over what is alice's
# in there, but there is no id to become.
refuse_unmapped() {
	local reason='not privileged'
	[[ $LAUNCHER_HERE != "$WORK"/bin/caps/* ]] ||
		reason='not mapped in this user namespace'
	within -U
	refuses 125 "$reason" "$ALICE_MNT" "${RUN[@]}"
	within -Um
	refuses 125 "$reason" "$ALICE_MNT" "${RUN[@]}"
}

@test "unshare -U: refuse" {
	attack_as alone
	open_device_to_all
	every_launcher refuse_unmapped
}

refuse_without_mounts() {
	within -Ur
	refuses 125 'mount namespace belongs to another user namespace' "$ALICE_MNT" "${RUN[@]}"
}

@test "unshare -Ur: refuse" {
	attack_as alone
	open_device_to_all
	every_launcher refuse_without_mounts
}

# The device is not opened with the rights of the outside, whatever the file's
# bits say.
refuse_closed_device() {
	within -Urm
	refuses 125 "cannot open '/dev/fuse': Permission denied" "$ALICE_MNT" "${RUN[@]}"
}

@test "unshare -Urm where users may not open /dev/fuse: refuse" {
	attack_as alone
	[[ $(stat -c %a /dev/fuse) != *[2367] ]] || skip "/dev/fuse is open to all here"
	every_launcher refuse_closed_device
}

# What the map does not have cannot be become.
refuse_unmapped_user() {
	within -Urm
	refuses 125 "cannot take gid $BOB|groups of user" -u bob "$ALICE_MNT" "${RUN[@]}"
}

works_in_there() {
	within -Urm
	: >"$REPORT"
	launch -n 3 "$ALICE_MNT" "${RUN[@]}"
	assert_success
	assert_reported Uid '0 0 0 0'
	assert_reported CapPrm 0000000000000000
	assert_reported CapAmb 0000000000000000
	assert_reported NoNewPrivs 1
	assert_mounts_unchanged
	: >"$REPORT"
}

@test "unshare -Urm: works, nothing outside changes; by each launcher; --user of the outside: refuse" {
	attack_as alone
	open_device_to_all
	every_launcher works_in_there
	: >"$REPORT"
	every_launcher refuse_unmapped_user
}

# Root's folders of the outside can be covered in there, where nobody is fooled
# but who made the namespace: no setuid program of the outside works in there.
@test "unshare -Urm: a mount on root's folder is there, and not outside" {
	open_device_to_all
	LAUNCHER_HERE=$LAUNCHER
	within -Urm
	launch -n 1 "$WORK/mnt" "${RUN[@]}"
	assert_success
	assert_reported ENV_FUSEFD_MOUNTPOINT "$WORK/mnt"
	assert_mounts_unchanged
}

# A namespace that is deeper, and one that is shared with what the outside
# mounts later.
@test "unshare -Urm twice, and with --propagation slave: nothing outside changes" {
	open_device_to_all
	mount --bind "$WORK/alice" "$WORK/alice"
	mount --make-shared "$WORK/alice"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	LAUNCH=("${AS_ALICE[@]}" unshare -Urm unshare -Urm "$LAUNCHER")
	launch -n 1 "$ALICE_MNT" "${RUN[@]}"
	assert_success
	assert_mounts_unchanged
	LAUNCH=("${AS_ALICE[@]}" unshare -Urm --propagation shared "$LAUNCHER")
	launch -n 1 "$ALICE_MNT" "${RUN[@]}"
	assert_success
	assert_mounts_unchanged
	umount "$WORK/alice"
}

# ---- /dev/fuse of another user namespace --------------------------------------------

# The launcher opens the device itself, in the namespace that it mounts in, and
# takes none from its caller, so that no caller brings this about. Here the
# kernel is asked without the launcher, for what the row says.
@test "/dev/fuse opened outside the user namespace: EINVAL by the kernel, and the launcher cannot be brought to it" {
	open_device_to_all
	run clean_fds "${AS_ALICE[@]}" bash -c 'exec 9<>/dev/fuse
		exec unshare -Urm strace -qq -e trace=mount,fsconfig -e signal=none mount -i -t fuse \
			-o fd=9,rootmode=40000,user_id=0,group_id=0 none "$0"' "$ALICE_MNT"
	assert_failure
	assert_output --partial 'EINVAL'
	# The same fd, in the way of the launcher: it opens its own, and works.
	LAUNCH=("${AS_ALICE[@]}" bash -c 'exec 3<>/dev/fuse 9<>/dev/fuse; exec "$@"' bash
		unshare -Urm "$LAUNCHER")
	launch -n 2 -k 3 -k 9 "$ALICE_MNT" "${RUN[@]}"
	assert_success
	assert_reported ENV_FUSEFD_FDS 4,5
}

@test "/dev/fuse opened outside the user namespace, simulated: refuse" {
	command -v strace >/dev/null || fail "there is no strace"
	open_device_to_all
	# Six keys, and the seventh call creates.
	LAUNCH=("${AS_ALICE[@]}" unshare -Urm strace -qq -o /dev/null -e trace=fsconfig
		-e inject=fsconfig:error=EINVAL:when=7+ "$LAUNCHER")
	refuses 125 'opened in another user namespace' -n 1 "$ALICE_MNT" "${RUN[@]}"
}

# ---- Without privilege ------------------------------------------------------------------

on_nosuid() {
	LAUNCH=("${AS_ALICE[@]}" "$WORK/nosuid/bin/${LAUNCHER_HERE#"$WORK/bin/"}")
	refuses 125 'not privileged: it needs CAP_SYS_ADMIN' "$ALICE_MNT" "${RUN[@]}"
	assert_line --index 1 --partial 'without nosuid'
}

@test "started on a nosuid filesystem: \"not privileged\", with what to do" {
	attack_as alone
	mkdir "$WORK/nosuid"
	mount --bind "$WORK" "$WORK/nosuid"
	mount -o remount,bind,nosuid "$WORK/nosuid"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	for LAUNCHER_HERE in "$LAUNCHER_SETUID" "$LAUNCHER_CAPS" "$LAUNCHER_ALONE"; do
		[[ ! -x $LAUNCHER_HERE ]] || on_nosuid
	done
	umount "$WORK/nosuid"
	rmdir "$WORK/nosuid"
	mounts >"$BATS_TEST_TMPDIR/mounts"
}

under_no_new_privs() {
	before_launcher setpriv --no-new-privs
	refuses 125 'not privileged: it was started under no_new_privs' "$MNT" "${RUN[@]}"
	((${#lines[@]} == 2)) || fail "it does not say what to do: $output"
}

@test "under no_new_privs: \"not privileged\", with what to do" {
	in_user_modes under_no_new_privs
}

# As COMMAND of a launch, which is under no_new_privs itself.
@test "by the COMMAND of a launch: \"not privileged\"" {
	requires setuid
	attack_as setuid
	launch -n 1 "$MNT" "$LAUNCHER_SETUID" "$MNT" "${RUN[@]}"
	assert_failure 125
	assert_output --partial no_new_privs
	timeout 10 umount "$MNT"
	assert_equal "$(cat "$REPORT")" ''
}

# Real root has no need of any bit, and keeps what it has.
@test "under no_new_privs, root: works" {
	LAUNCH=(setpriv --no-new-privs "$LAUNCHER")
	launch_probe -n 2
	assert_unprivileged
}
