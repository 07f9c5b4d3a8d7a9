// What has happened.

import { feed } from "./api.js";
import { frame, h, rows, visible } from "./dom.js";
import { bytes, clock, fileName, keyText, some } from "./format.js";

const shown = 300;
const troubles = new Set(["object_failed", "fdt_rejected", "actor_restarted", "kernel_drops", "warning", "late", "missed", "file_failed", "restarted"]);
const kinds = { "": () => true, files: (e) => /^(object|file|program|transfer)_/.test(e.event), trouble: (e) => isBad(e) };

const isBad = (e) => (e.event === "daemon_started" && e.clean === false) || (troubles.has(e.event) && !e.retry) || (e.event === "program_ended" && e.error);
const isGood = (e) => e.event === "object_completed" || e.event === "file_completed";

/** sentence says what an event is about. */
function sentence(e) {
  const where = e.session?.group ? keyText(e.session) : (e.unit ?? "");
  const what = [];
  if (e.content_location !== undefined && e.event !== "warning") what.push(fileName(e.content_location));
  else if (e.name) what.push(e.name);
  if (e.path) what.push(`as ${e.path}`);
  if (e.size !== undefined) what.push(bytes(e.size));
  if (e.reason) what.push(e.reason);
  if (e.detail) what.push(e.detail);
  if (e.retry) what.push("it is tried again");
  if (e.text) what.push(e.text);
  if (e.error) what.push(e.error);
  if (e.event === "daemon_started") what.push(e.version, e.clean ? "the one before had ended in order" : "the one before had not ended in order");
  if (e.actor) what.push(`${e.actor} ${e.outcome ?? ""}`);
  if (e.fdt_instance_id !== undefined) what.push(`FDT Instance ${e.fdt_instance_id}`);
  if (e.files !== undefined) what.push(some(e.files, "file"));
  if (e.new !== undefined) what.push(some(e.new, "datagram"));
  if (e.count !== undefined) what.push(some(e.count, "event"));
  if (where) what.push(where);
  return visible(what.join(" · "), 400);
}

/** line makes the row of an event: what it says, and all of it when it is opened. */
export function line(e) {
  const el = h("li", { class: isBad(e) ? "bad" : isGood(e) ? "good" : "", "data-event": e.event },
    h("details", null,
      h("summary", { "data-row": true },
        h("time", null, e.time ? clock(e.time) : ""), h("span", { class: "kind" }, e.event.replaceAll("_", " ")),
        h("span", { class: "text" }, h("bdi", null, sentence(e))))));
  el.firstChild.addEventListener("toggle", () => { // most are never opened
    if (el.firstChild.open && el.firstChild.childElementCount === 1) {
      el.firstChild.append(h("pre", null, visible(e.json_, 70_000)));
    }
  });
  return el;
}

export function events() {
  let paused = false;
  const text = h("input", { type: "search", "aria-label": "Filter events by text", placeholder: "Filter  /", "data-filter": true });
  const kind = h("select", { "aria-label": "Filter events by kind" }, h("option", { value: "" }, "all events"),
    h("option", { value: "files" }, "files"), h("option", { value: "trouble" }, "trouble"));
  const pause = h("button", { type: "button", "aria-pressed": "false" }, "Pause");
  const list = h("ul", { class: "feed" });
  const none = h("p", { class: "empty" }, "No event yet.");
  const show = () => frame(() => {
    const part = text.value.toLowerCase();
    const wanted = feed.events.filter((e) => kinds[kind.value](e) && (!part || e.json_.toLowerCase().includes(part)));
    rows(list, wanted.slice(-shown).reverse(), (e) => e.id_, line, () => {});
    none.hidden = wanted.length > 0;
  });
  text.addEventListener("input", show);
  kind.addEventListener("change", show);
  pause.addEventListener("click", () => {
    paused = !paused;
    pause.setAttribute("aria-pressed", paused);
    pause.textContent = paused ? "Go on" : "Pause";
    if (!paused) show();
  });
  return {
    title: "Events",
    el: [h("section", { class: "panel", "aria-labelledby": "events-title" },
      h("div", { class: "head" }, h("h1", { id: "events-title" }, "Events"), h("span", { class: "push" }), text, kind, pause), list, none)],
    start() {
      show();
      return feed.listen(() => paused || show());
    },
  };
}
