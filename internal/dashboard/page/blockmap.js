// Which parts of a file have come, as a drawing.

import { h, rows, setAttr, setText, svg } from "./dom.js";

const across = 64; // cells of a row

/** decode returns the bytes of a text in Base64. */
export const decode = (text) => Uint8Array.from(atob(text), (c) => c.charCodeAt(0));

/** level returns the class of a cell: 0 nothing, 8 all. */
const level = (v) => (v === 0 ? 0 : v === 255 ? 8 : 1 + Math.floor((v * 7) / 256));

/** blockMap draws how much of each part of a file is there. A source block begins with a gap where it has several cells. */
export function blockMap() {
  const drawing = svg("svg", { role: "img" });
  const legend = h("p", { class: "legend", role: "status" });
  const el = h("div", { class: "map" }, drawing, legend);
  let shape = "";
  return {
    el,
    show(cells, blocks, state, words) {
      const each = blocks > 0 && cells.length % blocks === 0 ? cells.length / blocks : 1;
      if (shape !== `${cells.length} ${each}`) {
        shape = `${cells.length} ${each}`;
        drawing.setAttribute("viewBox", `0 0 ${across * 10} ${Math.max(1, Math.ceil(cells.length / across)) * 14}`);
        drawing.replaceChildren(...Array.from(cells, (_, i) => {
          const gap = each > 1 && i % each === 0 && i % across !== 0 ? 3 : 0;
          return svg("rect", { x: (i % across) * 10 + gap, y: Math.floor(i / across) * 14, width: 9 - gap, height: 12, rx: 1.5 });
        }));
      }
      const all = drawing.children;
      for (let i = 0; i < cells.length; i++) setAttr(all[i], "class", `c${level(cells[i])}`);
      setAttr(el, "class", `map ${state}`);
      setAttr(drawing, "aria-label", words.join(", "));
      rows(legend, words, (w) => words.indexOf(w), () => h("span"), setText);
    },
  };
}
