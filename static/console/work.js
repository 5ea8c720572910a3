// Work screens: explanations on hover and focus, Ctrl Enter, addresses without empty fields.
(() => {
  "use strict";
  let box = null;
  let shown = null;

  function tooltip() {
    if (!box) {
      box = document.createElement("div");
      box.id = "w-tooltip";
      box.setAttribute("role", "tooltip");
      box.hidden = true;
      document.body.append(box);
    }
    return box;
  }

  function show(target) {
    if (target === shown || !target.dataset.tip) return;
    hide();
    shown = target;
    const tip = tooltip();
    tip.textContent = target.dataset.tip;
    tip.hidden = false;
    target.setAttribute("aria-describedby", tip.id);
    const place = target.getBoundingClientRect();
    const size = tip.getBoundingClientRect();
    const above = place.top - size.height - 6;
    const left = Math.min(place.left, window.innerWidth - size.width - 8);
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${above > 8 ? above : place.bottom + 6}px`;
  }

  function hide() {
    if (!shown) return;
    shown.removeAttribute("aria-describedby");
    tooltip().hidden = true;
    shown = null;
  }

  const owner = (event) => (event.target instanceof Element ? event.target.closest("[data-tip]") : null);
  document.addEventListener("mouseover", (event) => {
    const target = owner(event);
    if (target) show(target);
    else hide();
  });
  document.addEventListener("focusin", (event) => {
    const target = owner(event);
    if (target) show(target);
    else hide();
  });
  document.addEventListener("click", (event) => {
    const target = owner(event);
    if (target && target.tagName !== "A") show(target);
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") hide();
  });
  document.addEventListener("scroll", hide, true);
  document.addEventListener("htmx:beforeSwap", hide);

  // a text of several lines is sent by Ctrl Enter
  document.addEventListener("keydown", (event) => {
    const isSent = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.matches?.("[data-ctrl-enter]");
    if (isSent) { event.preventDefault(); event.target.form.requestSubmit(); }
  });

  // what an editor kept of unsaved text is not needed where it has been saved
  document.addEventListener("DOMContentLoaded", () => {
    const kept = document.querySelector("[data-forget]");
    for (const path of kept ? kept.dataset.forget.split(" ") : []) sessionStorage.removeItem(`unsaved:${path}`);
  });

  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") return;
    const held = event.detail.parameters;
    for (const name of [...held.keys()]) {
      if (held.get(name) === "") held.delete(name);
    }
  });
})();
