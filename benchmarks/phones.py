"""A room full of phones: they wait for news, then all vote within some seconds. On one process, or on several."""

import asyncio
import json
import random
import re
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

from benchmarks.serving import ROOT, Server, Viewer, busy, free_port

# seconds between two looks of a phone, a quarter more or less (ui/room/page/join.js)
LOOK = 2.0
_APP = re.compile(r"^(app \d+) on port \d+: process (\d+)$|^(nginx|redis): process (\d+)$", re.MULTILINE)


class Together:
    """Several processes, Redis and nginx, as deploy/start.py starts them."""

    def __init__(self, processes):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = Path(tempfile.mkstemp(prefix="classroom-")[1])
        command = [sys.executable, str(ROOT / "deploy" / "start.py"), f"--processes={processes}", f"--port={port}"]
        with self.log.open("w") as output:
            self.process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        end = time.monotonic() + 120
        while "\nready\n" not in f"\n{self.said()}":
            if self.process.poll() is not None or time.monotonic() > end:
                self.stop()
                sys.exit(f"deploy/start.py did not start:\n{self.said()}")
            time.sleep(0.1)

    def said(self):
        return self.log.read_text(errors="replace")

    def cpu(self):
        """Processor seconds of the app's processes, NaN where the system does not say."""
        return sum(busy(int(number)) or float("nan") for app, number, _, _ in _APP.findall(self.said()) if app)

    def around(self):
        """Processor seconds of Redis, and of nginx and its workers."""
        numbers = [int(number) for _, _, name, number in _APP.findall(self.said()) if name]
        workers = [int(child) for number in numbers for child in _children(number)]
        return sum(busy(number) or 0.0 for number in numbers + workers)

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=60)
        self.log.unlink(missing_ok=True)


def _children(number):
    try:
        return Path(f"/proc/{number}/task/{number}/children").read_text().split()
    except OSError:
        return []


class Lecturer(Viewer):
    """Who leads the room, from the page."""

    def __init__(self, server):
        super().__init__(server, "schedule=EM&cursor=1")
        self.do(act="room.open", hands=False)

    @property
    def room(self):
        return self.message["room"]

    def on(self):
        self.do(act="room.on", of=self.room["turn"])


class Phone:
    """One connection that is kept, as a browser's is."""

    def __init__(self, url):
        self.host = urlsplit(url).netloc
        self.reader = self.writer = None

    async def ask(self, method, path, body=b"", **headers):
        """Status and body of an answer; once more where the connection was closed meanwhile."""
        lines = [f"{method} {path} HTTP/1.1", f"Host: {self.host}", f"Content-Length: {len(body)}"]
        lines += [f"{name.replace('_', '-')}: {value}" for name, value in headers.items()]
        sent = "\r\n".join([*lines, "", ""]).encode() + body
        for last in (False, True):
            if self.writer is None:
                self.reader, self.writer = await asyncio.open_connection(*self.host.split(":"))
            try:
                self.writer.write(sent)
                head = (await self.reader.readuntil(b"\r\n\r\n")).decode()
                length = re.search(r"content-length: (\d+)", head, re.IGNORECASE)
                return int(head.split()[1]), await self.reader.readexactly(int(length[1]) if length else 0)
            except (OSError, asyncio.IncompleteReadError):
                self.leave()
                if last:
                    raise

    def leave(self):
        if self.writer:
            self.writer.close()
        self.writer = None


class Hall:
    """So many phones in one room. waited: milliseconds of each vote; looks: polls for news; failed: refused ones."""

    def __init__(self, url, code, count):
        self.code, self.origin = code, url
        self.phones = [Phone(url) for _ in range(count)]
        self.votes, self.looks, self.failed, self.waited = [Phone(url) for _ in range(count)], 0, 0, []

    async def look(self, phone, until, turn=0):
        """Poll as a phone does, until then."""
        await asyncio.sleep(random.random() * LOOK)
        while time.monotonic() < until:
            status, body = await phone.ask("GET", f"/join/{self.code}/news?since={turn}")
            self.looks += 1
            if status == 200:
                turn = json.loads(body)["turn"]
            elif status != 204:
                self.failed += 1
            await asyncio.sleep(LOOK * (0.75 + 0.5 * random.random()))

    async def vote(self, number, due, room):
        await asyncio.sleep(max(0.0, due - time.monotonic()))
        choices = {part["id"]: random.choice(part["options"])["id"] for part in room["question"]["parts"]}
        said = {"token": f"phone-{number:020d}", "ballot": room["ballot"], "choices": choices}
        headers = {"Content_Type": "application/json", "Origin": self.origin}
        status, _ = await self.votes[number].ask(
            "POST", f"/join/{self.code}/votes", json.dumps(said).encode(), **headers
        )
        self.waited.append(1000 * (time.monotonic() - due))
        self.failed += status != 204

    async def wait(self, seconds):
        """All wait for news."""
        until = time.monotonic() + seconds
        await asyncio.gather(*(self.look(phone, until) for phone in self.phones))

    async def vote_all(self, seconds, room):
        """All vote, each at a moment of its own, and look for news besides."""
        begin = time.monotonic() + 0.2
        waiting = [self.look(phone, begin + seconds, room["turn"]) for phone in self.phones]
        voting = [self.vote(each, begin + seconds * random.random(), room) for each in range(len(self.votes))]
        await asyncio.gather(*waiting, *voting)

    def leave(self):
        for phone in self.phones + self.votes:
            phone.leave()


async def _repeat(phone, count, *asked, **headers):
    for _ in range(count):
        status, _ = await phone.ask(*asked, **headers)
        assert status in (200, 204), status


async def _measured(server, lecturer, phones, voting, waiting, repeated):
    hall = Hall(server.url, lecturer.room["code"], phones)
    await hall.wait(min(LOOK, waiting))  # everybody comes
    hall.looks, spent, begun = 0, server.cpu(), time.monotonic()
    await hall.wait(waiting)
    spent, waited = server.cpu() - spent, time.monotonic() - begun
    found = {
        "phones": phones,
        "looks": hall.looks,
        "look": 1000 * spent / max(hall.looks, 1),
        "waiting": spent / waited,
    }
    await asyncio.to_thread(lecturer.on)
    around = server.around() if isinstance(server, Together) else 0.0
    spent = server.cpu()
    await hall.vote_all(voting, lecturer.room)
    found |= {"voting": (server.cpu() - spent) / voting, "failed": hall.failed}
    if isinstance(server, Together):
        found["around"] = (server.around() - around) / voting
    one, code, key = Phone(server.url), lecturer.room["code"], lecturer.room["key"]
    turn = lecturer.room["turn"]
    for name, path in (("news", f"/join/{code}/news?since={turn}"), ("desk", f"/join/{code}/desk")):
        spent = server.cpu()
        await _repeat(one, repeated, "GET", path, X_Room_Key=key)
        found[name] = 1000 * (server.cpu() - spent) / repeated
    one.leave()
    hall.leave()
    await asyncio.to_thread(lecturer.on)
    found["counted"] = lecturer.room["voters"][0]
    found["median"] = statistics.median(hall.waited)
    found["slow"] = statistics.quantiles(hall.waited, n=20)[-1]
    return found


def measure(processes, phones, voting, waiting, repeated, settle=None):
    """A room on so many processes. settle: called with the server once it runs."""
    script = ROOT / "app.py"
    server = Server(script, OPENBLAS_NUM_THREADS="1") if processes == 1 else Together(processes)
    try:
        if settle:
            settle(server)
        lecturer = Lecturer(server)
        found = asyncio.run(_measured(server, lecturer, phones, voting, waiting, repeated))
        lecturer.do(act="room.end")
        lecturer.close()
        return found | {"processes": processes}
    finally:
        server.stop()


def line(one):
    lost = one["phones"] - one["counted"]
    text = (
        f"  {one['phones']} phones wait: {one['look']:.2f} ms of processor a look, {one['waiting']:.3f} of a core\n"
        f"  and vote: median {one['median']:.0f} ms, 95 % within {one['slow']:.0f} ms; {one['counted']} counted, "
        f"{lost} lost, {one['failed']} refused; {one['voting']:.2f} of a core\n"
        f"  one look at the news {one['news']:.2f} ms, one of the lecturer's desk {one['desk']:.2f} ms of processor"
    )
    return text + (f"; nginx and Redis {one['around']:.2f} of a core" if "around" in one else "")
