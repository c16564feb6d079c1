"""The layers, read from the imports: pages → ui → figures → em_core → numpy, scipy."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from graphlib import TopologicalSorter
from importlib import import_module
from pathlib import Path

import pytest

from ui.frame import PAGES

ROOT = Path(__file__).parents[1]
# from the top down; each may import those after it
LAYERS = ("app", "pages", "ui", "figures", "em_core")
OUTSIDE = {
    "app": {"streamlit", "starlette"},
    "pages": {"streamlit"},
    # Streamlit brings pandas and Pillow
    "ui": {"streamlit", "starlette", "plotly", "numpy", "pandas", "PIL", "segno", "redis"},
    "figures": {"plotly", "numpy"},
    "em_core": {"numpy", "scipy"},
}
LONGEST_FILE = 400
# what is written out, and never imported
SCRIPTS = ROOT / "ui" / "export" / "code" / "parts"


def sources(layer):
    return [ROOT / "app.py"] if layer == "app" else sorted((ROOT / layer).rglob("*.py"))


def imported(path):
    """Full names of what a file imports, `from package import name` as package.name."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


FILES = [(layer, path) for layer in LAYERS for path in sources(layer) if path.exists()]


def named(entry):
    return entry if isinstance(entry, str) else str(entry.relative_to(ROOT))


def test_the_core_is_there():
    assert len(sources("em_core")) > 15


@pytest.mark.parametrize(("layer", "path"), FILES, ids=named)
def test_imports_point_down(layer, path):
    below = set(LAYERS[LAYERS.index(layer) :])
    allowed = below | OUTSIDE[layer] | set(sys.stdlib_module_names)
    if path.parent == SCRIPTS:
        allowed = {"numpy", "scipy"}
    roots = {name.split(".")[0] for name in imported(path)}
    assert roots <= allowed, f"{named(path)} imports {sorted(roots - allowed)}"


def test_no_two_files_import_each_other():
    """Nor in a longer circle, nor for types alone: each is read after those that it rests on."""
    modules = {named(path).removesuffix(".py").replace("/", ".").removesuffix(".__init__"): path for _, path in FILES}
    needs = {
        name: {entry if entry in modules else entry.rpartition(".")[0] for entry in imported(path)} - {name}
        for name, path in modules.items()
    }
    TopologicalSorter(needs).prepare()


# within em_core: a part, and what its files must not import
_HALF_STEPS = ("kinds", "moves", "e_steps", "m_steps", "schedule", "trajectory")
_ABOVE_MODELS = (*_HALF_STEPS, "files.experiment", "bound", "datasets")
FORBIDDEN = {
    "models": _ABOVE_MODELS,
    "families": (*_ABOVE_MODELS, "models"),
    "e_steps.py": ("models", "families", "moves", "files.experiment", "trajectory", "schedule"),
    "m_steps.py": ("models", "families", "moves", "files.experiment", "trajectory", "schedule"),
    "moves.py": ("models", "families", "files.experiment", "trajectory", "schedule", "datasets"),
    "bound.py": ("models", "families", "moves", "files.experiment", "trajectory", "schedule"),
    "records.py": ("models", "families", "moves", "files.experiment", "trajectory", "schedule", "bound", "model"),
    "model.py": ("models", "families", "moves", "files.experiment", "trajectory", "schedule", "bound"),
    "schedule.py": ("models", "families", "moves", "files.experiment", "trajectory", "model", "bound"),
}


@pytest.mark.parametrize(
    ("part", "others"), FORBIDDEN.items(), ids=lambda entry: entry if isinstance(entry, str) else ""
)
def test_models_know_nothing_of_moves_and_moves_nothing_of_models(part, others):
    place = ROOT / "em_core" / part
    for path in [place] if place.suffix else sorted(place.rglob("*.py")):
        for name in imported(path):
            for other in others:
                assert not f"{name}.".startswith(f"em_core.{other}."), f"{named(path)} imports {name}"


# what makes half-steps, searches or looks along a line: em_core/observe asks it, and figures ask em_core/observe
COMPUTING = (
    "trajectory",
    "moves",
    "e_steps",
    "m_steps",
    "bound",
    "schedule",
    "sparse_coding.solvers",
    "sparse_coding.learning",
)
# by name from modules that hold tables and records as well, of which figures take words and types
MAKING = {
    "em_core.sparse_coding": {"Problem", "Posterior", "ProximalStep"},
    "em_core.sparse_coding.experiment": {"SparseCodingExperiment"},
    "em_core.sparse_coding.posterior.gaussian_q": {"GaussianQ"},
    "em_core.sparse_coding.posterior.ladder": {"LadderExperiment", "Rung"},
}


# what models and posteriors evaluate, also where an object of theirs is at hand; what one model alone has to show, its
# view asks of it
EVALUATED = {"log_evidence", "log_density", "log_joint", "expected_log_joint", "posterior"}
# the one that draws ellipses by their axes
LINEAR_ALGEBRA = ("figures/em/data_views/base.py", "ellipse")


@pytest.mark.parametrize("path", sources("figures"), ids=named)
def test_figures_draw_what_was_computed(path):
    """Arrays in, figures out: no module that computes is imported, and no table's function called."""
    for name in imported(path):
        for part in COMPUTING:
            assert not f"{name}.".startswith(f"em_core.{part}."), f"{named(path)} imports {name}"
        module, _, entry = name.rpartition(".")
        assert entry in MAKING.get(module, {entry}), f"{named(path)} imports {name}"
        assert entry not in {*EVALUATED, "linalg"}, f"{named(path)} imports {name}"
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Attribute):
            assert node.attr not in {"make", "init", "posterior_for", "maximize"}, f"{named(path)}: .{node.attr}"
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            assert node.func.attr not in {*EVALUATED, "step"}, f"{named(path)} calls .{node.func.attr}()"


@pytest.mark.parametrize("path", sources("figures"), ids=named)
def test_one_helper_of_figures_uses_linear_algebra(path):
    for place in ast.parse(path.read_text(encoding="utf-8")).body:
        used = any(isinstance(node, ast.Attribute) and node.attr == "linalg" for node in ast.walk(place))
        assert not used or (named(path), getattr(place, "name", "")) == LINEAR_ALGEBRA, f"{named(path)}: np.linalg"


def test_only_those_above_the_core_look_at_what_is_observed():
    for path in sources("em_core"):
        # the command line prints what is observed
        if "observe" not in path.parts and path.name != "__main__.py":
            assert not any(name.startswith("em_core.observe") for name in imported(path)), named(path)


def test_moves_name_no_model():
    """Not by import and not by an isinstance on a name either."""
    names = re.compile("gaussian|binomial|linkage|mixture|covarianc|markov|factor analysis|belief", re.IGNORECASE)
    for part in ("e_steps.py", "m_steps.py", "kinds.py", "moves.py", "bound.py", "schedule.py", "trajectory.py"):
        assert not names.search((ROOT / "em_core" / part).read_text(encoding="utf-8")), part


SKIPPED = {".git", "vendor", ".venv", "venv", "node_modules", "__pycache__", "reference", "screenshots"}
TEXTS = {".py", ".js", ".css", ".html", ".toml", ".md", ".json", ".csv", ".txt", ".sh", ".bat", ".ps1", ".yml", ""}


def project_texts():
    for path in sorted(ROOT.rglob("*")):
        parts = path.relative_to(ROOT).parts
        hidden = any(part in SKIPPED or part.endswith("_cache") or part == ".hypothesis" for part in parts)
        if path.is_file() and not hidden and path.suffix in TEXTS:
            yield path, path.read_text(encoding="utf-8", errors="replace")


def test_no_file_is_too_long():
    """One room that a reader can hold in the head, tests and JavaScript included."""
    code = [(named(path), text) for path, text in project_texts() if path.suffix in (".py", ".js", ".css")]
    assert not [name for name, text in code if len(text.splitlines()) > LONGEST_FILE]


def test_the_project_holds_no_path_of_this_machine_and_loads_nothing_from_elsewhere():
    here = re.compile(r"(?<![\w.~$}])/(home|work|Users|root)/\w|[A-Z]:\\\\Users")
    elsewhere = re.compile(r"https?://[^\s\"')]*(cdn|unpkg|jsdelivr|googleapis)")
    for path, text in project_texts():
        if path == Path(__file__):
            continue
        for number, line in enumerate(text.splitlines(), 1):
            assert not here.search(line), f"{named(path)}:{number}: {line.strip()[:120]}"
            assert not elsewhere.search(line), f"{named(path)}:{number}: {line.strip()[:120]}"


# what Streamlit reads as Markdown; boxes are ui/notices.py's, which shows text as text
MARKDOWN = {"markdown", "caption", "title", "header", "subheader", "write", "toast", "latex", "about"}
BOXES = {"warning", "error", "info", "success", "exception", "html"}
# (file, function): why what it writes cannot come from outside
TRUSTED = {
    ("ui/em/sidebar.py", "_about_moves"): "the core's own words about its moves",
    ("ui/lessons/page.py", "text"): "of lesson files, whose reader refuses HTML, links and pictures",
    ("ui/sidebar.py", "about"): "constants of the pages, read here as Markdown of theirs",
}
WRITERS = {"ui/notices.py", "ui/frame.py"}


def written(path):
    """What a file gives Streamlit to write: function, name of the call, arguments."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    for place in ast.walk(tree):
        if isinstance(place, ast.FunctionDef):
            for node in ast.walk(place):
                if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                    yield place.name, node.func.attr, node.args


def constants(path):
    """Names that a module gives to plain strings, and those of a `words.py` that it imports, as `words.NAME`."""
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            yield from (target.id for target in node.targets if isinstance(target, ast.Name))
    for module in (name for name in imported(path) if name.endswith(".words")):
        said = vars(import_module(module)).items()
        yield from (f"words.{name}" for name, text in said if name.isupper() and isinstance(text, str))


@pytest.mark.parametrize("path", [path for layer, path in FILES if layer in ("pages", "ui")], ids=named)
def test_only_constant_text_is_read_as_markdown(path):
    """Else a link, a file's name or its values would become links and pictures."""
    known = set(constants(path))
    for place, call, arguments in written(path):
        if call in BOXES and named(path) not in WRITERS:
            raise AssertionError(f"{named(path)}: {place} calls st.{call}; ui/notices.py says such things")
        if call in MARKDOWN and (named(path), place) not in TRUSTED:
            for argument in arguments:
                constant = isinstance(argument, ast.Constant) or ast.unparse(argument) in known
                assert constant, f"{named(path)}: {place} writes {ast.unparse(argument)} as Markdown"


# who may touch them: the sessions, what widgets show, what the browser said, the reader's own lecture
STATE = {
    "session_state": {"ui/session.py", "ui/controls.py", "ui/stage/__init__.py", "ui/lecture/desk.py"},
    "query_params": {"ui/session.py"},
}


@pytest.mark.parametrize("path", [path for layer, path in FILES if layer in ("app", "pages", "ui")], ids=named)
def test_only_these_touch_session_state_and_address(path):
    used = {
        node.attr for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))) if isinstance(node, ast.Attribute)
    }
    for what, owners in STATE.items():
        assert what not in used or named(path) in owners, f"{named(path)} touches {what}"


def test_a_page_is_its_folder_and_one_row():
    """And its script: the names of address, ui and figures are one."""
    names = [name for name, _ in PAGES]
    assert [path.stem for path in sorted((ROOT / "pages").glob("*.py"))] == sorted(names)
    for name in names:
        assert (ROOT / "figures" / name / "scene.py").exists()
        parts = {path.stem for path in (ROOT / "ui" / name).glob("*.py")}
        assert parts >= {"settings", "session", "run", "sidebar"}
        assert len((ROOT / "pages" / f"{name}.py").read_text(encoding="utf-8").splitlines()) <= 12


@pytest.mark.parametrize(
    "path",
    [path for layer, path in FILES if layer in ("app", "pages", "ui") and path.parent.name != "export"],
    ids=named,
)
def test_what_changes_streamlits_own_page_stands_in_one_file(path):
    """ui/streamlit.css, each rule with its reason; embedded.css beside it. ui/export writes pages of its own."""
    text = path.read_text(encoding="utf-8")
    assert not re.search(r"<style|style=|\bcss=", text), named(path)


_DESCRIBED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
# what is declared where it stands: settings with their labels, schedules with their names
_DECLARED = ("words.py", "settings.py", "recipes.py")
_MECHANISMS = [path for path in sources("ui") if path.name not in _DECLARED]


@pytest.mark.parametrize("path", _MECHANISMS, ids=named)
def test_sentences_for_readers_stand_in_words(path):
    tree = ast.parse(path.read_text(encoding="utf-8"))
    described = {ast.get_docstring(node, clean=False) for node in ast.walk(tree) if isinstance(node, _DESCRIBED)}
    texts = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    assert not [text for text in texts - described if re.search(r"(^|[.;:] )[A-Z]\w+ .*\w[.]$", text)], named(path)


# records whose second value is what the reader sees it called
_CALLED = {"View", "Tool", "Metric", "Slider"}
_TITLED = [path for path in sources("figures") if path.name not in ("words.py", "bound.py")]


@pytest.mark.parametrize("path", _TITLED, ids=named)
def test_what_views_and_tools_are_called_stands_in_words(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        called = isinstance(node, ast.Call) and getattr(node.func, "id", "") in _CALLED
        told = node.args[1:2] if called else []
        if isinstance(node, ast.Assign) and any(ast.unparse(goal).endswith("title") for goal in node.targets):
            told = [node.value]
        for value in told:
            assert not isinstance(value, ast.Constant | ast.JoinedStr), f"{named(path)}: {ast.unparse(value)}"


def test_a_page_opens_without_what_it_may_need_later():
    """What takes long to import, and what only tests and benchmarks use."""
    code = "import sys, em_core.files, *PAGES; print(*sys.modules)"
    pages = ", ".join(f"ui.{name}.session, ui.{name}.sidebar" for name, _ in PAGES)
    done = subprocess.run(
        [sys.executable, "-c", code.replace("*PAGES", pages)], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert not {"scipy.optimize", "scipy.stats", "sklearn", "matplotlib"} & set(done.stdout.split())
