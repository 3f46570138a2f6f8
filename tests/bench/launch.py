# SPDX-License-Identifier: LGPL-2.1-or-later
"""How long it takes until a filesystem's main() begins.

Beside the launcher: mount.fuse3, which runs the filesystem by a shell, with
one device fd; and the floor, a static program that does the privileged acts
and checks nothing. The same floor with the launcher's shared libraries tells
what the dynamic loader has of the difference.
"""

import pwd
import shutil

from bench import run

USER = "nobody"
FDS = (1, 8, 64)
LINE = (1, 2, 4, 8, 16, 32, 64, 128, 253)
SECONDS_PER_LAUNCH = 0.005


class Place:
    """A folder with a mountpoint, and programs with and without privilege."""

    def __init__(self, bench):
        user = pwd.getpwnam(USER)
        self.uid, self.gid = user.pw_uid, user.pw_gid
        self.mountpoint = bench.work / "mountpoint"
        self.mountpoint.mkdir()
        self.stopwatch = bench.build / "bench/stopwatch"
        self.programs = {}
        for name, mode in (("plain", 0o755), ("setuid", 0o4755)):
            folder = bench.work / name
            folder.mkdir()
            for program in ("fusefd-launch", "bench/floor",
                            "bench/floor-linked", "bench/arrived"):
                copy = shutil.copy(bench.build / program, folder)
                (folder / program.split("/")[-1]).chmod(mode)
            self.programs[name] = folder

    def launcher(self, privilege, fds, *options):
        folder = self.programs[privilege]
        return [folder / "fusefd-launch", "-n", fds, *options,
                self.mountpoint, "--", self.arrived]

    def floor(self, privilege, fds, name="floor"):
        return [self.programs[privilege] / name, fds, self.uid,
                self.mountpoint, self.arrived]

    def mount_fuse3(self):
        return [shutil.which("mount.fuse3", path="/usr/sbin:/sbin"),
                f"{self.arrived}#x", self.mountpoint,
                "-o", f"drop_privileges,setuid={USER}"]

    @property
    def arrived(self):
        return self.programs["plain"] / "arrived"

    def time(self, uid, rounds, commands):
        """(INDEX, MICROSECONDS) of each launch."""
        words = [self.stopwatch, rounds, uid, self.mountpoint]
        for command in commands:
            words += ["--next", *command]
        for line in run(*words).splitlines():
            index, microseconds = line.split()
            yield int(index), float(microseconds)


def measure_rows(bench, place, uid, rounds, cells):
    """cells: (ROW, VARIANT, COMMAND)."""
    commands = [command for _, _, command in cells]
    for index, value in place.time(uid, rounds, commands):
        row, variant, _ = cells[index]
        bench.sample(row, variant, value)


def measure(bench):
    place = Place(bench)
    user = [(f"launch/root/n={fds}", variant, command) for fds in FDS
            for variant, command in (
                ("ours", place.launcher("plain", fds, "-u", USER)),
                ("floor", place.floor("plain", fds)))]
    user += [("launch/root", "mount.fuse3", place.mount_fuse3()),
             ("launch/root/same-user", "ours", place.launcher("plain", 8)),
             ("launch/root/n=8", "floor, linked",
              place.floor("plain", 8, "floor-linked"))]
    setuid = [(f"launch/setuid/n={fds}", variant, command) for fds in FDS
              for variant, command in (
                  ("ours", place.launcher("setuid", fds)),
                  ("floor", place.floor("setuid", fds)))]
    setuid += [("launch/setuid/n=8", "floor, linked",
                place.floor("setuid", 8, "floor-linked"))]
    line = [(f"launch/line/n={fds}", "ours", place.launcher("plain", fds))
            for fds in LINE]
    launches = len(user) + len(setuid) + len(line)
    rounds = max(1, int(bench.seconds / SECONDS_PER_LAUNCH / launches))

    measure_rows(bench, place, 0, rounds, user)
    measure_rows(bench, place, 0, rounds, line)
    place.mountpoint.chmod(0o700)
    shutil.chown(place.mountpoint, place.uid, place.gid)
    measure_rows(bench, place, place.uid, rounds, setuid)


def line_through(points):
    """Slope and intercept of the least squares."""
    mean_x = sum(x for x, _ in points) / len(points)
    mean_y = sum(y for _, y in points) / len(points)
    slope = (sum((x - mean_x) * (y - mean_y) for x, y in points)
             / sum((x - mean_x) ** 2 for x, _ in points))
    return slope, mean_y - slope * mean_x


def in_words(fds):
    return "1 fd" if fds == 1 else f"{fds} fds"


def report(bench):
    for kind, words in (("root", f"root, --user={USER}"),
                        ("setuid", "a user, setuid")):
        for fds in FDS:
            row = f"launch/{kind}/n={fds}"
            yield (f"launch, {words}, {in_words(fds)}", "the floor",
                   bench.ratio(row, "ours", "floor"), "<= 1.25")
    for base, bar in (("floor", "<= 1.25"), ("floor, linked", "")):
        yield ("launch, root for itself, 8 fds", f"the {base}",
               bench.ratio("launch/root/same-user", "ours", base,
                           base_row="launch/root/n=8"), bar)
    yield ("launch, a user, setuid, 8 fds", "the floor, linked",
           bench.ratio("launch/setuid/n=8", "ours", "floor, linked"), "")
    for fds in FDS:
        yield (f"launch, root, --user={USER}, {in_words(fds)}",
               "mount.fuse3, 1 fd",
               bench.ratio(f"launch/root/n={fds}", "ours", "mount.fuse3",
                           base_row="launch/root"),
               "<= 0.50" if fds == 8 else "")
    yield ("(the floor, 8 fds)", "mount.fuse3, 1 fd",
           bench.ratio("launch/root/n=8", "floor", "mount.fuse3",
                       base_row="launch/root"), "")


def notes(bench):
    points = [(fds, bench.median(f"launch/line/n={fds}", "ours"))
              for fds in LINE]
    slope, start = line_through(points)
    furthest = max(abs(y / (start + slope * x) - 1) for x, y in points)
    yield (f"A launch takes {start:.0f} us and {slope:.1f} us more a device "
           f"fd, from 1 to {LINE[-1]} fds: no point lies further from that "
           f"line than {furthest:.0%}.")
