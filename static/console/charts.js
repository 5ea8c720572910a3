// Our own chart starter: draws on load and after each swap, follows the theme, never draws a canvas twice.
(() => {
  "use strict";
  const MOST = 5;

  const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  const palette = () => [1, 2, 3, 4, 5].map((at) => colour(`--c-line-${at}`));
  // htmx drops script elements from what it swaps in, so the figures are an attribute
  const read = (canvas) => JSON.parse(canvas.dataset.values);

  const look = () => ({ ink: colour("--c-ink"), muted: colour("--c-quiet"), line: colour("--c-line") });

  function shorten(language) {
    return new Intl.NumberFormat(language, { notation: "compact", maximumFractionDigits: 1, useGrouping: true });
  }

  function frame(options) {
    const { muted, line } = look();
    const animation = window.matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 200 };
    const scale = { grid: { color: line }, border: { display: false }, ticks: { color: muted, font: { size: 11 } } };
    return {
      animation,
      responsive: true,
      maintainAspectRatio: false,
      interaction: { mode: "index", intersect: false },
      plugins: { legend: { display: false }, tooltip: { itemSort: (a, b) => b.parsed.y - a.parsed.y } },
      scales: { x: { ...scale, grid: { display: false } }, y: { ...scale, beginAtZero: true } },
      ...options,
    };
  }

  // The label of each line stands at its last point.
  const labels = {
    id: "labels",
    afterDatasetsDraw(chart) {
      const { ctx } = chart;
      const taken = [];
      ctx.save();
      ctx.font = `600 11px ${colour("--c-font")}`;
      chart.data.datasets.forEach((set, index) => {
        const points = chart.getDatasetMeta(index).data.filter((point, at) => set.data[at] !== null);
        const last = points[points.length - 1];
        if (!last || !set.named) return;
        let y = last.y;
        while (taken.some((other) => Math.abs(other - y) < 12)) y += 12;
        taken.push(y);
        ctx.fillStyle = set.borderColor;
        ctx.fillText(set.label, last.x + 6, y + 4);
      });
      ctx.restore();
    },
  };

  function chosenAtFirst(series) {
    const aged = series.filter((one) => !one.truncated && one.complete.filter(Boolean).length > 1);
    const from = aged.length ? aged : series;
    const step = Math.max(1, Math.floor(from.length / MOST));
    return from.filter((one, index) => index % step === 0).slice(0, MOST).map((one) => one.label);
  }

  function cohortSets(source, chosen) {
    const shown = source.series.filter((one) => chosen.includes(one.label));
    const sets = shown.map((one, index) => ({
      label: one.label,
      named: true,
      data: one.values,
      texts: one.texts,
      complete: one.complete,
      borderColor: palette()[index],
      backgroundColor: palette()[index],
      borderWidth: 2,
      pointRadius: one.complete.map((done) => (done ? 3 : 2)),
      spanGaps: false,
      segment: { borderDash: (at) => (one.complete[at.p1DataIndex] ? undefined : [4, 4]) },
    }));
    if (source.show === "roi") {
      const even = source.slices.map(() => 1);
      sets.push({ label: "1.0×", data: even, borderColor: look().muted, borderWidth: 1, borderDash: [2, 3], pointRadius: 0 });
    }
    return sets;
  }

  function cohorts(canvas) {
    const source = read(canvas);
    let chosen = chosenAtFirst(source.series);
    const short = shorten(source.language);
    const options = frame({
      layout: { padding: { right: 64 } },
      plugins: {
        legend: { display: false },
        tooltip: {
          filter: (item) => item.dataset.named,
          callbacks: {
            label: (item) => {
              const mark = item.dataset.complete[item.dataIndex] ? "" : " *";
              return ` ${item.dataset.label}  ${item.dataset.texts[item.dataIndex]}${mark}`;
            },
          },
        },
      },
    });
    options.scales.y.ticks = { ...options.scales.y.ticks, callback: (value) => short.format(value) };
    const data = () => ({ labels: source.slices, datasets: cohortSets(source, chosen) });
    const chart = new Chart(canvas, { type: "line", data: data(), options, plugins: [labels] });
    const redraw = () => {
      chart.data = data();
      chart.update();
      mark();
    };
    const holder = canvas.closest("section").querySelector("[data-series]");
    const mark = () => {
      const order = source.series.map((one) => one.label).filter((label) => chosen.includes(label));
      for (const button of holder.children) {
        const place = order.indexOf(button.dataset.label);
        button.setAttribute("aria-pressed", String(place >= 0));
        button.firstChild.style.color = place < 0 ? "transparent" : palette()[place];
      }
    };
    holder.replaceChildren(...source.series.map((one) => {
      const button = document.createElement("button");
      button.type = "button";
      button.dataset.label = one.label;
      button.append(document.createElement("i"), one.label);
      button.addEventListener("click", () => {
        const on = chosen.includes(one.label);
        chosen = on ? chosen.filter((label) => label !== one.label) : [...chosen, one.label].slice(-MOST);
        redraw();
      });
      return button;
    }));
    mark();
  }

  function daily(canvas) {
    const source = read(canvas);
    const [blue, teal] = palette();
    const short = shorten(source.language);
    const bar = { type: "bar", label: source.titles[1], data: source.second, texts: source.second_texts, yAxisID: "y1", backgroundColor: `${blue}40`, maxBarThickness: 18, order: 2 };
    const line = { type: "line", label: source.titles[0], data: source.first, texts: source.first_texts, borderColor: teal, backgroundColor: teal, borderWidth: 2, pointRadius: source.days.length > 31 ? 0 : 2, order: 1 };
    const options = frame({
      plugins: {
        legend: { display: true, align: "end", labels: { color: look().ink, boxWidth: 12, boxHeight: 8 } },
        tooltip: { callbacks: { label: (item) => ` ${item.dataset.label}  ${item.dataset.texts[item.dataIndex]}` } },
      },
    });
    const ticks = (scale) => ({ ...options.scales.y, ...scale });
    options.scales.y.ticks = { ...options.scales.y.ticks, precision: 0 };
    options.scales.x.ticks = { ...options.scales.x.ticks, maxRotation: 0, autoSkipPadding: 16 };
    options.scales.y1 = ticks({ position: "right", grid: { display: false }, ticks: { ...options.scales.y.ticks, callback: (value) => short.format(value) } });
    new Chart(canvas, { data: { labels: source.days, datasets: [line, bar] }, options });
  }

  function hours(canvas) {
    const source = read(canvas);
    const [blue, teal, amber] = palette();
    const colours = [teal, `${blue}66`, amber];
    const options = frame({
      plugins: {
        legend: { display: true, align: "end", labels: { color: look().ink, boxWidth: 12, boxHeight: 8 } },
        tooltip: { itemSort: undefined },
      },
    });
    options.scales.x.stacked = options.scales.y.stacked = true;
    options.scales.x.ticks = { ...options.scales.x.ticks, maxRotation: 0, autoSkipPadding: 12 };
    options.scales.y.ticks = { ...options.scales.y.ticks, precision: 0 };
    const datasets = source.series.map((data, at) => ({ label: source.titles[at], data, backgroundColor: colours[at], maxBarThickness: 28 }));
    new Chart(canvas, { type: "bar", data: { labels: source.hours, datasets }, options });
  }

  const inPercent = (value) => `${value}%`;
  const named = (text) => ({ display: true, text, color: look().muted, font: { size: 11 } });

  // Each bar's interval as a line with two ends.
  const intervals = {
    id: "intervals",
    afterDatasetsDraw(chart) {
      const { ctx, chartArea } = chart;
      const set = chart.data.datasets[0];
      const { top, bottom, left, width } = chartArea;
      ctx.save();
      ctx.beginPath();
      ctx.rect(left, top, width, bottom - top);
      ctx.clip();
      ctx.beginPath();
      ctx.lineWidth = 1.5;
      chart.getDatasetMeta(0).data.forEach(({ x }, at) => {
        if (set.low[at] === null) return;
        const [low, high] = [set.low[at], set.high[at]].map((value) => chart.scales.y.getPixelForValue(value));
        ctx.moveTo(x, low);
        ctx.lineTo(x, high);
        for (const end of [low, high]) {
          ctx.moveTo(x - 5, end);
          ctx.lineTo(x + 5, end);
        }
      });
      ctx.strokeStyle = look().ink;
      ctx.stroke();
      ctx.restore();
    },
  };

  function touches(canvas) {
    const source = read(canvas);
    const [blue] = palette();
    // few people's wide intervals do not press the others flat
    const tops = source.high.filter((high, at) => high !== null && !source.thin[at]);
    const options = frame({
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            title: (items) => source.titles[items[0].dataIndex],
            label: (item) => source.texts[item.dataIndex].map((text) => ` ${text}`),
          },
        },
      },
    });
    options.scales.x.title = named(source.x);
    options.scales.y.max = Math.min(100, Math.ceil(Math.max(...(tops.length ? tops : [100]), ...source.values) / 10) * 10);
    options.scales.y.ticks = { ...options.scales.y.ticks, callback: inPercent };
    const set = {
      label: source.title,
      data: source.values,
      low: source.low,
      high: source.high,
      backgroundColor: source.thin.map((thin) => (thin ? look().line : `${blue}99`)),
      maxBarThickness: 56,
    };
    new Chart(canvas, { type: "bar", data: { labels: source.labels, datasets: [set] }, options, plugins: [intervals] });
  }

  function again(canvas) {
    const source = read(canvas);
    const [blue] = palette();
    const options = frame({
      plugins: {
        legend: { display: false },
        tooltip: {
          callbacks: {
            title: (items) => `${source.day} ${items[0].label}`,
            label: (item) => ` ${source.title}  ${source.texts[item.dataIndex]}`,
          },
        },
      },
    });
    const isNarrow = canvas.clientWidth < 480;
    const step = source.days.length > 60 ? (isNarrow ? 90 : 30) : 7;
    const byStep = (_value, at) => (at % step ? null : at);
    options.scales.x.title = named(source.x);
    options.scales.x.ticks = { ...options.scales.x.ticks, maxRotation: 0, autoSkip: false, callback: byStep };
    options.scales.y.ticks = { ...options.scales.y.ticks, callback: inPercent };
    const set = {
      label: source.title,
      data: source.values,
      borderColor: blue,
      backgroundColor: blue,
      borderWidth: 2,
      pointRadius: 0,
      segment: {
        borderColor: (at) => (source.thin[at.p1DataIndex] ? look().muted : undefined),
        borderDash: (at) => (source.thin[at.p1DataIndex] ? [4, 4] : undefined),
      },
    };
    new Chart(canvas, { type: "line", data: { labels: source.days, datasets: [set] }, options });
  }

  const starters = { cohorts, daily, hours, touches, again };

  function draw(root) {
    Chart.defaults.font.family = colour("--c-font");
    for (const canvas of root.querySelectorAll("canvas[data-figure]")) {
      if (!Chart.getChart(canvas)) starters[canvas.dataset.figure](canvas);
    }
  }

  function redrawAll() {
    for (const canvas of document.querySelectorAll("canvas[data-figure]")) {
      Chart.getChart(canvas)?.destroy();
    }
    draw(document);
  }

  // a legend that was measured in another font loses its last words
  async function start(root) {
    await document.fonts.ready;
    draw(root);
  }

  document.addEventListener("htmx:load", (event) => start(event.detail.elt.parentElement || document));
  window.addEventListener("load", () => {
    start(document);
    new MutationObserver(redrawAll).observe(document.documentElement, { attributeFilter: ["class"] });
  });
})();
