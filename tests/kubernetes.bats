#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
# shellcheck disable=SC2030,SC2031 # each test is a subshell, and means it
#
# The example manifests, without Kubernetes: their containers as the manifests
# have them (fixtures/container.py), on a "node" that is a folder.
#
# Of the plain build only: sanitizers need what such a container lacks.
# Not in make test: it takes a reader of YAML.

load helpers

MANIFESTS=$BATS_TEST_DIRNAME/../fusefd-launch/examples/kubernetes
NODE=$WORK/node
MNT=$NODE/var/lib/fusefd/files
SOCKET=$NODE/run/fusefd/files/fuse.sock
SERVED=65532 # the uid and gid of the manifests

# As systemd has it on a real node, the root is shared; and all is new. The
# guide's own folders are this machine's, in this mount namespace only.
setup() {
	common_setup
	requires fuse
	[[ -d $NODE ]] || mount -t tmpfs -o mode=0755 guide /mnt
	[[ -d $NODE ]] || mount -t tmpfs -o mode=0755 guide /run
	[[ ! -d $NODE ]] || umount "$NODE"
	mkdir -p "$NODE" "$WORK/image"
	mount -t tmpfs -o mode=0755 node "$NODE"
	mount --make-shared "$NODE"
	mkdir -p "$NODE/srv/files/folder"
	head -c 5M /dev/urandom >"$NODE/srv/files/big"
	seq 10000 >"$NODE/srv/files/folder/small"
	mounts >"$BATS_TEST_TMPDIR/mounts"
	declare -gA RUNTIME=()
	mapfile -t PROBE < <(manifest_value node send \
		'"\n".join(found["readinessProbe"]["exec"]["command"])')
}

# ---- Containers -------------------------------------------------------------

# start_container FILE NAME: its runtime's pid is in RUNTIME[NAME], its output
# in $BATS_TEST_TMPDIR/NAME. It has a network of its own, as every pod.
start_container() {
	clean_fds env -i PATH="$PATH" unshare --mount --propagation unchanged \
		--pid --fork --net --kill-child \
		python3 "$BATS_TEST_DIRNAME/fixtures/container.py" \
		"$FUSEFD_PLAIN_BUILD" "$NODE" "$WORK/image" \
		"$MANIFESTS/$1.yaml" "$2" </dev/null \
		>"$BATS_TEST_TMPDIR/$2" 2>&1 &
	RUNTIME[$2]=$!
}

start_sender() { start_container node send; }
start_receiver() { start_container filesystem receive; }

# Its process 1, as the node sees it; fails where it has none, yet or any more.
first_process() { pgrep -P "${RUNTIME[$1]}"; } # NAME

# in_container NAME COMMAND...
in_container() {
	local pid
	pid=$(first_process "$1") || return
	timeout 10 nsenter --target "$pid" --mount --pid --root --wd=/ "${@:2}"
}

signal_container() { # NAME SIGNAL
	local pid
	pid=$(first_process "$1") && kill -"$2" "$pid"
}

stop() { signal_container "$1" TERM; } # NAME

wait_container() { # NAME STATUS [OUTPUT]
	local status=0
	until_true 20 has_ended "${RUNTIME[$1]}" || fail "$1 runs on"
	wait "${RUNTIME[$1]}" || status=$?
	assert_equal "$1 $status $(cat "$BATS_TEST_TMPDIR/$1")" "$1 $2 ${3-}"
}

# What unshare has to say of a child's SIGKILL depends on its version.
kill_container() { # NAME
	signal_container "$1" KILL || true # it may have ended with the other
	until_true 20 has_ended "${RUNTIME[$1]}" || fail "$1 runs on"
	wait "${RUNTIME[$1]}" || true
}

# The manifests' own words for "it is there", seen from the sender.
is_ready() { in_container send "${PROBE[@]}"; }

manifest_value() { # FILE NAME EXPRESSION: of a container, FOUND
	python3 - "$MANIFESTS/$1.yaml" "$2" "$3" <<'EOF'
import sys, yaml
with open(sys.argv[1]) as text:
    document = yaml.safe_load(text)
spec = document["spec"].get("template", document)["spec"]
found, = (one for one in spec["containers"] if one["name"] == sys.argv[2])
print(eval(sys.argv[3]))
EOF
}

wait_ready() {
	until_true 20 is_ready || fail "not ready: $(tail -n 5 \
		"$BATS_TEST_TMPDIR"/{send,receive} 2>&1)"
}

is_socket() { [[ -S $1 ]]; }

assert_serves() {
	run -0 timeout 20 "${AS_BOB[@]}" diff -r "$MNT" "$NODE/srv/files"
}

assert_sender_ended() { # STATUS
	wait_container send "$1" \
		"fusefd-launch: the filesystem on '/var/lib/fusefd/files' has ended"
}

start_both() {
	start_receiver
	start_sender
	wait_ready
}

assert_node_clean() {
	assert_mounts_unchanged
	[[ ! -e $SOCKET ]] || fail "the socket's file is still there"
}

# ---- Who can do what ----------------------------------------------------------

status_of() { sed -n "s/^$2:[[:space:]]*//p" "/proc/$1/status" | xargs; } # PID KEY

assert_confined() { # PID
	local key
	for key in CapInh CapPrm CapEff CapBnd CapAmb; do
		assert_equal "$key $(status_of "$1" "$key")" "$key 0000000000000000"
	done
	assert_equal "$(status_of "$1" Uid)" "$SERVED $SERVED $SERVED $SERVED"
	assert_equal "$(status_of "$1" Gid)" "$SERVED $SERVED $SERVED $SERVED"
	assert_equal "$(status_of "$1" Groups)" ''
	assert_equal "$(status_of "$1" NoNewPrivs)" 1
	assert_equal "$(status_of "$1" Seccomp)" 2
}

@test "an unprivileged pod serves four device fds, and every user of the node reads the same data" {
	local receiver filesystem
	start_both
	assert_serves
	assert_equal "$(mount_field "$MNT" options)" "ro,nosuid,nodev,relatime"

	receiver=$(first_process receive)
	filesystem=$(pgrep -P "$receiver")
	assert_equal "$(cat "/proc/$filesystem/comm")" passthrough
	FS_PID=$filesystem wait_workers 4
	assert_confined "$receiver"
	assert_confined "$filesystem"
	run ! in_container receive stat /dev/fuse
	run ! in_container receive touch /image
	assert_output --partial 'Read-only file system'

	stop receive
	wait_container receive 8
	assert_sender_ended 8
	assert_node_clean
}

@test "the sender first: its socket is one that only the pod's user reaches" {
	start_sender
	until_true 20 is_socket "$SOCKET"
	run ! is_ready
	run -0 stat -c '%u:%g %a' "$SOCKET" "${SOCKET%/*}" "$MNT"
	assert_output "$SERVED:$SERVED 600
$SERVED:$SERVED 700
$SERVED:$SERVED 755"
	start_receiver
	wait_ready
	assert_serves
	stop send
	wait_container send 0
	wait_container receive 0
	assert_node_clean
}

@test "a pod that was there before sees the mount come, go, and come again" {
	start_container consumer wait
	start_both
	wait_container wait 0
	start_container consumer use
	until_true 20 grep -q ' big$' "$BATS_TEST_TMPDIR/use"
	run -0 in_container use cat /srv/files/folder/small
	assert_equal "$output" "$(seq 10000)"

	stop receive
	wait_container receive 8
	assert_sender_ended 8
	run -0 in_container use find /srv/files
	assert_output /srv/files # empty, and nobody's to write to
	run ! in_container use setpriv --reuid=1000 --clear-groups \
		touch /srv/files/new
	start_both
	run -0 in_container use cat /srv/files/folder/small
	assert_equal "$output" "$(seq 10000)"

	kill_container use
	stop send
	wait_container send 0
	wait_container receive 0
	assert_node_clean
}

# ---- The end of each side -------------------------------------------------------

@test "the filesystem's pod is killed: the mount goes, and both can begin again" {
	start_both
	kill_container receive
	assert_sender_ended 0
	assert_node_clean
	start_both
	assert_serves
	stop send
	wait_container send 0
	wait_container receive 0
}

# Its keeper is killed with it, as all of a container is: it may have unmounted by
# then, or not.
@test "the sender is killed: its mount goes, or serves on until another sender comes" {
	start_both
	kill_container send
	! is_mounted "$MNT" || assert_serves
	start_sender
	wait_container receive 0 # its mount was taken away
	start_receiver
	wait_ready
	assert_serves
	stop receive
	wait_container receive 8
	assert_sender_ended 8
	assert_node_clean
}

@test "both are killed, the sender before it has sent: what is left does not matter" {
	start_sender
	until_true 20 is_socket "$SOCKET"
	kill_container send
	is_socket "$SOCKET"
	start_both
	kill_container send
	# Its keeper unmounts, so that the receiver may have ended by now.
	kill_container receive || true
	if is_mounted "$MNT"; then
		run ! timeout 10 ls "$MNT"
		assert_output --partial 'Transport endpoint is not connected'
	fi
	start_sender
	until_true 20 is_socket "$SOCKET" # and what was there is gone
	start_receiver
	wait_ready
	assert_serves
	stop receive
	wait_container receive 8
	assert_sender_ended 8
	assert_node_clean
}

@test "either side that waits ends on SIGTERM, and leaves nothing" {
	start_sender
	until_true 20 is_socket "$SOCKET"
	stop send
	wait_container send 143 "fusefd-launch: cannot hand over '/var/lib/fusefd/files': interrupted"
	start_receiver
	until_true 20 is_waiting receive
	stop receive
	wait_container receive 143 "fusefd-launch: cannot take a handoff from 'connect:/run/fusefd/fuse.sock': interrupted"
	assert_node_clean
}

# Before it blocks SIGTERM, a process 1 does not get it at all. NAME
is_waiting() {
	local pid blocked
	pid=$(first_process "$1") || return
	blocked=$(status_of "$pid" SigBlk)
	[[ $(status_of "$pid" Name) == fusefd-receive ]] &&
		((0x$blocked >> ($(kill -l TERM) - 1) & 1))
}

# ---- What is written about them ---------------------------------------------------

guide_block() { # N: the Nth of its shell commands
	awk -v wanted="$1" '/^```/ { inside = /^```sh/ && ++count == wanted; next }
		inside' "$MANIFESTS/README.md"
}

@test "the guide's two shells serve without Kubernetes" {
	local PATH=$WORK/build:$WORK/build/examples:$PATH
	start bash -ec "$(guide_block 1)"
	clean_fds bash -ec "$(guide_block 2)" </dev/null \
		>"$BATS_TEST_TMPDIR/receive" 2>&1 &
	RUNTIME[receive]=$!
	MNT=/mnt/try
	wait_mounted "$MNT"
	run -0 timeout 20 "${AS_BOB[@]}" ls "$MNT"
	assert_output "$(ls /usr/share/doc)"
	timeout 10 umount "$MNT"
	wait_fs 0
	wait_container receive 0
}

@test "the manual quotes the securityContext that the pod has" {
	local quoted pod
	quoted=$(sed -n '/^securityContext:/,/^\.Ed/{/^\.Ed/!p}' \
		"$BATS_TEST_DIRNAME/../man/fusefd-launch.8" | python3 -c '
import sys, yaml
print(yaml.safe_load(sys.stdin)["securityContext"])')
	pod=$(manifest_value filesystem receive 'found["securityContext"]')
	assert_equal "$quoted" "$pod"
}
