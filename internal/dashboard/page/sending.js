// What is sent, and when.

import { ask } from "./api.js";
import { carousel } from "./carousel.js";
import { frame, h, name, row, rows, setAttr, setText, table } from "./dom.js";
import { bytes, count, fileName, keyText, rate, share, some, until } from "./format.js";
import { sessionLink } from "./overview.js";
import { pageOf, pager } from "./pager.js";

const sessions = 10; // of a page
const files = 20; // of a session; its own view has pages of them
const drawn = 200; // of a session, in the order of their turns

const labels = ["File", "State", "This turn", "Size", "Turns done", "Next turn", "Priority"];
const classes = ["wide main", "", "", "num", "num", "num", "num"];

function makeFile(o) {
  const tr = row(labels, classes);
  tr.cells_[0].append(name(fileName(o.content_location)));
  tr.state = h("span", { class: "state" });
  tr.cells_[1].append(tr.state);
  tr.progress = h("progress", { max: 1, "aria-label": "Part of this turn that is sent" });
  tr.percent = h("span");
  tr.cells_[2].append(h("span", { class: "bar" }, tr.progress, tr.percent));
  return tr;
}

function changeFile(tr, o, now) {
  const [, , , size, turns, next, priority] = tr.cells_;
  const part = o.transfer_length ? o.done / o.transfer_length : 0;
  setAttr(tr.state, "class", `state ${o.phase}`);
  setText(tr.state, o.phase);
  if (tr.progress.value !== part) tr.progress.value = part;
  setText(tr.percent, share(part, 0));
  setText(size, bytes(o.transfer_length));
  setText(turns, count(o.transfers));
  setText(next, o.resumes ? `in ${until(o.resumes, now)}` : o.phase === "sending" ? "now" : "when it is its turn");
  setText(priority, o.priority ?? 0);
}

export function sending() {
  const list = h("div", { class: "stack" });
  const none = h("p", { class: "panel empty" }, "This daemon sends nothing.");
  const pages = pager(() => view.again?.());
  setAttr(pages.el, "class", "pager panel");
  pages.show("", "");

  function make(s) {
    const { el: tableEl, body } = table(`Files of ${s.unit}`, labels, classes);
    const state = h("span", { class: "state" });
    const speed = h("span");
    const queues = h("span", { class: "muted" });
    const more = h("p", { class: "empty" });
    const map = carousel();
    const el = h("section", { class: "panel", "aria-label": `Sending ${s.unit}` },
      h("div", { class: "head" }, h("h2", null, h("a", { href: sessionLink(s.id), "data-row": true }, name(s.unit || "no unit", 60))), state,
        h("span", { class: "muted mono" }, name(keyText(s.session), 120)), h("span", { class: "push" }), queues, speed), map.el, tableEl, more);
    Object.assign(el, { map, state, speed, queues, more, body, tableEl });
    return el;
  }

  function change(el, s, now) {
    setAttr(el.state, "class", `state ${s.state}`);
    setText(el.state, s.state);
    setText(el.speed, rate(s.rate));
    setText(el.queues, `${some(s.files, "file")} to come`);
    el.map.show(s.objects.objects, s.objects.object_count, now);
    rows(el.body, s.objects.objects.slice(0, files), (o) => o.toi, makeFile, (tr, o) => changeFile(tr, o, now));
    const left = s.objects.object_count - Math.min(files, s.objects.objects.length);
    el.tableEl.hidden = s.objects.objects.length === 0;
    el.more.hidden = left === 0 && s.objects.object_count > 0;
    setText(el.more, left > 0 ? `and ${count(left)} more` : "All is sent.");
  }

  const view = {
    title: "Sending",
    el: [h("h1", { class: "unseen" }, "Sending"), list, none, pages.el],
    async refresh(signal) {
      const q = new URLSearchParams({ way: "out", limit: sessions, after: pages.after });
      const o = JSON.parse(await ask(`/v1/overview?${q}`, signal));
      const answers = await Promise.all(o.sessions.map((s) =>
        ask(`/v1/objects?${new URLSearchParams({ session: s.id, unit: s.unit ?? "", limit: drawn, order: "schedule" })}`, signal)));
      frame(() => {
        o.sessions.forEach((s, i) => (s.objects = JSON.parse(answers[i])));
        rows(list, o.sessions, (s) => s.id, make, (el, s) => change(el, s, o.time));
        none.hidden = o.sessions.length > 0;
        pages.show(o.next, o.next || o.before ? pageOf(o) : "");
      });
      return o;
    },
  };
  return view;
}
