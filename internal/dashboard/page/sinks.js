// What received files are handed on to: all sinks with the outbox, and one with what it has not taken.

import { ask } from "./api.js";
import { facts, frame, h, name, row, rows, setAttr, setText, table } from "./dom.js";
import { bytes, count, fileName, keyText, since, some, until } from "./format.js";
import { pager } from "./pager.js";

const page = 50; // dead letters
const looks = { failing: "failed", removed: "warning", delivering: "sending" }; // the colour of a state, if not its own

export const sinkLink = (id) => `#/sink/${encodeURIComponent(id)}`;

function showState(el, state) {
  setAttr(el, "class", `state ${looks[state] ?? state}`);
  setText(el, state);
}

const labels = ["Sink", "State", "Waiting", "Oldest", "Delivered", "Tried again", "Dead letters", "Refused", "Last delivered", "Next try"];
const classes = ["wide main", "", "num", "num", "num", "num", "num", "num", "num", "num"];

function makeSink(s) {
  const tr = row(labels, classes);
  tr.kind = h("span", { class: "muted" });
  tr.fault = h("div", { class: "muted" });
  tr.cells_[0].append(h("a", { href: sinkLink(s.name), "data-row": true }, name(s.name, 60)), " ", tr.kind, tr.fault);
  tr.state = h("span", { class: "state" });
  tr.cells_[1].append(tr.state);
  return tr;
}

function changeSink(tr, s, now) {
  const [, , waiting, oldest, delivered, retried, dead, refused, last, next] = tr.cells_;
  setText(tr.kind, s.kind ?? "");
  setText(tr.fault, s.error ?? "", 200);
  showState(tr.state, s.state);
  setText(waiting, count(s.waiting));
  setText(oldest, since(s.oldest, now));
  setText(delivered, count(s.delivered));
  setText(retried, count(s.retried));
  setText(dead, count(s.dead));
  setAttr(dead, "class", s.dead ? "num veryhot" : "num");
  setText(refused, count(s.refused));
  setAttr(refused, "class", s.refused ? "num veryhot" : "num");
  setText(last, s.last_delivered ? `${since(s.last_delivered, now)} ago` : "–");
  setText(next, s.next ? `in ${until(s.next, now)}` : "–");
}

export function sinks() {
  const outbox = h("dl", { class: "facts" });
  const showOutbox = facts(outbox);
  const panel = h("section", { class: "panel", "aria-labelledby": "outbox-title", hidden: true },
    h("div", { class: "head" }, h("h2", { id: "outbox-title" }, "Outbox")), h("div", { class: "body" }, outbox));
  const { el: tableEl, body } = table("Sinks", labels, classes);
  const none = h("p", { class: "empty" }, "This daemon hands files on to nothing: its configuration has no sinks.");
  return {
    title: "Sinks",
    el: [
      h("section", { class: "panel", "aria-labelledby": "sinks-title" },
        h("div", { class: "head" }, h("h1", { id: "sinks-title" }, "Sinks")), tableEl, none),
      panel,
    ],
    async refresh(signal) {
      const answer = await ask("/v1/sinks", signal);
      frame(() => {
        const all = JSON.parse(answer);
        rows(body, all.sinks, (s) => s.name, makeSink, (tr, s) => changeSink(tr, s, all.time));
        tableEl.hidden = all.sinks.length === 0;
        none.hidden = all.sinks.length > 0;
        const box = all.outbox;
        panel.hidden = !box.path;
        showOutbox([
          ["Files that wait, with dead letters", `${count(box.items)} of ${count(box.items_max)}`],
          ["Their records", `${bytes(box.bytes)} of ${bytes(box.bytes_max)}`], ["Kept in", box.path],
        ]);
      });
    },
  };
}

const letterLabels = ["File", "Dead for", "Tries", "Size", "Unit", "Key"];
const letterClasses = ["wide main", "num", "num", "num", "", "mono"];

function makeLetter(l) {
  const tr = row(letterLabels, letterClasses);
  tr.cells_[0].append(name(fileName(l.content_location)), h("div", { class: "muted" }, name(l.error, 500)),
    h("div", { class: "muted mono" }, name(`${keyText(l.session)}, TOI ${l.toi}`), " ", name(l.path)));
  return tr;
}

function changeLetter(tr, l, now) {
  const [, dead, tries, size, unit, key] = tr.cells_;
  setText(dead, since(l.since, now));
  setText(tries, count(l.tries));
  setText(size, bytes(l.size));
  setText(unit, l.unit);
  setText(key, l.key);
}

export function sink(id) {
  const state = h("span", { class: "state" });
  const about = h("dl", { class: "facts" });
  const showFacts = facts(about);
  const gone = h("p", { class: "empty", hidden: true }, "There is no such sink.");
  const { el: tableEl, body } = table("Dead letters", letterLabels, letterClasses);
  const total = h("span", { class: "badge" });
  const none = h("p", { class: "empty calm" }, "It has taken all files, or still may.");
  const what = h("p", { class: "body muted" }, "After the cause is mended: ", h("code", null, `flute-node ctl replay ${id}`),
    " has all of them tried again; with a key, that one. ", h("code", null, `flute-node ctl discard ${id}`), " forgets them.");
  const pages = pager(() => view.again?.());
  const view = {
    title: id || "Sink",
    el: [
      h("div", { class: "crumb" }, h("a", { href: "#/sinks", "data-back": true }, "← Sinks"), h("h1", null, name(id, 100)), state),
      h("section", { class: "panel", "aria-label": "Sink" }, h("div", { class: "body" }, about, gone)),
      h("section", { class: "panel", "aria-labelledby": "dead-title" },
        h("div", { class: "head" }, h("h2", { id: "dead-title" }, "Dead letters"), total), what, tableEl, none, pages.el),
    ],
    async refresh(signal) {
      const all = JSON.parse(await ask("/v1/sinks", signal));
      const s = all.sinks.find((one) => one.name === id);
      let list = { dead_letters: [] };
      if (s?.dead) {
        const q = new URLSearchParams({ limit: page, after: pages.after });
        list = JSON.parse(await ask(`/v1/sinks/${encodeURIComponent(id)}/dead?${q}`, signal));
      }
      frame(() => {
        gone.hidden = Boolean(s);
        about.hidden = !s;
        if (s) {
          showState(state, s.state);
          showFacts([
            ["Kind", s.kind ?? "not configured any more"], ["Waiting", some(s.waiting, "file")],
            ["On their way", count(s.running)], ["Oldest has waited", since(s.oldest, all.time)],
            ["Delivered", count(s.delivered)], ["Tried again", count(s.retried)], ["Rejected", count(s.rejected)],
            ["Superseded", count(s.superseded)], ["There already", count(s.duplicate)], ["Refused, no room", count(s.refused)],
            ["Dead letters that gave way", count(s.evicted)],
            ["Last delivered", s.last_delivered ? `${since(s.last_delivered, all.time)} ago` : "–"],
            ["Failures in a row", count(s.failures)], ["Next try", s.next ? `in ${until(s.next, all.time)}` : "–"],
            ["Latest failure", s.error],
          ]);
        }
        setText(total, count(s?.dead));
        rows(body, list.dead_letters, (l) => l.key, makeLetter, (tr, l) => changeLetter(tr, l, all.time));
        const any = list.dead_letters.length > 0;
        tableEl.hidden = what.hidden = !any;
        none.hidden = any || !s;
        pages.show(list.next, "");
      });
    },
  };
  return view;
}
