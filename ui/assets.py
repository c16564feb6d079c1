"""The stage's own files, served so that a browser fetches them once.

Streamlit serves a component's files anew at every visit, compressed anew each time, and a browser asks for the figures'
library only once the page has run. Here they go out compressed once, to be kept for a year (their address holds their
version), and the page itself says at its first byte which of them it will need.
"""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
import re
from pathlib import Path

import plotly
from starlette.concurrency import run_in_threadpool
from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

# for these the address changes when they do
KEPT = "public, max-age=31536000, immutable"
# what gains nothing from it
_PACKED = frozenset({".woff2", ".woff", ".png"})
# as Streamlit names the components that ui/stage declares
_COMPONENT = "component/ui.stage."

_FRONTEND = Path(__file__).parent / "stage" / "frontend"

# plotly.js-cartesian-dist-min of the npm registry, unchanged; CONTRIBUTING.md says how to renew it
SHIPPED = _FRONTEND / "vendor" / "plotly" / "plotly-cartesian.min.js"
WHOLE = Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


def _fingerprint(folder: Path) -> str:
    files = sorted(file for pattern in ("*.js", "*.css") for file in folder.glob(pattern))
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


STAGE = f"frontend_{_fingerprint(_FRONTEND)}"
LIBRARY = library()
FIGURES = f"{LIBRARY.name.partition('.')[0]}_{version(LIBRARY) or plotly.__version__}"
# each is a component of this name, so that its address holds its version and no browser mixes two of them
FOLDERS = {STAGE: _FRONTEND, FIGURES: LIBRARY.parent}
# the modules that every page begins with: scripts that the stage waits for, and those of its own that name others,
# which a browser would else ask for in turn. Not all: what answers in between may refuse a long head
_AHEAD = (
    *(f"{STAGE}/{name}.js" for name in ("entry", "stage", "display", "views", "figures", "vendor/katex/katex.min")),
    f"{FIGURES}/{LIBRARY.name}",
)
_STYLES = tuple(f"{STAGE}/{name}.css" for name in ("stage", "vendor/katex/katex.min"))
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
        self.files = {
            f"{name}/{file.relative_to(folder).as_posix()}": file
            for name, folder in FOLDERS.items()
            for file in folder.rglob("*")
            if file.is_file()
        }
        self.packed: dict[Path, bytes] = {}  # of these files, each compressed once
        ahead = [f"<./{_COMPONENT}{address}>; rel=modulepreload" for address in _AHEAD]
        ahead += [f"<./{_COMPONENT}{address}>; rel=preload; as=style" for address in _STYLES]
        ahead += [f"<./{_COMPONENT}{address}>; rel=preload; as=font; crossorigin" for address in _LETTERS]
        self.ahead = ", ".join(ahead)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http" or scope["method"] not in ("GET", "HEAD"):
            await self.app(scope, receive, send)
            return
        _, component, address = scope["path"].partition(_COMPONENT)
        file = self.files.get(address) if component else None
        if file is None:
            await self.app(scope, receive, self._announcing(send))
            return
        compressed = "gzip" in Headers(scope=scope).get("accept-encoding", "")
        response = await run_in_threadpool(self._answer, file, compressed)
        await response(scope, receive, send)

    def _announcing(self, send: Send) -> Send:
        """Add to a page of the app what it will need."""

        async def announce(message: Message) -> None:
            if message["type"] == "http.response.start" and message["status"] == 200:
                headers = MutableHeaders(scope=message)
                if headers.get("content-type", "").startswith("text/html"):
                    headers.append("link", self.ahead)
            await send(message)

        return announce

    def _answer(self, file: Path, compressed: bool) -> Response:
        compressed = compressed and file.suffix not in _PACKED
        headers = {"cache-control": KEPT, "vary": "accept-encoding"}
        if compressed:
            headers["content-encoding"] = "gzip"
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        if file.suffix == ".js":
            kind = "text/javascript"  # what a system's own table says may be something that no browser runs
        content = self._compressed(file) if compressed else file.read_bytes()
        return Response(content, media_type=kind, headers=headers)

    def _compressed(self, file: Path) -> bytes:
        if file not in self.packed:
            self.packed[file] = gzip.compress(file.read_bytes(), 9, mtime=0)
        return self.packed[file]
