"""nginx in front of two processes: who is answered by which, and with what headers."""

import base64
import hashlib
import re
from pathlib import Path

import pytest
import streamlit
from websockets.exceptions import InvalidStatus

from benchmarks.serving import Viewer
from tests.deploy.front import DEPLOY
from ui import limits
from ui.assets import DRAWING, KEPT, PREFIX
from ui.frame import PAGES

POLICY = re.search(r'"(default-src .*)"', (DEPLOY / "nginx.conf").read_text(encoding="utf-8"))[1]
STATIC = Path(streamlit.__file__).parent / "static"


def viewer(front, seat):
    return Viewer(front, cookie=f"elbo_room_seat={seat}")


def test_the_policy_knows_the_only_script_in_streamlits_page():
    scripts = re.findall(r"<script>(.*?)</script>", (STATIC / "index.html").read_text(encoding="utf-8"), re.DOTALL)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    assert [f"'sha256-{one}'" for one in hashes] == re.findall(r"'sha256-[^']*'", POLICY)


def test_the_policy_runs_no_text_as_a_script_and_loads_nothing_from_elsewhere():
    assert "'unsafe-eval'" not in POLICY and "http" not in POLICY and "*" not in POLICY
    (scripts,) = [part for part in POLICY.split("; ") if part.startswith("script-src")]
    assert "'unsafe-inline'" not in scripts and "object-src 'none'; base-uri 'none'" in POLICY


def test_a_reader_keeps_to_one_process_by_a_cookie(front):
    """Both processes have readers, all from one address; who comes back with the cookie finds the same one."""
    assert front.seat() != front.seat()
    assert front.seat(cookie="elbo_room_seat=forged") is not None
    readers = []
    while not (front.sessions(1) and front.sessions(2)):
        assert len(readers) < 30
        seat = front.seat()
        assert front.seat(cookie=f"elbo_room_seat={seat}") is None
        before = front.sessions(1), front.sessions(2)
        readers += [viewer(front, seat), viewer(front, seat)]
        after = front.sessions(1), front.sessions(2)
        assert sorted(new - old for new, old in zip(after, before, strict=True)) == [0, 2]
    for reader in readers:
        reader.step()
        reader.step()
        assert reader.message["first"] + len(reader.message["frames"]) > 2
        reader.close()


@pytest.mark.exhaustive
def test_every_answer_has_the_headers(front):
    for path in ("/", "/map?penalty=0.3", f"/{PREFIX}{DRAWING}", "/_stcore/health", "/nothing", "/_stcore/metrics"):
        headers = front.ask(path).headers
        assert headers.get_all("content-security-policy") == [POLICY], path
        assert headers.get_all("x-content-type-options") == ["nosniff"]
        assert headers.get_all("referrer-policy") == ["same-origin"] and "camera=()" in headers["permissions-policy"]
        assert headers["server"] == "nginx"


@pytest.mark.exhaustive
def test_a_seat_is_for_the_page_alone(front):
    cookie = front.ask("/").headers["set-cookie"]
    assert re.fullmatch(r"elbo_room_seat=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=Lax", cookie)
    script = next((STATIC / "static" / "js").glob("index.*.js")).name
    for path in (f"/static/js/{script}", f"/{PREFIX}{DRAWING}", "/join/ABCD/news", "/join"):
        assert "elbo_room_seat" not in (front.ask(path).headers["set-cookie"] or "")


@pytest.mark.exhaustive
def test_a_page_that_the_browser_has_already_still_gives_a_seat(front):
    """Else a reader who came back another day would be answered by another process each time."""
    tag = front.ask("/").headers["etag"]
    again = front.ask("/", if_none_match=tag)
    assert again.status == 304 and "elbo_room_seat" in again.headers["set-cookie"]


@pytest.mark.exhaustive
def test_deep_links_lead_to_every_page(front):
    for name, _ in PAGES[1:]:
        answer = front.ask(f"/{name}?cursor=1")
        assert answer.status == 200 and b'<div id="root">' in answer.content


@pytest.mark.exhaustive
def test_files_with_a_version_are_compressed_and_kept_for_a_year(front):
    script = next((STATIC / "static" / "js").glob("index.*.js"))
    for path, size in ((f"/{PREFIX}{DRAWING}", 1_400_000), (f"/static/js/{script.name}", script.stat().st_size)):
        for _ in range(2):  # from the app, then from nginx
            answer = front.ask(path, accept_encoding="gzip")
            assert answer.status == 200 and answer.headers["content-encoding"] == "gzip"
            assert len(answer.content) < size / 2
            assert set(KEPT.split(", ")) == set(answer.headers["cache-control"].split(", "))
        assert "content-encoding" not in front.ask(path).headers
    assert front.ask("/").headers["cache-control"] == "no-cache"


@pytest.mark.exhaustive
def test_nginx_lets_in_what_the_app_lets_in_and_refuses_more(front):
    url = "/_stcore/upload_file/nobody/file"
    fits = front.ask(url, "PUT", bytes(limits.LARGEST_FILE), content_type="application/octet-stream")
    assert fits.status == 403  # by the app: without its token
    assert front.ask(url, "PUT", bytes(limits.LARGEST_FILE + 3_000_000)).status == 413
    assert front.ask("/", "POST", bytes(limits.LARGEST_FILE + 3_000_000)).status == 413


@pytest.mark.exhaustive
def test_what_is_for_the_machine_is_not_for_readers(front):
    for path in (
        "/_stcore/metrics",
        "/_stcore/agent/interact",
        "/_stcore/agent/openapi.json",
        "/_stcore/script-health-check",
    ):
        assert front.ask(path).status == 404, path
    assert front.ask("/_stcore/health").content == b"ok"


@pytest.mark.exhaustive
def test_another_sites_page_cannot_open_a_websocket(front):
    with pytest.raises(InvalidStatus):
        Viewer(front, origin="http://elsewhere.example")
    viewer = Viewer(front, origin=front.url)
    viewer.step()
    viewer.close()


@pytest.mark.exhaustive
def test_a_process_that_is_killed_is_passed_over_and_comes_back(front):
    front.whole()
    killed = front.processes()[1]
    front.kill(1)
    for _ in range(20):  # whoever comes meanwhile
        assert front.ask("/_stcore/health").status == 200
        viewer(front, front.seat()).close()
    front.until(lambda: front.processes()[1] != killed)
    front.whole()


@pytest.mark.exhaustive
def test_a_rolling_restart_answers_all_the_time(front):
    front.whole()
    before = front.processes()
    front.renew()
    while "\nrenewed\n" not in front.said():
        assert front.ask("/").status == 200 and front.ask("/_stcore/health").content == b"ok"
    after = front.processes()
    assert all(after[place][0] == before[place][0] and after[place][1] != before[place][1] for place in before)
    front.whole()
