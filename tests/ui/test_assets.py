"""The stage's files: compressed once, kept for a year, announced with the page; nothing else can be had that way."""

from __future__ import annotations

import asyncio
import gzip
import re

import pytest

from ui import assets
from ui.assets import (
    DRAWING,
    FIGURES,
    FOLDERS,
    LIBRARY,
    PREFIX,
    SCRIPT,
    SHIPPED,
    STAGE,
    WHOLE,
    Assets,
    library,
    version,
)
from ui.joined import module

PAGE = b"<html></html>"
KATEX = "vendor/katex/katex.min.js"


def answer(path, method="GET", accept="gzip, br", page="text/html; charset=utf-8", status=200, served=None):
    """(status, headers, body) of the app below the middleware, which answers everything with a page."""
    sent = []

    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", page.encode())]})
        await send({"type": "http.response.body", "body": PAGE})

    async def send(message):
        sent.append(message)

    async def receive():
        return {"type": "http.request"}

    headers = [(b"accept-encoding", accept.encode())]
    scope = {"type": "http", "method": method, "path": path, "headers": headers}
    served = served or Assets(app)
    asyncio.run(served(scope, receive, send))
    start, *bodies = sent
    told = {name.decode().lower(): value.decode() for name, value in start["headers"]}
    return start["status"], told, b"".join(body["body"] for body in bodies)


def address(name, file, before=""):
    return f"{before}/{PREFIX}{name}/{file}"


@pytest.mark.parametrize("before", ["", "/below/a/base"])
@pytest.mark.parametrize(
    ("name", "file", "kind"),
    [
        (FIGURES, LIBRARY.name, "text/javascript"),
        (STAGE, "stage.css", "text/css"),
        (STAGE, "vendor/katex/katex.min.js", "text/javascript"),
    ],
)
def test_a_file_goes_out_compressed_and_is_kept_for_a_year(name, file, kind, before):
    content = (FOLDERS[name] / file).read_bytes()
    status, told, body = answer(address(name, file, before))
    assert status == 200 and told["content-type"].startswith(kind)
    assert "immutable" in told["cache-control"] and "max-age=31536000" in told["cache-control"]
    assert told["content-encoding"] == "gzip" and gzip.decompress(body) == content
    status, told, body = answer(address(name, file, before), accept="identity")
    assert "content-encoding" not in told and body == content and told["vary"] == "accept-encoding"


def test_the_modules_go_out_as_one_script():
    status, told, body = answer(f"/{PREFIX}{SCRIPT}")
    assert status == 200 and told["content-type"].startswith("text/javascript") and "immutable" in told["cache-control"]
    assert gzip.decompress(body).decode() == module(FOLDERS[STAGE] / "entry.js")


def test_it_is_compressed_once(monkeypatch):
    made, compress = [], gzip.compress
    monkeypatch.setattr(assets.gzip, "compress", lambda *given, **more: made.append(given) or compress(*given, **more))
    served = Assets(None)
    for _ in range(3):
        answer(address(STAGE, "stage.css"), served=served)
    assert len(made) == 1


@pytest.mark.parametrize(
    "path",
    [
        address(STAGE, "stage.js"),
        address(STAGE, "../acts.py"),
        address(STAGE, "%2e%2e/acts.py"),
        address(STAGE, "../../../app.py"),
        address(STAGE, ""),
        address(STAGE, "/etc/passwd"),
        address("frontend_000000000000", "stage.css"),
        address("other", LIBRARY.name),
        "/stage.css",
    ],
)
def test_all_else_goes_on_to_the_app(path):
    assert answer(path)[2] == PAGE
    assert answer(address(STAGE, "stage.css"), method="POST")[2] == PAGE


def test_a_page_announces_what_it_will_need():
    told = answer("/map")[1]["link"]
    named = re.findall(r"<\./([^>]+)>; rel=modulepreload", told)
    styles = re.findall(r"<\./([^>]+)>; rel=preload; as=style", told)
    letters = re.findall(r"<\./([^>]+)>; rel=preload; as=font; crossorigin", told)
    assert {*named} == {f"{PREFIX}{one}" for one in (DRAWING, SCRIPT, f"{STAGE}/{KATEX}")} and len(told) < 2000
    assert sorted(styles) == [
        address(STAGE, file)[1:] for file in ("class.css", "lesson.css", "stage.css", KATEX.replace(".js", ".css"))
    ]
    assert len(letters) == 4 and all(one.endswith(".woff2") for one in letters)
    assert told.count("<") == len(named) + len(styles) + len(letters) == len({*named, *styles, *letters})
    assert all(answer(f"/{one}")[2] != PAGE for one in (*named, *styles, *letters))
    assert "link" not in answer("/_stcore/health", page="application/json")[1]
    assert "link" not in answer("/nothing", status=404)[1]


def test_the_shipped_library_is_the_one_of_the_python_package():
    assert version(SHIPPED) == version(WHOLE), (
        f"the Python package draws with plotly.js {version(WHOLE)}, shipped is {version(SHIPPED)}: run npm pack "
        f"plotly.js-cartesian-dist-min@{version(WHOLE)} and put its bundle and LICENSE into {SHIPPED.parent}"
    )
    assert library() == LIBRARY == SHIPPED and version(LIBRARY) in FIGURES
    assert {file.name for file in SHIPPED.parent.iterdir()} == {SHIPPED.name, "LICENSE"}


@pytest.mark.parametrize("head", ["* plotly.js v9.0.1\n", "* plotly.js, of a form that nobody knows yet\n"])
def test_where_the_python_package_has_another_version_its_own_library_draws(tmp_path, head):
    other = tmp_path / "plotly.min.js"
    other.write_text(f"/**\n{head}*/\n", encoding="utf-8")
    assert library(SHIPPED, other) == other
    assert library(tmp_path / "not there", WHOLE) == WHOLE
    assert library(SHIPPED, WHOLE) == SHIPPED
