"""The Chromium or Chrome of this machine, which draws without a window: what a page holds once its script has run."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import tempfile
from contextlib import suppress
from pathlib import Path
from threading import Thread
from typing import IO

from em_core.files.errors import InvalidExperiment

# seconds for a picture, and for what it printed to be read to its end once it is no more
LONGEST, _ENDED = 120, 5
# bytes of a page with a picture in it, read in parts
LARGEST, _PART = 64_000_000, 65_536
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "microsoft-edge", "chrome", "msedge")
# below these folders, on macOS and on Windows
_FOLDERS = {
    "darwin": (Path("/Applications"), Path.home() / "Applications"),
    "win32": tuple(
        Path(os.environ[name]) for name in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA") if name in os.environ
    ),
}
_INSTALLED = {
    "darwin": (
        "Google Chrome.app/Contents/MacOS/Google Chrome",
        "Chromium.app/Contents/MacOS/Chromium",
        "Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": (
        "Google/Chrome/Application/chrome.exe",
        "Chromium/Application/chrome.exe",
        "Microsoft/Edge/Application/msedge.exe",
    ),
}
# the page may take this long by its own clock, which stands still while it computes
_FLAGS = ("--headless", "--dump-dom", "--virtual-time-budget=20000", "--hide-scrollbars", "--no-first-run")
_FLAGS += ("--disable-gpu", "--disable-quic", "--disable-sync", "--disable-extensions")
_FLAGS += ("--disable-background-networking", "--disable-component-update")


def found() -> str | None:
    """Where the browser is; None where there is none."""
    for name in NAMES:
        if path := shutil.which(name):
            return path
    places = (folder / file for folder in _FOLDERS.get(sys.platform, ()) for file in _INSTALLED[sys.platform])
    return next((str(place) for place in places if place.is_file()), None)


def dumped(page: str) -> str:
    """The HTML that a page has become. Raises `InvalidExperiment` where there is no browser, or it has no answer."""
    browser = found()
    if browser is None:
        valid = "Chromium or Google Chrome, which draws pictures: install one of them and try again"
        raise InvalidExperiment("browser", "none on this machine", valid)
    # a browser that is ending may still write into its folder
    with tempfile.TemporaryDirectory(prefix="elbo-room-", ignore_cleanup_errors=True) as folder:
        place = Path(folder) / "picture.html"
        place.write_text(page, encoding="utf-8")
        command = [browser, *_FLAGS, f"--user-data-dir={Path(folder) / 'profile'}", place.as_uri()]
        if hasattr(os, "geteuid") and os.geteuid() == 0:
            command.insert(1, "--no-sandbox")  # with it Chromium refuses to run as root
        return _output(command)


def _output(command: list[str]) -> str:
    """What a command prints. It is ended, with all that it has started, when its time is over."""
    try:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, start_new_session=True)
    except OSError as error:
        raise InvalidExperiment("browser", command[0], f"one that can be started ({error.strerror})") from error
    with process:
        printed = bytearray()
        reading = Thread(target=_read, args=(process.stdout, printed), daemon=True)
        reading.start()
        try:
            reading.join(LONGEST)
            if reading.is_alive():
                raise InvalidExperiment("browser", command[0], f"one that draws the picture within {LONGEST} seconds")
        finally:
            _end(process)
            reading.join(_ENDED)
        if len(printed) > LARGEST:
            raise InvalidExperiment("browser", command[0], f"one whose picture has at most {LARGEST:,} bytes")
        return printed.decode(errors="replace")


def _read(stream: IO[bytes], printed: bytearray) -> None:
    """What is printed until the stream ends, or there is more than a picture has."""
    while len(printed) <= LARGEST and (part := stream.read1(_PART)):  # type: ignore[attr-defined]
        printed += part


def _end(process: subprocess.Popen[bytes]) -> None:
    """End it and all that it has started, which may go on when it has ended by itself."""
    if hasattr(os, "killpg"):
        with suppress(ProcessLookupError, PermissionError):  # nothing is left of its group, which it led
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
