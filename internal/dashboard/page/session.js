// One session: how well it is received, its files, and which parts of one have come.

import { ask, Failure, feed } from "./api.js";
import { blockMap, decode } from "./blockmap.js";
import { facts, frame, h, name, row, rows, setAttr, setText, table } from "./dom.js";
import { bytes, count, fileName, keyID, nanoseconds, rate, share, since, some, span, until } from "./format.js";
import { pager } from "./pager.js";

const page = 100;
const ended = 200; // files that have ended, which the page remembers
const turns = new Set(["waiting", "sending", "paused"]); // phases of a file that is sent

function aboutReceiving(s, now) {
  const a = s.account;
  const c = s.received;
  const dropped = Object.values(c.dropped).reduce((x, y) => x + y, 0);
  const silent = s.state === "silent";
  return [
    ["Rate", silent ? "–" : rate(s.received_rate)],
    ["Last packet", s.last_packet ? `${since(s.last_packet, now)} ago` : "–"],
    ["Loss, latest second", a.due && !silent ? share(a.loss_latest) : "–"],
    ["Loss, all", a.due ? `${share(a.loss)} of ${count(a.due)}` : "–"],
    ["Worst second", a.loss_worst ? share(a.loss_worst) : "–"],
    ["FEC margin", a.margin_blocks ? `${share(a.margin, 1)}, least ${a.surplus_least} symbols` : "–"],
    ["Repaired by FEC", `${count(a.repaired)} symbols`],
    ["Not needed", share(a.overhead, 1)],
    ["Jitter", nanoseconds(a.jitter_ns)],
    ["Latest FDT Instance", a.fdt_age_ns ? `${span(a.fdt_age_ns / 1e9)} ago` : "none yet"],
    ["Sender's clock", a.clock_offset_ns ? `${a.clock_offset_ns > 0 ? "+" : "−"}${nanoseconds(a.clock_offset_ns)}` : "not told"],
    ["Packets", count(c.received)],
    ["Accepted", count(c.accepted)],
    ["Duplicate", count(c.duplicate)],
    ["Dropped", dropped ? Object.entries(c.dropped).map(([why, n]) => `${count(n)} ${why}`).join(", ") : "0"],
    ["Memory", bytes(s.held ?? 0)],
  ];
}

function aboutSending(s) {
  const t = s.sent;
  return [
    ["Rate", rate(s.sent_rate)], ["Packets", count(t.packets)], ["Bytes", bytes(t.bytes)],
    ["FDT Instances", count(t.fdt_instances)], ["Files to come", count(t.pending)], ["Turns done", count(t.transfers)],
    ["Files done", count(t.completed)], ["Failed or cancelled", count(t.failed)], ["Turns that took too long", count(t.overruns)],
  ];
}

const labels = ["File", "State", "Arrived", "Size", "Lacks", "Whole in", "TOI"];
const classes = ["wide main", "", "", "num", "num", "num", "num"];

function makeObject(choose) {
  return (o) => {
    const tr = row(labels, classes);
    const button = h("button", { type: "button", class: "link", "data-row": true }, name(fileName(o.content_location)));
    button.addEventListener("click", () => choose(o.toi));
    tr.cells_[0].append(button);
    tr.button = button;
    tr.state = h("span", { class: "state" });
    tr.cells_[1].append(tr.state);
    tr.progress = h("progress", { max: 1, "aria-label": "Part that has arrived" });
    tr.percent = h("span");
    tr.cells_[2].append(h("span", { class: "bar" }, tr.progress, tr.percent));
    return tr;
  };
}

/** stalled tells that nothing has come of a file for 10 s. */
const stalled = (o, now) => o.last_symbol && Date.parse(now) - Date.parse(o.last_symbol) >= 10000;

function changeObject(tr, o, chosen, now) {
  const [, , , size, lacks, when, toi] = tr.cells_;
  const part = o.phase === "whole" ? 1 : o.transfer_length ? o.done / o.transfer_length : 0;
  setText(tr.button.firstChild, fileName(o.content_location), 200);
  setAttr(tr.state, "class", `state ${stalled(o, now) ? "silent" : o.phase}`);
  setText(tr.state, stalled(o, now) ? `stalled ${since(o.last_symbol, now)}` : o.phase);
  if (tr.progress.value !== part) tr.progress.value = part;
  setText(tr.percent, share(part, 0));
  setText(size, o.transfer_length ? bytes(o.transfer_length) : "–");
  setText(lacks, o.needed ? `${count(o.needed)} symbols` : "–");
  setText(when, o.complete_at ? until(o.complete_at, now) : "–");
  setText(toi, o.toi);
  setAttr(tr, "class", chosen ? "chosen" : null);
  setAttr(tr.button, "aria-pressed", chosen ? "true" : "false");
}

/** endOf makes the row of a file that has ended. */
function endOf(e) {
  const whole = e.event === "object_completed";
  return {
    toi: e.toi, content_location: e.content_location, phase: whole ? "whole" : "failed",
    transfer_length: whole ? e.size : e.transfer_length, done: whole ? e.size : 0, needed: whole ? 0 : e.needed,
    why: whole ? (e.path ? `published as ${e.path}` : "") : [e.reason, e.detail].filter(Boolean).join(": "), at: e.time,
  };
}

export function session(id) {
  const [, unit, way, key] = /^(.*) (in|out) (\S+)$/.exec(id) ?? [null, "", "in", id];
  const receiving = way === "in";
  let now = ""; // the daemon's time
  let chosen = "";
  let picked = false; // by a person, not by the page
  let latest = null; // the map of the file that is chosen
  const over = new Map(); // files that have ended, by TOI

  const title = h("h1", null, name(unit || "no unit", 100));
  const state = h("span", { class: "state" });
  const about = h("dl", { class: "facts" });
  const showFacts = facts(about);
  const gone = h("p", { class: "empty", hidden: true }, "This session has ended.");
  const feeds = h("div", { class: "body", hidden: true });
  const feedTable = table("Feeds", ["Feed", "Packets", "Duplicate", "Dropped", "Only elsewhere"], ["wide main", "num", "num", "num", "num"]);
  feeds.append(feedTable.el);
  const map = blockMap();
  const mapName = h("h2", null);
  const mapPanel = h("section", { class: "panel", hidden: true, "aria-label": "Parts of the file" },
    h("div", { class: "head" }, mapName), h("div", { class: "body" }, map.el));
  const { el: filesEl, body } = table("Files", labels, classes);
  const total = h("span", { class: "badge" });
  const none = h("p", { class: "empty" }, receiving ? "No file is on its way." : "Nothing is to be sent.");
  const pages = pager(() => view.again?.());

  const make = makeObject((toi) => {
    chosen = toi;
    picked = true;
    latest = null;
    view.again?.();
  });

  /** learn notes the files of this session that have ended. */
  function learn(news) {
    for (const e of news) {
      if (!e.session?.group || keyID(e.session) !== key || Boolean(e.sending) === receiving) continue;
      if (e.event === "object_completed" || (e.event === "object_failed" && !e.retry)) {
        over.delete(e.toi);
        over.set(e.toi, endOf(e));
        if (over.size > ended) over.delete(over.keys().next().value);
      } else if (e.event === "object_started") {
        over.delete(e.toi);
      }
    }
  }

  function applySession(answer) {
    now = answer.time;
    const s = answer.sessions.find((one) => Boolean(one.reception) === receiving);
    gone.hidden = Boolean(s);
    about.hidden = !s;
    if (!s) {
      setAttr(state, "class", "state idle");
      setText(state, "ended");
      return;
    }
    setAttr(state, "class", `state ${s.state}`);
    setText(state, s.state);
    if (s.silent) return; // it has told nothing
    showFacts(s.received ? aboutReceiving(s, now) : aboutSending(s));
    feeds.hidden = !s.feeds?.length;
    rows(feedTable.body, s.feeds ?? [], (f) => JSON.stringify(f.feed),
      (f) => {
        const tr = row(["Feed", "Packets", "Duplicate", "Dropped", "Only elsewhere"], ["wide main", "num", "num", "num", "num"]);
        tr.cells_[0].append(name(`${f.feed.source ?? "any source"} → ${f.feed.group ?? ""} ${f.feed.interface ?? ""}`));
        return tr;
      },
      (tr, f) => [f.received, f.duplicate, f.dropped, f.lost].forEach((n, i) => setText(tr.cells_[i + 1], count(n))));
  }

  function applyObjects(list) {
    pages.show(list.next, "");
    const live = new Set(list.objects.map((o) => o.toi));
    const done = pages.after ? [] : [...over.values()].reverse().filter((o) => !live.has(o.toi));
    const all = [...list.objects, ...done];
    if (!picked) {
      const now_ = list.objects.find((o) => o.phase === (receiving ? "receiving" : "sending")) ?? (chosen ? null : all[0]);
      if (now_ && !(chosen && live.has(chosen))) chosen = now_.toi;
    }
    setText(total, `${count(list.object_count)} on their way, ${count(over.size)} ended`);
    rows(body, all, (o) => o.toi, make, (tr, o) => changeObject(tr, o, o.toi === chosen, now));
    none.hidden = all.length > 0;
    filesEl.hidden = all.length === 0;
    return all.find((o) => o.toi === chosen);
  }

  /** showTurn shows how far the turn of a file that is sent has come. Which symbols are out no sender tells: it is a share. */
  function showTurn(o) {
    const part = o.transfer_length ? Math.min(1, o.done / o.transfer_length) : 0;
    const cells = new Uint8Array(Math.min(256, Math.max(1, Math.floor((o.transfer_length ?? 0) / 1024))));
    for (let i = 0; i < cells.length; i++) cells[i] = Math.round(255 * Math.min(1, Math.max(0, part * cells.length - i)));
    const words = [`${share(part, 1)} of this turn is sent`, `${some(o.transfers ?? 0, "turn")} done`];
    if (o.phase === "paused") words.push("paused");
    else if (o.resumes) words.push(`next turn in ${until(o.resumes, now)}`);
    else if (o.phase === "waiting") words.push("waits for its turn");
    map.show(cells, 0, o.phase, words);
  }

  function applyMap(o, answer) {
    mapPanel.hidden = !o || (!receiving && !turns.has(o.phase));
    if (mapPanel.hidden) return;
    setText(mapName, fileName(o.content_location), 4096);
    if (!receiving) {
      showTurn(o);
      return;
    }
    if (answer) latest = JSON.parse(answer).maps.find((m) => keyID(m.session) === key) ?? latest;
    const m = latest?.toi === o.toi ? latest : null;
    let cells = m ? decode(m.cells) : new Uint8Array(o.transfer_length ? Math.min(512, Math.max(1, Math.floor(o.transfer_length / 1024))) : 1);
    let words;
    if (o.phase === "whole") {
      cells = new Uint8Array(cells.length).fill(255);
      words = ["whole", bytes(o.transfer_length), o.why];
    } else if (o.phase === "failed") {
      words = ["failed", o.why];
    } else {
      const done = m ? m.done : o.done;
      const length = m?.transfer_length || o.transfer_length;
      words = [`${share(length ? done / length : 0, 1)} of ${bytes(length ?? 0)}`];
      if (m?.blocks) words.push(`${count(m.blocks - m.lacking)} of ${count(m.blocks)} source blocks whole`);
      if (m?.needed) words.push(`${count(m.needed)} symbols needed`);
    }
    map.show(cells, m?.blocks ?? 0, o.phase, words.filter(Boolean));
  }

  const view = {
    title: unit || "Session",
    el: [
      h("div", { class: "crumb" }, h("a", { href: "#/", "data-back": true }, "← Overview"), title, state,
        h("span", { class: "muted mono" }, name(key.replace(">", " → "), 120))),
      h("section", { class: "panel", "aria-label": "Session" }, h("div", { class: "body" }, about, gone), feeds),
      mapPanel,
      h("section", { class: "panel", "aria-labelledby": "files-title" },
        h("div", { class: "head" }, h("h2", { id: "files-title" }, "Files"), total), filesEl, none, pages.el),
    ],
    async refresh(signal) {
      const q = encodeURIComponent(id);
      const u = encodeURIComponent(unit);
      const [one, list] = await Promise.all([
        ask(`/v1/sessions?session=${q}&unit=${u}`, signal),
        ask(`/v1/objects?session=${q}&unit=${u}&limit=${page}&after=${pages.after}`, signal),
      ]);
      const o = frame(() => {
        applySession(JSON.parse(one));
        return applyObjects(JSON.parse(list));
      });
      let answer = "";
      if (o && receiving && unit && o.phase !== "whole" && o.phase !== "failed") {
        try {
          answer = await ask(`/v1/units/${u}/objects/${o.toi}/map`, signal);
        } catch (e) {
          if (!(e instanceof Failure) || e.status !== 404) throw e; // it has ended meanwhile
        }
      }
      frame(() => applyMap(o, answer));
    },
    start() {
      learn(feed.events);
      return feed.listen((news) => {
        learn(news);
        if (news.some((e) => e.event === "object_completed" || e.event === "object_failed")) view.again?.();
      });
    },
  };
  return view;
}

