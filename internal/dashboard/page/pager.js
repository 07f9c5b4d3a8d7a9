// The pages of a list.

import { h, setText } from "./dom.js";
import { count } from "./format.js";

/** pageOf says which sessions of an overview are on its page. */
export const pageOf = (o) => `${count(o.before + 1)}–${count(o.before + o.sessions.length)} of ${count(o.matching)}`;

/** pager makes what turns the pages of a list: after is where its page begins, turned is called when that has changed. */
export function pager(turned) {
  const where = h("span", { class: "muted", role: "status" });
  const first = h("button", { type: "button", "data-first": true }, "First page");
  const next = h("button", { type: "button", "data-next": true }, "Next page");
  let following = "";
  const self = {
    el: h("div", { class: "pager" }, where, h("span", { class: "push" }), first, next),
    after: "",

    turn(after) {
      self.after = after;
      turned();
    },

    /** show tells where the next page begins, if there is one, and words about this one. A single page needs neither. */
    show(after, words) {
      following = after ?? "";
      next.disabled = !following;
      first.disabled = !self.after;
      setText(where, words);
      self.el.hidden = !following && !self.after && !words;
    },
  };
  next.addEventListener("click", () => self.turn(following));
  first.addEventListener("click", () => self.turn(""));
  return self;
}
