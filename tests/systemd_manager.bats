#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The example units under the real systemd: as pid 1 of namespaces of its own,
# with a cgroup of its own below that of the tests, and with no other units than
# the examples and the targets that these are ordered by.
#
# Of the plain build only: the units name what is installed.
# Not in make test: it takes systemd, and filesystems of others.

load helpers
load systemd

TARGETS=(sysinit basic shutdown umount local-fs remote-fs-pre remote-fs
	network network-online multi-user)

setup() {
	common_setup
	requires fuse setuid
	place_machine
	requires_cgroup
	start_manager
}

teardown() {
	[[ -z ${CGROUP:-} ]] || stop_manager
	common_teardown
}

# ---- The manager ---------------------------------------------------------------

CGROUPS=$WORK/cgroup

# As `requires` does for what the helpers know of.
requires_cgroup() {
	make_cgroup && return
	[[ ,${FUSEFD_REQUIRE:-}, != *,systemd,* ]] ||
		fail "FUSEFD_REQUIRE wants systemd, and there is no cgroup for it"
	skip "this machine lacks: a cgroup2 that can be written to"
}

make_cgroup() {
	local own
	mkdir -p "$CGROUPS"
	mount -t cgroup2 cgroup2 "$CGROUPS" || return
	own=$(sed -n 's/^0:://p' /proc/self/cgroup)
	if mkdir -p "$CGROUPS$own/fusefd-test-$ALICE"; then
		CGROUP=$CGROUPS$own/fusefd-test-$ALICE
	else
		umount "$CGROUPS"
		return 1
	fi
} 2>/dev/null

# In its namespaces. A system's own /dev and /run are not for it to write to.
become_manager() { # UNITS
	local name numbers
	mount -t sysfs sysfs /sys
	mount -t cgroup2 cgroup2 /sys/fs/cgroup
	mount -t tmpfs -o mode=0755 run /run
	mount -t tmpfs -o mode=0755 dev /mnt
	while read -r name numbers; do
		# shellcheck disable=SC2086 # two numbers
		mknod -m 0666 "/mnt/$name" c $numbers
	done <<<$'null 1 3\nzero 1 5\nfull 1 7\nrandom 1 8\nurandom 1 9\nfuse 10 229\nautofs 10 235'
	ln -s /proc/self/fd /mnt/fd
	mount --move /mnt /dev
	# As on a system that has booted.
	mount --make-rshared /
	exec env -i container=fusefd-test SYSTEMD_UNIT_PATH="$1" \
		SYSTEMD_LOG_TARGET=null /lib/systemd/systemd --system \
		--unit=multi-user.target --show-status=no
}

start_manager() {
	local target
	OURS=$BATS_TEST_TMPDIR/units
	mkdir "$OURS"
	for target in "${TARGETS[@]}"; do
		printf '[Unit]\nDefaultDependencies=no\n' >"$OURS/$target.target"
	done
	cp "$UNITS"/* "$OURS"
	start bash -c 'echo "$$" >"$0/cgroup.procs" && exec "$@"' "$CGROUP" \
		unshare --mount --propagation private --pid --fork --kill-child \
		--mount-proc --cgroup --ipc --uts --net \
		bash -c "$(declare -f become_manager); become_manager \"\$1\"" bash "$OURS"
	until_true 10 manager_is_up || fail "systemd does not come up: $(cat "$LOG")"
}

manager_is_up() {
	MANAGER=$(child_of "$FS_PID")
	WITHIN=(nsenter --target "${MANAGER:-0}" --mount --pid --cgroup --ipc --uts
		--net env -i PATH=/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin)
	[[ $(system is-system-running) == running ]]
} 2>/dev/null

# unshare takes it along, and it all others; then its cgroups are empty.
stop_manager() {
	[[ -z $FS_PID ]] || kill -KILL "$FS_PID"
	until_true 10 remove_cgroups || fail "cgroups are left"
	umount "$CGROUPS"
}

remove_cgroups() { find "$CGROUP" -depth -type d -exec rmdir {} + 2>/dev/null; }

# ---- Asking it -----------------------------------------------------------------

system() { timeout 60 "${WITHIN[@]}" systemctl "$@"; }

is_mounted_there() { # FOLDER
	grep -q " $1 .* - fuse" "/proc/$MANAGER/mountinfo"
}

is_in_state() { # UNIT STATE
	[[ $(system show --property=ActiveState --value "$1") == "$2" ]]
}

has_restarted() { # UNIT TIMES
	[[ $(system show --property=NRestarts --value "$1") == "$2" ]] &&
		is_in_state "$1" active
}

# Of a stopped unit: systemd removes its cgroup with the last process.
has_no_process() { # UNIT
	! grep -rqs . --include=cgroup.procs "$CGROUP/system.slice/$1" \
		"$CGROUP"/system.slice/*/"$1"
}

pid_of() { # UNIT NAME: in this pid namespace
	local pid
	while read -r pid; do
		[[ $(cat "/proc/$pid/comm") != "$2" ]] || echo "$pid"
	done <"$CGROUP/system.slice/$1/cgroup.procs"
}

start_unit() { # UNIT
	run -0 system start "$1"
	is_in_state "$1" active || fail "$1 is not active"
	is_mounted_there "$(mountpoint_of "$1")" || fail "$1 has no mount"
	assert_serves "$1" "${WITHIN[@]}"
}

assert_stopped() { # UNIT
	is_in_state "$1" inactive || fail "$(system status --no-pager "$1")"
	run ! is_mounted_there "$(mountpoint_of "$1")"
	until_true 15 has_no_process "$1" || fail "$1 has processes left"
}

# with SETTING...: fusefd-files.service has these too, each a line.
with() {
	mkdir -p "$OURS/fusefd-files.service.d"
	printf '%s\n' '[Service]' Restart=no "$@" \
		>"$OURS/fusefd-files.service.d/test.conf"
	system daemon-reload
}

# ---- The units -----------------------------------------------------------------

@test "each unit starts, serves when systemd says that it has started, and stops" {
	local unit
	for unit in fusefd-files.service fusefd-squashfs@srv-docs.service \
		mnt-remote.mount; do
		start_unit "$unit"
		run -0 system stop "$unit"
		assert_stopped "$unit"
	done
}

@test "the automount mounts when somebody looks, and again after a stop" {
	run -0 system start mnt-remote.automount
	run ! is_mounted_there /mnt/remote
	assert_serves mnt-remote.automount "${WITHIN[@]}"
	is_mounted_there /mnt/remote
	run -0 system stop mnt-remote.mount
	run ! is_mounted_there /mnt/remote
	assert_serves mnt-remote.automount "${WITHIN[@]}"
	run -0 system stop mnt-remote.automount mnt-remote.mount
	assert_stopped mnt-remote.mount
}

@test "an automount of what does not start: an error, and no hang" {
	run -0 system start mnt-remote.automount
	mv /usr/local/bin/ssh{,.works}
	run timeout 30 "${WITHIN[@]}" "${AS_BOB[@]}" ls /mnt/remote/
	mv /usr/local/bin/ssh{.works,}
	assert_failure 2
	is_in_state mnt-remote.mount failed
	run ! is_mounted_there /mnt/remote
}

@test "a mount that is busy: the stop fails, and it is served on" {
	start_unit mnt-remote.mount
	"${WITHIN[@]}" "${AS_BOB[@]}" tail -f /mnt/remote/file >"$LOG.tail" &
	until_true 10 test -s "$LOG.tail"
	run ! system stop mnt-remote.mount
	is_in_state mnt-remote.mount active
	assert_serves mnt-remote.mount "${WITHIN[@]}"
	kill "$(pgrep -x tail)"
	until_true 10 system stop mnt-remote.mount
	run ! is_mounted_there /mnt/remote
	until_true 15 has_no_process mnt-remote.mount
}

# ---- What goes wrong with a service ----------------------------------------------

@test "fusefd-files.service: a killed supervisor or filesystem is replaced" {
	local unit=fusefd-files.service
	start_unit $unit
	kill -KILL "$(pid_of $unit fusefd-supervis)"
	until_true 15 has_restarted $unit 1
	assert_serves $unit "${WITHIN[@]}"
	kill -SEGV "$(pid_of $unit passthrough)"
	until_true 15 has_restarted $unit 2
	assert_serves $unit "${WITHIN[@]}"
	run -0 grep -c ' /srv/shared ' "/proc/$MANAGER/mountinfo"
	assert_output 1
	system stop $unit
	assert_stopped $unit
}

@test "fusefd-files.service: unmounted by hand, it has ended well" {
	start_unit fusefd-files.service
	timeout 10 "${WITHIN[@]}" umount /srv/shared
	until_true 15 is_in_state fusefd-files.service inactive
	assert_stopped fusefd-files.service
}

@test "fusefd-files.service: a filesystem that does not start fails the start" {
	mv /srv/files{,.away}
	run ! system start fusefd-files.service
	mv /srv/files{.away,}
	run ! is_mounted_there /srv/shared
}

# ---- What fusefd-files.service says of the options that it has not ---------------

is_explained() { # SETTING
	sed -n '/^# What cannot be used/,$p' "$UNITS/fusefd-files.service" |
		grep -q "[ (]${1%%=*}="
}

@test "these options hide the mount from everybody else, as the unit says" {
	local setting
	for setting in PrivateMounts=yes MountFlags=slave PrivateTmp=yes \
		PrivateIPC=yes ProtectSystem=yes ProtectHome=yes \
		ProtectKernelTunables=yes ProtectKernelModules=yes \
		ProtectKernelLogs=yes ProtectControlGroups=yes \
		ProtectProc=invisible ProcSubset=pid ReadOnlyPaths=/etc \
		ReadWritePaths=/srv InaccessiblePaths=/etc/shadow \
		NoExecPaths=/mnt BindPaths=/srv/files:/srv/docs \
		TemporaryFileSystem=/var; do
		is_explained "$setting" || fail "the unit does not explain $setting"
		with "$setting"
		run -0 system start fusefd-files.service
		run ! is_mounted_there /srv/shared
		system stop fusefd-files.service
	done
}

@test "with these options the launcher cannot start, as the unit says" {
	local setting
	for setting in RestrictSUIDSGID=yes PrivateUsers=yes DynamicUser=yes \
		PrivateDevices=yes; do
		is_explained "$setting" || fail "the unit does not explain $setting"
		with "$setting"
		run ! system start fusefd-files.service
		run ! is_mounted_there /srv/shared
	done
}
