# SPDX-License-Identifier: LGPL-2.1-or-later
"""What a session costs: memory, CPU time, system calls; and whether more
workers than CPUs do harm.
"""

import signal
import statistics
import subprocess

import servers
from bench import Ratio

MODES = "serve", "bare", "fuse3-ours", "fuse3-own", "fuse3-clone"
SYSTEM_CALLS = "read", "writev", "futex"
WORKERS = 8, 64, 253  # the last is as many as there can be
PER_WORKER = "cost/KiB for a worker more, after "
CPU_TIME = "cost/CPU seconds of the server for a million getattrs/cpus="


# ---- Memory -----------------------------------------------------------------

def measure_memory(bench, mode, workers):
    """KiB when each worker has had a request, and when each has had large
    ones: the kernel gives them out in turn."""
    with servers.Servers(bench) as group:
        server = group.nullfs(mode, workers)
        servers.start_all_threads(server, workers)
        after_small = server.private_memory()
        list(servers.load(bench, "write128k", min(2 * workers, 64), 500, 1,
                          [server]))
        return after_small, server.private_memory()


def measure_memory_per_worker(bench):
    for mode in MODES:
        points = [measure_memory(bench, mode, workers) for workers in WORKERS]
        for i, name in enumerate(("small requests", "writes of 128 KiB")):
            for at in range(1, len(WORKERS)):
                bench.sample(f"{PER_WORKER}{name}", mode,
                             (points[at][i] - points[at - 1][i])
                             / (WORKERS[at] - WORKERS[at - 1]))


def measure_supervisor(bench):
    with servers.Servers(bench) as group:
        server = group.nullfs("serve", 4, "-S")
        server.wait()
        bench.sample("cost/KiB of a supervisor", "serve",
                     server.private_memory())


# ---- CPU time ---------------------------------------------------------------

def measure_cpu(bench, group, row):
    for server in group:
        seconds, replies = server.cpu_seconds(), server.replies()
        list(servers.load(bench, "getattr", 4, 100, 1, [server]))
        seconds = server.cpu_seconds() - seconds
        bench.sample(row, server.mode,
                     seconds * 1e6 / (server.replies() - replies))


def measure_cpu_time(bench, group):
    for _ in range(11):
        with servers.on_one_cpu(group):
            measure_cpu(bench, group, CPU_TIME + "1")
        measure_cpu(bench, group, CPU_TIME + "all")


# ---- System calls -----------------------------------------------------------

def is_traced(server):
    return not any("TracerPid:\t0\n" in status.read_text()
                   for status in server.proc.glob("task/*/status"))


def count_system_calls(bench, server):
    """By name, and the replies meanwhile."""
    table = bench.work / "strace"
    strace = subprocess.Popen(
        ["strace", "-f", "-c", "-o", table, "-p", str(server.pid)],
        stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        servers.wait_until(lambda: is_traced(server), "strace attaches")
        replies = server.replies()
        list(servers.load(bench, "getattr", 4, 500, 1, [server]))
        replies = server.replies() - replies
    finally:
        strace.send_signal(signal.SIGINT)
        strace.wait(servers.PATIENCE)
    lines = [line.split() for line in table.read_text().splitlines()]
    table.unlink()
    return replies, {fields[-1]: int(fields[3]) for fields in lines
                     if len(fields) > 4 and fields[3].isdigit()}


def measure_system_calls(bench, group):
    for server in group:
        replies, counts = count_system_calls(bench, server)
        counts.pop("total", None)
        counted = {call: counts.pop(call, 0) for call in SYSTEM_CALLS}
        counted["any other"] = sum(counts.values())
        for call, count in counted.items():
            bench.sample(f"cost/system calls a getattr/{call}", server.mode,
                         count / replies)


# ---- Many workers -----------------------------------------------------------

def measure_many_workers(bench, mode):
    """The rate of 16 workers for 16 clients, with that of 2 as 1."""
    with servers.Servers(bench) as group:
        few, many = group.nullfs(mode, 2), group.nullfs(mode, 16)
        servers.start_all_threads(few, 2)
        servers.start_all_threads(many, 16)
        for operation in ("getattr", "write128k"):
            rates = {few: [], many: []}
            for server, rate, _ in servers.load(bench, operation, 16, 50, 15,
                                             [few, many]):
                rates[server].append(rate)
            for rate_of_few, rate_of_many in zip(*rates.values()):
                bench.sample(f"cost/16 workers against 2/{operation}", mode,
                             rate_of_many / rate_of_few)


def measure(bench):
    measure_memory_per_worker(bench)
    measure_supervisor(bench)
    with servers.Servers(bench) as group:
        members = [group.nullfs(mode, 4) for mode in MODES]
        for server in members:
            servers.start_all_threads(server, 4)
        measure_cpu_time(bench, members)
        measure_system_calls(bench, members)
    for mode in MODES:
        measure_many_workers(bench, mode)


# ---- What came of it --------------------------------------------------------


def report(bench):
    for placement in "1", "all":
        for mode, base in (("fuse3-ours", "fuse3-clone"), ("serve", "bare")):
            yield (f"CPU time a getattr, {mode}, cpus={placement}", base,
                   bench.ratio(CPU_TIME + placement, mode, base), "")
    for operation in "getattr", "write128k":
        row = f"cost/16 workers against 2/{operation}"
        for mode in "serve", "fuse3-ours", "fuse3-clone":
            low, middle, high = statistics.quantiles(bench.samples(row, mode))
            yield (f"16 workers, 16 clients, {operation}, {mode}",
                   "2 workers", Ratio(middle, low, high), "")


def per_mode(bench, row, text):
    return "; ".join(f"{mode} {text(bench.samples(row, mode))}"
                     for mode in bench.variants(row))


def notes(bench):
    for row in bench.rows(PER_WORKER):
        steps = f"from {WORKERS[0]} to {', '.join(map(str, WORKERS[1:]))}"
        yield f"{row.removeprefix('cost/')}, {steps}: " + per_mode(
            bench, row, lambda slopes: ", ".join(f"{s:.0f}" for s in slopes))
    for row in bench.rows("cost/KiB of") + bench.rows("cost/system calls"):
        yield f"{row.removeprefix('cost/')}: " + per_mode(
            bench, row, lambda values: f"{statistics.median(values):.4g}")
