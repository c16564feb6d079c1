"""A class at once: how many readers may step once a second, beside a plain page of Streamlit; and a room of phones.

    .venv/bin/python benchmarks/classroom.py [--classes 10 20 30 45 60 80 100] [--seconds 20] [--json FILE] [--smoke]
                                             [--only classes idle sessions phones]

Everybody steps once a second over Streamlit's own websocket: all through one run, as a class does that follows a link,
and each through a run of their own. A step has waited from the moment it was due until the server was done with it. A
class is served where 95 % of its steps wait less than a second; classes grow until one is not. One process has a core
of its own and the readers another one, where the machine has two; of two processes each has a core, and the readers
share them. Then a class looks on and does nothing, and sessions are opened and closed one after the other. At last
phones wait in a room, and all vote within some seconds: on one process that keeps the room itself, and on two behind
nginx, with the room in Redis (deploy/start.py).
"""

import argparse
import itertools
import json
import math
import os
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks import phones
from benchmarks.rows.viewers import PlainViewer
from benchmarks.serving import ROOT, Server, Viewer
from benchmarks.sessions import memory

# milliseconds within which 95 % of the steps of a class must be answered
SERVED = 1000
SEEDS = itertools.count(1)


class Apart(Viewer):
    """A reader with a run that nobody else has."""

    def __init__(self, server):
        super().__init__(server, f"model=gaussian_mixture&seed={next(SEEDS)}")


APP, OWN, PLAIN = (
    ("the app", ROOT / "app.py", Viewer),
    ("the app, a run each", ROOT / "app.py", Apart),
    ("the plain page", ROOT / "benchmarks" / "plain_page.py", PlainViewer),
)
PARTS = ("classes", "idle", "sessions", "phones")
# the first seconds of a class are not counted: everybody has just come
SETTLING = 2


def cores():
    """The processors that may be used, [] where the system does not say."""
    return sorted(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else []


def processes_of(count):
    return f"{count} process{'es' if count > 1 else ''}"


def keep_to(process, core):
    """Have all threads of a process run on one core."""
    for task in Path(f"/proc/{process.pid}/task").iterdir():
        os.sched_setaffinity(int(task.name), {core})


class Class:
    """Readers of a page that is served by so many processes, who sit down with each process in turn."""

    def __init__(self, script, kind, processes):
        self.kind, self.readers = kind, []
        self.servers = [Server(script, OPENBLAS_NUM_THREADS="1") for _ in range(processes)]
        for server, core in zip(self.servers, cores() if len(cores()) > 1 else [], strict=False):
            keep_to(server.process, core)

    def grow(self, number):
        while len(self.readers) < number:
            self.readers.append(self.kind(self.servers[len(self.readers) % len(self.servers)]))

    def step(self, seconds):
        """Milliseconds that each step has waited: everybody takes one a second, spread over it."""
        waited, begin = [], time.perf_counter() + 0.5

        def sit(place, reader):
            for beat in range(seconds):
                due = begin + beat + place / len(self.readers)
                time.sleep(max(0.0, due - time.perf_counter()))
                reader.step()
                waited.append(1000 * (time.perf_counter() - due))

        with ThreadPoolExecutor(len(self.readers)) as seats:
            for taken in [seats.submit(sit, place, reader) for place, reader in enumerate(self.readers)]:
                taken.result()
        return waited

    def cpu(self):
        """Processor seconds of all processes, NaN where the system does not say."""
        return sum(server.cpu() or float("nan") for server in self.servers)

    def memory(self):
        """Megabytes of all processes, NaN where the system does not say."""
        return sum(server.memory() or float("nan") for server in self.servers)

    def leave(self):
        for server in self.servers:
            server.stop()


def served(script, kind, processes, classes, seconds):
    """Each class up to the first that is not served: viewers, milliseconds (median and 95th percentile), MB, cores."""
    room, found = Class(script, kind, processes), []
    try:
        room.grow(1)
        first = room.memory()
        for viewers in classes:
            room.grow(viewers)
            room.step(min(SETTLING, seconds))
            busy, own = room.cpu(), time.process_time()
            waited = room.step(seconds)
            spent, own = room.cpu() - busy, time.process_time() - own
            slow = statistics.quantiles(waited, n=20)[-1]
            found.append(
                {
                    "viewers": viewers,
                    "median": statistics.median(waited),
                    "slow": slow,
                    "cpu": 1000 * spent / len(waited),
                    "generator": own / seconds,
                    "memory": (room.memory() - first) / max(viewers - 1, 1),
                }
            )
            print(line(found[-1]), flush=True)
            if slow >= SERVED:
                break
        if found[-1]["slow"] < SERVED:
            print(f"  the largest class asked for, {viewers}, is served")
        return found
    finally:
        room.leave()


def line(one):
    return (
        f"  {one['viewers']:4} viewers: median {one['median']:6.0f} ms, 95 % within {one['slow']:6.0f} ms; "
        f"{one['cpu']:.1f} ms of processor a step; {one['memory']:.2f} MB a viewer; "
        f"the readers use {one['generator']:.2f} of a core"
    )


def largest(found):
    """The largest class that is served; 0 where none is."""
    return max((one["viewers"] for one in found if one["slow"] < SERVED), default=0)


def idle(viewers, seconds):
    """Cores that a class uses which looks on and does nothing, and MB that each further viewer has taken."""
    room = Class(*APP[1:], processes=1)
    try:
        room.grow(1)
        first = room.memory()
        room.grow(viewers)
        time.sleep(1)
        busy = room.cpu()
        time.sleep(seconds)
        return (room.cpu() - busy) / seconds, (room.memory() - first) / max(viewers - 1, 1)
    finally:
        room.leave()


def classes(options):
    """Each page on each number of processes."""
    own, found = cores(), []
    for processes in options.processes:
        for name, script, kind in (APP, OWN, PLAIN):
            print(f"{name}, {processes_of(processes)}:", flush=True)
            if len(own) > 1:
                os.sched_setaffinity(0, own[1:] if processes == 1 else own)
            sizes = [size * processes for size in options.classes]
            found.append({"page": name, "processes": processes})
            found[-1]["measured"] = served(script, kind, processes, sizes, options.seconds)
    for one in found:
        print(f"{one['page']} on {one['processes']}: {largest(one['measured'])} viewers, a step a second each")
    if own:
        os.sched_setaffinity(0, own)
    return found


def looking_on(options):
    share, megabytes = idle(options.idle, options.seconds)
    print(f"{options.idle} viewers who look on: {share:.3f} of a core, {megabytes:.2f} MB each")
    return [share, megabytes]


def sessions(options):
    held = memory(options.sessions, ROOT / "app.py", "model=gaussian_mixture")
    for count, size in held:
        print(f"after {count:5} sessions opened and closed: " + ("unknown" if size is None else f"{size:.0f} MB"))
    return held


def apart(server):
    """The server on one core, this program on the others."""
    keep_to(server.process, cores()[0])
    os.sched_setaffinity(0, cores()[1:])


def room(options):
    """Phones in a room, on each number of processes."""
    own, found = cores(), []
    for processes in options.processes:
        print(f"a room, {processes_of(processes)}:", flush=True)
        settle = apart if processes == 1 and len(own) > 1 else None
        found.append(phones.measure(processes, options.phones, options.voting, options.seconds, options.looks, settle))
        print(phones.line(found[-1]), flush=True)
        if own:
            os.sched_setaffinity(0, own)
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--classes", type=int, nargs="+", default=[10, 20, 30, 45, 60, 80, 100, 120])
    parser.add_argument("--processes", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--idle", type=int, default=60, help="viewers who look on")
    parser.add_argument("--sessions", type=int, default=1000, help="opened and closed, one after the other")
    parser.add_argument("--phones", type=int, default=300, help="in one room")
    parser.add_argument("--voting", type=int, default=10, help="seconds within which all of them vote")
    parser.add_argument("--looks", type=int, default=1000, help="at a room, one after the other")
    parser.add_argument("--only", nargs="+", choices=PARTS, default=PARTS)
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    parser.add_argument("--smoke", action="store_true", help="the least that runs all of it; its numbers say nothing")
    options = parser.parse_args()
    if options.smoke:
        options.classes, options.seconds, options.idle, options.sessions = [2], 1, 2, 2
        options.phones, options.voting, options.looks = 5, 1, 20
        options.processes = [1]
    others = os.getloadavg()[0] if hasattr(os, "getloadavg") else math.nan
    print(f"before it began, {others:.1f} other processes wanted one of {os.cpu_count()} processors")
    measured = {"classes": classes, "idle": looking_on, "sessions": sessions, "phones": room}
    parts = [name for name in PARTS if name in options.only]
    with ThreadPoolExecutor(len(parts) if options.smoke else 1) as runner:
        found = dict(zip(parts, runner.map(lambda name: measured[name](options), parts), strict=True))
    if options.json:
        options.json.write_text(json.dumps({"load": others} | found, indent=1))


if __name__ == "__main__":
    main()
