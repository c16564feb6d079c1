"""What axe-core, and a look at the page, say of how well it can be read and reached."""

from functools import cache

from tests.browser.conftest import ROOT
from tests.tools import missing

AXE = ROOT / "tests" / "javascript" / "node_modules" / "axe-core" / "axe.min.js"
# all that it knows, and the size of targets, which it leaves out unless it is asked; what Plotly draws is a picture
_RUN = "axe.run({ exclude: ['.main-svg'] }, { rules: { 'target-size': { enabled: true } } })"


@cache
def _axe():
    if not AXE.exists():
        missing("axe-core (npm install --no-package-lock, in tests/javascript)", "of accessibility")
    return AXE.read_text(encoding="utf-8")


def violations(page):
    """A line for each element that breaks a rule of axe-core."""
    if not page.evaluate("'axe' in window"):
        page.evaluate(_axe())
    return [
        f"{found['id']}: {node['html'][:160]} | {node['failureSummary'][:240]}"
        for found in page.evaluate(_RUN)["violations"]
        for node in found["nodes"]
    ]
