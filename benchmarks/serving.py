"""A server under measurement, and a viewer without a browser: what the benchmarks share."""

import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import zlib
from contextlib import ExitStack
from pathlib import Path

from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from websockets.sync.client import connect

ROOT = Path(__file__).parents[1]
OPTIONS = ["--server.headless=true", "--server.address=127.0.0.1", "--browser.gatherUsageStats=false"]
OPTIONS += ["--server.fileWatcherType=none", "--client.toolbarMode=minimal"]


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return free.getsockname()[1]


def busy(process):
    """Processor seconds that a process has used, by its number; None where the system does not say."""
    try:
        stat = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return None
    return (int(stat[11]) + int(stat[12])) / os.sysconf("SC_CLK_TCK")


class Server:
    """One Streamlit app on a free port."""

    def __init__(self, script, *options, **environment):
        port = free_port()
        self.url = f"http://127.0.0.1:{port}"
        self.log = tempfile.TemporaryFile()  # noqa: SIM115 (the server writes it as long as it runs)
        command = [sys.executable, "-m", "streamlit", "run", str(script), f"--server.port={port}", *OPTIONS, *options]
        known = {**os.environ, **environment}
        self.process = subprocess.Popen(command, cwd=ROOT, env=known, stdout=self.log, stderr=subprocess.STDOUT)
        deadline = time.monotonic() + 60
        while True:
            try:
                urllib.request.urlopen(f"{self.url}/_stcore/health", timeout=1).close()
                return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    self.stop()
                    self.log.seek(0)
                    sys.exit(f"{script} did not start:\n{self.log.read().decode(errors='replace')}")
                time.sleep(0.1)

    def cpu(self):
        """Processor seconds that the server has used, None where the system does not say."""
        return busy(self.process.pid)

    def memory(self):
        """Megabytes of main memory that the server holds, None where the system does not say."""
        try:
            pages = int(Path(f"/proc/{self.process.pid}/statm").read_text().split()[1])
        except OSError:
            return None
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6

    def stop(self):
        self.process.terminate()
        self.process.wait(timeout=20)


class Viewer:
    """One reader as the server sees them: the home page on a websocket, and the stage asked for steps."""

    def __init__(self, server, query="model=gaussian_mixture", **headers):
        address = f"{server.url.replace('http', 'ws')}/_stcore/stream"
        self.opened = ExitStack()
        self.socket = self.opened.enter_context(connect(address, max_size=None, additional_headers=headers))
        self.fragment = self.component = ""
        self.number = 0
        self.message = {}
        self.place = {"query_string": query}
        self._run()

    def step(self):
        """Ask for the next half-step, as a click on the main button does; returns when the server is done."""
        last = self.message["first"] + len(self.message["frames"]) - 1
        self.do(act="advance", to=last + 1, at=last)

    def do(self, **act):
        """Do what a message of the stage asks for; returns when the server is done."""
        self.number += 1
        self._run(fragment_id=self.fragment, act={**act, "turn": self.message["turn"], "n": self.number})
        if self.message["answer"] != self.number:
            raise RuntimeError(f"act {self.number} was not answered, but act {self.message['answer']}")

    def close(self):
        self.opened.close()

    def ask(self, **state):
        """A message that asks for a run of the page."""
        ask = BackMsg()
        for name, value in (self.place | state).items():
            setattr(ask.rerun_script, name, value)
        return ask

    def told(self, ask):
        """What the server sends until it is done."""
        self.socket.send(ask.SerializeToString())
        while True:
            told = ForwardMsg.FromString(self.socket.recv(timeout=60))
            if told.HasField("new_session"):
                self.place["page_script_hash"] = told.new_session.page_script_hash
            yield told
            if told.HasField("script_finished") and told.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN:
                return

    def _run(self, act=None, **state):
        ask = self.ask(**state)
        if act is not None:
            rested = ask.rerun_script.widget_states.widgets.add()
            rested.id, rested.json_value = self.component, "{}"
            widget = ask.rerun_script.widget_states.widgets.add()
            widget.id = f"$$STREAMLIT_INTERNAL_KEY_{self.component}__events"
            widget.json_trigger_value = json.dumps([{"event": "act", "value": act}])
        for told in self.told(ask):
            if told.WhichOneof("type") == "delta" and told.delta.new_element.WhichOneof("type") == "bidi_component":
                shown = told.delta.new_element.bidi_component
                self.component, self.fragment = shown.id, told.delta.fragment_id
                self.message = json.loads(zlib.decompress(shown.bytes))
