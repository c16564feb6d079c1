"""What a reader costs the server: processor time of a click, with and without Streamlit's collection, and memory.

    .venv/bin/python benchmarks/sessions.py [--clicks 40] [--viewers 30] [--sessions 1000] [--json FILE] [--smoke]

Clicks go to two servers turn by turn: one as shipped, one with `runner.postScriptGC` switched on, which is Streamlit's
own default. Then a class steps on each server, everybody once a second: how long the slowest twentieth waits. Then
sessions are opened and closed one after the other on the server as shipped; its memory must be flat.
"""

import argparse
import json
import statistics
import sys
import time
from pathlib import Path
from threading import Thread

sys.path.insert(0, str(Path(__file__).parents[1]))

from benchmarks.serving import ROOT, Server, Viewer

SHIPPED, COLLECTING = {}, {"STREAMLIT_RUNNER_POST_SCRIPT_GC": "true"}


def clicks(number, script):
    """Milliseconds of processor time a click, and of waiting for it, on each server: the medians of five rounds."""
    servers = [Server(script, **kind) for kind in (SHIPPED, COLLECTING)]
    try:
        viewers = [Viewer(server) for server in servers]
        for viewer in viewers:
            for _ in range(4):
                viewer.step()
        spent = [([], []) for _ in servers]
        for _ in range(5):
            for server, viewer, (busy, waited) in zip(servers, viewers, spent, strict=True):
                before, start = server.cpu(), time.perf_counter()
                for _ in range(max(number // 5, 1)):
                    viewer.step()
                each = 1000 / max(number // 5, 1)
                waited.append(each * (time.perf_counter() - start))
                busy.append(each * (server.cpu() - before) if before is not None else float("nan"))
        return [tuple(map(statistics.median, numbers)) for numbers in spent]
    finally:
        for server in servers:
            server.stop()


def crowd(viewers, seconds, script):
    """Milliseconds until a step is answered, median and 95th percentile, where so many viewers step once a second."""
    found = []
    for kind in (SHIPPED, COLLECTING):
        server = Server(script, **kind)
        try:
            readers = [Viewer(server) for _ in range(viewers)]
            waited, begin = [], time.perf_counter() + 0.5

            def watch(place, reader, waited=waited, begin=begin):
                for beat in range(seconds):
                    due = begin + beat + place / viewers
                    time.sleep(max(0.0, due - time.perf_counter()))
                    reader.step()
                    waited.append(1000 * (time.perf_counter() - due))

            threads = [Thread(target=watch, args=pair) for pair in enumerate(readers)]
            for thread in threads:
                thread.start()
            for thread in threads:
                thread.join()
            cuts = statistics.quantiles(waited, n=20)
            found.append((statistics.median(waited), cuts[-1]))
        finally:
            server.stop()
    return found


def memory(number, script, query):
    """Megabytes after so many sessions were opened, stepped twice and closed: pairs, ten of them."""
    server = Server(script)
    try:
        held = [(0, server.memory())]
        for count in range(1, number + 1):
            viewer = Viewer(server, query)
            viewer.step()
            viewer.step()
            viewer.close()
            if count == 1 or count % max(number // 10, 1) == 0:
                held.append((count, server.memory()))
        return held
    finally:
        server.stop()


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--clicks", type=int, default=40)
    parser.add_argument("--viewers", type=int, default=30)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--sessions", type=int, default=1000)
    parser.add_argument("--query", default="model=gaussian_mixture", help="the address that is opened")
    parser.add_argument("--script", type=Path, default=ROOT / "app.py")
    parser.add_argument("--json", type=Path, help="write the numbers there too")
    parser.add_argument("--smoke", action="store_true", help="the least that runs all of it; its numbers say nothing")
    options = parser.parse_args()
    if options.smoke:
        options.clicks, options.sessions, options.viewers, options.seconds = 5, 3, 2, 2
    (shipped, waited), (collecting, longer) = clicks(options.clicks, options.script)
    print(f"a click, server processor: {shipped:.1f} ms as shipped, {collecting:.1f} ms with the collection")
    print(f"a click, until answered:   {waited:.1f} ms as shipped, {longer:.1f} ms with the collection")
    (half, slow), (half_collecting, slow_collecting) = crowd(options.viewers, options.seconds, options.script)
    print(f"{options.viewers} viewers, a step a second: median {half:.0f} ms and 95 % within {slow:.0f} ms as shipped;")
    print(f"  {half_collecting:.0f} ms and {slow_collecting:.0f} ms with the collection")
    held = memory(options.sessions, options.script, options.query)
    for count, megabytes in held:
        print(f"after {count:5} sessions: " + ("unknown" if megabytes is None else f"{megabytes:.0f} MB"))
    if options.json:
        times = {"shipped": [shipped, waited, half, slow]}
        times |= {"collecting": [collecting, longer, half_collecting, slow_collecting]}
        options.json.write_text(json.dumps({"clicks": times, "memory": held}, indent=1))


if __name__ == "__main__":
    main()
