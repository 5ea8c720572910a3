// The console's own behaviour. No inline script anywhere: the policy forbids it.
(() => {
  "use strict";

  const token = () => document.querySelector("input[name=csrfmiddlewaretoken]")?.value || "";
  document.addEventListener("htmx:configRequest", (event) => {
    if (event.detail.verb !== "get") event.detail.headers["X-CSRFToken"] = token();
  });

  // Palette: Ctrl K or the button; arrows move, Enter opens, Ctrl Enter opens in a new tab
  const palette = () => document.getElementById("palette");
  const openPalette = () => { const box = palette(); if (box && !box.open) { box.showModal(); box.querySelector("input").select(); } };
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-open-palette]")) openPalette();
    if (event.target === palette()) palette().close();
    document.querySelectorAll("details.c-pop[open]").forEach((pop) => { if (!pop.contains(event.target)) pop.open = false; });
  });
  document.addEventListener("keydown", (event) => {
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") { event.preventDefault(); openPalette(); }
    if (event.key === "Escape") document.querySelectorAll("details.c-pop[open]").forEach((pop) => { pop.open = false; pop.querySelector("summary").focus(); });
    if (event.key === "/" && !event.target.closest("input, textarea, select, [contenteditable]")) {
      const search = document.querySelector("[data-page-search]");
      if (search) { event.preventDefault(); search.focus(); }
    }
    const box = palette();
    if (box?.open && ["ArrowDown", "ArrowUp", "Enter"].includes(event.key)) moveInPalette(box, event);
  });
  function moveInPalette(box, event) {
    const links = [...box.querySelectorAll(".c-hits a")];
    const at = links.indexOf(document.activeElement);
    if (event.key === "Enter") { if (at < 0 && links[0]) { event.preventDefault(); links[0].click(); } return; }
    event.preventDefault();
    const next = at + (event.key === "ArrowDown" ? 1 : -1);
    (next < 0 ? box.querySelector("input") : links[Math.min(next, links.length - 1)])?.focus();
  }

  // Small helpers by data attributes
  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    const text = document.querySelector(button.dataset.copy).textContent;
    try { await navigator.clipboard.writeText(text); } catch { return; }
    const before = button.textContent;
    button.textContent = button.dataset.copied;
    setTimeout(() => { button.textContent = before; }, 1500);
  });
  document.addEventListener("submit", (event) => {
    const question = event.target.dataset.confirm;
    if (!question || window.confirm(question)) return;
    event.preventDefault();
    if (event.target.querySelector("[data-submit-on-change]")) event.target.reset();
  });
  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submit-on-change]")) event.target.form.requestSubmit();
  });
  // a click on a row opens it; its link does so for the keyboard
  document.addEventListener("click", (event) => {
    const row = event.target.closest("tr[data-href]");
    if (!row || event.target.closest("a, button, input, select, label") || String(window.getSelection())) return;
    if (event.ctrlKey || event.metaKey) window.open(row.dataset.href); else window.location.href = row.dataset.href;
  });

  // Charts: <canvas data-chart="#id-of-json-script">; drawn on load and when htmx brings one
  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  function draw(canvas) {
    if (typeof Chart === "undefined") return;
    Chart.getChart(canvas)?.destroy();
    const given = JSON.parse(document.querySelector(canvas.dataset.chart).textContent);
    Chart.defaults.font.family = colour("--c-font");
    Chart.defaults.color = colour("--c-quiet");
    const isBars = canvas.dataset.chartType === "bar";
    given.datasets.forEach((line, index) => {
      const ink = colour(`--c-line-${line.ink || (index % 5) + 1}`);
      Object.assign(line, { borderColor: ink, backgroundColor: ink, borderWidth: isBars ? 0 : 2, pointRadius: 2, tension: 0, ...line });
    });
    const grid = { color: colour("--c-line") };
    const figures = new Intl.NumberFormat(document.documentElement.lang);
    const written = (value) => figures.format(value).replace("-", "−");
    new Chart(canvas, {
      type: isBars ? "bar" : "line",
      data: { labels: given.labels, datasets: given.datasets },
      options: {
        animation: false, responsive: true, maintainAspectRatio: false, interaction: { mode: "index", intersect: false },
        scales: {
          x: { grid: { display: false }, offset: true, stacked: isBars, ticks: { maxRotation: 0, maxTicksLimit: 7 } },
          // one width, so that the days of charts above each other line up
          y: { grid, border: { display: false }, beginAtZero: true, stacked: isBars, ticks: { precision: 0, autoSkip: false, maxTicksLimit: isBars ? 5 : 8, callback: written }, afterFit: (axis) => { axis.width = 52; } },
        },
        plugins: {
          legend: { display: given.datasets.length > 1, align: "end", labels: { boxWidth: 10, boxHeight: 8 } },
          tooltip: { callbacks: { label: (item) => ` ${item.dataset.label}  ${written(item.parsed.y)}` } },
        },
      },
    });
  }
  const drawAll = (root) => root.querySelectorAll("canvas[data-chart]").forEach(draw);
  document.addEventListener("htmx:load", (event) => drawAll(event.detail.elt));
  window.addEventListener("load", () => {
    const menu = document.querySelector(".c-menu");
    const here = menu?.querySelector("[aria-current]");
    if (here) menu.scrollTop = Math.max(0, here.offsetTop + 2 * here.offsetHeight - menu.offsetTop - menu.clientHeight);
    drawAll(document);
    new MutationObserver(() => drawAll(document)).observe(document.documentElement, { attributeFilter: ["class"] });
    // boxes of the engine without a label, or with an English one
    document.querySelectorAll('input.hidden:not([aria-label]), .select2-search__field, [aria-label="scrollable content"]').forEach((box) => box.setAttribute("aria-label", document.title));
  });
})();
