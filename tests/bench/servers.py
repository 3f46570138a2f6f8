# SPDX-License-Identifier: LGPL-2.1-or-later
"""Filesystems that run for as long as a measurement needs them, and the client
that measures. Nothing in here, nor in those who use it, touches a mount but by
a program that can be left behind.
"""

import contextlib
import os
import pathlib
import subprocess
import time

PATIENCE = 60  # seconds until something that hangs is a failure

# The modes of nullfs that mount for themselves.
UNAIDED = "fuse3-own", "fuse3-clone"


def wait_until(condition, what):
    """Poll; what says what did not come about."""
    deadline = time.monotonic() + PATIENCE
    while not condition():
        if time.monotonic() > deadline:
            raise TimeoutError(what)
        time.sleep(0.01)


def is_mounted(mountpoint):
    with open("/proc/self/mountinfo", encoding="utf-8") as table:
        return any(line.split()[4] == str(mountpoint) for line in table)


class Server:
    """A process that serves a mount. Its pid is the filesystem's own, which the
    launcher becomes, or that of the supervisor."""

    def __init__(self, mode, command, mountpoint):
        self.mode = mode
        self.mountpoint = mountpoint
        mountpoint.mkdir()
        self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL)
        self.pid = self.process.pid
        self.proc = pathlib.Path(f"/proc/{self.pid}")

    def wait(self):
        wait_until(self.is_up, f"{self.mountpoint} is not mounted")

    def is_up(self):
        if self.process.poll() is not None:
            raise RuntimeError(f"the filesystem of {self.mountpoint} ended")
        return is_mounted(self.mountpoint)

    def end(self):
        """The process first: a mount without one does not hang. By SIGTERM,
        so that a supervisor passes it on."""
        self.process.terminate()
        try:
            self.process.wait(PATIENCE)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait(PATIENCE)
        if is_mounted(self.mountpoint):
            subprocess.run(["umount", "-n", "-i", "-l", "-c", self.mountpoint],
                           check=True, timeout=PATIENCE)
        self.mountpoint.rmdir()

    def threads(self):
        return [int(path.name) for path in self.proc.glob("task/*")]

    def run_on(self, cpus):
        for thread in self.threads():
            os.sched_setaffinity(thread, cpus)

    def cpu_seconds(self):
        """Of all threads, finer than in the ticks of /proc/PID/stat."""
        return sum(int(schedstat.read_text().split()[0]) for schedstat in
                   self.proc.glob("task/*/schedstat")) / 1e9

    def replies(self):
        """The writes, since nothing else in there writes."""
        io = (self.proc / "io").read_text()
        return int(io.split("syscw:")[1].split()[0])

    def private_memory(self):
        """KiB that nobody else has. Not Private_Clean, pages of binaries that
        happen to run but once."""
        rollup = (self.proc / "smaps_rollup").read_text()
        return int(rollup.split("Private_Dirty:")[1].split()[0])


class Servers(contextlib.ExitStack):
    """Those of one measurement, which end with it, however it ends."""

    def __init__(self, bench):
        super().__init__()
        self.bench = bench
        self.launcher = str(bench.build / "fusefd-launch")
        self.started = 0

    def start(self, mode, make_command):
        """make_command takes the mountpoint, and gives the command."""
        self.started += 1
        mountpoint = self.bench.work / f"{mode}.{self.started}"
        server = Server(mode, make_command(str(mountpoint)), mountpoint)
        self.callback(server.end)
        return server

    def nullfs(self, mode, workers, *options):
        """options: the launcher's."""
        program = str(self.bench.build / "bench/nullfs")

        def command(mountpoint):
            if mode in UNAIDED:
                return [program, mode, str(workers), mountpoint]
            return [self.launcher, "-n", str(workers), *options, mountpoint,
                    "--", program, mode]
        return self.start(mode, command)

    def passthrough(self, mode, workers, source):
        program = [str(self.bench.build / "examples/passthrough"), "-f"]

        def command(mountpoint):
            if mode == "fuse3-ours":
                return [self.launcher, "-n", str(workers), mountpoint, "--",
                        *program, str(source)]
            threads = f"max_threads={workers},max_idle_threads={workers}"
            if mode == "fuse3-clone":
                threads += ",clone_fd"
            return [*program, "-o", threads, str(source), mountpoint]
        return self.start(mode, command)


@contextlib.contextmanager
def on_one_cpu(servers):
    """Them, this process, and what it starts meanwhile."""
    cpus = os.sched_getaffinity(0)
    try:
        for server in servers:
            server.run_on({max(cpus)})
        os.sched_setaffinity(0, {max(cpus)})
        yield
    finally:
        os.sched_setaffinity(0, cpus)
        for server in servers:
            server.run_on(cpus)


def start_all_threads(server, workers):
    """Of nullfs: keep all workers busy for a moment. libfuse starts a thread
    only when those that it has are."""
    server.wait()
    names = (f"{server.mountpoint}/dir{i}/wait" for i in range(workers))
    clients = [subprocess.Popen(["stat", name], stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL) for name in names]
    for client in clients:
        client.wait(PATIENCE)


def make_source(folder, siblings=16):
    """The tree of nullfs, for a filesystem that shows a real one."""
    (folder / "many").mkdir(parents=True)
    for number in range(1000):
        (folder / f"many/entry{number:03}").touch()
    for number in range(siblings):
        (folder / f"dir{number}").mkdir()
        (folder / f"file{number}").write_bytes(bytes(4 << 20))
    return folder


def load(bench, operation, clients, milliseconds, rounds, servers):
    """Visit all of them in turn, so often; yields (server, rate, rate per
    second of CPU time)."""
    by_mountpoint = {str(server.mountpoint): server for server in servers}
    command = [str(bench.build / "bench/load"), operation, str(clients),
               str(milliseconds), str(rounds),
               *(f"{server.pid}:{server.mountpoint}" for server in servers)]
    process = subprocess.Popen(command, stdin=subprocess.DEVNULL,
                               stdout=subprocess.PIPE, text=True)
    patience = PATIENCE + 2 * milliseconds * rounds * len(servers) / 1000
    try:
        output, _ = process.communicate(timeout=patience)
    except BaseException:
        # It may be unable to die until the filesystem has: no wait for it.
        process.kill()
        raise
    if process.returncode:
        raise RuntimeError(f"load failed: {operation}")
    for line in output.splitlines():
        mountpoint, rate, cpu_rate = line.rsplit(" ", 2)
        yield by_mountpoint[mountpoint], float(rate), float(cpu_rate)
