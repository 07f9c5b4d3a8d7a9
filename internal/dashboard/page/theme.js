// Runs before the page is drawn, so that it is not drawn twice. The choice is kept in the browser.
"use strict";
(() => {
  const choices = ["auto", "light", "dark"];
  const labels = { auto: "Auto", light: "Light", dark: "Dark" };
  let choice = "auto";
  try {
    choice = localStorage.getItem("theme") || "auto";
  } catch {
    // A browser that keeps nothing: as the system says.
  }
  if (!choices.includes(choice)) choice = "auto";
  const show = () => {
    document.documentElement.dataset.theme = choice;
    const button = document.getElementById("theme");
    if (!button) return;
    button.textContent = labels[choice];
    button.setAttribute("aria-label", `Theme: ${labels[choice]}`);
  };
  window.nextTheme = () => {
    choice = choices[(choices.indexOf(choice) + 1) % choices.length];
    try {
      localStorage.setItem("theme", choice);
    } catch {
      // It holds until the page is left.
    }
    show();
  };
  show();

  // app.js tells whether the daemon answers. If that script, or one that it needs, has not come, nobody does: then this
  // one tells it, and loads the page anew when the daemon answers again.
  const again = async () => {
    const answer = await fetch("/page/app.js", { cache: "no-store", signal: AbortSignal.timeout(60_000) }).catch(() => null);
    if (answer?.ok) location.reload();
    else setTimeout(again, 5000);
  };
  addEventListener("error", (e) => {
    const live = document.getElementById("live");
    if (!live || !(e.target instanceof HTMLScriptElement)) return;
    live.className = "live off";
    live.textContent = "offline, not loaded yet";
    setTimeout(again, 5000);
  }, true);

  document.addEventListener("DOMContentLoaded", () => {
    show();
    document.getElementById("theme")?.addEventListener("click", window.nextTheme);
  });
})();
