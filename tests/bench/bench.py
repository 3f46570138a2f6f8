# SPDX-License-Identifier: LGPL-2.1-or-later
"""What the parts of the bench share: samples, and what is made of them.

A part measures its variants in turn, round after round, so that what disturbs
the machine disturbs them all alike; of two variants the ratio of the medians
is told, and how far the ratios of the single rounds spread.
"""

import collections
import pathlib
import statistics
import subprocess

Ratio = collections.namedtuple("Ratio", "value low high")


class Bench:
    """The samples of one run, and where it runs.

    build    the folder with the programs
    work     an empty folder for a part, on a tmpfs, that all users may enter
    seconds  how long the part at hand may take, about
    """

    def __init__(self, build, work, seconds):
        self.build = pathlib.Path(build)
        self.work = pathlib.Path(work)
        self.seconds = seconds
        self._samples = collections.defaultdict(
            lambda: collections.defaultdict(list))

    def sample(self, row, variant, value):
        self._samples[row][variant].append(value)

    def rows(self, prefix=""):
        return [row for row in self._samples if row.startswith(prefix)]

    def variants(self, row):
        return list(self._samples[row])

    def samples(self, row, variant):
        return self._samples[row][variant]

    def median(self, row, variant):
        return statistics.median(self.samples(row, variant))

    def ratio(self, row, variant, base, base_row=None):
        """Of the medians; with the quartiles of the rounds' own ratios."""
        base_row = base_row or row
        rounds = sorted(one / other for one, other in zip(
            self.samples(row, variant), self.samples(base_row, base)))
        return Ratio(self.median(row, variant) / self.median(base_row, base),
                     rounds[len(rounds) // 4], rounds[len(rounds) * 3 // 4])


def geometric_mean(values):
    return statistics.geometric_mean(values)


def run(*command, **options):
    """The output of a command that must succeed, within five minutes."""
    return subprocess.run(
        [str(word) for word in command], check=True, text=True, timeout=300,
        stdout=subprocess.PIPE, **options).stdout
