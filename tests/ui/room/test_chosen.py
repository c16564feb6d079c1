"""Where rooms live is said once, at the start; how others get there; the code that cameras read."""

from __future__ import annotations

import socket
import sys

import pytest
import segno

from figures.look import palette
from ui.room import chosen, words
from ui.room.address import FRONT, UNKNOWN, listens_on, own, reached
from ui.room.memory import Memory
from ui.room.qr import svg
from ui.room.records import Invalid
from ui.room.shared import Redis

PAGE = "http://localhost:8501/"


def test_rooms_are_in_the_process_unless_a_redis_is_named():
    assert isinstance(chosen.made(""), Memory) and isinstance(chosen.store(), Memory)
    for address in ("redis://127.0.0.1:1/0", "rediss://:secret@127.0.0.1:1/0", "unix:///run/redis.sock"):
        assert isinstance(chosen.made(address), Redis)


@pytest.mark.parametrize("address", ["yes", "http://me:secret@host", "redis", "redis://host:secret", "\n"])
def test_a_store_that_cannot_be_is_one_line_without_its_password(address):
    with pytest.raises(SystemExit) as error:
        chosen.made(address)
    line = str(error.value)
    assert line.startswith(chosen.VARIABLE) and len(line.splitlines()) == 1 and "secret" not in line


def test_without_the_package_one_line_says_how_to_get_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "redis", None)
    monkeypatch.delitem(sys.modules, "ui.room.shared")
    with pytest.raises(SystemExit, match="pip install -r requirements-redis.txt"):
        chosen.made("redis://127.0.0.1")


def machine():
    return ["192.168.1.20", "10.0.0.3"]


@pytest.mark.parametrize(
    ("browser", "joined"),
    [
        ("https://elbo.example/", "https://elbo.example/join/BCDF"),
        ("https://elbo.example/race", "https://elbo.example/join/BCDF"),
        ("https://elbo.example/below/base/em?x=1", "https://elbo.example/below/base/join/BCDF"),
        ("http://192.168.1.5:8501", "http://192.168.1.5:8501/join/BCDF"),
    ],
)
def test_a_room_is_joined_where_the_lecturers_browser_is(browser, joined):
    assert reached(browser, "BCDF", machine=machine) == ((joined,), "")


@pytest.mark.parametrize("host", ["localhost:8501", "127.0.0.1:8501", "127.8.0.1:8501", "[::1]:8501"])
def test_from_loopback_the_machines_own_addresses_are_offered(host):
    found = reached(f"http://{host}/base/map", "BCDF", machine=machine)
    assert found.addresses == ("http://192.168.1.20:8501/base/join/BCDF", "http://10.0.0.3:8501/base/join/BCDF")
    assert found.note == words.SAME_NETWORK


def test_what_keeps_others_out_is_said():
    for listening in ("localhost", "127.0.0.1"):
        found = reached(PAGE, "BCDF", listening, machine)
        assert found == (("http://localhost:8501/join/BCDF",), words.ONLY_HERE) and "--server.address" in found.note
    assert reached(PAGE, "BCDF", "0.0.0.0", machine).note == words.SAME_NETWORK
    assert reached(PAGE, "BCDF", "", list).note == words.NO_NETWORK


def test_what_stands_in_front_of_the_app_says_who_is_let_in(monkeypatch):
    assert listens_on("127.0.0.1") == "127.0.0.1" and listens_on("") == ""
    monkeypatch.setenv(FRONT, "0.0.0.0")
    found = reached(PAGE, "BCDF", listens_on("127.0.0.1"), machine)
    assert found == (tuple(f"http://{one}:8501/join/BCDF" for one in machine()), words.SAME_NETWORK)
    monkeypatch.setenv(FRONT, UNKNOWN)
    assert reached(PAGE, "BCDF", listens_on("0.0.0.0"), machine).note == words.BY_ADDRESS
    assert reached("http://hall.example", "BCDF", listens_on("0.0.0.0"), machine).note == ""


def test_no_network_is_asked_for_the_machines_addresses(monkeypatch):
    def refused(*told, **more):
        raise AssertionError("something was sent or looked up")

    for name in ("getaddrinfo", "gethostbyname", "create_connection", "gethostbyname_ex"):
        monkeypatch.setattr(socket, name, refused)
    assert not any(address.startswith("127.") for address in own())


def test_the_code_says_the_address_dark_on_white_in_its_quiet_zone():
    """All of its modules, one by one, against the matrix of the standard's encoder; four of white around them."""
    address = "http://192.168.1.20:8501/join/BCDF"
    drawn = svg(address)
    size = len(segno.make(address, error="m", micro=False).matrix)
    assert f'viewBox="0 0 {size + 8} {size + 8}"' in drawn and "width=" not in drawn and "<script" not in drawn
    assert palette.LIGHT["text"] in drawn and 'fill="#fff"' in drawn and 'd="M4 4.5' in drawn


@pytest.mark.parametrize("text", ["", "x" * 301])
def test_what_no_camera_could_read_is_refused(text):
    with pytest.raises(Invalid):
        svg(text)
