"""How others reach this app: by the lecturer's own address, or where that is loopback, by the machine's."""

from __future__ import annotations

import ipaddress
import os
import socket
from collections.abc import Callable, Sequence
from typing import NamedTuple
from urllib.parse import urlsplit

from ui.frame import PAGES
from ui.room import words

# addresses of which the system says from which of its own it would reach them; nothing is sent to them
_ASKED = ("192.168.255.255", "10.255.255.255", "172.31.255.255", "192.0.2.1")
_NAMES = {name for name, _ in PAGES}
# where something stands in front of the app's processes (deploy/): the address that it listens on
FRONT = "ELBO_ROOM_FRONT"
# and in place of one: the machine's addresses cannot be found out from inside a container
UNKNOWN = "unknown"


class Reached(NamedTuple):
    """Where a room is joined. addresses: the likeliest first; note: what helps others to get there, or nothing."""

    addresses: tuple[str, ...]
    note: str


def own() -> list[str]:
    """This machine's addresses in its networks, found without asking any network."""
    found = []
    for asked in _ASKED:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as end:
            try:
                end.connect((asked, 9))  # of UDP, which sends nothing by this
                found.append(end.getsockname()[0])
            except OSError:
                continue
    return [address for address in dict.fromkeys(found) if not _loopback(address)]


def listens_on(server: str) -> str:
    """What the app listens on, or what stands in front of it. server: what `server.address` says."""
    return os.environ.get(FRONT, "").strip() or server


def reached(browser: str, code: str, listening: str = "", machine: Callable[[], Sequence[str]] = own) -> Reached:
    """Where the room of this code is joined.

    browser: the address of the page that the lecturer has open. listening: the address that the app can be reached
    at; empty: all of the machine's; `UNKNOWN`: those of another machine.
    """
    parts = urlsplit(browser)
    host = parts.hostname or "localhost"
    rest = f"{_base(parts.path)}/join/{code}"
    here = (f"{parts.scheme}://{parts.netloc}{rest}",)
    if not _loopback(host):
        return Reached(here, "")
    if listening == UNKNOWN:
        return Reached(here, words.BY_ADDRESS)
    if listening and _loopback(listening):
        return Reached(here, words.ONLY_HERE)
    port = f":{parts.port}" if parts.port else ""
    others = tuple(f"{parts.scheme}://{address}{port}{rest}" for address in machine())
    return Reached(others, words.SAME_NETWORK) if others else Reached(here, words.NO_NETWORK)


def _base(path: str) -> str:
    """The path below which the app lives: that of a page, without the page."""
    below = [part for part in path.split("/") if part]
    if below and below[-1] in _NAMES:
        below.pop()
    return "".join(f"/{part}" for part in below)


def _loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost" or host.endswith(".localhost")
