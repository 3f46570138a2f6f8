# SPDX-License-Identifier: LGPL-2.1-or-later
"""How many operations a second go through a session, by our loop and by those
that one would have without it.

nullfs has the same handlers in five modes. Two speak the protocol: serve, on
fusefd_serve(), and bare, threads that read and write and do nothing else.
Three are on libfuse3: fuse3-ours on our loop, fuse3-own and fuse3-clone on
libfuse's, the latter with clone_fd. passthrough, a real filesystem, has these
three too.

"cpus=1" has all of it on one CPU and counts in CPU time, in which the rate
says what an operation costs, whatever else the machine does meanwhile.
"cpus=all" is a rate by the clock, with the placement left to the kernel. For
one client it would say nothing else: whether client and worker share a CPU
changes its rate tenfold on a virtual machine.
"""

import contextlib
import statistics

import servers
from bench import Ratio, geometric_mean

OPERATIONS = ("getattr", "open", "read4k", "read128k", "write128k", "create",
              "readdir")
CLIENTS = 1, 4, 8
WORKERS = 1, 2, 4, 8
ON_FUSE3 = "fuse3-ours", "fuse3-own", "fuse3-clone"
MODES = {"nullfs": ("serve", "bare", *ON_FUSE3), "passthrough": ON_FUSE3}

# Short visits and many, so that what disturbs one disturbs its neighbours.
MILLISECONDS = 20
STARTING = 0.15  # of the time: servers, clients, what is open


def start_nullfs(group):
    def start(workers):
        members = [group.nullfs(mode, workers) for mode in MODES["nullfs"]]
        for server in members:
            servers.start_all_threads(server, workers)
        return members
    return start


def start_passthrough(group, source):
    def start(workers):
        members = [group.passthrough(mode, workers, source)
                   for mode in MODES["passthrough"]]
        for server in members:
            server.wait()
        return members
    return start


def busy_all_threads(bench, members, workers):
    """Until libfuse has started all of its threads, or need not."""
    for server in members:
        for _ in range(20):
            if len(server.threads()) > workers:
                break
            list(servers.load(bench, "write128k", 2 * workers, 50, 1,
                              [server]))


def placements_of(clients):
    return ("1",) if clients == 1 else ("1", "all")


def rounds_of(bench):
    cells = len(OPERATIONS) * len(WORKERS) * sum(map(len, MODES.values()))
    cells *= sum(len(placements_of(clients)) for clients in CLIENTS)
    rounds = bench.seconds * (1 - STARTING) * 1000 / cells / MILLISECONDS
    return max(1, int(rounds))


def measure_cell(bench, row, operation, clients, members):
    for placement in placements_of(clients):
        with contextlib.ExitStack() as pinned:
            if placement == "1":
                pinned.enter_context(servers.on_one_cpu(members))
            for server, rate, cpu_rate in servers.load(
                    bench, operation, clients, MILLISECONDS, rounds_of(bench),
                    members):
                bench.sample(f"{row}/cpus={placement}", server.mode,
                             cpu_rate if placement == "1" else rate)


def measure_group(bench, name, workers, members):
    for operation in OPERATIONS:
        for clients in CLIENTS:
            row = f"session/{name}/{operation}/clients={clients}/n={workers}"
            measure_cell(bench, row, operation, clients, members)


def measure(bench):
    with servers.Servers(bench) as group:
        source = servers.make_source(bench.work / "source")
        by_name = {"nullfs": start_nullfs(group),
                   "passthrough": start_passthrough(group, source)}
        started = [(name, workers, start(workers))
                   for name, start in by_name.items() for workers in WORKERS]
        for name, workers, members in started:
            if name == "passthrough":
                busy_all_threads(bench, members, workers)
            measure_group(bench, name, workers, members)


# ---- What came of it --------------------------------------------------------

# What is compared, with what, and the bar for their geometric mean.
COMPARED = (
    ("nullfs", "fuse3-ours", "fuse3-clone", ">= 1.00"),
    ("nullfs", "serve", "bare", ">= 0.90"),
    ("passthrough", "fuse3-ours", "fuse3-clone", ">= 1.00"),
)
WORST_ALLOWED = 0.93


def cells(bench, name, mode, base, placement, workers=None):
    """{ROW: the ratio of the rates}"""
    end = f"/cpus={placement}"
    if workers:
        end = f"/n={workers}{end}"
    return {row: bench.ratio(row, mode, base).value
            for row in bench.rows(f"session/{name}/") if row.endswith(end)}


def mean_of(ratios):
    """Of the cells, with the quartiles of the cells."""
    low, _, high = statistics.quantiles(ratios)
    return Ratio(geometric_mean(ratios), low, high)


def report(bench):
    for name, mode, base, bar in COMPARED:
        for workers in WORKERS:
            ratios = cells(bench, name, mode, base, "1", workers).values()
            yield (f"operations a CPU second, {name}, {mode}, n={workers}",
                   base, mean_of(ratios), bar)
        yield (f"operations a second, all CPUs, {name}, {mode}", base,
               mean_of(cells(bench, name, mode, base, "all").values()), "")
    for name in MODES:
        yield (f"operations a CPU second, {name}, fuse3-ours", "fuse3-own",
               mean_of(cells(bench, name, "fuse3-ours", "fuse3-own",
                             "1").values()), "")


def notes(bench):
    for name, mode, base, _ in COMPARED:
        ratios = cells(bench, name, mode, base, "1")
        worst = min(ratios, key=ratios.get)
        below = sum(ratio < WORST_ALLOWED for ratio in ratios.values())
        yield (f"The worst of {len(ratios)} cells of {name}, {mode} against "
               f"{base}: {ratios[worst]:.2f}, "
               f"{worst.removeprefix(f'session/{name}/')}; "
               f"{below} below {WORST_ALLOWED}.")
