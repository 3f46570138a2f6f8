#!/usr/bin/env bats
# SPDX-License-Identifier: LGPL-2.1-or-later
#
# The keeper under attack by its user: what it holds, what can be done to it, what
# it may be told, and which mount it takes away after all that time.
#
# Elsewhere: the states and their answers, and SIGKILL of the supervisor, in
# detached.bats; ptrace, pidfd_getfd and /proc/PID/mem in attack_supervise.bats;
# each of its system calls in trace.bats and faults.bats.
#
# Of the plain build only: launchers with privilege have no sanitizer.

load helpers
load attack
load supervise

ASK=$WORK/ask

setup() {
	common_setup
	setup_supervise
	requires fuse
	use_plain_build
	[[ -e $ASK ]] || add_ask
}

teardown() {
	[[ -n $BATS_TEST_COMPLETED ]] || rm -f /etc/fuse.conf
	common_teardown
}

# ask CALL...: of the keeper at FUSEFD_KEEPER_FD. ACT:FLAGS by numbers, and of
# which file an fd comes with it; wait:FILE; stop, which no longer reads; each
# answer is its errno, on one line.
add_ask() {
	install -m 0755 /dev/stdin "$ASK" <<'PROGRAM'
#!/usr/bin/python3
import array, os, socket, struct, sys, time

keeper = socket.socket(fileno=int(os.environ["FUSEFD_KEEPER_FD"]))
keeper.settimeout(10)

def send(act, flags, fds=()):
    control = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))]
    keeper.sendmsg([struct.pack("=II", act, flags)], control if fds else [])

def hear():
    answer, control, _, _ = keeper.recvmsg(64, socket.CMSG_SPACE(16))
    for level, kind, data in control:
        for fd in array.array("i", data):
            os.close(fd)
    return struct.unpack("=iIQQ", answer)[0]

answers = []
for word in sys.argv[1:]:
    name, _, value = word.partition(":")
    if name == "wait":
        open(value + ".reached", "w").close()
        while not os.path.exists(value):
            time.sleep(0.01)
    elif name == "fds":  # of everything that there is, in all numbers
        path, count, times = value.split(",")
        fds = [os.open(path, os.O_RDONLY)] * int(count)
        for _ in range(int(times)):
            send(5, 0, fds)
            answers.append(hear())
        answers = [sorted(set(answers))]
    elif name == "flood":
        keeper.settimeout(1)
        try:
            while True:
                send(99, 0)
        except TimeoutError:
            answers.append("full")
    else:
        send(int(name), int(value or 0))
        answers.append(hear())
print(*answers, flush=True)
PROGRAM
}

# detached ARG...: in the background, until ask's wait:$GO is reached.
hold_detached() {
	rm -f "$GO" "$GO.reached"
	start "${LAUNCH[@]}" --detached -n 2 "$MNT" -- "$ASK" "$@"
	until_true 10 test -e "$GO.reached" || fail "it is not reached: $(cat "$LOG")"
	find_keeper || fail "there is no keeper"
}

go_on() { touch "$GO"; }

kept() { sed -n "s/^$1:[[:space:]]*//p" "/proc/$KEEPER/status"; }

assert_kept() { # KEY VALUE
	assert_equal "$1: $(kept "$1" | tr '\t' ' ')" "$1: $2"
}

# ---- What it is ----------------------------------------------------------------------

holds_nothing() { # MODE: at $KEEPER
	local admin=0000000000200000 fd targets
	assert_kept CapPrm "$admin"
	assert_kept CapEff 0000000000000000
	assert_kept CapInh 0000000000000000
	assert_kept CapAmb 0000000000000000
	[[ $MODE == alone ]] || assert_kept CapBnd 0000000000000000
	assert_kept NoNewPrivs 1
	assert_kept Seccomp 2
	assert_kept Threads 1
	case $MODE in
	caps | alone) assert_kept Uid "$OWNER $OWNER $OWNER $OWNER" ;;
	*) assert_kept Uid "0 $OWNER 0 $OWNER" ;;
	esac
	assert_kept Gid "$OWNER $OWNER $OWNER $OWNER"
	assert_equal "$(readlink "/proc/$KEEPER/cwd")" /
	# The signals of a terminal do not reach it: all are blocked, but SIGPIPE, which
	# is ignored.
	assert_kept SigBlk fffffffe7ffbeeff
	for fd in /proc/"$KEEPER"/fd/*; do
		targets+="$(readlink "$fd")"$'\n'
	done
	# Its socket, the mount's fds as long as it is detached, the mountpoint,
	# mountinfo; and no device fd, nor the caller's.
	run -1 grep -vE "^(socket:\[[0-9]+\]|/|$MNT|/proc/[0-9]+/mountinfo)$" \
		<<<"${targets%$'\n'}"
	assert_equal "$(grep -c '^socket:' <<<"$targets")" 1
	assert_equal "$(grep -c '/mountinfo$' <<<"$targets")" 1
	(($(grep -c . <<<"$targets") <= $1)) || fail "it holds: $targets"
}

bare() {
	LAUNCH=("${AS_OPENED[@]}" "${LAUNCH[@]}")
	hold_detached "wait:$GO" 1 "wait:$GO.more"
	holds_nothing 5
	go_on
	until_true 10 test -e "$GO.more.reached"
	holds_nothing 3
	rm "$GO.more.reached"
	touch "$GO.more"
	wait_fs 0
	rm "$GO.more"
}

@test "one capability, a list of system calls, four fds, and nothing of the caller's" {
	in_every_mode bare
}

# All that a user can try on a process of one's own. Prints what worked.
try_all() { # PID
	"${AS_OWNER[@]}" python3 - "$1" <<'PROGRAM'
import ctypes, os, resource, signal, sys

pid = int(sys.argv[1])
libc = ctypes.CDLL(None, use_errno=True)
bytes_ = ctypes.create_string_buffer(8)
vector = (ctypes.c_uint64 * 2)(ctypes.addressof(bytes_), 8)

def call(number, *arguments):
    if libc.syscall(number, *arguments) < 0:
        raise OSError(ctypes.get_errno(), "")

def write(name, text):
    with open(f"/proc/{pid}/{name}", "w") as file:
        file.write(text)

tries = {
    "nice": lambda: os.setpriority(os.PRIO_PROCESS, pid, 19),
    "ioprio": lambda: call(251, 1, pid, 3 << 13),
    "SCHED_IDLE": lambda: os.sched_setscheduler(pid, os.SCHED_IDLE, os.sched_param(0)),
    "sched_setattr": lambda: call(314, pid, (ctypes.c_uint32 * 12)(48, 5), 0),
    "affinity": lambda: os.sched_setaffinity(pid, {0}),
    "nofile": lambda: resource.prlimit(pid, resource.RLIMIT_NOFILE, (1, 1)),
    "cpu": lambda: resource.prlimit(pid, resource.RLIMIT_CPU, (0, 0)),
    "as": lambda: resource.prlimit(pid, resource.RLIMIT_AS, (0, 0)),
    "oom": lambda: write("oom_score_adj", "1000"),
    "comm": lambda: write("comm", "x"),
    "timerslack": lambda: write("timerslack_ns", "1"),
    "autogroup": lambda: write("autogroup", "19"),
    "environ": lambda: open(f"/proc/{pid}/environ").read(),
    "maps": lambda: open(f"/proc/{pid}/maps").read(),
    "mem": lambda: open(f"/proc/{pid}/mem", "rb"),
    "fd": lambda: os.listdir(f"/proc/{pid}/fd"),
    "root": lambda: os.listdir(f"/proc/{pid}/root/"),
    "ptrace": lambda: call(101, 16, pid, 0, 0),
    "pidfd_getfd": lambda: call(438, os.pidfd_open(pid), 0, 0),
    "process_vm_readv": lambda: call(310, pid, vector, 1, vector, 1, 0),
    "process_madvise": lambda: call(440, os.pidfd_open(pid),
                                    (ctypes.c_uint64 * 2)(0, 0), 1, 21, 0),
    "migrate_pages": lambda: call(256, pid, 64, (ctypes.c_uint64 * 1)(1),
                                  (ctypes.c_uint64 * 1)(1)),
    "kcmp": lambda: call(312, pid, os.getpid(), 0, 0, 0),
    "setns": lambda: call(308, os.pidfd_open(pid), 0x20000),
    "kill 0": lambda: os.kill(pid, 0),
    "pidfd": lambda: signal.pidfd_send_signal(os.pidfd_open(pid), 0),
    "tgkill": lambda: call(234, pid, pid, 0),
    "killpg": lambda: os.killpg(pid, signal.SIGKILL),
}
tries |= {f"kill {s.name}": lambda s=s: os.kill(pid, s) for s in signal.valid_signals()
          if hasattr(s, "name")}
for name, attempt in tries.items():
    try:
        attempt()
        print(name)
    except OSError:
        pass
PROGRAM
}

untouchable() {
	hold_detached 1 "wait:$GO"
	run -0 try_all "$KEEPER"
	# Within a session, SIGCONT is everybody's to send; it does nothing here.
	assert_equal "$(grep -vx 'kill SIGCONT' <<<"$output")" ''
	kill -0 "$KEEPER"
	is_mounted "$MNT"
	go_on
	wait_fs 0
	# Of a process of one's own, the same is granted.
	start "${AS_OWNER[@]}" sleep 60
	run -0 try_all "$FS_PID"
	assert_line 'kill 0'
	assert_line nice
	assert_line nofile
	wait_fs '[0-9]+'
}

@test "it is not the user's to signal, stop, limit, reprioritise or look into" {
	requires setuid
	in_modes "user setuid" untouchable
}

# ---- What it is told ---------------------------------------------------------------------

fds_in_use() {
	local fds=(/proc/"$KEEPER"/fd/*)
	echo "${#fds[@]}"
}

keeps_no_fd() {
	local count before
	for count in 1 2 3 4 100 253; do
		hold_detached "wait:$GO" "fds:/dev/null,$count,300" "wait:$GO.more"
		before=$(fds_in_use)
		go_on
		until_true 20 test -e "$GO.more.reached" || fail "of $count fds: $(cat "$LOG")"
		# But for the first copy, which it gave away.
		(($(fds_in_use) <= before)) || fail "of $count fds: $(ls -l "/proc/$KEEPER/fd")"
		touch "$GO.more"
		wait_fs 0
		rm "$GO.more" "$GO.more.reached"
	done
}

@test "fds in any number that nobody has asked for: none stays" {
	in_modes "setuid root" keeps_no_fd
}

refuses_foreign_fds() {
	local file
	mkdir -p "$WORK/alice/other"
	for file in / /dev/null /dev/zero "$MNT/.." "$WORK/alice"; do
		launch --detached -n 1 "$MNT" -- "$ASK" 1 "fds:$file,1,3"
		assert_success
		# EBADF, to all but the attach
		assert_output '[0, 9]'
	done
}

@test "COPY with an fd of another mount: EBADF" {
	requires setuid
	in_modes "user setuid caps" refuses_foreign_fds
}

floods() {
	hold_detached 1 flood "wait:$GO"
	kill -KILL "$FS_PID"
	wait "$FS_PID" || true
	FS_PID=
	assert_no_process_left
	assert_mounts_unchanged
}

@test "a program that asks and never listens: nothing is left when it is killed" {
	rm -f "$GO"
	in_modes "root setuid caps" floods
}

# Another process of the user's has the other end, too.
shares() {
	hold_detached 1 "wait:$GO"
	"${AS_OWNER[@]}" python3 - "$FS_PID" <<'PROGRAM' || skip "no pidfd_getfd"
import ctypes, os, sys
libc = ctypes.CDLL(None, use_errno=True)
pid = int(sys.argv[1])
for name in os.listdir(f"/proc/{pid}/fd"):
    if os.readlink(f"/proc/{pid}/fd/{name}").startswith("socket:"):
        fd = libc.syscall(438, os.pidfd_open(pid), int(name), 0)
        break
if os.fork() == 0:
    os.setsid()
    os.close(1), os.close(2)
    import time
    time.sleep(2)
PROGRAM
	kill -KILL "$FS_PID"
	wait "$FS_PID" || true
	FS_PID=
	# It is held until the last of them has ended.
	sleep 0.2
	is_mounted "$MNT"
	assert_no_process_left
	assert_mounts_unchanged
}

@test "its socket in the hands of another process: it unmounts when that has ended" {
	requires setuid
	in_modes "user setuid" shares
}

# ---- Which mount it takes away ----------------------------------------------------------------

mount_id_of() { # FOLDER: of the topmost
	FOLDER=$1 awk '$5 == ENVIRON["FOLDER"] { id = $1 } END { print id }' /proc/self/mountinfo
}

# until_same_id ID FOLDER COMMAND: what COMMAND mounts is to get that id, on
# FOLDER; ids that are lower and free go to other mounts meanwhile.
until_same_id() {
	local i spare=() found=
	for i in {1..60}; do
		mkdir -p "$WORK/spare/$i"
		"$3" "$WORK/spare/$i"
		if [[ $(mount_id_of "$WORK/spare/$i") == "$1" ]]; then
			mount --move "$WORK/spare/$i" "$2"
			found=yes
			break
		fi
		spare+=("$WORK/spare/$i")
	done
	((${#spare[@]} == 0)) || umount --no-canonicalize "${spare[@]}"
	[[ -n $found ]]
}

roots_tmpfs() { mount -t tmpfs of-root "$1"; }
bobs_fuse() {
	mount -i --no-canonicalize -t fuse -o "user_id=$BOB,group_id=$BOB,rootmode=40000,fd=9" \
		of-bob "$1" 9<>/dev/fuse
}
own_fuse() {
	mount -i --no-canonicalize -t fuse -o "user_id=$OWNER,group_id=$OWNER,rootmode=40000,fd=9" \
		of-owner "$1" 9<>/dev/fuse
}

# The keeper's mount has gone without it, another mount has the id, and now the
# keeper acts.
reuses_id() { # FOLDER COMMAND ACT...
	local id before tries=20
	while
		hold_detached 1 "wait:$GO" "${@:3}"
		id=$(mount_id_of "$MNT")
		umount --no-canonicalize --lazy "$MNT"
		! until_same_id "$id" "$1" "$2"
	do
		# Somebody else on this machine has got it: once more.
		((tries-- > 0)) || fail "no mount gets the id of one that is gone"
		go_on
		wait_fs 0
		until_true 10 has_ended "$KEEPER"
	done
	before=$(mounts)
	go_on
	wait_fs 0
	until_true 10 has_ended "$KEEPER"
	assert_equal "$(mounts)" "$before"
	umount --no-canonicalize "$1"
}

reuses_ids() {
	mkdir -p "$WORK/foreign"
	local folder mounter
	for folder in "$MNT" "$WORK/foreign"; do
		for mounter in roots_tmpfs bobs_fuse own_fuse; do
			reuses_id "$folder" "$mounter"
			reuses_id "$folder" "$mounter" 3:0
			reuses_id "$folder" "$mounter" 3:1
		done
	done
}

@test "its mount's id is another mount's now: that one stays" {
	in_modes "root user setuid caps" reuses_ids
}

reuses_ids_before_6_8() {
	local LAUNCH=("$FIXTURES/without" 457 "${LAUNCH[@]}")
	reuses_id "$MNT" roots_tmpfs
	reuses_id "$MNT" bobs_fuse 3:1
	reuses_id "$WORK/foreign" roots_tmpfs 3:0
	reuses_id "$WORK/foreign" bobs_fuse
}

@test "the same before Linux 6.8, where only the id tells: that one stays" {
	mkdir -p "$WORK/foreign"
	FIXTURES=$WORK/build/fixtures in_modes "root user caps" reuses_ids_before_6_8
}

# Somebody mounts on top of the keeper's: neither goes as long as it is there.
covered() { # COMMAND
	hold_detached 1 "wait:$GO"
	"$1" "$MNT"
	go_on
	wait_fs 0
	until_true 10 has_ended "$KEEPER"
	run fuse_mounts
	[[ $(awk -v m="$MNT" '$5 == m' /proc/self/mountinfo | wc -l) -eq 2 ]] ||
		fail "one of them went"
	umount --no-canonicalize "$MNT"
	umount --no-canonicalize "$MNT"
}

@test "somebody has mounted on its mount: that one stays, and so does its own" {
	in_modes "root user setuid caps" covered roots_tmpfs
	in_modes "user setuid caps" covered bobs_fuse
}

# ---- mount_max --------------------------------------------------------------------------

# Supervisors are killed as they attach: whatever is left or goes, there are never
# more than one.
kills_at_attach() {
	local i pids=() round
	echo 'mount_max = 1' >/etc/fuse.conf
	for i in {1..6}; do
		install -d -o "$ALICE" "$WORK/alice/many$i"
	done
	for round in {1..4}; do
		pids=()
		for i in {1..6}; do
			clean_fds "${LAUNCH[@]}" -S -n 1 "$WORK/alice/many$i" -- \
				"$FIXTURES/rawfs" </dev/null >/dev/null 2>&1 &
			pids+=($!)
		done
		sleep "0.0$((round * 2))"
		for i in {1..60}; do
			(($(fuse_mounts | wc -l) <= 1)) || OVER=$((OVER + 1))
			((i % 10)) || kill -KILL "${pids[i / 10 - 1]}" 2>/dev/null || true
		done
		wait "${pids[@]}" 2>/dev/null || true
		assert_no_process_left
		assert_mounts_unchanged
	done
	rm /etc/fuse.conf
}

@test "six supervisors killed at their attach, with mount_max = 1: nothing is left" {
	requires setuid
	OVER=0
	FIXTURES=$WORK/build/fixtures in_modes "setuid caps" kills_at_attach
}

# Of those that attach at once, not more than the limit stay.
all_at_once() {
	local i pids=() count
	echo 'mount_max = 2' >/etc/fuse.conf
	for i in {1..8}; do
		install -d -o "$ALICE" "$WORK/alice/many$i"
		rm -f "$REPORTS/attached$i"
	done
	rm -f "$GO" "$GO.reached"
	for i in {1..8}; do
		clean_fds "${LAUNCH[@]}" --detached -n 1 "$WORK/alice/many$i" -- \
			"$ASK" "wait:$GO" 1 "wait:$GO.more" </dev/null >"$REPORTS/attached$i" 2>&1 &
		pids+=($!)
	done
	until_true 10 test "$(pgrep -c fusefd-keeper)" -eq 8 || true
	sleep 0.5
	go_on
	sleep 1
	count=$(fuse_mounts | wc -l)
	touch "$GO.more"
	wait "${pids[@]}"
	rm -f "$GO.more" "$GO.more.reached" /etc/fuse.conf
	((count <= 2)) || fail "$count mounts"
	run -0 cat "$REPORTS"/attached*
	assert_equal "$(grep -c '^0$' <<<"$output")" "$count"
	assert_no_process_left
}

@test "eight attach at once, with mount_max = 2: not more than two" {
	requires setuid
	in_modes "setuid caps alone" all_at_once
}
