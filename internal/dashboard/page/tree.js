// The supervision tree: who supervises whom, and who has crashed.

import { ask } from "./api.js";
import { frame, h, name, rows, setText } from "./dom.js";
import { count, since } from "./format.js";

/** nested makes a tree of ids such as node/transfers/sessions. */
function nested(actors) {
  const root = { children: new Map(), id: "" };
  for (const id of actors) {
    let at = root;
    for (const part of id.split("/")) {
      if (!at.children.has(part)) at.children.set(part, { children: new Map(), part, id: at.id ? `${at.id}/${part}` : part });
      at = at.children.get(part);
    }
  }
  return root;
}

export function tree() {
  const total = h("span", { class: "badge" });
  const text = h("input", { type: "search", "aria-label": "Filter actors", placeholder: "Filter  /", "data-filter": true });
  const list = h("ul", { class: "tree mono" });
  const crashed = h("ul", { class: "alarms" });
  const none = h("p", { class: "empty calm" }, "No actor has crashed.");
  const closed = new Set();
  let drawn = "";

  function node(n, restarts) {
    const r = restarts.get(n.id);
    const label = [name(n.part, 120), r && h("span", { class: "badge bad" }, `${r.count} ${r.count === 1 ? "restart" : "restarts"}`)];
    if (n.children.size === 0) return h("li", null, h("span", { class: "leaf", tabindex: "-1" }, label));
    const details = h("details", { open: !closed.has(n.id) },
      h("summary", { "data-row": true }, label, n.children.size > 4 && h("span", { class: "badge" }, count(n.children.size))),
      h("ul", null, [...n.children.values()].map((c) => node(c, restarts))));
    details.addEventListener("toggle", () => (details.open ? closed.delete(n.id) : closed.add(n.id)));
    return h("li", null, details);
  }

  function apply(t) {
    const part = text.value.toLowerCase();
    const key = JSON.stringify([t.actors, t.restarts, part]);
    setText(total, count(t.actor_count));
    rows(crashed, t.restarts, (r) => r.actor,
      (r) => {
        const el = h("li", { class: "warning" }, h("span", { class: "state warning" }, "Crashed"), h("span", { class: "mono" }, name(r.actor)), h("span", { class: "what" }), h("time", { class: "muted" }));
        [, , el.what, el.when] = el.children;
        return el;
      },
      (el, r) => {
        setText(el.what, `${r.count} times; ${r.outcome}: ${r.reason}`, 400);
        setText(el.when, `${since(r.at, t.time)} ago`);
      });
    none.hidden = t.restarts.length > 0;
    if (key === drawn) return;
    drawn = key;
    const restarts = new Map(t.restarts.map((r) => [r.actor, r]));
    const root = nested(t.actors.filter((id) => !part || id.toLowerCase().includes(part)));
    list.replaceChildren(...[...root.children.values()].map((c) => node(c, restarts)));
  }
  const view = {
    title: "Tree",
    el: [
      h("section", { class: "panel", "aria-labelledby": "crashed-title" }, h("div", { class: "head" }, h("h2", { id: "crashed-title" }, "Crashes")), crashed, none),
      h("section", { class: "panel", "aria-labelledby": "tree-title" },
        h("div", { class: "head" }, h("h1", { id: "tree-title" }, "Supervision tree"), total, h("span", { class: "push" }), text),
        h("div", { class: "body scroll", tabindex: "0", role: "region", "aria-label": "Supervision tree" }, list)),
    ],
    async refresh(signal) {
      const answer = await ask("/v1/tree", signal);
      frame(() => apply(JSON.parse(answer)));
    },
  };
  text.addEventListener("input", () => view.again?.());
  return view;
}
