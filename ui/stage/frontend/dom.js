// @ts-check
/** Elements of the page. Text is always set as text: nothing a message holds is ever read as HTML. */

/**
 * Make an element.
 * @template {keyof HTMLElementTagNameMap} Tag
 * @param {Tag} tag
 * @param {{ on?: Record<string, (event: any) => void>, style?: Record<string, string>, [name: string]: unknown }} [attributes]
 * @param {...(Node | string | null | undefined)} children
 * @returns {HTMLElementTagNameMap[Tag]}
 */
export function el(tag, { on = {}, style = {}, ...attributes } = {}, ...children) {
  const node = document.createElement(tag);
  for (const [type, listener] of Object.entries(on)) node.addEventListener(type, listener);
  for (const [property, value] of Object.entries(style)) node.style.setProperty(property, value);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/**
 * Set text only where it differs, so that screen readers hear changes and nothing else.
 * @param {Element} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent === text) return;
  const { firstChild } = node;
  // no node comes or goes where there is a text already: fewer styles are looked up again
  if (text && firstChild?.nodeType === 3 && !firstChild.nextSibling) firstChild.nodeValue = text;
  else node.textContent = text;
}

/** @type {Map<string, Promise<unknown>>} */
const loaded = new Map();

/**
 * Load a style sheet or a classic script once a page.
 * @param {string} href
 */
export function load(href) {
  const under = loaded.get(href) ?? (href.endsWith(".css") ? loadStyle(href) : import(href));
  loaded.set(href, under);
  return under;
}

/** @param {string} href */
function loadStyle(href) {
  return new Promise((resolve, reject) => {
    const link = el("link", { rel: "stylesheet", href, on: { load: resolve, error: () => reject(new Error(href)) } });
    document.head.append(link);
  });
}
