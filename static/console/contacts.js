// The contact list: rows that are selected, and moving among them by keyboard.
(() => {
  "use strict";
  const list = () => document.getElementById("contacts");
  const boxes = () => [...(list()?.querySelectorAll("input[data-pick]") ?? [])];
  const links = () => [...(list()?.querySelectorAll("tbody a.w-open, tbody .w-after-row a") ?? [])];
  let last = -1;

  function tell() {
    const bar = list()?.querySelector(".w-chosen");
    if (!bar) return;
    const ids = boxes().filter((box) => box.checked).map((box) => box.value);
    const said = bar.querySelector("strong");
    const tooMany = ids.length > Number(bar.dataset.most);
    const words = tooMany ? said.dataset.tooMany : ids.length === 1 ? said.dataset.one : said.dataset.many;
    said.textContent = words.replace("{n}", ids.length);
    bar.hidden = ids.length === 0;
    for (const link of bar.querySelectorAll("[data-of-chosen]")) {
      link.hidden = tooMany;
      link.search = `contacts=${ids.join(",")}`;
    }
    const all = list().querySelector("[data-pick-all]");
    all.checked = ids.length > 0 && ids.length === boxes().length;
    all.indeterminate = ids.length > 0 && !all.checked;
  }

  function pickAll(isOn) {
    for (const box of boxes()) box.checked = isOn;
    tell();
  }

  function move(step) {
    const rows = links();
    const at = rows.findIndex((link) => link.closest("tr").contains(document.activeElement));
    last = Math.max(0, Math.min((at < 0 ? last : at) + step, rows.length - 1));
    rows[last]?.focus();
  }

  function pick() {
    const box = document.activeElement.closest("tr")?.querySelector("input[data-pick]");
    if (!box) return;
    box.checked = !box.checked;
    tell();
  }

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-pick]")) tell();
    if (event.target.matches("[data-pick-all]")) pickAll(event.target.checked);
  });
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-pick-none]")) pickAll(false);
  });
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || document.querySelector("dialog[open]")) return;
    const typing = event.target.closest("input:not([type=checkbox]), textarea, select, [contenteditable], details[open]");
    if (typing) return;
    const inside = event.target.closest("#contacts tbody");
    const step = { j: 1, k: -1, ArrowDown: inside ? 1 : 0, ArrowUp: inside ? -1 : 0 }[event.key];
    if (step) {
      event.preventDefault();
      move(step);
    } else if (event.key === "x") pick();
    else if (event.key === "Escape") pickAll(false);
  });
  document.addEventListener("htmx:afterSettle", (event) => {
    if (event.target.id === "contacts") last = -1;
    tell();
  });
  window.addEventListener("pageshow", tell);
})();
