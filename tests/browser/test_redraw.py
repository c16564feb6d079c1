"""What is drawn of a change alone leaves the figure that Plotly draws anew: every element, and what it tells."""

import pytest

from tests.browser.home import APP
from tests.browser.reader import Reader, some

# Figures in view as they stand, and drawn anew from what they hold. Of an element: its tag, attributes, style, words;
# of a figure also what it tells of its points, and where its axes are. What a figure draws while something is told,
# or may be dragged, is none of it.
COMPARED = """async () => {
  // a place for words, and none in it, comes and goes with every drawing of Plotly's
  const there = (node) => [...node.children].filter((child) => !child.matches('.textpoint:empty'));
  const attributes = (node) => [...node.attributes].filter(({ name }) => name !== 'style')
    .map(({ name, value }) => [name, value.trim()])
    .concat([...node.style ?? []].map((name) => [name, node.style.getPropertyValue(name)]))
    .filter(([, value]) => value !== '').sort();
  // ticks, labels and lines of the grid do not lie over one another: Plotly has them in the order in which they came
  const strewn = '[class*=axislayer], .gridlayer, .gridlayer *';
  const key = (child, n) => `${n} ${child.getAttribute('class') ?? ''}`;
  const drawn = (node) => {
    const inside = there(node).map((child) => [child, drawn(child)]);
    const word = ([, part]) => JSON.stringify(part);
    if (node.matches(strewn)) inside.sort((one, other) => (word(one) < word(other) ? -1 : 1));
    return { tag: node.tagName, attributes: attributes(node),
      inside: there(node).length
        ? Object.fromEntries(inside.map(([child, part], n) => [key(child, n), part])) : node.textContent };
  };
  const layers = '.bglayer, .cartesianlayer, .infolayer, .shapelayer, .zerolinelayer';
  const listed = (_, part) => (ArrayBuffer.isView(part) ? [...part] : part) ?? null;
  const plain = (value) => JSON.parse(JSON.stringify(value, listed));
  const told = ({ x, y, mc, mcc, mx, ms, tx, htx, data, tp }) => plain([x, y, mc, mcc, mx, ms, tx, htx, data, tp]);
  const state = (figure) => ({
    elements: [...figure.querySelectorAll(layers)].map(drawn),
    points: figure.calcdata.filter(([{ trace }]) => trace.visible === true).map((points) => points.map(told)),
    held: plain(figure.data),
    axes: Object.entries(figure._fullLayout).filter(([name]) => /^[xy]axis\\d*$/.test(name))
      .map(([name, { range, tickvals, ticktext, _offset, _length }]) =>
        plain([name, range, tickvals, ticktext, _offset, _length])),
  });
  const first = (one, other, path) => {
    if (typeof one !== typeof other || one === null || other === null || typeof one !== 'object') {
      return one === other ? null : `${path}: ${JSON.stringify(one)} but ${JSON.stringify(other)}`;
    }
    for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
      const found = first(one[key] ?? null, other[key] ?? null, `${path}/${key}`);
      if (found) return found;
    }
    return null;
  };
  const differences = [];
  for (const figure of document.querySelectorAll('.stage .js-plotly-plot')) {
    if (!figure.offsetWidth) continue;
    const before = state(figure);
    await Plotly.redraw(figure);
    const found = first(before, state(figure), figure.parentElement.dataset.figure);
    if (found) differences.push(found.slice(0, 400));
  }
  return differences;
}"""
# how often a figure is drawn without the rest of it, and how often all of it
COUNTED = """() => {
  window.drawnAll = {};
  window.drawnAnew = 0;
  for (const name of ['restyle', 'relayout', 'update']) {
    const original = Plotly[name];
    Plotly[name] = (figure, ...given) => {
      drawnAnew += name !== 'relayout';
      drawnAll[figure.parentElement.dataset.figure] = (drawnAll[figure.parentElement.dataset.figure] ?? 0) + 1;
      return original(figure, ...given);
    };
  }
}"""
# how often each figure was drawn whole since the page was opened
DRAWN = """
window.drawn = {};
let library;
Object.defineProperty(window, 'Plotly', { get: () => library, set: (given) => {
  for (const name of ['newPlot', 'react', 'relayout', 'redraw']) {
    const original = given[name];
    given[name] = (figure, ...rest) => {
      const { figure: id } = figure.parentElement.dataset;
      drawn[id] = (drawn[id] ?? 0) + 1;
      return original(figure, ...rest);
    };
  }
  library = given;
} });
"""
HOME = "points=120&clusters=3&components=3&separation=2.5"
# near the maximum, heights are told from a number in the title, and labels change their width
NEAR = "data=blobs&points=600&clusters=3&components=3&separation=2.5&seed=1&schedule=(EM)24&cursor=36"
VIEWS = {
    "home": f"?{HOME}&schedule=(EM)8&cursor=0",
    "factors": "?model=factor_analysis&schedule=(EM)8&cursor=0",
    "chain": "?model=hidden_markov_gaussian&schedule=(EM)8&cursor=0",
    "linkage": "?model=linkage&schedule=(EM)8&cursor=0",
    "ascent": "ascent?",
    "race": "race?",
    "starts": "starts?",
    "map": "map?",
    "posterior": "posterior?",
    "dictionary": "dictionary?",
}


class Page(Reader):
    path = ""

    def open(self, address):
        self.page.goto(f"{self.url}/{address}")
        self.page.wait_for_function("document.querySelector('.stage')?.dataset.frame !== undefined")
        self.ready(self.frame())

    def step(self, key="ArrowRight"):
        before = self.frame()
        self.press(key)
        self.page.wait_for_function("n => document.querySelector('.stage').dataset.frame != n", arg=str(before))
        self.page.wait_for_timeout(250)


@pytest.fixture
def reader(page, serve):
    return Page(page, serve(APP).url)


def same(reader):
    different = reader.page.evaluate(COMPARED)
    assert not different, "\n".join(different)


def test_at_arrival_each_figure_is_drawn_once(reader):
    reader.page.add_init_script(DRAWN)
    reader.open(VIEWS["home"].replace("cursor=0", "cursor=3"))
    for _ in range(2):
        reader.page.wait_for_timeout(1500)
        drawn = reader.page.evaluate("drawn")
        assert drawn and set(drawn.values()) == {1}, drawn
        reader.page.reload()
        reader.page.wait_for_function("document.querySelector('.stage')?.dataset.frame !== undefined")


@pytest.mark.parametrize("view", some(VIEWS, "home", "map"))
def test_a_change_drawn_alone_is_the_figure_drawn_anew(reader, view):
    reader.open(VIEWS[view])
    for stride in (1, 3, 1):  # several changes in a row, too: what one leaves behind the next begins with
        for _ in range(stride):
            reader.step()
        same(reader)
    reader.step("ArrowLeft")
    same(reader)


def test_it_is_so_in_the_dark_where_figures_glide_and_after_zoom(reader, moving):
    reader.page.emulate_media(color_scheme="dark")
    reader.open(VIEWS["home"])
    reader.page.evaluate(
        "Plotly.relayout(document.querySelector('[data-figure=data] .js-plotly-plot'), {'xaxis.range': [-2, 1]})"
    )
    for _ in range(2):
        reader.step()
        reader.page.wait_for_function("document.querySelector('.stage').dataset.gliding === undefined")
        same(reader)
    zoomed = "document.querySelector('[data-figure=data] .js-plotly-plot')._fullLayout.xaxis.range"
    assert reader.page.evaluate(zoomed) == [-2, 1]


def test_a_half_step_of_the_home_page_draws_no_figure_from_the_ground_up(reader):
    reader.open(VIEWS["home"])
    for _ in range(6):
        reader.step()  # until labels are as wide as they stay
    reader.page.evaluate(COUNTED)
    for _ in range(6):
        reader.step()
    drawn = reader.page.evaluate("drawnAll")
    assert drawn.get("data", 0) == drawn.get("decomposition", 0) == 0
    assert sum(drawn.values()) <= 4, drawn  # where a label grew


def test_after_half_steps_that_followed_fast_each_figure_is_drawn_as_anew(reader):
    reader.page.goto(f"{reader.url}/?{NEAR}")
    reader.page.wait_for_function("document.querySelector('.stage')?.dataset.frame === '36'")
    reader.ready(36)
    reader.page.evaluate(
        "{ const s = document.querySelector('.stage-speed'); s.add(new Option('20', 20)); s.value = 20 }"
    )
    reader.page.get_by_role("button", name="Play", exact=True).click()
    reader.page.wait_for_function("Number(document.querySelector('.stage').dataset.frame) >= 44")
    reader.page.get_by_role("button", name="Pause", exact=True).click()
    reader.page.get_by_role("button", name="Play", exact=True).wait_for()
    same(reader)


# titles of axes that show other words than they should
UNSAID = r"""() => [...document.querySelectorAll(".stage .ytitle")]
  .map((node) => [node.textContent, node.dataset.unformatted.replace(/<[^>]*>/g, "")])
  .filter(([shown, words]) => shown !== words)"""


def test_where_titles_and_labels_change_with_each_half_step_the_axes_alone_are_drawn_anew(reader):
    reader.page.goto(f"{reader.url}/?{NEAR}")
    reader.page.wait_for_function("document.querySelector('.stage')?.dataset.frame === '36'")
    reader.ready(36)
    reader.page.evaluate(COUNTED)
    titles = "[...document.querySelectorAll('.stage .ytitle')].map(({ textContent }) => textContent).join()"
    told = set()
    for _ in range(6):
        reader.step()
        told.add(reader.page.evaluate(titles))
        assert reader.page.evaluate(UNSAID) == []
    assert len(told) > 1
    assert reader.page.evaluate("drawnAnew") <= 1  # where the axis begins to be told so
    same(reader)


def test_a_figure_that_was_hidden_catches_up(reader):
    reader.open(VIEWS["home"])
    everything = reader.page.get_by_role("button", name="All", exact=True)
    everything.click()
    reader.page.wait_for_timeout(300)
    reader.page.get_by_role("button", name="Latest", exact=True).click()
    for _ in range(3):
        reader.step()
    everything.click()
    reader.page.wait_for_timeout(300)
    same(reader)
    furthest = """Math.max(...[...document.querySelectorAll('.stage .js-plotly-plot')]
      .filter((figure) => figure.offsetWidth && /^(latest|all|timeline)/.test(figure.parentElement.dataset.figure))
      .flatMap(({ _fullData }) => _fullData.flatMap(({ visible, x }) => (visible === true ? [...x] : []))))"""
    assert reader.page.evaluate(furthest) == reader.frame() == 3
