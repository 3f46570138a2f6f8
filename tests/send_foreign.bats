#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
#
# --send and --receive with a peer of another make on the other side.

load helpers
load sockets

# received_from KIND FDS: a driver that listens or connects, and our receiver.
received_from() {
	local ours=connect
	[[ $1 == s3 ]] && ours=listen
	start "$FIXTURES/driver" "$1" "$SOCKET" "$MNT"
	receive "$ours:$SOCKET" -- "$PASSTHROUGH" "$SOURCE" -f
	wait_fs 0 # by our closing of the socket
	assert_serves
	timeout 10 umount "$MNT"
	wait_receiver 0
}

@test "from hf-csi-driver, gcs-fuse-csi-driver and mountpoint-s3-csi-driver" {
	local kind
	for kind in hf gcs s3; do
		received_from "$kind"
	done
}

@test "what a foreign sender says is in a sealed file; the rest is unknown" {
	local kind payload
	for kind in hf gcs; do
		: >"$REPORT"
		start "$FIXTURES/driver" "$kind" "$SOCKET" "$MNT"
		# shellcheck disable=SC2016 # the shell's own
		receive "connect:$SOCKET" -- sh -c \
			'eval "cat <&$FUSEFD_PAYLOAD_FD"; echo .
			eval "echo x >&$FUSEFD_PAYLOAD_FD" 2>/dev/null &&
				echo "it can be written to"
			exec "$@"' sh "$FIXTURES/probe" "$REPORT"
		wait_receiver 0
		wait_fs 0
		timeout 10 umount "$MNT"
		payload=$(tr '\0' 0 <"$RECEIVED")
		if [[ $kind == hf ]]; then
			assert_equal "$payload" '0.'
			assert_reported ENV_FUSEFD_FDS 3,4,5,6
			assert_reported ENV_FUSEFD_PAYLOAD_FD 7
		else
			assert_equal "$payload" '{"volumeName":"v","args":["--x"]}.'
			assert_reported ENV_FUSEFD_FDS 3
			assert_reported ENV_FUSEFD_PAYLOAD_FD 4
		fi
		assert_reported ENV_FUSEFD_ACL all
		assert_reported ENV_FUSEFD_OWNER 0
		assert_reported ENV_FUSEFD_MOUNTPOINT /dev/fd/3
	done
}

# sent_to KIND [OPTION...]: the other way round.
sent_to() {
	local ours=listen
	[[ $1 == s3 ]] && ours=connect
	receive_by "$FIXTURES/sidecar" "$1" "$SOCKET" "$PASSTHROUGH" "$SOURCE" -f
	start "${LAUNCH[@]}" -S -o allow_other --send="$ours:$SOCKET" "${@:2}" "$MNT"
	wait_mounted "$MNT"
	assert_serves
	# It closed its end long ago; its death is found out.
	kill -KILL "$RECEIVER_PID"
	wait_receiver 137
	until_true 15 has_ended "$FS_PID"
	wait_fs 0
	assert_nothing_left
}

@test "to hf-mount's sidecar" {
	sent_to hf -n 32
}

@test "to gcs-fuse's sidecar" {
	sent_to gcs -n 1 --payload='{"volumeName":"v"}'
}

@test "to mountpoint-s3" {
	sent_to s3 -n 1 --payload='{"volumeName":"v"}'
}

@test "to a sidecar that takes fewer fds, or wants something else: refused" {
	receive_by "$FIXTURES/sidecar" hf "$SOCKET" false
	send "listen:$SOCKET" -n 33
	assert_failure 125
	wait_receiver 3 # MSG_CTRUNC
	assert_nothing_left
	receive_by "$FIXTURES/sidecar" gcs "$SOCKET" false
	send "listen:$SOCKET" -n 1
	assert_failure 125
	wait_receiver 1
	assert_nothing_left
}

@test "a foreign receiver that starts slowly is mounted when it has closed its end" {
	# shellcheck disable=SC2016 # the shell's own
	receive_by "$FIXTURES/sidecar" hf "$SOCKET" sh -c \
		'until [ -e "$0" ]; do sleep 0.05; done; exec "$@"' \
		"$REPORTS/go" "$PASSTHROUGH" "$SOURCE" -f
	send "listen:$SOCKET" -n 2 -o allow_other
	assert_success
	is_mounted "$MNT"
	touch "$REPORTS/go"
	assert_serves
	timeout 10 umount "$MNT"
	wait_receiver 0
}
