
// Fetches the page again every so often and puts its content in the place of this one.
(() => {
  "use strict";
  const refresh = document.getElementById("refresh");
  const wanted = refresh.querySelector("input");
  const stale = document.getElementById("stale");
  refresh.hidden = false;
  setInterval(async () => {
    const main = document.querySelector("main");
    // Not under the hands of somebody who reads by keyboard or copies text.
    const inUse = main.contains(document.activeElement) && document.activeElement !== main;
    if (!wanted.checked || document.hidden || inUse || !getSelection().isCollapsed) return;
    try {
      const answer = await fetch("", { cache: "no-store", signal: AbortSignal.timeout(10000) });
      if (!answer.ok) throw new Error(answer.status);
      const next = new DOMParser().parseFromString(await answer.text(), "text/html");
      main.replaceWith(next.querySelector("main"));
      document.title = next.title;
      stale.hidden = true;
    } catch {
      stale.hidden = false;
    }
  }, 15000);
})();
