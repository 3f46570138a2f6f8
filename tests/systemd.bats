#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The example units, without systemd itself: what systemd-analyze has to say of
# them, and their commands, taken from the units and started as systemd starts
# them. systemd_manager.bats has the real one.
#
# Of the plain build only: the units name what is installed.
# Not in make test: it takes systemd, and filesystems of others.

load helpers
load systemd

setup() {
	common_setup
	requires fuse setuid
	place_machine
}

# ---- As systemd starts a service -----------------------------------------------

# "CAP_SETUID CAP_SETGID" as setpriv(1) takes it: "-all,+setuid,+setgid".
capability_list() {
	local name list=-all
	for name in $1; do
		name=${name#CAP_}
		list+=,+${name,,}
	done
	echo "$list"
}

# as_service UNIT: in SERVICE, the prefix that gives a command the ids, the
# capabilities and the no_new_privs of that unit.
as_service() {
	local user ambient
	user=$(unit_values "$1" User)
	ambient=$(capability_list "$(unit_values "$1" AmbientCapabilities)")
	SERVICE=(setpriv --inh-caps="$ambient" --ambient-caps="$ambient"
		--bounding-set="$(capability_list "$(unit_values "$1" CapabilityBoundingSet)")")
	[[ -z $user ]] ||
		SERVICE+=(--reuid="$user" --regid="$user" --init-groups)
	[[ $(unit_values "$1" NoNewPrivileges) != yes ]] ||
		SERVICE+=(--no-new-privs)
}

# run_as_manager MOUNTPOINT COMMAND...: behind the fixture that is told READY=1.
run_as_manager() {
	rm -f "$LOG" # of the one before
	start env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
		USER=files LOGNAME=files HOME=/ SHELL=/bin/sh \
		"$FIXTURES/notified" "$WORK/notify-$BATS_TEST_NUMBER" "$@"
}

# The fixture's only child is the main process, and the supervisor's the
# filesystem; see child_of.
start_service() { # UNIT
	local words
	read -ra words <<<"$(unit_values "$1" ExecStart)"
	as_service "$1"
	run_as_manager "$(mountpoint_of "$1")" "${SERVICE[@]}" "${words[@]}"
}

has_news() { grep -qs '^READY=1' "$LOG"; }

# assert_ready_from WHOM: one READY=1, from the main process or another, and not before
# the mount is there.
assert_ready_from() {
	until_true 20 has_news || fail "not ready: $(cat "$LOG")"
	run -0 grep READY "$LOG"
	assert_output "READY=1 from $1, mounted"
}

# Of the service's exit statuses, one that systemd takes for success.
stop_service() { # UNIT
	local status=0
	kill -TERM "$FS_PID"
	until_true 20 has_ended "$FS_PID" || fail "the service runs on"
	wait "$FS_PID" || status=$?
	[[ " 0 $(unit_values "$1" SuccessExitStatus) " == *" $status "* ]] ||
		fail "exit status $status: $(cat "$LOG")"
}

# assert_powerless PID: nothing that it could use, or get.
assert_powerless() {
	local set
	for set in Inh Prm Eff Amb; do
		run -0 sed -n "s/^Cap$set:\t//p" "/proc/$1/status"
		assert_output 0000000000000000
	done
	run -0 sed -n 's/^NoNewPrivs:\t//p' "/proc/$1/status"
	assert_output 1
}

assert_uid() { # PID UID
	run -0 sed -n 's/^Uid:\t//p' "/proc/$1/status"
	assert_output "$2"$'\t'"$2"$'\t'"$2"$'\t'"$2"
}

# ---- systemd-analyze -------------------------------------------------------------

verify() { systemd-analyze verify --man=no --recursive-errors=no "$@"; }

@test "systemd-analyze verify has nothing to say of any unit" {
	local unit
	for unit in "$UNITS"/*; do
		run -0 verify "$unit"
		assert_output ''
	done
	# It would have, of a key that there is not and a program that is missing.
	sed 's/^Restart=/Restrat=/; s|/usr/local/bin|/usr/nowhere|' \
		"$UNITS/fusefd-files.service" >"$WORK/broken.service"
	run verify "$WORK/broken.service"
	assert_output --partial Restrat
	assert_output --partial /usr/nowhere
}

@test "no unit has a line that goes on in the next one" {
	run -1 grep -n '\\$' "$UNITS"/*
}

@test "systemd-analyze security: each service's exposure is what its unit says" {
	local unit said
	for unit in "${SERVICE_UNITS[@]}"; do
		said=$(sed -n 's/^# .*--offline=true.*: //p' "$UNITS/$unit")
		[[ $said =~ ^[0-9]\.[0-9]$ ]] || fail "$unit does not say: '$said'"
		# In tenths; another systemd may weigh a little differently.
		run -0 systemd-analyze security --offline=true --no-pager \
			--threshold="$((${said/./} + 3))" "$UNITS/$unit"
	done
	# It can fail.
	run ! systemd-analyze security --offline=true --no-pager --threshold=10 \
		"$UNITS/fusefd-files.service"
}

# ---- The services ------------------------------------------------------------------

@test "fusefd-files.service: ready when it serves, powerless, gone when stopped" {
	local main
	start_service fusefd-files.service
	assert_ready_from main
	assert_serves fusefd-files.service
	main=$(child_of "$FS_PID")
	assert_uid "$main" "$FILES"
	assert_uid "$(child_of "$main")" "$FILES"
	assert_powerless "$(child_of "$main")"
	stop_service fusefd-files.service
	assert_mounts_unchanged
}

@test "fusefd-squashfs@.service: ready when it serves, powerless, gone when stopped" {
	local main nobody
	nobody=$(id -u nobody)
	start_service fusefd-squashfs@.service
	assert_ready_from main
	assert_serves fusefd-squashfs@.service
	main=$(child_of "$FS_PID")
	assert_uid "$main" "$nobody"
	assert_uid "$(child_of "$main")" "$nobody"
	assert_powerless "$(child_of "$main")"
	stop_service fusefd-squashfs@.service
	assert_mounts_unchanged
}

@test "without NoNewPrivileges=, a setuid launcher would lack CAP_SETPCAP, and says so" {
	local words
	read -ra words <<<"$(unit_values fusefd-files.service ExecStart)"
	as_service fusefd-files.service
	run -125 clean_fds timeout 20 "${SERVICE[@]/--no-new-privs/--}" "${words[@]}"
	assert_output --partial 'CAP_SETPCAP is missing'
	assert_mounts_unchanged
}

@test "in a mount namespace of the service's own, nobody else would see the mount" {
	local words
	read -ra words <<<"$(unit_values fusefd-files.service ExecStart)"
	as_service fusefd-files.service
	run_as_manager /srv/shared unshare --mount --propagation slave \
		"${SERVICE[@]}" "${words[@]}"
	until_true 20 has_news || fail "not ready: $(cat "$LOG")"
	run -0 grep READY "$LOG"
	assert_output "READY=1 from main, unmounted"
	stop_service fusefd-files.service
}

# run_stop_post UNIT EXIT_CODE: as systemd runs ExecStopPost=: '-' forgives
# failure, and $$ is a dollar sign.
run_stop_post() {
	local line words
	line=$(unit_values "$1" ExecStopPost)
	eval "words=(${line//\$\$/\$})"
	as_service "$1"
	run clean_fds env EXIT_CODE="$2" timeout 20 "${SERVICE[@]}" "${words[@]#-/}"
}

@test "ExecStopPost=: takes the mount away if the keeper was killed too, and is silent else" {
	local unit supervisor
	cd / # in a word of the unit, the slash of its path went with the '-'
	for unit in "${SERVICE_UNITS[@]}"; do
		run_stop_post "$unit" exited
		assert_success
		assert_output ''
		start_service "$unit"
		assert_ready_from main
		supervisor=$(child_of "$FS_PID")
		# Stopped first: of its keeper's end it must not hear.
		kill -STOP "$supervisor"
		kill -KILL "$(keeper_of "$supervisor")" "$supervisor"
		wait_fs 137
		is_mounted "$(mountpoint_of "$unit")"
		run_stop_post "$unit" killed
		assert_success
		assert_mounts_unchanged
		assert_no_process_left
	done
}

# ---- What Type=notify wants of fusefd-launch --------------------------------------

@test "exec mode: libfusefd says READY=1, from the main process" {
	run_as_manager /srv/shared fusefd-launch -n 2 /srv/shared -- \
		passthrough -f /srv/files
	assert_ready_from main
	timeout 10 umount /srv/shared
	wait_fs 0
}

@test "exec mode: a COMMAND that starts the filesystem itself is not heard; -S is" {
	local forking=(sh -c 'passthrough -f /srv/files; exit')
	run_as_manager /srv/shared fusefd-launch -n 2 /srv/shared -- "${forking[@]}"
	assert_ready_from another
	timeout 10 umount /srv/shared
	wait_fs 0
	run_as_manager /srv/shared fusefd-launch -S -n 2 /srv/shared -- "${forking[@]}"
	assert_ready_from main
	timeout 10 umount /srv/shared
	wait_fs 0
}

@test "a filesystem that does not start: nothing is said, nothing is mounted" {
	run_as_manager /srv/shared fusefd-launch -S /srv/shared -- \
		squashfuse -f /srv/nowhere.squashfs {}
	until_true 20 has_ended "$FS_PID"
	run ! wait "$FS_PID"
	run -1 has_news
	assert_mounts_unchanged
}

# ---- The mount unit ----------------------------------------------------------------

# As systemd runs mount(8) for it.
start_mount_unit() {
	local unit=mnt-remote.mount
	run clean_fds env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin \
		timeout 60 mount "$(unit_values $unit What)" "$(unit_values $unit Where)" \
		-t "$(unit_values $unit Type)" -o "$(unit_values $unit Options)"
}

@test "mnt-remote.mount: returns when it is served by alice; umount ends it all" {
	start_mount_unit
	assert_success
	assert_equal "$(mount_field /mnt/remote type)" fuse.sshfs
	assert_equal "$(mount_field /mnt/remote source)" alice@host:/srv/files
	assert_serves mnt-remote.mount
	assert_uid "$(pgrep -x sshfs)" "$ALICE"
	timeout 10 umount /mnt/remote
	assert_no_process_left
	assert_mounts_unchanged
}

@test "mnt-remote.mount: where sshfs fails, mount fails, and nothing is mounted" {
	mv /usr/local/bin/ssh{,.works}
	ln -s /bin/false /usr/local/bin/ssh
	start_mount_unit
	mv /usr/local/bin/ssh{.works,}
	assert_failure 32
	assert_output --partial "cannot start 'sshfs'"
	assert_mounts_unchanged
}

@test "mnt-remote: the units' names are those that systemd wants for their paths" {
	local unit
	for unit in mnt-remote.{mount,automount}; do
		assert_equal "$(systemd-escape --path --suffix="${unit#*.}" \
			"$(unit_values "$unit" Where)")" "$unit"
	done
}
