"""`deploy/start.py`: what stops or no longer answers is started again; https."""

import importlib.util
import re
import shutil
import ssl
import subprocess
import sys
import time
import urllib.request

import pytest

from tests.deploy.front import DEPLOY, Front, needed
from tests.tools import missing

_SPEC = importlib.util.spec_from_file_location("start", DEPLOY / "start.py")
start = importlib.util.module_from_spec(_SPEC)
_SPEC.loader.exec_module(start)


def another(kept, than):
    """Wait until it is another process; its number."""
    end = time.monotonic() + 20
    while kept.process.pid == than:
        assert time.monotonic() < end
        time.sleep(0.02)
    return kept.process.pid


@pytest.fixture
def kept(monkeypatch):
    """`kept(answers)`: a command that is watched, with little patience."""
    for name, seconds in (("START", 0.4), ("LOOK", 0.05), ("PATIENCE", 2)):
        monkeypatch.setattr(start, name, seconds)
    made = []

    def make(answers=None):
        made.append(start.Kept("sleeper", [sys.executable, "-c", "import time; time.sleep(60)"], answers))
        made[-1].keep()
        return made[-1]

    yield make
    for one in made:
        one.stop()
        assert one.process.poll() is not None


def test_what_is_killed_is_started_again(kept):
    one = kept()
    killed = one.process.pid
    one.process.kill()
    another(one, killed)


def test_what_no_longer_answers_is_started_again(kept):
    one = kept(lambda: False)
    another(one, another(one, one.process.pid))


def test_what_answers_is_left_alone(kept):
    asked = []
    one = kept(lambda: asked.append(0) or True)
    process = one.process.pid
    while len(asked) < 5:
        time.sleep(0.05)
    assert one.process.pid == process


def test_one_that_does_not_come_back_ends_a_rolling_restart(kept, monkeypatch):
    monkeypatch.setattr(start, "PASSED_OVER", -1.5)
    well, ill, after = kept(lambda: True), kept(lambda: False), kept(lambda: True)
    before = [one.process.pid for one in (well, after)]
    assert start.renewed([well, after]) == "renewed"
    now = [one.process.pid for one in (well, after)]
    assert not set(before) & set(now)
    assert "does not answer" in start.renewed([well, ill, after])
    assert well.process.pid != now[0] and after.process.pid == now[1]


def test_no_process_at_all_is_refused_in_one_line():
    command = [sys.executable, str(DEPLOY / "start.py"), "--processes=0"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode == 2 and "--processes: 0 is not valid; at least 1" in refused.stderr


@pytest.mark.exhaustive
def test_over_https_a_page_inside_another_sites_page_keeps_its_seat(tmp_path):
    """Without that, a browser sends no cookie from there: each request would go to another process."""
    needed()
    if not (openssl := shutil.which("openssl")):
        missing("openssl", "of https")
    port, key, certificate = start.free_port(), tmp_path / "key", tmp_path / "certificate"
    made = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days=1", "-subj=/CN=localhost"]
    subprocess.run([openssl, *made, "-keyout", key, "-out", certificate], check=True, capture_output=True)
    listen = tmp_path / "listen.conf"
    listen.write_text(f"listen {port} ssl http2;\nssl_certificate {certificate};\nssl_certificate_key {key};\n")
    front = Front(tmp_path, f"--listen={listen}")
    try:
        context = ssl.create_default_context(cafile=certificate)
        with urllib.request.urlopen(f"https://localhost:{port}/", context=context) as answer:
            cookie = answer.headers["set-cookie"]
        expected = r"elbo_room_seat=[0-9a-f]{32}; Path=/; HttpOnly; SameSite=None; Secure; Partitioned"
        assert re.fullmatch(expected, cookie)
    finally:
        front.stop()
