// All that the page shows goes through here. What came over the network becomes text, never markup.

const SVG = "http://www.w3.org/2000/svg";

// Characters that are not seen but change what is seen: controls, marks and overrides of direction, line separators.
const hidden = /[\u0000-\u001f\u007f-\u009f\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\ufff9-\ufffb]|[\u{e0000}-\u{e007f}]/gu;

/** visible writes hidden characters as their code points, and cuts what is too long. */
export function visible(value, most = 4096) {
  let text = String(value ?? "");
  if (text.length > most) text = text.slice(0, most) + "…";
  return text.replace(hidden, (c) => `\\u{${c.codePointAt(0).toString(16)}}`);
}

/** h makes an element. Children are nodes, or become text. Attributes are never scripts: those of events are refused. */
export function h(tag, attributes, ...children) {
  const el = document.createElement(tag);
  set(el, attributes);
  append(el, children);
  return el;
}

/** svg is h for SVG. */
export function svg(tag, attributes, ...children) {
  const el = document.createElementNS(SVG, tag);
  set(el, attributes);
  append(el, children);
  return el;
}

function set(el, attributes) {
  for (const [name, value] of Object.entries(attributes ?? {})) {
    if (name.startsWith("on") || name === "style" || name === "srcdoc") throw new Error(`attribute ${name}`);
    if (value === true) el.setAttribute(name, "");
    else if (value !== false && value != null) el.setAttribute(name, value);
  }
}

function append(el, children) {
  for (const child of children.flat()) {
    if (child == null || child === false) continue;
    el.append(child instanceof Node ? child : document.createTextNode(visible(child)));
  }
}

/** setText changes the text of an element if it differs. */
export function setText(el, value, most) {
  const text = visible(value, most);
  if (el.textContent !== text) el.textContent = text;
}

/** setAttr changes an attribute if it differs; null removes it. */
export function setAttr(el, name, value) {
  if (value == null) {
    if (el.hasAttribute(name)) el.removeAttribute(name);
  } else if (el.getAttribute(name) !== String(value)) {
    el.setAttribute(name, value);
  }
}

/** name makes the element for a received name: isolated from the direction of what is around it. */
export function name(value, most = 200) {
  return h("bdi", { class: "name" }, visible(value, most));
}

/**
 * rows keeps the children of parent in step with items: the element of a key is made once and changed in place, so
 * that what has the focus keeps it.
 */
export function rows(parent, items, key, make, change) {
  const known = (parent.known ??= new Map());
  const wanted = new Set();
  let at = parent.firstElementChild;
  for (const item of items) {
    const id = key(item);
    if (wanted.has(id)) continue;
    wanted.add(id);
    let el = known.get(id);
    if (!el) {
      el = make(item);
      known.set(id, el);
    }
    change(el, item);
    if (el === at) at = at.nextElementSibling;
    else parent.insertBefore(el, at);
  }
  for (const [id, el] of known) {
    if (!wanted.has(id)) {
      el.remove();
      known.delete(id);
    }
  }
}

/** row makes a row of a table, with a cell for each label; a narrow screen shows the labels beside the cells. */
export function row(labels, classes = []) {
  const tr = h("tr");
  tr.cells_ = labels.map((label, i) => {
    const td = h("td", { "data-label": label, class: classes[i] });
    tr.append(td);
    return td;
  });
  return tr;
}

/** table makes a table with a caption, and returns it with its body. */
export function table(caption, labels, classes = []) {
  const body = h("tbody");
  const el = h("div", { class: "scroll", tabindex: "0", role: "region", "aria-label": caption },
    h("table", null,
      h("caption", { class: "unseen" }, caption),
      h("thead", null, h("tr", null, labels.map((l, i) => h("th", { scope: "col", class: classes[i] }, l)))),
      body));
  return { el, body };
}

/** facts shows names and values; a value that is undefined is left out. */
export function facts(el) {
  return (pairs) => rows(el, pairs.filter(([, v]) => v !== undefined), ([k]) => k,
    ([k]) => {
      const div = h("div", null, h("dt", null, k), h("dd"));
      div.value = div.lastChild;
      return div;
    },
    (div, [, v]) => setText(div.value, v));
}

/** frame runs what changes the page, and notes how long it took: performance has the latest 600 as "frame". */
export function frame(change) {
  const start = performance.now();
  try {
    return change();
  } finally {
    performance.measure("frame", { start });
    if (++frame.count % 600 === 0) performance.clearMeasures("frame");
  }
}
frame.count = 0;
