#!/usr/bin/env python3
"""Compares what two builds of gwctl make of every case of testdata.

    tests/compare-builds.py OLD NEW [FILTER]

OLD and NEW are programs, or directories that cargo builds into (target/debug): of such a directory the suite is asked
too, for the intermediate representation. FILTER is a part of the names of cases. For each case the output and the exit
code of `translate`, `validate -o json`, `status`, `test` (where it has requests) and `diff` (from the case before it)
are compared, byte for byte. Each difference is printed with the name of its case; the exit code is 1 where there is any.
Needs PyYAML.
"""

import difflib
import glob
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import yaml

TESTDATA = os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))), "testdata")
OWN_FILES = ("case.yaml", "requests.yaml")
# Lines of a difference that are printed.
MOST_LINES = 12
# Seconds for one run.
PATIENCE = 120


class Build:
    """A build: gwctl, and the suite if there is one."""

    def __init__(self, path):
        path = os.path.abspath(path)
        self.gwctl, suites = path, []
        if os.path.isdir(path):
            self.gwctl = os.path.join(path, "gwctl")
            suites = [file for file in glob.glob(os.path.join(path, "deps", "suite-*")) if os.access(file, os.X_OK)]
        self.suite = max(suites, key=os.path.getmtime, default=None)


class Case:
    """A folder of testdata, read as tests/suite/case.rs does."""

    def __init__(self, folder):
        self.folder, self.name = folder, os.path.relpath(folder, TESTDATA)
        settings = {}
        if os.path.exists(os.path.join(folder, "case.yaml")):
            with open(os.path.join(folder, "case.yaml"), encoding="utf-8") as file:
                settings = yaml.safe_load(file) or {}
        entries = sorted(entry for entry in os.listdir(folder) if entry[0] != "." and entry not in OWN_FILES)
        self.paths = settings.get("paths", entries)
        self.args = settings.get("args", [])
        self.translate_args = self.args + settings.get("translateArgs", [])
        self.stdin = settings.get("stdin")
        self.has_requests = os.path.exists(os.path.join(folder, "requests.yaml"))

    def runs(self, before, has_suite):
        """What is run: a name, whether the suite runs it, and the arguments."""
        files = [argument for path in self.paths for argument in ("-f", path)]
        yield "translate", False, ["translate", *self.translate_args, *self.paths]
        if has_suite:
            yield "intermediate representation", True, ["--print-ir", "translate", *self.translate_args, *self.paths]
        yield "validate", False, ["validate", *self.args, "-o", "json", *self.paths]
        yield "status", False, ["status", *self.args, "-o", "yaml", *self.paths]
        if self.has_requests:
            yield "test", False, ["test", *self.args, "-o", "json", *files, "requests.yaml"]
        if before:
            other = os.path.relpath(before.folder, self.folder)
            yield "diff", False, ["diff", "-o", "json", *self.args, other, "."]


def run(program, case, arguments):
    """The exit code and the output. The path of the case's own directory is the same for both builds."""
    with tempfile.TemporaryDirectory() as empty:
        line = [program, *(argument.replace("{tmp}", empty) for argument in arguments)]
        with open(os.path.join(case.folder, case.stdin) if case.stdin else os.devnull, "rb") as stdin:
            done = subprocess.run(line, cwd=case.folder, stdin=stdin, capture_output=True, timeout=PATIENCE, check=False)
        made = [f"exit code {done.returncode}\n".encode(), done.stdout, done.stderr]
        for name in sorted(os.listdir(empty)):
            path = os.path.join(empty, name)
            if os.path.isfile(path):
                with open(path, "rb") as file:
                    made += [f"file {name}\n".encode(), file.read()]
    return b"".join(made).replace(empty.encode(), b"{tmp}").replace(program.encode(), b"gwctl")


def differences(old, new, case, before):
    """The names of the runs, and what differs."""
    names, found = [], []
    for name, is_suite, arguments in case.runs(before, old.suite and new.suite):
        names.append(name)
        was, is_now = (run(build.suite if is_suite else build.gwctl, case, arguments) for build in (old, new))
        if was != is_now:
            lines = (text.decode(errors="replace").splitlines() for text in (was, is_now))
            changed = list(difflib.unified_diff(*lines, "old", "new", lineterm="", n=1))
            more = [f"… {len(changed) - MOST_LINES} lines more"] if len(changed) > MOST_LINES else []
            found.append("\n".join([f"{case.name}: {name}", *changed[:MOST_LINES], *more]))
    return names, found


def main():
    if len(sys.argv) not in (3, 4):
        sys.exit(__doc__)
    old, new = Build(sys.argv[1]), Build(sys.argv[2])
    if not (old.suite and new.suite):
        print("no intermediate representation: not both builds have a suite", file=sys.stderr)
    cases = [Case(folder) for folder in sorted(glob.glob(os.path.join(TESTDATA, "*", "*"))) if os.path.isdir(folder)]
    pairs = [pair for pair in zip(cases, [None, *cases]) if len(sys.argv) < 4 or sys.argv[3] in pair[0].name]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(lambda pair: differences(old, new, *pair), pairs))
    counts = {}
    for names, found in results:
        print("".join(text + "\n\n" for text in found), end="")
        for name in names:
            counts[name] = counts.get(name, 0) + 1
    different = sum(len(found) for _, found in results)
    print(f"{different} differences in {len(pairs)} cases ({', '.join(f'{n} {name}' for name, n in counts.items())})")
    # A filter that leaves nothing compares nothing.
    sys.exit(1 if different or not pairs else 0)


if __name__ == "__main__":
    main()
