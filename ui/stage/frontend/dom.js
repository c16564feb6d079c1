/** Make an element. Text is always set as text: nothing a message holds is ever read as HTML. */
export function el(tag, attributes = {}, ...children) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "on") for (const [type, listener] of Object.entries(value)) node.addEventListener(type, listener);
    else if (name === "style") for (const [property, v] of Object.entries(value)) node.style.setProperty(property, v);
    else node.setAttribute(name, value === true ? "" : value);
  }
  node.append(...children.filter((child) => child !== null && child !== undefined));
  return node;
}

/** Set text only where it differs, so that screen readers hear changes and nothing else. */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

const loaded = new Map();

/** Load a style sheet or a classic script once a page. */
export function load(href) {
  if (!loaded.has(href)) {
    loaded.set(href, href.endsWith(".css") ? loadStyle(href) : import(href));
  }
  return loaded.get(href);
}

function loadStyle(href) {
  return new Promise((resolve, reject) => {
    const link = el("link", { rel: "stylesheet", href, on: { load: resolve, error: () => reject(new Error(href)) } });
    document.head.append(link);
  });
}
