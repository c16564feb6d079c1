"""Every term of an equation, every big number and every word that is explained, from the one glossary."""

from __future__ import annotations

import re

import pytest

from figures.ascent import words as ascent
from figures.dictionary import words as dictionary
from figures.em import words as em
from figures.look import glossary
from figures.map import words as map_words
from figures.posterior import words as posterior
from figures.race import words as race
from tests.figures.runs import GAUSSIAN, em_run, ladder_run

PAGES = {
    "em": em,
    "ascent": ascent,
    "race": race,
    "map": map_words,
    "posterior": posterior,
    "dictionary": dictionary,
}
_SENTENCE = re.compile(r"[.:] (?=[A-Z])")


@pytest.mark.parametrize("page", PAGES.values(), ids=PAGES)
def test_terms_and_metrics_are_explained_by_the_glossary(page):
    told = [term.title for term in page.EQUATION if not isinstance(term, str)]
    told += [metric.title for metric in getattr(page, "METRICS", ())]
    assert len(told) > 2 and all(any(title.startswith(text) for text in glossary.TERMS.values()) for title in told)
    assert page.GLOSSARY.items() <= glossary.TERMS.items()


def test_an_explanation_is_one_or_two_sentences():
    for word, text in glossary.TERMS.items():
        assert text.endswith(".") and len(_SENTENCE.split(text)) <= 3 and len(text) < 220, word


def test_the_list_has_each_explanation_once():
    listed = glossary.listed()
    assert sorted(listed.values()) == sorted(set(glossary.TERMS.values()))
    assert "log p" in listed and "log p(v)" not in listed


def test_the_scene_brings_its_words_along():
    for scene in (em_run(GAUSSIAN[0]).scene.json, ladder_run("two").scene.json):
        assert scene["glossary"]["posterior"] == glossary.TERMS["posterior"]
        assert all(metric["title"] for metric in scene["metrics"])
