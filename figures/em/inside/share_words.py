"""What is said of the working of linkage, and of the coin of unknown origin."""

from __future__ import annotations

from em_core.observe.beats.working import Beat
from figures.em.inside.picture import Told
from figures.look.tex import result, tex, tex_of_log

CELLS = ("½", "θ/4")
COLUMNS = {
    "densities": "probability<br>p(v | h)",
    "joints": "probability<br>p(v, h)",
    "responsibilities": "share<br>q(h)",
    "shares": "share<br>q(h)",
    "counts": "expected<br>animals",
}

LINKAGE = {"joints": "the two hidden cells", "responsibilities": "the split"}
UNKNOWN_ORIGIN = {
    "densities": "how each coin explains it",
    "joints": "times the prior",
    "responsibilities": "the share of each coin",
    "shares": "the share of each coin",
}


def linkage(beat: Beat) -> Told:
    """One beat of linkage."""
    values, what = beat.values, beat.what
    if what == "data":
        count, theta = float(values["data"][0]), values["theta_before"]
        formula = rf"y_1 = {result(f'{count:.0f}')}, \qquad p_1 = \tfrac12 + \tfrac\theta4,\quad \theta = {tex(theta)}"
        sentence = (
            "The first cell is really two, of probability ½ and θ/4. Nobody saw which of them an animal belongs to."
        )
        return Told(formula, count, sentence)
    if what == "joints":
        found, theta = float(values["joints"][1]), values["theta_before"]
        formula = rf"p(h{{=}}2) = \frac{{\theta}}{{4}} = \frac{{{tex(theta)}}}{{4}} = {result(tex(found))}"
        return Told(formula, found, "How probable is each of the two hidden cells?")
    if what == "responsibilities":
        found, part = float(values["responsibilities"][1]), float(values["joints"][1])
        formula = (
            r"q = \frac{\theta/4}{1/2 + \theta/4} = "
            rf"\frac{{{tex(part)}}}{{{tex(float(values['joints'][0]))} + {tex(part)}}} = {result(tex(found))}"
        )
        return Told(formula, found, "Divided by their sum: the share of the first cell that belongs to θ/4.")
    if what == "counts":
        found, share = float(values["counts"][1]), float(values["responsibilities"][1])
        formula = rf"\mathbb E_q[x_2] = y_1\, q = {values['data'][0]:.0f} \times {tex(share)} = {result(tex(found))}"
        sentence = "q is held fixed. So many of the first cell's animals are expected in each hidden cell."
        return Told(formula, found, sentence)
    if what == "statistics":
        found, hidden = values["statistics"]["with θ"], float(values["counts"][1])
        without, counts = values["statistics"]["with 1 − θ"], values["data"]
        formula = (
            rf"\text{{with }}\theta: {tex(hidden)} + {counts[3]:.0f} = {result(tex(found))}, \qquad "
            rf"\text{{with }}1-\theta: {counts[1]:.0f} + {counts[2]:.0f} = {tex(without)}"
        )
        return Told(formula, found, "Animals of cells with the factor θ speak for it, those with 1 − θ against.")
    found, (top, rest) = float(values["theta"]), values["statistics"].values()
    formula = rf"\theta = \frac{{{tex(top)}}}{{{tex(top)} + {tex(rest)}}} = {result(f'{found:.6g}')}"
    return Told(formula, found, "The new θ is the share of the animals that speak for it.")


def unknown_origin(beat: Beat) -> Told:
    """One beat of the coin of unknown origin."""
    values, what = beat.values, beat.what
    heads, tails = (float(count) for count in values["data"])
    if what == "data":
        formula = rf"v = {heads:.0f}\ \text{{heads}},\ {tails:.0f}\ \text{{tails}}"
        return Told(formula, heads, "Follow the set of unknown origin: which of the two coins made it?")
    if what == "densities":
        found, chance = float(values["densities"][1]), float(values["chances"][1])
        shown = result(tex_of_log(float(values["log_densities"][1])))
        formula = (
            rf"p(v \mid h{{=}}\theta) = \theta^{{{heads:.0f}}} (1-\theta)^{{{tails:.0f}}} = "
            rf"{tex(chance)}^{{{heads:.0f}}} \times {tex(1 - chance)}^{{{tails:.0f}}} = {shown}"
        )
        return Told(formula, found, "How well does each of the two coins explain the set?")
    if what == "joints":
        found = float(values["joints"][1])
        density, shown = (tex_of_log(float(values[f"log_{each}"][1])) for each in ("densities", "joints"))
        formula = rf"p(v, h{{=}}\theta) = \tfrac12 \times {density} = {result(shown)}"
        return Told(formula, found, "Times the prior: before looking, both coins are equally likely.")
    if what == "responsibilities":
        found = float(values["responsibilities"][1])
        top, other = (tex_of_log(float(values["log_joints"][k])) for k in (1, 0))
        formula = rf"q = \frac{{{top}}}{{{top} + {other}}} = {result(tex(found))}"
        return Told(formula, found, "Divided by their sum: how far the set is the free coin's.")
    if what == "shares":
        found = float(values["shares"][1])
        sentence = "q is held fixed. The set counts for the free coin by this share."
        return Told(rf"q = q(h{{=}}\theta) = {result(tex(found))}", found, sentence)
    share, known = float(values["shares"][1]), values["known"]
    counts = values["statistics"]
    if what == "statistics":
        formula = (
            rf"\text{{heads}}: {known[0]:.0f} + {tex(share)} \times {heads:.0f} = {result(tex(counts['heads']))}"
            rf",\quad \text{{tails}}: {known[1]:.0f} + {tex(share)} \times {tails:.0f} = {tex(counts['tails'])}"
        )
        return Told(formula, counts["heads"], "The free coin's own tosses, and its share of the unknown ones.")
    found, (top, rest) = float(values["theta"]), counts.values()
    formula = rf"\theta = \frac{{{tex(top)}}}{{{tex(top)} + {tex(rest)}}} = {result(f'{found:.6g}')}"
    return Told(formula, found, "The new θ is the share of heads.")
