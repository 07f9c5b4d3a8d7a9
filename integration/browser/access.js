// Checks what is shown as axe does, for what this page has: names, structure, and contrast (WCAG 2.2: 1.1.1, 1.3.1,
// 1.4.3, 2.4.2, 2.4.4, 2.5.8, 3.1.1, 4.1.2). Returns what is wrong, in words.
(() => {
  const problems = [];
  const seen = (el) => el.checkVisibility({ visibilityProperty: true, opacityProperty: true });
  const called = (el) => `${el.tagName.toLowerCase()}${el.id ? "#" + el.id : ""}.${el.getAttribute("class") ?? ""} "${el.textContent.slice(0, 30)}"`;
  const nameOf = (el) => {
    const by = (el.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent ?? "").join(" ");
    const label = el.labels ? [...el.labels].map((l) => l.textContent).join(" ") : "";
    return (el.getAttribute("aria-label") || by.trim() || label || el.getAttribute("alt") || el.textContent || "").trim();
  };

  if (!document.documentElement.lang) problems.push("the page has no language");
  if (!document.title) problems.push("the page has no title");
  if (document.querySelectorAll("main").length !== 1) problems.push("there is not one main");
  if (document.querySelectorAll("h1").length !== 1) problems.push(`${document.querySelectorAll("h1").length} h1`);
  const ids = new Set();
  for (const el of document.querySelectorAll("[id]")) {
    if (ids.has(el.id)) problems.push(`two elements are ${el.id}`);
    ids.add(el.id);
  }
  for (const el of document.querySelectorAll("[aria-labelledby], [aria-describedby]")) {
    for (const id of `${el.getAttribute("aria-labelledby") ?? ""} ${el.getAttribute("aria-describedby") ?? ""}`.trim().split(/\s+/)) {
      if (!document.getElementById(id)) problems.push(`${called(el)} names ${id}, which is not there`);
    }
  }
  for (const el of document.querySelectorAll("a[href], button, input, select, summary, [role=img], [role=region], progress, dialog, nav")) {
    if (seen(el) && !nameOf(el)) problems.push(`${called(el)} has no name`);
  }
  for (const el of document.querySelectorAll("img")) {
    if (!el.hasAttribute("alt")) problems.push(`${called(el)} has no alt`);
  }
  for (const el of document.querySelectorAll("[tabindex]")) {
    if (el.tabIndex > 0) problems.push(`${called(el)} changes the order of the keyboard`);
  }
  for (const el of document.querySelectorAll("table")) {
    if (seen(el) && !el.caption) problems.push(`${called(el)} has no caption`);
    for (const th of el.querySelectorAll("th")) if (!th.scope) problems.push(`${called(th)} has no scope`);
  }
  for (const el of document.querySelectorAll("ul, ol")) {
    for (const child of el.children) if (child.tagName !== "LI") problems.push(`${called(child)} is in a list, and no li`);
  }
  for (const el of document.querySelectorAll("button, select, input, nav a")) {
    const r = el.getBoundingClientRect();
    if (seen(el) && !el.matches(".link") && (r.height < 24 || r.width < 24)) problems.push(`${called(el)} is too small to touch`);
  }

  // A canvas turns any colour into numbers.
  const context = new OffscreenCanvas(1, 1).getContext("2d", { willReadFrequently: true });
  const known = new Map();
  const numbers = (colour) => {
    if (!known.has(colour)) {
      context.clearRect(0, 0, 1, 1);
      context.fillStyle = colour;
      context.fillRect(0, 0, 1, 1);
      const [r, g, b, a] = context.getImageData(0, 0, 1, 1).data;
      known.set(colour, [r, g, b, a / 255]);
    }
    return known.get(colour);
  };
  const over = (top, below) => [0, 1, 2].map((i) => top[i] * top[3] + below[i] * (1 - top[3])).concat(1);
  const behind = (el) => {
    const layers = [];
    for (let at = el; at; at = at.parentElement) {
      const c = numbers(getComputedStyle(at).backgroundColor);
      if (c[3] > 0) layers.push(c);
      if (c[3] === 1) break;
    }
    return layers.reduceRight((below, top) => over(top, below), [255, 255, 255, 1]);
  };
  const luminance = (c) => {
    const [r, g, b] = c.slice(0, 3).map((v) => (v / 255 <= 0.04045 ? v / 255 / 12.92 : ((v / 255 + 0.055) / 1.055) ** 2.4));
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const contrast = (a, b) => {
    const [x, y] = [luminance(a), luminance(b)].sort((p, q) => q - p);
    return (x + 0.05) / (y + 0.05);
  };
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const el = texts.currentNode.parentElement;
    if (!texts.currentNode.textContent.trim() || !seen(el) || el.closest("noscript, option, :disabled, .unseen, .skip")) continue;
    const style = getComputedStyle(el);
    const size = parseFloat(style.fontSize);
    const least = size >= 24 || (size >= 18.66 && style.fontWeight >= 700) ? 3 : 4.5;
    const back = behind(el);
    const got = contrast(over(numbers(style.color), back), back);
    if (got < least) problems.push(`${called(el)} has a contrast of ${got.toFixed(2)}, less than ${least}`);
  }
  return problems.slice(0, 20);
})()
