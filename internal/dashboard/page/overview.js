// All sessions, page by page, with what they add up to, and what somebody should look at.

import { ask, feed } from "./api.js";
import { frame, h, name, row, rows, setAttr, setText, svg, table } from "./dom.js";
import { line } from "./events.js";
import { bytes, count, keyText, rate, share, since } from "./format.js";
import { pageOf, pager } from "./pager.js";
import { sinkLink } from "./sinks.js";

const page = 100;
const states = ["receiving", "silent", "stuck", "sending", "idle", "paused", "alarm"];

export const sessionLink = (id) => `#/session/${encodeURIComponent(id)}`;

function tile(label, note) {
  const value = h("dd", { class: "value" });
  const below = h("dd", { class: "note" });
  setText(below, note ?? "");
  return { el: h("div", { class: "tile" }, h("dt", null, label), value, below), value, below };
}

/** spark draws the latest values of a rate. */
function spark(label) {
  const path = svg("path", {});
  const el = svg("svg", { class: "spark", viewBox: "0 0 100 20", preserveAspectRatio: "none", role: "img", "aria-label": label }, path);
  const values = [];
  return {
    el,
    add(v) {
      values.push(v);
      if (values.length > 60) values.shift();
      const most = Math.max(1, ...values);
      const points = values.map((x, i) => `${((i + 60 - values.length) * 100) / 59},${(19 - (18 * x) / most).toFixed(1)}`);
      setAttr(path, "d", values.length > 1 ? `M${points.join("L")}` : null);
    },
  };
}

function alarmList(list) {
  return {
    show(alarms, now) {
      rows(list, alarms, (a) => `${a.kind} ${a.unit ?? ""} ${a.session ?? ""} ${a.sink ?? ""} ${a.kind === "actor_restarted" ? a.text : ""}`,
        (a) => {
          const to = a.session ? sessionLink(a.session) : a.sink ? sinkLink(a.sink) : null;
          const who = h(to ? "a" : "span", { href: to }, name(a.unit || a.sink || "daemon", 60));
          const el = h("li", { class: a.level },
            h("span", { class: `state ${a.level}` }, a.level === "error" ? "Error" : "Warning"), who,
            h("span", { class: "what" }), h("time", { class: "muted" }));
          [, , el.what, el.when] = el.children;
          return el;
        },
        (el, a) => {
          setText(el.what, a.text, 400);
          setText(el.when, a.since ? `${since(a.since, now)} ago` : "now");
        });
    },
  };
}

const labels = ["Session", "State", "Rate", "Loss", "FEC margin", "Last packet", "Files", "Packets"];
const classes = ["wide main", "", "num", "num", "num", "num", "num", "num"];

function makeRow(s) {
  const tr = row(labels, classes);
  const link = h("a", { href: sessionLink(s.id), "data-row": true }, name(s.unit || "no unit", 60));
  tr.cells_[0].append(link, " ", h("span", { class: "muted mono" }, name(keyText(s.session), 120)));
  tr.state = h("span", { class: "state" });
  tr.cells_[1].append(tr.state);
  return tr;
}

function changeRow(tr, s, now) {
  const [, , speed, loss, margin, last, files, packets] = tr.cells_;
  setAttr(tr.state, "class", `state ${s.state}`);
  setText(tr.state, s.state);
  setText(speed, rate(s.rate));
  const lost = s.loss_latest ?? s.loss;
  setText(loss, share(lost));
  setAttr(loss, "class", lost > 0.05 ? "num veryhot" : lost > 0.01 ? "num hot" : "num");
  setText(margin, share(s.margin, 1));
  setAttr(margin, "class", s.margin < 0.02 && lost > 0 ? "num hot" : "num");
  setText(last, s.last_packet ? since(s.last_packet, now) : "–");
  setText(files, count(s.files));
  setText(packets, count(s.packets));
}

export function overview() {
  const filter = { text: "", state: "" };
  const tiles = {
    receiving: tile("Receiving"), sending: tile("Sending"), silent: tile("Silent"), inRate: tile("Coming in"),
    outRate: tile("Going out"), files: tile("Files whole"), memory: tile("Memory for objects"),
  };
  const sparks = { in: spark("Rate coming in, the latest minute"), out: spark("Rate going out, the latest minute") };
  tiles.inRate.below.replaceWith(sparks.in.el);
  tiles.outRate.below.replaceWith(sparks.out.el);

  const alarmCount = h("span", { class: "badge" });
  const alarmBody = h("ul", { class: "alarms" });
  const calm = h("p", { class: "empty calm" }, "Nothing needs attention.");
  const alarms = alarmList(alarmBody);

  const text = h("input", { type: "search", "aria-label": "Filter sessions by text", placeholder: "Filter  /", "data-filter": true });
  const state = h("select", { "aria-label": "Filter sessions by state" }, h("option", { value: "" }, "every state"),
    states.map((s) => h("option", { value: s }, s === "alarm" ? "with an alarm" : s)));
  const { el: tableEl, body } = table("Sessions", labels, classes);
  const none = h("p", { class: "empty" });
  const pages = pager(() => view.again?.());
  const latest = h("ul", { class: "feed" });

  const el = [
    h("h1", { class: "unseen" }, "Overview"),
    h("dl", { class: "tiles" }, Object.values(tiles).map((t) => t.el)),
    h("section", { class: "panel", "aria-labelledby": "alarms-title" },
      h("div", { class: "head" }, h("h2", { id: "alarms-title" }, "Alarms"), alarmCount), alarmBody, calm),
    h("section", { class: "panel", "aria-labelledby": "sessions-title" },
      h("div", { class: "head" }, h("h2", { id: "sessions-title" }, "Sessions"), h("span", { class: "push" }), text, state),
      tableEl, none, pages.el),
    h("section", { class: "panel", "aria-labelledby": "latest-title" },
      h("div", { class: "head" }, h("h2", { id: "latest-title" }, "Latest events"), h("a", { class: "push", href: "#/events" }, "all")), latest),
  ];

  function apply(o) {
    const n = o.states;
    setText(tiles.receiving.value, count(n.receiving ?? 0));
    setText(tiles.receiving.below, `of ${count(o.session_count)} sessions`);
    setText(tiles.sending.value, count(n.sending ?? 0));
    setText(tiles.sending.below, `${count((n.idle ?? 0) + (n.paused ?? 0))} with nothing to send`);
    setText(tiles.silent.value, count((n.silent ?? 0) + (n.stuck ?? 0)));
    setText(tiles.silent.below, "nothing for 10 seconds");
    setText(tiles.inRate.value, rate(o.received_rate));
    setText(tiles.outRate.value, rate(o.sent_rate));
    sparks.in.add(o.received_rate);
    sparks.out.add(o.sent_rate);
    let whole = 0;
    let failed = 0;
    let lacking = 0;
    let more = "";
    for (const u of o.units) {
      whole += u.files_whole;
      failed += u.files_failed;
      lacking += u.files_lacking;
      if (u.files_lacking_more) more = "+";
    }
    setText(tiles.files.value, count(whole));
    const missing = [failed && `${count(failed)} failed`, lacking && `${count(lacking)}${more} lacking`].filter(Boolean);
    setText(tiles.files.below, missing.join(", ") || "none failed");
    setAttr(tiles.files.below, "class", missing.length ? "note veryhot" : "note");
    setText(tiles.memory.value, bytes(o.used));
    setText(tiles.memory.below, `of ${bytes(o.budget)}`);

    setText(alarmCount, count(o.alarm_count));
    setAttr(alarmCount, "class", o.alarm_count ? "badge bad" : "badge");
    alarms.show(o.alarms, o.time);
    calm.hidden = o.alarm_count > 0;

    rows(body, o.sessions, (s) => s.id, makeRow, (tr, s) => changeRow(tr, s, o.time));
    none.hidden = o.sessions.length > 0;
    tableEl.hidden = o.sessions.length === 0;
    setText(none, filter.text || filter.state ? "No session matches." : "No session yet: nothing has come, and nothing is sent.");
    pages.show(o.next, o.matching ? pageOf(o) : "");
  }

  const show = () => frame(() => rows(latest, feed.events.slice(-8).reverse(), (e) => e.id_, line, () => {}));
  const view = {
    title: "Overview",
    el,
    async refresh(signal) {
      const q = new URLSearchParams({ limit: page, after: pages.after, ...filter });
      const answer = await ask(`/v1/overview?${q}`, signal);
      return frame(() => {
        const o = JSON.parse(answer);
        apply(o);
        return o;
      });
    },
    start() {
      show();
      return feed.listen(show);
    },
  };
  const choose = () => {
    Object.assign(filter, { text: text.value, state: state.value });
    pages.turn("");
  };
  text.addEventListener("input", choose);
  state.addEventListener("change", choose);
  return view;
}
