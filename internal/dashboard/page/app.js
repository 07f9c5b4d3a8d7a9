// Which view is shown, the loop that asks for it, and keys.

import { Failure, feed } from "./api.js";
import { setAttr, setText } from "./dom.js";
import { clock } from "./format.js";
import { events } from "./events.js";
import { overview } from "./overview.js";
import { sending } from "./sending.js";
import { session } from "./session.js";
import { sink, sinks } from "./sinks.js";
import { tree } from "./tree.js";

const views = { "": overview, sending, tree, events, sinks };
const viewOf = (name) => (Object.hasOwn(views, name) ? views[name] : overview);
const single = { session, sink }; // of one thing, which the address names
const interval = 1000; // ms between two answers; a page that is not seen asks nothing
const late = 5000; // ms after which an answer is missed

const main = document.getElementById("main");
const live = document.getElementById("live");
const logout = document.getElementById("logout");
let leave = () => {};

/** tell shows whether what is on the page is fresh. */
function tell(ok, why) {
  setAttr(live, "class", `live ${ok ? "on" : "off"}`);
  const text = ok ? "live" : `${why}, as of ${tell.at ? clock(tell.at) : "never"}`;
  if (ok) tell.at = Date.now();
  setText(live, text);
}

/** show shows the view that the address asks for. */
function show(moved) {
  leave();
  const [name, ...rest] = location.hash.replace(/^#\//, "").split("/");
  let view;
  if (Object.hasOwn(single, name)) {
    let id = rest.join("/");
    try {
      id = decodeURIComponent(id);
    } catch {
      // It names nothing, which its view will say.
    }
    view = single[name](id);
  } else {
    view = viewOf(name)();
  }
  document.title = `${view.title} – flute-node`;
  for (const a of document.querySelectorAll("nav a")) {
    setAttr(a, "aria-current", a.hash === `#/${Object.hasOwn(views, name) ? name : ""}` && !Object.hasOwn(single, name) ? "page" : null);
  }
  main.replaceChildren(...view.el);
  if (moved) main.focus({ preventScroll: true });
  scrollTo(0, 0);
  run(view);
}

/** run asks for a view again and again, until another one is shown. */
function run(view) {
  const stopped = new AbortController();
  const stopListening = view.start?.();
  let timer = 0;
  let running = false;
  let wanted = false;
  const step = async () => {
    clearTimeout(timer);
    if (running) {
      wanted = true; // once more, when this answer is here
      return;
    }
    running = true;
    wanted = false;
    // A daemon that hangs, or whose host has vanished, refuses nothing: what is shown would stay "live".
    const missed = setTimeout(() => tell(false, "no answer"), late);
    try {
      if (view.refresh && !document.hidden) {
        const got = await view.refresh(stopped.signal);
        if (got?.login !== undefined) logout.hidden = !got.login;
        tell(true);
      } else if (!view.refresh) {
        tell(!feed.fault, feed.fault);
      }
    } catch (e) {
      if (stopped.signal.aborted) return;
      if (e instanceof Failure) tell(false, e.message);
      else if (e.name === "TimeoutError") tell(false, "no answer");
      else if (e instanceof TypeError) tell(false, "offline");
      else throw e;
    } finally {
      clearTimeout(missed);
      running = false;
      if (!stopped.signal.aborted) timer = setTimeout(step, wanted ? 0 : interval);
    }
  };
  view.again = step;
  const seen = () => !document.hidden && step();
  document.addEventListener("visibilitychange", seen);
  leave = () => {
    stopped.abort();
    clearTimeout(timer);
    stopListening?.();
    document.removeEventListener("visibilitychange", seen);
  };
  step();
}

/** move gives the focus to the next or the previous row. */
function move(by) {
  const all = [...main.querySelectorAll("[data-row]")].filter((el) => el.offsetParent !== null);
  const at = all.indexOf(document.activeElement);
  const to = all[at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.min(all.length - 1, Math.max(0, at + by))];
  to?.focus();
  to?.scrollIntoView({ block: "nearest" });
}

const press = (selector) => main.querySelector(selector)?.click();
const go = (hash) => () => (location.hash = hash);
const keys = {
  1: go("#/"), 2: go("#/sending"), 3: go("#/tree"), 4: go("#/events"), 5: go("#/sinks"),
  j: () => move(1), k: () => move(-1), ArrowDown: () => move(1), ArrowUp: () => move(-1),
  n: () => press("[data-next]"), p: () => press("[data-first]"),
  "/": () => main.querySelector("[data-filter]")?.focus(),
  t: () => window.nextTheme(),
  "?": () => document.getElementById("help").showModal(),
  Escape: () => (/^#\/(session|sink)\//.test(location.hash) ? history.length > 1 ? history.back() : go("#/")() : document.activeElement?.blur()),
};

document.addEventListener("keydown", (e) => {
  if (e.ctrlKey || e.metaKey || e.altKey || document.querySelector("dialog[open]")) return;
  if (e.target.matches("input, select, textarea") && e.key !== "Escape") return;
  if (e.target.matches("input, select") && e.key === "Escape") {
    e.target.blur();
    return;
  }
  if (e.key.startsWith("Arrow") && !e.target.matches("[data-row]")) return; // they scroll
  const act = keys[e.key];
  if (!act) return;
  e.preventDefault();
  act();
});
document.getElementById("help-open").addEventListener("click", keys["?"]);
addEventListener("hashchange", () => show(true));
show(false);
feed.run();
