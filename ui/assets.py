"""The stage's own files, served so that a browser fetches them once.

Streamlit would serve a component's files anew at every visit, compressed anew each time, and a browser would ask for
the figures' library only once the page has run. Here they go out compressed once, to be kept for a year (their address
holds their version), the stage's modules as one script, and the page itself says at its first byte which of them it
will need.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path, PurePosixPath

import plotly
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui.joined import module

# for these the address changes when they do
KEPT = "public, max-age=31536000, immutable"
# what gains nothing from it
_PACKED = frozenset({".woff2", ".woff", ".png"})
# below which they stand, beside what Streamlit serves
PREFIX = "stage/"

FRONTEND = Path(__file__).parent / "stage" / "frontend"

# plotly.js-cartesian-dist-min of the npm registry, unchanged; CONTRIBUTING.md says how to renew it
SHIPPED = FRONTEND / "vendor" / "plotly" / "plotly-cartesian.min.js"
WHOLE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def _fingerprint(folder: Path) -> str:
    files = sorted(file for pattern in ("*.js", "*.css") for file in folder.rglob(pattern))
    return hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:12]


def version(file: Path) -> str:
    """Of plotly.js, as the head of a bundle says it; empty where it does not."""
    with file.open(encoding="utf-8") as lines:
        found = re.search(r" v(\d+\.\d+\.\d+)$", lines.read(200), re.MULTILINE)
    return found[1] if found else ""


def library(shipped: Path = SHIPPED, whole: Path = WHOLE) -> Path:
    """The bundle of plotly.js that draws: the shipped one, which holds a third of the whole and all that is drawn here;
    where the Python package has come to another version, that package's own.
    """
    return shipped if shipped.is_file() and version(shipped) == version(whole) else whole


STAGE = f"frontend_{_fingerprint(FRONTEND)}"
LIBRARY = library()
FIGURES = f"{LIBRARY.name.partition('.')[0]}_{version(LIBRARY) or plotly.__version__}"
# each stands below this name, so that its address holds its version and no browser mixes two of them
FOLDERS = {STAGE: FRONTEND, FIGURES: LIBRARY.parent}
# the stage's modules as one, made when it is first asked for, and the figures' library
SCRIPT = f"{STAGE}/joined.js"
DRAWING = f"{FIGURES}/{LIBRARY.name}"
_POLICY = "content-security-policy"
# what every page begins with
_AHEAD = SCRIPT, f"{STAGE}/vendor/katex/katex.min.js", DRAWING
_STYLES = tuple(f"{STAGE}/{name}.css" for name in ("stage", "lesson", "class", "vendor/katex/katex.min"))
# the letters of the equation at a page's head, which the stage waits for
_LETTERS = tuple(
    f"{STAGE}/vendor/katex/fonts/KaTeX_{name}.woff2"
    for name in ("Main-Regular", "Math-Italic", "Caligraphic-Regular", "Size1-Regular")
)


class Assets:
    """Middleware that answers for the files of `FOLDERS`; all else goes on to the app."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app
        # only what is in the folders can be asked for, whatever an address says
        self.files: dict[str, Callable[[], bytes]] = {
            f"{name}/{file.relative_to(folder).as_posix()}": file.read_bytes
            for name, folder in FOLDERS.items()
            for file in folder.rglob("*")
            if file.is_file() and (file.parent != FRONTEND or file.suffix != ".js")
        }
        self.files[SCRIPT] = lambda: module(FRONTEND / "entry.js").encode()
        self.packed: dict[str, bytes] = {}  # of these files, each compressed once
        ahead = [f"<./{PREFIX}{address}>; rel=modulepreload" for address in _AHEAD]
        ahead += [f"<./{PREFIX}{address}>; rel=preload; as=style" for address in _STYLES]
        ahead += [f"<./{PREFIX}{address}>; rel=preload; as=font; crossorigin" for address in _LETTERS]
        self.ahead = ", ".join(ahead)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        _, ours, address = scope["path"].partition(f"/{PREFIX}")
        if not ours or address not in self.files:
            await self.app(scope, receive, self._announcing(send))
            return
        compressed = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        response = await run_in_threadpool(self._answer, address, compressed)
        await response(scope, receive, send)

    def _announcing(self, send: Send) -> Send:
        """Add to a page of the app what it will need; one with a policy of its own needs nothing of it."""

        async def announce(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html") and _POLICY not in headers:
                    headers.append("link", self.ahead)
            await send(message)

        return announce

    def _answer(self, address: str, compressed: bool) -> Response:
        suffix = PurePosixPath(address).suffix
        compressed = compressed and suffix not in _PACKED
        headers = {"cache-control": KEPT, "vary": "accept-encoding"}
        if compressed:
            headers["content-encoding"] = "gzip"
        kind = mimetypes.guess_type(address)[0] or "application/octet-stream"
        if suffix == ".js":
            kind = "text/javascript"  # what a system's own table says may be something that no browser runs
        content = self._compressed(address) if compressed else self.files[address]()
        return Response(content, media_type=kind, headers=headers)

    def _compressed(self, address: str) -> bytes:
        if address not in self.packed:
            self.packed[address] = gzip.compress(self.files[address](), 9, mtime=0)
        return self.packed[address]
