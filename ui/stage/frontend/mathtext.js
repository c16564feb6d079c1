// @ts-check
/** A line of TeX as text that any program can show: fractions with a slash, indices where Unicode has them. */

const RAISED = { from: "0123456789+−-=()ni", to: "⁰¹²³⁴⁵⁶⁷⁸⁹⁺⁻⁻⁼⁽⁾ⁿⁱ" };
const LOWERED = { from: "0123456789+−-=()aehijklmnoprstuvx", to: "₀₁₂₃₄₅₆₇₈₉₊₋₋₌₍₎ₐₑₕᵢⱼₖₗₘₙₒₚᵣₛₜᵤᵥₓ" };
/** @type {Record<string, string>} */
const OVER = { "^": "\u0302", "~": "\u0303", "ˉ": "\u0304", "¯": "\u0304", "‾": "\u0304", "→": "\u20d7", "˙": "\u0307" };
const INVISIBLE = /[\u2061-\u2064\u200b]/g;

/** @param {string} sign */
const operator = (sign) => (/^[=<>≤≥≈∝→↦+−·×÷∈∼←∣|]$/.test(sign) ? ` ${sign} ` : sign === "," || sign === ";" ? `${sign} ` : sign);

/** @param {string} part */
const grouped = (part) => (/^[\p{L}\p{N}.\p{M}₀-₉]+$|^\(.*\)$/u.test(part.trim()) ? part.trim() : `(${part.trim()})`);

/**
 * A fraction that something is multiplied with.
 * @param {Element} node
 * @param {string} fraction
 */
function apart({ nextElementSibling: next }, fraction) {
  const alone = !next || /^(\s|[=<>≤≥≈∝→+−,;)\]]|$)/.test(next.textContent?.replace(INVISIBLE, "") ?? "");
  return alone ? fraction : `(${fraction})`;
}

/** @param {string} tex */
export function plain(tex) {
  const set = /** @type {any} */ (window).katex.renderToString(tex, { throwOnError: false, output: "mathml" });
  const math = new DOMParser().parseFromString(set, "text/html").querySelector("math");
  math?.querySelectorAll("annotation").forEach((source) => source.remove());
  return (math ? said(math) : tex).replace(INVISIBLE, "").replace(/[\s\u00a0]+/g, " ").trim();
}

/**
 * @param {Element} node
 * @returns {string}
 */
function said(node) {
  const parts = [...node.children].map(said), [base = "", second = "", third = ""] = parts;
  switch (node.localName) {
    case "mi": case "mn": case "mtext": case "ms": return node.textContent ?? "";
    case "mo": return operator(node.textContent ?? "");
    case "mspace": return " ";
    case "mfrac": return apart(node, `${grouped(base)}/${grouped(second)}`);
    case "msqrt": return `√${grouped(parts.join(""))}`;
    case "msup": return base + index(second, RAISED, "^");
    case "msub": return base + index(second, LOWERED, "_");
    case "msubsup": return base + index(second, LOWERED, "_") + index(third, RAISED, "^");
    case "mover": return OVER[second.trim()] && [...base].length === 1 ? base + OVER[second.trim()] : base + index(second, RAISED, "^");
    case "munder": return base + index(second, LOWERED, "_");
    case "munderover": return base + index(second, LOWERED, "_") + index(third, RAISED, "^");
    case "mtr": return parts.join("  ");
    case "mtable": return parts.join("; ");
    default: return parts.join("");
  }
}

/**
 * @param {string} part
 * @param {{ from: string, to: string }} letters
 * @param {string} sign  where Unicode lacks one of them
 */
function index(part, { from, to }, sign) {
  const shut = part.replace(/\s/g, "").replace(INVISIBLE, ""), small = [...to];
  const found = [...shut].map((letter) => small[from.indexOf(letter)]);
  if (found.every((letter) => letter !== undefined)) return found.join("");
  return /^[′″*†]+$/.test(shut) ? shut : `${sign}${[...shut].length > 1 ? `(${shut})` : shut}`;
}
