// What helps an officer who decides many cases. Without this file everything works all the same.
"use strict";
(() => {
  // Ticking all cases of a page at once.
  for (const head of document.querySelectorAll("th .all")) {
    const boxes = [...head.closest("table").querySelectorAll("tbody input[type=checkbox]")];
    if (!boxes.length) continue;
    const label = document.createElement("label"), box = document.createElement("input");
    box.type = "checkbox";
    label.className = "all";
    label.append(box, " " + head.textContent);
    box.addEventListener("change", () => boxes.forEach((one) => { one.checked = box.checked; }));
    head.replaceWith(label);
  }

  // Single keys choose and lead on; they do nothing by themselves, are off while a field is written in, and can be turned off for good.
  const about = document.getElementById("keys"), name = "zhucan-keys";
  const off = () => { try { return localStorage.getItem(name) === "off"; } catch { return false; } };
  const keep = (value) => { try { localStorage.setItem(name, value); } catch { /* for this page only */ } };
  let silent = off();
  if (about) {
    const button = document.createElement("button"), text = document.createElement("span");
    button.type = "button";
    button.className = "plain";
    const tell = () => {
      text.textContent = silent ? "" : about.dataset.keys;
      button.textContent = silent ? about.dataset.on : about.dataset.off;
    };
    button.addEventListener("click", () => {
      silent = !silent;
      keep(silent ? "off" : "on");
      tell();
    });
    about.append(text, button);
    about.hidden = false;
    tell();
  }
  const decisions = { a: "approve", r: "return", x: "reject" };
  document.addEventListener("keydown", (event) => {
    if (!about || silent || event.ctrlKey || event.altKey || event.metaKey || event.target.matches("textarea, select, input:not([type=radio]):not([type=checkbox])")) return;
    const link = document.querySelector(`a[data-key="${CSS.escape(event.key)}"]`);
    const radio = decisions[event.key] && document.querySelector(`input[name=decision][value=${decisions[event.key]}]`);
    if (!link && !radio) return;
    event.preventDefault();
    if (link) return link.click();
    radio.checked = true;
    radio.focus();
  });

  for (const button of document.querySelectorAll("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
})();
