"""Questions that tests ask."""

from ui.room.records import Answer, Option, Part, Question

WAYS = tuple(Option(way, way) for way in ("rises", "falls", "stays"))
QUESTION = Question(
    "M comes next. What will happen?",
    (Part("log_evidence", "log p(v)", WAYS), Part("elbo", "ELBO", WAYS), Part("gap", "gap", WAYS)),
)
ANSWER = Answer({"log_evidence": ("rises",), "elbo": ("rises",), "gap": ("rises", "stays")}, "M maximises the ELBO.")
COIN = Question("Heads?", (Part("it", "", (Option("yes", "Yes"), Option("no", "No"))),))


def voter(number):
    """The token of a browser."""
    return f"voter-{number:010d}"


def saying(*ways):
    return dict(zip(("log_evidence", "elbo", "gap"), ways, strict=True))
