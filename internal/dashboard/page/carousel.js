// What a session sends, and when, as a drawing: the files in the order of their turns, and when the next turns begin.

import { h, name, rows, setAttr, setText, svg, visible } from "./dom.js";
import { bytes, count, fileName, share, span, until } from "./format.js";

const wide = 640; // units of the drawing
const least = wide / 250; // of a file, however small
const turnsNamed = 3;

/** partOf returns which part of its turn a file has behind it. */
const partOf = (o) => (o.transfer_length ? Math.min(1, o.done / o.transfer_length) : 0);

/** widths returns how wide each file is drawn: by its size, but so that each is seen. */
function widths(objects) {
  const sum = objects.reduce((n, o) => n + (o.transfer_length ?? 0), 0) || 1;
  const raw = objects.map((o) => Math.max(least, (wide * (o.transfer_length ?? 0)) / sum));
  const all = raw.reduce((a, b) => a + b, 0) || 1;
  return raw.map((w) => (w * wide) / all);
}

function makeFile(o) {
  const el = svg("g", null, svg("title"), svg("rect", { class: "file", y: 2, height: 14, rx: 1.5 }),
    svg("rect", { class: "sent", y: 2, height: 14, rx: 1.5 }));
  [el.name_, el.all, el.sent] = el.children;
  setText(el.name_, fileName(o.content_location), 200);
  return el;
}

/** carousel draws the files of a session that sends: those of a page, of all of which there are total. */
export function carousel() {
  const files = svg("g");
  const turns = svg("g");
  const drawing = svg("svg", { role: "img", viewBox: `0 0 ${wide} 34`, preserveAspectRatio: "none" }, files,
    svg("rect", { class: "axis", x: 0, y: 27, width: wide, height: 1 }), turns);
  const ends = h("p", { class: "ends muted" }, h("span", null, "next turns: now"), h("span"));
  const legend = h("p", { class: "legend" });
  const coming = h("p", { class: "legend" });
  const el = h("div", { class: "carousel" }, drawing, ends, legend, coming);
  return {
    el,
    show(objects, total, now) {
      el.hidden = objects.length === 0;
      if (el.hidden) return;
      const w = widths(objects);
      let x = 0;
      objects.forEach((o, i) => {
        o.x_ = x;
        o.width_ = Math.max(0.5, w[i] - 0.8);
        x += w[i];
      });
      rows(files, objects, (o) => o.toi, makeFile, (g, o) => {
        setAttr(g, "class", o.phase);
        setAttr(g.all, "x", o.x_.toFixed(1));
        setAttr(g.all, "width", o.width_.toFixed(1));
        setAttr(g.sent, "x", o.x_.toFixed(1));
        setAttr(g.sent, "width", (o.width_ * partOf(o)).toFixed(1));
      });
      const next = objects.filter((o) => o.resumes).sort((a, b) => Date.parse(a.resumes) - Date.parse(b.resumes));
      const away = (o) => Math.max(0, (Date.parse(o.resumes) - Date.parse(now)) / 1000);
      const horizon = next.length ? Math.max(1, away(next.at(-1))) : 0;
      rows(turns, next, (o) => o.toi,
        (o) => svg("rect", { class: "turn", y: 21, width: 2, height: 12 }, svg("title", null, visible(fileName(o.content_location), 200))),
        (rect, o) => setAttr(rect, "x", ((away(o) / horizon) * (wide - 2)).toFixed(1)));
      ends.hidden = next.length === 0;
      setText(ends.lastChild, `in ${span(horizon)}`);
      const words = [];
      const sending = objects.filter((o) => o.phase === "sending");
      const size = sending.reduce((n, o) => n + o.transfer_length, 0);
      if (sending.length) {
        const done = sending.reduce((n, o) => n + o.done, 0);
        words.push(`${count(sending.length)} of ${count(total)} in transfer: ${share(size ? done / size : 0, 0)} of ${bytes(size)}`);
      } else {
        words.push(`none of ${count(total)} in transfer`);
      }
      const paused = objects.filter((o) => o.phase === "paused").length;
      if (paused) words.push(`${count(paused)} paused`);
      if (total > objects.length) words.push(`the first ${count(objects.length)} are drawn`);
      const named = next.slice(0, turnsNamed);
      const when = (o) => `in ${until(o.resumes, now)}`;
      const all = [...words, ...named.map((o) => `next ${fileName(o.content_location).slice(0, 60)} ${when(o)}`)];
      setAttr(drawing, "aria-label", visible(all.join("; "), 600));
      rows(legend, words, (word) => words.indexOf(word), () => h("span"), setText);
      rows(coming, named, (o) => o.toi,
        (o) => h("span", null, "next ", name(fileName(o.content_location), 60), h("span")),
        (el_, o) => setText(el_.lastChild, ` ${when(o)}`));
    },
  };
}
