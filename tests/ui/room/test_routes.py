"""What phones get and send: a page that lets nothing in, news without secrets, votes of the room's own page alone."""

from __future__ import annotations

import asyncio
import gzip
import re
import time
from base64 import b64encode
from hashlib import sha256

import pytest
import uvicorn
from starlette.applications import Starlette
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from tests.ui.room.asked import ANSWER, COIN, QUESTION, saying, voter
from tests.ui.room.phone import HOST, Phone
from ui import assets, limits
from ui.assets import Assets
from ui.room import flood, words
from ui.room.flood import Window
from ui.room.memory import Memory
from ui.room.records import Away, Option, Part, Question
from ui.room.routes import ROUTES, Audience

YES = {"it": "yes"}


@pytest.fixture
def store():
    return Memory()


@pytest.fixture
def app(store):
    return Starlette(routes=Audience(lambda: store).routes())


@pytest.fixture
def phone(app):
    return Phone(app)


def vote_of(ballot, number=1, choices=YES):
    return {"token": voter(number), "ballot": ballot, "choices": choices}


def fresh(monkeypatch):
    """Nothing is remembered for a quarter of a second."""
    monkeypatch.setattr("ui.room.routes._FRESH", 0.0)


# --- the page ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("below", ["", "/below/a/base"])
@pytest.mark.parametrize("path", ["/join", "/join/BCDF", "/join/<img src=x onerror=alert(1)>", "/join/ÄÖ%00"])
def test_the_page_is_the_same_whatever_the_address_says(phone, below, path):
    page = phone.get(below + path)
    assert page.status == 200 and page.headers["content-type"] == "text/html; charset=utf-8"
    assert page.body == phone.get("/join").body and b"alert(1)" not in page.body


def test_the_whole_page_takes_less_than_fifty_kilobytes_and_asks_for_nothing_else(phone):
    page = phone.get("/join/BCDF")
    text = page.body.decode()
    assert len(page.body) < 50_000
    packed = phone.get("/join/BCDF", accept_encoding="gzip, br")
    assert packed.headers["content-encoding"] == "gzip" and gzip.decompress(packed.body) == page.body
    assert not re.search(r'(src|href)="(?!data:,")', text) and "url(" not in text and "@import" not in text
    assert "plotly" not in text.lower() and "streamlit" not in text.lower() and "}}<" not in text


def test_its_policy_lets_in_its_own_style_and_script_alone(phone):
    page = phone.get("/join/BCDF")
    text = page.body.decode()
    policy = dict(part.split(" ", 1) for part in page.headers["content-security-policy"].split("; "))
    for kind, inside in (("script", r"<script[^>]*>(.*?)</script>"), ("style", r"<style>(.*?)</style>")):
        (content,) = re.findall(inside, text, re.DOTALL)
        assert policy[f"{kind}-src"] == f"'sha256-{b64encode(sha256(content.encode()).digest()).decode()}'"
    assert policy["default-src"] == policy["frame-ancestors"] == policy["base-uri"] == "'none'"
    assert not any("unsafe" in value or "*" in value or "http" in value for value in policy.values())
    assert " on" not in " ".join(re.findall(r"<[^>]+>", text.split("<script")[0])) and "style=" not in text


def test_it_is_not_sent_again_to_who_has_it(phone):
    page = phone.get("/join/BCDF")
    again = phone.get("/join/BCDF", if_none_match=page.headers["etag"])
    assert again.status == 304 and again.body == b"" and page.headers["cache-control"] == "no-cache"


def test_every_answer_is_guarded(phone, store):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    for answered in (
        phone.get("/join"),
        phone.get(f"/join/{code}/news"),
        phone.get(f"/join/{code}/news?since={ballot + 1}"),
        phone.get("/join/BBBB/news"),
        phone.vote(code, vote_of(ballot)),
        phone.vote(code, vote_of(ballot)),
        phone.vote(code, b"{"),
        phone.vote(code, vote_of(ballot), origin="http://other.example"),
    ):
        assert answered.headers["x-content-type-options"] == "nosniff"
        assert answered.headers["referrer-policy"] == answered.headers["cross-origin-resource-policy"] == "same-origin"
        assert "access-control-allow-origin" not in answered.headers and "set-cookie" not in answered.headers


def test_it_is_not_told_to_fetch_what_the_stage_needs(app):
    page = Phone(Assets(app)).get("/join/BCDF")
    assert page.status == 200 and "link" not in page.headers and assets.SCRIPT not in str(page.headers)


def test_methods_that_a_route_has_not_are_refused(phone, store):
    code, _ = store.open()
    for method, path in (("POST", "/join"), ("GET", f"/join/{code}/votes"), ("PUT", f"/join/{code}/votes")):
        assert phone.ask(method, path).status == 405
    assert phone.get(f"/join/{code}/else").status == phone.get("/joined").status == 404


# --- news -------------------------------------------------------------------------------------------------------------
def test_news_come_once_for_each_turn(phone, store, monkeypatch):
    fresh(monkeypatch)
    code, key = store.open()
    first = phone.get(f"/join/{code.lower()}/news?since=0")
    assert first.status == 200 and first.headers["content-type"] == "application/json"
    assert first.json == store.read(code).shown() and first.json["phase"] == "idle"
    assert phone.get(f"/join/{code}/news?since={first.json['turn']}").status == 204
    room = store.ask(code, key, QUESTION)
    news = phone.get(f"/join/{code}/news?since={first.json['turn']}").json
    assert news["question"] == QUESTION.json() and news["ballot"] == room.ballot
    store.vote(code, voter(1), room.ballot, saying("rises", "rises", "falls"))
    assert phone.get(f"/join/{code}/news?since={news['turn']}").status == 204  # a vote is no news to others
    for since in ("", "x", "-1", "9" * 400, "1.0", "%F0%9F%98%80"):
        assert phone.get(f"/join/{code}/news?since={since}").status == 200


def test_no_secret_is_in_the_news(phone, store, monkeypatch):
    fresh(monkeypatch)
    code, key = store.open()
    ballot = store.ask(code, key, QUESTION).ballot
    store.vote(code, voter(1), ballot, saying("rises", "rises", "falls"))
    for deed in (store.close, store.again, store.close):
        deed(code, key)
        news = phone.get(f"/join/{code}/news").json
        assert news.keys() == {"code", "phase", "ballot", "round", "view", "turn", "question"}
    store.reveal(code, key, ANSWER)
    news = phone.get(f"/join/{code}/news")
    assert news.json["answer"] == ANSWER.json() and key not in news.body.decode() and voter(1) not in news.body.decode()


def test_a_hall_that_asks_at_once_asks_the_store_once(store):
    read, code = [], store.open().code

    class Counting(Memory):
        def read(self, code):
            read.append(code)
            return store.read(code)

    phone = Phone(Starlette(routes=Audience(Counting).routes()))
    assert {phone.get(f"/join/{code}/news").status for _ in range(20)} == {200}
    assert len(read) < 20


@pytest.mark.exhaustive
def test_a_poll_takes_less_than_a_millisecond_of_the_processor(app, store):
    """The routes' own part of it; server and Streamlit's middleware are not in it."""
    code, key = store.open()
    path = f"/join/{code}/news"
    told = f"since={store.ask(code, key, QUESTION).turn}".encode()
    scope = {"type": "http", "method": "GET", "path": path, "query_string": told, "headers": [], "client": ("::1", 1)}

    async def polls(count):
        async def send(message):
            assert message.get("status", 204) == 204

        for _ in range(count):
            await app(dict(scope), None, send)

    asyncio.run(polls(50))
    begun = time.process_time()
    asyncio.run(polls(1000))
    assert time.process_time() - begun < 1.0


def test_what_is_remembered_for_a_hall_is_bounded(store, monkeypatch):
    monkeypatch.setattr(limits, "ROOMS", 3)
    audience = Audience(lambda: store)
    phone, rooms = Phone(Starlette(routes=audience.routes())), []
    for _ in range(10):
        if len(rooms) == 3:
            store.end(*rooms.pop(0))
        rooms.append(store.open())
        assert phone.get(f"/join/{rooms[-1].code}/news").status == 200
        assert phone.get(f"/join/{'B' * 4}/news").status == 404 and len(audience._seen) <= 3


@pytest.mark.parametrize("code", ["BBBB", "B" * 3000, "<b>x", "💥", "..", "%"])
def test_a_wrong_code_is_one_line(phone, code):
    for answered in (phone.get(f"/join/{code}/news"), phone.vote(code, vote_of(1))):
        assert answered.status == 404 and answered.json["error"] == "no_room"
        assert len(answered.json["line"].splitlines()) == 1 and len(answered.json["line"]) < 120


def test_an_expired_room_is_gone():
    now = [0.0]
    store = Memory(clock=lambda: now[0])
    phone = Phone(Starlette(routes=Audience(lambda: store).routes()))
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    now[0] = limits.ROOM_SECONDS - 1
    assert phone.vote(code, vote_of(ballot)).status == 204
    now[0] += 1
    assert phone.get(f"/join/{code}/news").status == phone.vote(code, vote_of(ballot, 2)).status == 404


def test_markup_goes_out_as_the_text_that_it_is(phone, store):
    code, key = store.open()
    text = '</script><img src=x onerror="alert(1)"> \ud800'
    store.ask(code, key, Question(text, (Part("a", text, (Option("b", text), Option("c", "c"))),)))
    news = phone.get(f"/join/{code}/news")
    assert news.headers["content-type"] == "application/json" and news.json["question"]["text"] == text.replace(
        "\ud800", "?"
    )


def test_where_rooms_are_away_one_line_says_so():
    class Gone(Memory):
        def read(self, code):
            raise Away

        vote = lambda self, *told: self.read("")  # noqa: E731

    phone = Phone(Starlette(routes=Audience(Gone).routes()))
    for answered in (phone.get("/join/BCDF/news"), phone.vote("BCDF", vote_of(1))):
        assert (answered.status, answered.json) == (503, {"error": "away", "line": words.AWAY})


# --- votes ------------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("below", ["", "/below/a/base"])
def test_a_vote_is_counted_once(phone, store, below):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    assert phone.vote(code, vote_of(ballot), below).status == 204
    again = phone.vote(code, vote_of(ballot, choices={"it": "no"}), below)
    assert (again.status, again.json) == (409, {"error": "voted", "line": words.VOTED})
    store.close(code, key)
    late = phone.vote(code, vote_of(ballot, 2), below)
    assert (late.status, late.json) == (409, {"error": "closed", "line": words.CLOSED})
    assert store.read(code).counts == ({"it": {"yes": 1, "no": 0}},)


def test_only_the_rooms_own_page_votes(phone, store):
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    for headers in (
        {"origin": "http://other.example"},
        {"origin": "http://elbo.example"},
        {"origin": "null"},
        {"origin": None},
        {"origin": f"http://{HOST}.other.example"},
        {"origin": f"http://{HOST}@other.example"},
        {"content_type": "text/plain"},
        {"content_type": "application/x-www-form-urlencoded"},
        {"content_type": None},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "none"},
    ):
        assert phone.vote(code, vote_of(ballot), **headers).status == 403, headers
    assert store.read(code).voters == (0,)
    for number, headers in enumerate(({"origin": f"https://{HOST}"}, {"sec_fetch_site": "same-origin"})):
        assert phone.vote(code, vote_of(ballot, number), **headers).status == 204


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"null",
        b"[]",
        b'"yes"',
        b"\xff\xfe",
        b"[" * 4000,
        b"{}",
        b'{"token": "voter-0000000001", "choices": {"it": "yes"}}',
        b'{"token": "voter-0000000001", "ballot": true, "choices": {"it": "yes"}}',
        b'{"token": "voter-0000000001", "ballot": "1", "choices": {"it": "yes"}}',
        b'{"token": "voter-0000000001", "ballot": 1.0, "choices": {"it": "yes"}}',
        b'{"token": "voter-0000000001", "ballot": 1}',
        b'{"token": "voter-0000000001", "ballot": 1, "choices": {"it": {"a": 1}}}',
        b'{"token": "voter-0000000001", "ballot": 1, "choices": {"it": "\\ud800"}}',
        b'{"token": "<script>alert(1)</script>", "ballot": 1, "choices": {"it": "yes"}}',
        b'{"token": 5, "ballot": 1, "choices": {"it": "yes"}}',
        b'{"token": "voter-0000000001", "ballot": 1, "choices": {"it": "yes"}, "x": "' + b"x" * 5000 + b'"}',
    ],
    ids=lambda body: body[:60].decode(errors="replace"),
)
def test_what_is_no_vote_is_one_line_and_counts_nothing(phone, store, body):
    code, key = store.open()
    assert store.ask(code, key, COIN).ballot == 1
    answered = phone.vote(code, body)
    assert (answered.status, answered.json) == (400, {"error": "invalid", "line": words.UNREADABLE})
    assert store.read(code).voters == (0,)


def test_a_ballot_of_any_size_is_no_trouble(phone, store):
    code, key = store.open()
    store.ask(code, key, COIN)
    for ballot in (0, -1, 10**300):
        assert phone.vote(code, vote_of(ballot)).json["error"] == "closed"


def test_a_long_body_is_not_read_to_its_end(phone, store):
    code, key = store.open()
    store.ask(code, key, COIN)
    assert phone.vote(code, b"x" * 10_000_000).status == 400


def test_a_flood_from_one_voter_is_stopped_and_others_vote_on(app, store, monkeypatch):
    monkeypatch.setattr(limits, "ROOM_TRIES", 5)
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    phone = Phone(app)
    said = [phone.vote(code, vote_of(ballot)).status for _ in range(8)]
    assert said == [204, *[409] * 4, *[429] * 3]
    assert phone.vote(code, vote_of(ballot, 2)).status == 204 and store.read(code).voters == (2,)


def test_one_voters_flood_is_not_that_of_a_hall_with_the_same_address(app, store, monkeypatch):
    monkeypatch.setattr(limits, "ROOM_TRIES", 5)
    monkeypatch.setattr(limits, "ROOM_TRIES_FROM", 10)
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    phone = Phone(app)
    assert [phone.vote(code, vote_of(ballot)).status for _ in range(50)][5:] == [429] * 45
    assert [phone.vote(code, vote_of(ballot, number)).status for number in range(2, 7)] == [204] * 5


def test_a_flood_from_one_address_is_stopped_and_others_vote_on(app, store, monkeypatch):
    monkeypatch.setattr(limits, "ROOM_TRIES_FROM", 5)
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    flood = Phone(app, "10.0.0.9")
    said = [flood.vote(code, vote_of(ballot, number)) for number in range(8)]
    assert [each.status for each in said] == [*[204] * 5, *[429] * 3]
    assert said[-1].json == {"error": "slower", "line": words.SLOWER}
    assert Phone(app, "10.0.0.8").vote(code, vote_of(ballot, 100)).status == 204 and store.read(code).voters == (6,)


def test_behind_nginx_an_address_is_the_readers_and_nobody_elses_word_counts(app, store, monkeypatch):
    """Streamlit's server has this middleware, and trusts what is on the same machine."""
    monkeypatch.setattr(limits, "ROOM_TRIES_FROM", 5)
    code, key = store.open()
    ballot = store.ask(code, key, COIN).ballot
    behind = ProxyHeadersMiddleware(app, uvicorn.Config(app).forwarded_allow_ips)

    def said(front, reader, numbers):
        phone = Phone(behind, front)
        return [phone.vote(code, vote_of(ballot, each), x_forwarded_for=reader).status for each in numbers]

    assert said("127.0.0.1", "10.0.0.9", range(8)) == [*[204] * 5, *[429] * 3]
    assert said("127.0.0.1", "10.0.0.8", range(10, 12)) == [204, 204]
    assert [said("10.0.0.7", f"10.1.0.{each}", [20 + each])[0] for each in range(8)] == [*[204] * 5, *[429] * 3]


def test_a_hall_behind_one_address_is_no_flood():
    assert limits.ROOM_TRIES_FROM >= 2 * limits.ROOM_VOTERS


def test_a_window_forgets_and_is_bounded(monkeypatch):
    now = [0.0]
    window = Window(10.0, clock=lambda: now[0])
    assert [window.within("a", 2) for _ in range(3)] == [True, True, False] and window.within("b", 2)
    now[0] = 10.0
    assert window.within("a", 2)
    monkeypatch.setattr(flood, "_NAMES", 3)
    assert [window.within(str(number), 2) for number in range(4)] == [True, True, False, False] and window.within(
        "a", 2
    )


def test_the_app_serves_them():
    assert {route.path for route in ROUTES} >= {"/join", "/join/{code}", "/join/{code}/news", "/join/{code}/votes"}
