// @ts-check
import assert from "node:assert/strict";
import { test } from "node:test";
import { pieces } from "../../ui/stage/frontend/tips.js";

const GLOSSARY = { q: "a distribution", "log p": "evidence", "log p(v)": "evidence", θ: "parameters", gap: "distance" };
/** @param {string} text */
const marked = (text) => pieces(text, GLOSSARY).filter(({ tip }) => tip).map((piece) => piece.text);

test("the pieces make the sentence, and each thing is explained once, where it is first named", () => {
  const text = "q fits θ: log p(v) rose, the gap opened; log p, q and θ again.";
  assert.equal(pieces(text, GLOSSARY).map((piece) => piece.text).join(""), text);
  assert.deepEqual(marked(text), ["q", "θ", "log p(v)", "gap"]);
});

test("words within words and formulas are left alone", () => {
  assert.deepEqual(marked("equal gaps; log p(h|v), p(q), q(h = 1), q*, θ², θ‖q‖₁ and −log p(h*, v)"), []);
  assert.deepEqual(marked("(q)"), []);
  assert.deepEqual(marked("the gap, then"), ["gap"]);
});

test("without a glossary there is one piece", () => assert.deepEqual(pieces("q", {}), [{ text: "q" }]));
