"""The stage's modules as one script: nothing is left of their imports and exports, and all say the same as before."""

from __future__ import annotations

import re
import shutil
import subprocess

import pytest

from tests.tools import ROOT, missing
from ui.joined import constant, joined, module

FRONTEND = ROOT / "ui" / "stage" / "frontend"
MODULES = {
    "entry.js": """
import { grown, SCALE as scale } from "./part.js";
import { told, Counted } from "./vendor/told.js";
export default async function receive(number) {
  return told(grown(number), scale, new Counted().count, import.meta.url);
}
""",
    "part.js": """
import { Counted } from "./vendor/told.js"; // the same one, made once
const hidden = new Counted().count;
export const SCALE = 10;
export function grown(number) {
  return number + hidden;
}
""",
    "vendor/told.js": """
let made = 0;
class Told {
  constructor() {
    this.count = ++made;
  }
}
var told = (...all) => all.join(" ");
export { told, Told as Counted };
""",
}


@pytest.fixture
def folder(tmp_path):
    for name, text in MODULES.items():
        file = tmp_path / "modules" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return tmp_path / "modules"


def said(module_file, place):
    """What the default export of a module says of 5."""
    node = shutil.which("node")
    if node is None:
        missing("Node", "of what is joined")
    script = f"import receive from {str(module_file)!r}; console.log(await receive(5))"
    command = [node, "--input-type=module", "--eval", script]
    return subprocess.run(command, cwd=place, capture_output=True, text=True, check=True).stdout.strip()


def test_joined_modules_say_what_they_say_apart(folder):
    (folder / "package.json").write_text('{"type": "module"}', encoding="utf-8")
    apart = said(folder / "entry.js", folder)
    (folder / "joined.js").write_text(module(folder / "entry.js"), encoding="utf-8")
    assert said(folder / "joined.js", folder).replace("joined.js", "entry.js") == apart
    assert apart.startswith("6 10 2 file:")


@pytest.mark.parametrize("entry", ["entry.js", "standalone.js"])
def test_each_module_is_in_it_once_after_those_that_it_needs(entry):
    text = joined(FRONTEND / entry)
    assert not re.search(r"^(import|export)\b|import\.meta", text, re.MULTILINE)
    made = re.findall(r"^const (\$\w+) = \(\(\) => \{$", text, re.MULTILINE)
    assert len(made) == len({*made}) and made[-1] == constant(FRONTEND / entry, FRONTEND)
    for file in FRONTEND.glob("*.js"):
        if constant(file, FRONTEND) in made:
            for name in re.findall(
                r'^import .*from "\./([\w/]+\.js)";', file.read_text(encoding="utf-8"), re.MULTILINE
            ):
                assert made.index(constant(FRONTEND / name, FRONTEND)) < made.index(constant(file, FRONTEND))
