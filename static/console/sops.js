// The SOP editor: steps in the order of their time, their texts as they will arrive.
(() => {
  "use strict";
  const WAIT_MS = 400;
  const STEP_MS = 700;
  const MOST_UNDONE = 50;
  const MOST_LETTERS = 4000;
  const UNITS = { minutes: 1, hours: 60, days: 1440 };
  const MOST = { day: 730, after: 730 * 1440, late: 7 * 1440 };
  const WHOLE = /^[0-9]{1,7}$/;
  let keys = 0;

  function spanOf(minutes) {
    const unit = ["days", "hours"].find((each) => minutes && minutes % UNITS[each] === 0) || "minutes";
    return [String(minutes / UNITS[unit]), unit];
  }
  function read(told) {
    const [after, afterUnit] = spanOf(told.after_minutes ?? 60);
    const [late, lateUnit] = spanOf(told.late_after_minutes ?? 120);
    const when = told.after_minutes === null || told.after_minutes === undefined ? "day" : "after";
    return { key: `k${++keys}`, when, day: String(told.day ?? 1), at: told.at ?? "10:00", after, afterUnit, late, lateUnit, content: String(told.content ?? "") };
  }
  const whole = (text, low, high) => (WHOLE.test(String(text).trim()) && Number(text) >= low && Number(text) <= high ? Number(text) : null);
  const minutesOf = (text, unit, low, high) => {
    const count = whole(text, 0, high);
    return count === null || count * UNITS[unit] < low || count * UNITS[unit] > high ? null : count * UNITS[unit];
  };

  // A step as it is kept, and what is missing in it by place.
  function write(step, words) {
    const faults = {};
    const isDay = step.when === "day";
    const told = {
      content: step.content,
      day: isDay ? whole(step.day, 1, MOST.day) : null,
      at: isDay ? step.at || null : null,
      after_minutes: isDay ? null : minutesOf(step.after, step.afterUnit, 0, MOST.after),
      late_after_minutes: minutesOf(step.late, step.lateUnit, 1, MOST.late),
    };
    if (!step.content.trim()) faults.content = words.blankFault;
    if (step.content.length > MOST_LETTERS) faults.content = words.longFault;
    if (told.late_after_minutes === null) faults.when = words.lateFault;
    if (isDay && !told.at) faults.when = words.clockFault;
    if (isDay && told.day === null) faults.when = words.dayFault;
    if (!isDay && told.after_minutes === null) faults.when = words.spanFault;
    return { told, faults };
  }
  // Where a step stands in the schedule, as if one entered at midnight.
  function offset(step) {
    if (step.when === "after") return (Number(step.after) || 0) * UNITS[step.afterUnit];
    const [hours, minutes] = (step.at || "0:0").split(":").map(Number);
    return ((Number(step.day) || 1) - 1) * 1440 + hours * 60 + minutes;
  }
  const fill = (text, ...held) => text.replace(/\{([ab])\}/g, (whole, name) => held[name === "a" ? 0 : 1]);

  const lengthOf = (count, unit) => new Intl.NumberFormat(document.documentElement.lang, { style: "unit", unit: unit.slice(0, -1), unitDisplay: "long" }).format(count);

  function editor() {
    const config = JSON.parse(document.getElementById("editor-config").textContent);
    const words = config.words;
    const draft = config.draft || {};
    const figures = new Intl.NumberFormat(document.documentElement.lang);
    const clock = new Intl.DateTimeFormat(document.documentElement.lang, { timeZone: config.zone, month: "short", day: "numeric", weekday: "short", hour: "2-digit", minute: "2-digit", hourCycle: "h23" });
    const place = `unsaved:${location.pathname}`;
    const fields = () => ["id_name", "id_description"].map((id) => document.getElementById(id));
    // what no template reads
    const own = { timer: 0, asked: null, text: "", first: null, isSent: false, sentKeys: [], held: "", heldAt: 0, isBack: false };

    return {
      words,
      variables: config.variables,
      segment: draft.segment || 0,
      exits_on_leaving: draft.exits_on_leaving ?? true,
      exits_on_order: draft.exits_on_order ?? false,
      may_reenter: draft.may_reenter ?? false,
      steps: (Array.isArray(draft.steps) ? draft.steps : []).map(read),
      made: { text: "", steps: {} },
      past: [],
      told: {},
      cautions: {},
      messages: [],
      state: "",
      strict: false,
      contact: null,
      unsaved: null,

      init() {
        own.held = JSON.stringify(this.steps);
        const names = fields().map((field) => field.value).join("\n");
        const kept = sessionStorage.getItem(place);
        own.sentKeys = this.steps.map((step) => step.key);
        Alpine.effect(() => {
          const made = this.write();
          Alpine.nextTick(() => this.follow(made));
        });
        if (config.errors.length) {
          this.strict = true;
          this.told = this.placed(config.errors);
        }
        if (kept && JSON.parse(kept).text !== this.write().text) this.unsaved = JSON.parse(kept);
        window.addEventListener("beforeunload", (event) => {
          const isChanged = this.made.text !== own.first || fields().map((field) => field.value).join("\n") !== names;
          if (!own.isSent && isChanged) event.preventDefault();
        });
      },
      takeBack() {
        const held = JSON.parse(this.unsaved.text);
        fields().forEach((field, index) => (field.value = this.unsaved.names[index]));
        Object.assign(this, { ...held, segment: held.segment || 0, steps: held.steps.map(read), unsaved: null });
      },
      forget() {
        sessionStorage.removeItem(place);
        this.unsaved = null;
      },
      write() {
        const made = { segment: this.segment || null, exits_on_leaving: this.exits_on_leaving, exits_on_order: this.exits_on_order, may_reenter: this.may_reenter };
        const steps = {};
        for (const step of this.steps) steps[step.key] = write(step, words);
        return { steps, text: JSON.stringify({ ...made, steps: this.steps.map((step) => steps[step.key].told) }) };
      },
      // look at it anew when it says something else
      follow(made) {
        this.made = made;
        own.first ??= made.text;
        this.keepPast();
        if (made.text === own.text) return;
        if (own.text) {
          this.told = {};
          if (!this.unsaved) sessionStorage.setItem(place, JSON.stringify({ text: made.text, names: fields().map((field) => field.value) }));
        }
        own.text = made.text;
        clearTimeout(own.timer);
        own.asked?.abort();
        this.state = "checking";
        own.timer = setTimeout(() => this.preview(), WAIT_MS);
      },
      // the last states of the steps, for undoing what was typed and what was moved alike
      keepPast() {
        const whole = JSON.stringify(this.steps);
        if (whole === own.held) return;
        const now = Date.now();
        if (!own.isBack && now - own.heldAt > STEP_MS) this.past = [...this.past.slice(1 - MOST_UNDONE), own.held];
        own.isBack = false;
        own.held = whole;
        own.heldAt = now;
      },
      async preview() {
        const asked = (own.asked = new AbortController());
        const sound = this.steps.filter((step) => !Object.keys(this.made.steps[step.key]?.faults || {}).length);
        own.sentKeys = sound.map((step) => step.key);
        const body = { segment: this.segment || null, steps: sound.map((step) => this.made.steps[step.key].told) };
        try {
          const answer = await fetch(this.$root.dataset.preview, {
            method: "POST",
            credentials: "same-origin",
            signal: asked.signal,
            headers: { "Content-Type": "application/json", "X-CSRFToken": this.$root.querySelector("[name=csrfmiddlewaretoken]").value },
            body: JSON.stringify(body),
          });
          const found = await answer.json();
          if (asked !== own.asked) return;
          if (answer.ok) this.show(found);
          else this.fail(found.errors || [], answer.status === 401 || answer.status === 403);
        } catch (error) {
          if (error.name !== "AbortError" && asked === own.asked) this.fail([], false);
        }
      },
      show(found) {
        Object.assign(this, { state: "ready", contact: found.contact_name });
        this.messages = found.messages.map((one) => ({ ...one, when: this.whenOf(one) }));
        this.told = this.placed(found.errors);
        this.cautions = {};
        for (const warning of found.warnings) {
          const key = own.sentKeys[Number(warning.pointer.split("/")[2])];
          if (key) (this.cautions[key] ||= []).push(warning.detail);
        }
      },
      whenOf(one) {
        if (one.is_missed) return words.missed;
        return Date.parse(one.due_at) < Date.now() ? words.atOnce : clock.format(new Date(one.due_at));
      },
      fail(errors, isLoggedOut) {
        Object.assign(this, { state: isLoggedOut ? "loggedOut" : "failed", messages: [] });
        this.told = this.placed(errors);
      },
      // each error beside the field that it points to
      placed(errors) {
        const told = {};
        for (const error of errors) {
          const [, place, index, field] = error.pointer.split("/");
          if (place === "segment") told.segment ||= error.detail;
          const key = place === "steps" && own.sentKeys[Number(index)];
          if (key) (told[key] ||= {})[field === "content" ? "content" : "when"] ||= error.detail;
        }
        return told;
      },

      get offered() {
        const isKnown = !this.segment || config.segments.some((each) => each.id === this.segment);
        return isKnown ? config.segments : [...config.segments, { id: this.segment, name: `${words.gone} #${this.segment}` }];
      },
      get peopleText() {
        const chosen = config.segments.find((each) => each.id === this.segment);
        return chosen ? fill(words.people, figures.format(chosen.people)) : "";
      },
      get faults() {
        return { segment: this.told.segment || (this.strict && !this.segment ? words.segmentFault : "") };
      },
      get noteText() {
        if (this.state === "failed" || this.state === "loggedOut") return words[this.state];
        if (this.state === "checking") return words.checking;
        return this.messages.length ? (this.contact ? fill(words.to, this.contact) : words.toNobody) : "";
      },
      get strip() {
        const days = new Map();
        for (const step of this.steps) {
          const name = step.when === "after" ? words.afterEntry : fill(words.day, step.day);
          if (!days.has(name)) days.set(name, { name, steps: [] });
          days.get(name).steps.push(step);
        }
        return [...days.values()];
      },
      clockOf(step) {
        if (step.when === "day") return step.at || "–";
        return Number(step.after) ? lengthOf(Number(step.after), step.afterUnit) : words.atEntry;
      },
      nameOf: (each) => (each.state === "draft" ? fill(words.asDraft, each.name) : each.state === "archived" ? fill(words.asArchived, each.name) : each.name),
      faultsOf(step) {
        // an empty text is said only when it is to be saved; what was typed wrong at once
        const { when, content } = this.made.steps[step.key]?.faults || {};
        const mine = { ...(when && { when }), ...(content && (this.strict || step.content.trim()) && { content }) };
        return { ...mine, ...this.told[step.key] };
      },
      warningsOf(step) {
        return this.state === "ready" ? this.cautions[step.key] || [] : [];
      },
      isWrong(step) {
        return Object.keys(this.faultsOf(step)).length > 0;
      },
      say: (text, ...held) => fill(text, ...held.map((each) => (typeof each === "number" ? figures.format(each) : each))),

      undo() {
        if (!this.past.length) return;
        own.isBack = true;
        this.steps = JSON.parse(this.past[this.past.length - 1]);
        this.past = this.past.slice(0, -1);
      },
      add() {
        const last = this.steps[this.steps.length - 1];
        const day = last && last.when === "day" ? Math.min(MOST.day, (Number(last.day) || 0) + 1) : last ? 2 : 1;
        const added = read({ day, at: last?.when === "day" ? last.at : "10:00", late_after_minutes: 480 });
        this.steps.push(added);
        this.focus(added.key);
      },
      copy(step) {
        const copied = { ...step, key: `k${++keys}` };
        this.steps.splice(this.steps.indexOf(step) + 1, 0, copied);
        this.focus(copied.key);
      },
      remove(step) {
        this.steps.splice(this.steps.indexOf(step), 1);
      },
      // steps stand in the order of their time
      sort() {
        const held = document.activeElement;
        const sorted = this.steps.map((step, index) => [offset(step), index, step]).sort((a, b) => a[0] - b[0] || a[1] - b[1]);
        if (sorted.every((each, index) => each[1] === index)) return;
        this.steps = sorted.map((each) => each[2]);
        this.$nextTick(() => held?.focus());
      },
      insert(step, text) {
        const area = document.getElementById(`text-${step.key}`);
        const [from, to] = [area.selectionStart, area.selectionEnd];
        step.content = step.content.slice(0, from) + text + step.content.slice(to);
        this.$nextTick(() => {
          area.focus();
          area.setSelectionRange(from + text.length, from + text.length);
        });
      },
      focus(key) {
        this.$nextTick(() => {
          const area = document.getElementById(`text-${key}`);
          area?.scrollIntoView({ block: "center" });
          area?.focus({ preventScroll: true });
        });
      },
      submit(event) {
        const wrong = this.steps.find((step) => Object.keys(this.made.steps[step.key]?.faults || {}).length);
        const isPublishing = event.submitter?.name === "publish";
        if (this.segment && !wrong && (this.steps.length || !isPublishing)) {
          own.isSent = true;
          return;
        }
        event.preventDefault();
        this.strict = true;
        if (!this.segment) document.getElementById("segment")?.focus();
        else if (wrong) this.focus(wrong.key);
      },
    };
  }

  document.addEventListener("alpine:init", () => Alpine.data("sopEditor", editor));
})();
