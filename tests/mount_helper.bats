#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# mount.fusefd, as mount(8) runs it: with the real mount, umount, findmnt and
# fstab, and with filesystems as they come.

load helpers

SOURCE=$WORK/alice/source
IMAGE=$WORK/image
SSH=$WORK/bin/ssh
SFTP_SERVER=/usr/lib/openssh/sftp-server

# mount(8) looks for its helpers in /sbin alone, and keeps notes in /run. Both
# are copies, for this mount namespace only.
setup() {
	[[ -d $WORK/sbin ]] || provide_world
	common_setup
	requires fuse
	: >/etc/fstab
	mount_by "$LAUNCHER"
	MNT=$WORK/mnt
}

provide_world() {
	[[ $EUID -eq 0 ]] || return 0
	cp -a "$(realpath /sbin)" "$WORK/sbin"
	rm -f "$WORK"/sbin/mount.fusefd*
	ln -s "$PASSTHROUGH" "$WORK/sbin/passthrough"
	mount --bind "$WORK/sbin" /sbin
	mount -t tmpfs -o mode=0755 fusefd-test /run

	install -d -o "$ALICE" "$SOURCE"
	echo hello >"$SOURCE/greeting"
	! type -P mksquashfs >/dev/null ||
		mksquashfs "$SOURCE" "$IMAGE" -quiet -no-progress >/dev/null
	# Whatever host it is asked for, it is this one.
	printf '#!/bin/sh\nexec %s\n' "$SFTP_SERVER" >"$SSH"
	chmod 755 "$SSH"
}

# mount_by LAUNCHER: it is beside what /sbin/mount.fusefd links to.
mount_by() { ln -sfn "${1%/*}/mount.fusefd" "$WORK/sbin/mount.fusefd"; }

# As root, or behind a prefix such as AS_ALICE's.
mounts_with() { run clean_fds timeout -k 1 30 "$@"; }
root_mounts() { mounts_with mount "$@"; }

fstab() { # SOURCE MOUNTPOINT TYPE OPTIONS
	printf '%s %s %s %s 0 0\n' "$@" >>/etc/fstab
}

assert_greeting() { # FOLDER
	run -0 timeout 10 cat "$1/greeting"
	assert_output hello
}

unmount() { # [OPTION...] FOLDER
	run -0 timeout 10 umount "$@"
	assert_output ''
	assert_no_process_left
	assert_mounts_unchanged
}

assert_refused() { # STATUS PATTERN
	assert_equal "exit status $status: $output" "exit status $1: $output"
	assert_output --regexp "(^|"$'\n'")mount\.fusefd: .*($2)"
	assert_mounts_unchanged
}

# The probe as a filesystem: it reports what it was started with, and never
# gets ready. The rest are more options.
mount_probe() { # [OPTION...]
	local options=("command=$FIXTURES/probe $REPORT 3 {}" "$@")
	root_mounts -t fusefd.probe -o "$(IFS=,; echo "${options[*]}")" s "$MNT"
	assert_refused 32 "exited with status 3"
}

# ---- Filesystems --------------------------------------------------------------

@test "mount returns when the filesystem is ready, and umount ends it" {
	root_mounts -t fusefd.passthrough "$SOURCE" "$MNT"
	assert_success
	assert_output ''
	assert_greeting "$MNT"
	assert_equal "$(mount_field "$MNT" type)" fuse.passthrough
	assert_equal "$(mount_field "$MNT" source)" "$SOURCE"
	assert_equal "$(mount_field "$MNT" options)" rw,nosuid,nodev,relatime
	unmount "$MNT"
}

@test "fds= gives a filesystem on libfusefd that many, beside the one in its arguments" {
	root_mounts -t fusefd.passthrough -o fds=4,timeout=1 "$SOURCE" "$MNT"
	assert_success
	assert_greeting "$MNT"
	run -0 find "/proc/$(pgrep -x passthrough)/fd" -name '[3456]' -lname /dev/fuse
	assert_equal "${#lines[@]}" 4
	unmount "$MNT"
}

@test "sshfs, by type and by TYPE#SOURCE" {
	requires sshfs
	root_mounts -t fusefd.sshfs -o ssh_command="$SSH" "host:$SOURCE" "$MNT"
	assert_success
	assert_greeting "$MNT"
	assert_equal "$(mount_field "$MNT" source)" "host:$SOURCE"
	unmount "$MNT"

	root_mounts -t fusefd -o ssh_command="$SSH",ro "sshfs#host:$SOURCE" "$MNT"
	assert_success
	assert_greeting "$MNT"
	assert_equal "$(mount_field "$MNT" type)" fuse.sshfs
	assert_equal "$(mount_field "$MNT" source)" "sshfs\\043host:$SOURCE"
	run -1 touch "$MNT/file"
	assert_output --partial 'Read-only file system'
	unmount "$MNT"
}

@test "sshfs by root for alice" {
	requires sshfs
	root_mounts -t fusefd.sshfs "host:$SOURCE" "$ALICE_MNT" \
		-o ssh_command="$SSH",setuid=alice,allow_other,_netdev,nofail,x-systemd.automount
	assert_success
	assert_greeting "$ALICE_MNT"
	run -0 "${AS_ALICE[@]}" touch "$ALICE_MNT/file"
	assert_equal "$(stat -c %u "$SOURCE/file")" "$ALICE"
	run -0 pgrep -x -U alice sshfs
	unmount "$ALICE_MNT"
}

@test "squashfuse" {
	requires squashfuse
	root_mounts -t fusefd.squashfuse "$IMAGE" "$MNT"
	assert_success
	assert_greeting "$MNT"
	unmount "$MNT"
}

@test "command= is a command line of one's own" {
	requires squashfuse
	root_mounts -t fusefd.squash "$IMAGE" "$MNT" \
		-o 'command=squashfuse_ll -f -o {options} {source} {},noexec,timeout=600'
	assert_success
	assert_greeting "$MNT"
	assert_equal "$(mount_field "$MNT" type)" fuse.squash
	assert_equal "$(mount_field "$MNT" source)" "$IMAGE"
	assert_regex "$(mount_field "$MNT" options)" noexec
	unmount "$MNT"
}

@test "none is no source" {
	root_mounts -t fusefd -o "command=passthrough $SOURCE {source} {}" none "$MNT"
	assert_success
	assert_greeting "$MNT"
	assert_equal "$(mount_field "$MNT" source)" none
	unmount "$MNT"
}

# ---- What the filesystem is started with ---------------------------------------

@test "a filesystem's arguments are its own, and no shell reads them" {
	local strange='$(touch x); `id` "q" {fd} {options} *'
	root_mounts -t fusefd -o "command=$FIXTURES/probe $REPORT 3 {} {source} x{source} -o {options},a=\"b,ro\",d=\$HOME,e=\\,x,nofail" \
		"$strange" "$MNT"
	assert_refused 32 "exited with status 3"
	assert_reported ARGV_3 /dev/fd/3
	assert_reported ARGV_4 "$strange"
	assert_reported ARGV_5 "x$strange"
	assert_reported ARGV_6 -o
	assert_reported ARGV_7 'a=b\x5c,ro,d=$HOME,e=\x5c,x'
	assert_reported ARGV_8 ''
	assert_equal "$(device_fds)" 3
}

@test "what concerns mount or systemd does not reach the filesystem" {
	root_mounts -t fusefd -o "command=$FIXTURES/probe $REPORT 3 {options}" \
		-o _netdev,nofail,auto,noauto,user=x,users,nouser,owner,group,comment=x \
		-o x-systemd.requires=y,X-z,defaults,silent,mand,kept s "$MNT"
	assert_refused 32 "exited with status 3"
	assert_reported ARGV_3 kept
	assert_reported ARGV_4 ''
}

@test "in fstab, blanks and commas in command= are written as fstab has them" {
	fstab a\\040b "$MNT" fusefd \
		"command=\"$FIXTURES/probe\\040$REPORT\\0403\\040'x,\\040y'\\040{source}\",noauto"
	root_mounts "$MNT"
	assert_refused 32 "exited with status 3"
	assert_reported ARGV_3 'x, y'
	assert_reported ARGV_4 'a b'
}

@test "root's filesystem runs without capabilities, by a fixed PATH, and has a HOME" {
	mkdir -p "$WORK/elsewhere"
	ln -sf "$FIXTURES/probe" "$WORK/elsewhere/fusefd-test-probe"
	PATH=$WORK/elsewhere:$PATH root_mounts -t fusefd.fusefd-test-probe s "$MNT"
	assert_refused 32 "cannot find the command 'fusefd-test-probe' in PATH"
	run clean_fds env -i mount -t fusefd s "$MNT" \
		-o "command=$FIXTURES/probe $REPORT 3"
	assert_refused 32 "exited with status 3"
	assert_unprivileged
	assert_reported ENV_PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	assert_reported ENV_HOME "$(getent passwd 0 | cut -d : -f 6)"
}

@test "setuid= makes it that user's: ids, groups, HOME, and nothing of root's" {
	SSH_AUTH_SOCK=/root/agent mount_probe setuid=alice
	assert_reported Uid "$ALICE $ALICE $ALICE $ALICE"
	assert_regex "$(reported Groups)" "(^| )$CREW( |$)"
	assert_reported ENV_HOME "$WORK/alice"
	assert_reported ENV_SSH_AUTH_SOCK ''
	assert_unprivileged
	: >"$REPORT"
	mount_probe setuid=alice:crew
	assert_reported Gid "$CREW $CREW $CREW $CREW"
}

@test "keep_caps= leaves it some capabilities" {
	mount_probe keep_caps=chown:dac_override
	assert_reported CapEff 0000000000000003
}

# ---- fstab ----------------------------------------------------------------------

@test "mount -a mounts what fstab says, once, and findmnt agrees with it" {
	requires sshfs
	fstab "host:$SOURCE" "$MNT" fusefd.sshfs "ssh_command=$SSH,_netdev,nofail"
	fstab "sshfs#host:$SOURCE" "$ALICE_MNT" fusefd "ssh_command=$SSH,setuid=alice"
	run -0 findmnt --verify
	assert_output --partial '0 parse errors, 0 errors'
	root_mounts -a
	assert_success
	assert_greeting "$MNT"
	mounts >"$BATS_TEST_TMPDIR/mounted"
	root_mounts -a
	assert_success
	run -0 diff "$BATS_TEST_TMPDIR/mounted" <(mounts)
	run -0 findmnt --noheadings --output SOURCE,FSTYPE --target "$ALICE_MNT"
	assert_output --regexp "^sshfs#host:$SOURCE +fuse\.sshfs\$"
	timeout 10 umount "$ALICE_MNT"
	unmount "$MNT"
}

@test "with user in fstab alice mounts and unmounts what is then hers" {
	requires sshfs
	local privileged
	requires setuid caps
	fstab "host:$SOURCE" "$ALICE_MNT" fusefd.sshfs "ssh_command=$SSH,user,noauto"
	for privileged in "$LAUNCHER_SETUID" "$LAUNCHER_CAPS"; do
		mount_by "$privileged"
		mounts_with "${AS_ALICE[@]}" mount "$ALICE_MNT"
		assert_success
		assert_regex "$(mount_field "$ALICE_MNT" super)" "user_id=$ALICE"
		assert_equal "$(mount_field "$ALICE_MNT" options)" \
			rw,nosuid,nodev,noexec,relatime
		run -0 "${AS_ALICE[@]}" cat "$ALICE_MNT/greeting"
		run -0 pgrep -x -U alice sshfs
		run -32 timeout 10 "${AS_BOB[@]}" umount "$ALICE_MNT"
		mounts_with "${AS_ALICE[@]}" umount "$ALICE_MNT"
		assert_success
		assert_no_process_left
		assert_mounts_unchanged
	done
}

@test "users may mount where policy lets them, and for themselves" {
	requires sshfs
	requires setuid
	mount_by "$LAUNCHER_SETUID"
	fstab "host:$SOURCE" "$ALICE_MNT" fusefd.sshfs \
		"ssh_command=$SSH,users,noauto,setuid=alice"
	mounts_with "${AS_BOB[@]}" mount "$ALICE_MNT"
	assert_refused 1 "'setuid': 'alice' is not you"
	mounts_with "${AS_ALICE[@]}" mount "$ALICE_MNT"
	assert_success
	unmount "$ALICE_MNT"

	fstab "host:$SOURCE" "$WORK/bob/mnt" fusefd.sshfs \
		"ssh_command=$SSH,users,noauto,allow_other"
	mounts_with "${AS_BOB[@]}" mount "$WORK/bob/mnt"
	assert_refused 1 "'allow_other' is not allowed to users"
	fstab "host:$SOURCE" "$MNT" fusefd.sshfs "ssh_command=$SSH,users,noauto"
	mounts_with "${AS_BOB[@]}" mount "$MNT"
	assert_refused 32 "cannot mount on '$MNT'"
}

@test "a user who runs the helper as such gets no more than by mount" {
	local helper=$WORK/sbin/mount.fusefd
	requires setuid
	mount_by "$LAUNCHER_SETUID"
	mounts_with "${AS_ALICE[@]}" "$helper" s "$ALICE_MNT" -t fusefd.x -o suid
	assert_refused 1 "'suid' is for root only"
	mounts_with "${AS_ALICE[@]}" "$helper" s "$ALICE_MNT" -t fusefd.x -o keep_caps=chown
	assert_refused 1 "is for root"
	mounts_with "${AS_ALICE[@]}" "$helper" s "$ALICE_MNT" -t fusefd.x -o setuid=0
	assert_refused 1 "'0' is not you"
	mounts_with "${AS_ALICE[@]}" "$helper" s "$ALICE_MNT" \
		-o "command=$FIXTURES/probe $REPORT 3"
	assert_refused 32 "exited with status 3"
	assert_reported ENV_PATH /usr/local/bin:/usr/bin:/bin
	assert_unprivileged
}

@test "mount follows alice's link before anybody looks, and mount -c leaves it to be refused" {
	"${AS_ALICE[@]}" ln -s "$MNT" "$WORK/alice/link"
	root_mounts -f -v -t fusefd.passthrough -o setuid=alice "$SOURCE" "$WORK/alice/link"
	assert_success
	assert_output --partial "would mount on '$MNT'"
	root_mounts -c -f -v -t fusefd.passthrough -o setuid=alice "$SOURCE" "$WORK/alice/link"
	rm "$WORK/alice/link"
	assert_refused 32 "link"
}

# ---- Unmounting, remounting ---------------------------------------------------------

@test "umount -f, umount -l of a busy mount, and umount by fstab's source" {
	requires sshfs
	fstab "host:$SOURCE" "$MNT" fusefd.sshfs "ssh_command=$SSH"
	root_mounts "$MNT"
	assert_success
	unmount -f "$MNT"

	root_mounts "host:$SOURCE"
	assert_success
	exec 7<"$MNT/greeting"
	run -32 timeout 10 umount "$MNT"
	assert_output --partial busy
	run -0 timeout 10 umount -l "$MNT"
	assert_mounts_unchanged
	exec 7<&-
	assert_no_process_left

	root_mounts "$MNT"
	assert_success
	unmount "host:$SOURCE"
}

nobody_runs() { ! pgrep -x "$1" >/dev/null; }

@test "umount -f of a filesystem that hangs ends it" {
	requires sshfs
	root_mounts -t fusefd.sshfs -o ssh_command="$SSH",stop_timeout=1 \
		"host:$SOURCE" "$MNT"
	assert_success
	kill -STOP "$(pgrep -x sshfs)"
	run -0 timeout 10 umount -f "$MNT"
	until_true 20 nobody_runs sshfs || fail "sshfs runs on"
	assert_mounts_unchanged
}

@test "remount is refused, and what to do instead works" {
	fstab "$SOURCE" "$MNT" fusefd.passthrough rw
	root_mounts "$MNT"
	assert_success
	mounts >"$BATS_TEST_TMPDIR/mounted"
	root_mounts -o remount,ro "$MNT"
	assert_failure 32
	assert_line --index 0 --partial "mount.fusefd: cannot remount '$MNT'"
	run -0 diff "$BATS_TEST_TMPDIR/mounted" <(mounts)
	run -0 timeout 10 mount -i -o remount,bind,ro "$MNT"
	run -1 touch "$MNT/file"
	assert_output --partial 'Read-only file system'
	assert_greeting "$MNT"
	unmount "$MNT"
}

# ---- Failures -------------------------------------------------------------------------

@test "a start that fails is 32, with the filesystem's own words" {
	requires sshfs squashfuse
	root_mounts -t fusefd.sshfs -o ssh_command="$SSH",bogus host: "$MNT"
	assert_refused 32 "cannot start 'sshfs'"
	assert_output --partial 'unknown option(s): `-o bogus'
	root_mounts -t fusefd.squashfuse "$WORK/etc/passwd" "$MNT"
	assert_refused 32 "cannot start 'squashfuse'"
	root_mounts -t fusefd.no-such-program s "$MNT"
	assert_refused 32 "cannot find the command 'no-such-program' in PATH"
	root_mounts -t fusefd -o 'command=sleep 60,ready_timeout=1,stop_timeout=1' s "$MNT"
	assert_refused 32 "not ready after 1 second"
}

@test "what is wrongly asked for is 1" {
	root_mounts -t fusefd "$SOURCE" "$MNT"
	assert_refused 1 "does not say which filesystem it is"
	root_mounts -t fusefd.x -o restart=3 s "$MNT"
	assert_refused 1 "'restart=3': this version has no such option"
	root_mounts -t fusefd.x -o fds=0 s "$MNT"
	assert_refused 1 "'0' is not a number"
	root_mounts -t fusefd.x -o setuid=nobody-of-that-name s "$MNT"
	assert_refused 1 "unknown user 'nobody-of-that-name'"
	root_mounts -N "/proc/$$/ns/mnt" -t fusefd.x s "$MNT"
	assert_refused 1 "option -N"
}

@test "a machine without /dev/fuse is 2" {
	mounts_with unshare --mount bash -c 'mount --bind "$1" /dev
		mount -t fusefd.passthrough s "$2"' bash "$WORK/bin" "$MNT"
	assert_refused 2 /dev/fuse
}

@test "-s leaves out what this version lacks, and says so" {
	root_mounts -s -t fusefd.passthrough -o restart "$SOURCE" "$MNT"
	assert_success
	assert_output --partial "'restart' is left out"
	unmount "$MNT"
}

@test "-f checks and mounts nothing; -v says each step" {
	root_mounts -f -t fusefd.passthrough "$SOURCE" "$MNT"
	assert_success
	assert_output ''
	assert_mounts_unchanged
	root_mounts -f -t fusefd.no-such-program "$SOURCE" "$MNT"
	assert_refused 32 "cannot find the command"
	root_mounts -fv -t fusefd.passthrough "$SOURCE" "$MNT"
	assert_success
	assert_output --partial "would execute '/usr/sbin/passthrough'"
	assert_output --partial "would pass argument 1: '$SOURCE'"
	assert_mounts_unchanged
	root_mounts -nv -t fusefd.passthrough "$SOURCE" "$MNT"
	assert_success
	assert_output --partial "mounting on '$MNT'"
	unmount "$MNT"
}

@test "--help and --version go to stdout" {
	run --separate-stderr clean_fds "$WORK/sbin/mount.fusefd" --help
	assert_success
	assert_line --index 0 --partial 'Usage: mount.fusefd SOURCE MOUNTPOINT'
	assert_equal "$stderr" ''
	run -0 clean_fds "$WORK/sbin/mount.fusefd" -V
}
