// The rule builder: a tree of sentences, its JSON, how many people it finds while it is edited.
(() => {
  "use strict";
  const WAIT_MS = 350;
  const STEP_MS = 700;
  const MOST_STEPS = 50;
  const WHOLE = /^[0-9]{1,10}$/;
  const AMOUNT = /^-?[0-9]{1,12}(\.[0-9]{1,6})?$/;
  const NUMBER = /^-?[0-9]{1,15}(\.[0-9]{1,9})?$/;
  const OPS = {
    text: ["eq", "not eq", "in", "not in", "is_set", "not is_set"],
    choice: ["eq", "not eq", "in", "not in", "is_set", "not is_set"],
    yes_no: ["eq", "is_set", "not is_set"],
    number: ["eq", "not eq", "lt", "lte", "gt", "gte", "between", "not between", "in", "not in", "is_set", "not is_set"],
    date: ["eq", "not eq", "lt", "lte", "gt", "gte", "between", "not between", "in", "not in", "is_set", "not is_set"],
  };
  let keys = 0;

  const bare = (word) => word.replace(/^not /, "");
  const isNot = (word) => word.startsWith("not ");
  const signed = (negated, word) => (negated ? `not ${word}` : word);
  const group = (verb, of) => ({ key: `r${++keys}`, verb, of });

  // A condition of a type with nothing said yet.
  function fresh(type) {
    const held = { type, negated: false };
    if (type === "tag") return { ...held, how: "any", tags: [] };
    if (type === "channel") return { ...held, how: "any", channels: [] };
    if (type === "segment") return { ...held, how: "is", segment: 0 };
    if (type === "attribute") return { ...held, attribute: 0, op: "eq", one: "", many: [], low: "", high: "" };
    if (type === "orders_count") return { ...held, ever: "ever", days: "30", op: "gte", value: "1" };
    if (type === "orders_net") return { ...held, ever: "ever", days: "365", op: "gte", value: "" };
    return { ...held, span: "within", days: "30", from: "", until: "" };
  }
  const leaf = (type, told = {}) => ({ key: `r${++keys}`, ...fresh(type), ...told });

  // ---- JSON → tree. What is not understood is left out.
  function read(value, negated = false) {
    if (!value || typeof value !== "object") return null;
    if (value.type === "not") return read(value.of, !negated);
    if (value.type === "all" || value.type === "any") {
      const inner = Array.isArray(value.of) ? value.of.map((each) => read(each)).filter(Boolean) : [];
      return group(signed(negated, value.type), inner);
    }
    const reader = READERS[value.type];
    return reader ? reader(value, negated) : null;
  }
  const dated = (value, negated) => {
    const told = { negated };
    if (value.never) Object.assign(told, { span: "never" });
    else if (value.within_days) Object.assign(told, { span: "within", days: String(value.within_days) });
    else if (value.before_days) Object.assign(told, { span: "before", days: String(value.before_days) });
    else Object.assign(told, { span: "range", from: value.from || "", until: value.until || "" });
    return leaf(value.type, told);
  };
  const READERS = {
    tag: (value, negated) => leaf("tag", { how: signed(negated, value.match || "any"), tags: [...(value.tags || [])] }),
    channel: (value, negated) => leaf("channel", { how: signed(negated, "any"), channels: [...(value.channels || [])] }),
    segment: (value, negated) => leaf("segment", { how: negated ? "not" : "is", segment: value.segment || 0 }),
    attribute(value, negated) {
      const told = { attribute: value.attribute || 0, op: signed(negated, value.op || "eq") };
      if (value.op === "between") Object.assign(told, { low: String(value.value?.[0] ?? ""), high: String(value.value?.[1] ?? "") });
      else if (Array.isArray(value.value)) told.many = value.value.map(String);
      else if (value.value !== undefined && value.value !== null) told.one = String(value.value);
      return leaf("attribute", told);
    },
    orders: (value, negated) =>
      leaf(value.measure === "net" ? "orders_net" : "orders_count", {
        negated,
        op: value.op || "gte",
        value: String(value.value ?? ""),
        ...(value.days ? { ever: "days", days: String(value.days) } : { ever: "ever" }),
      }),
    acquired: dated,
    first_order: dated,
    last_order: dated,
  };

  // ---- tree → JSON, with what is missing by row, and the row of each pointer
  function write(tree, kinds, words) {
    const faults = {};
    const places = {};
    const node = (each, pointer) => {
      const negated = each.of ? isNot(each.verb) : isNegated(each);
      places[pointer] = each.key;
      const inner = negated ? `${pointer}/of` : pointer;
      places[inner] = each.key;
      const value = each.of ? { type: bare(each.verb), of: each.of.map((child, index) => node(child, `${inner}/of/${index}`)) } : leafValue(each);
      if (each.of && !each.of.length) faults[each.key] = words.faults.emptyGroup;
      return negated ? { type: "not", of: value } : value;
    };
    const leafValue = (each) => {
      const { value, fault } = WRITERS[each.type](each, kinds[each.attribute]);
      if (fault) faults[each.key] = words.faults[fault];
      return value;
    };
    const value = node(tree, "");
    return { value, text: JSON.stringify(value), faults, places };
  }
  function isNegated(each) {
    if (each.type === "segment") return each.how === "not";
    if (each.type === "tag" || each.type === "channel") return isNot(each.how);
    return each.type === "attribute" ? isNot(each.op) : each.negated;
  }
  const days = (text) => (WHOLE.test(text) && Number(text) >= 1 && Number(text) <= 36500 ? Number(text) : null);
  const typed = (text, kind) => (kind === "number" ? (NUMBER.test(text.trim()) ? Number(text) : null) : kind === "yes_no" ? text === "true" : text || null);
  const orders = (measure, each) => {
    const value = each.value.trim();
    const told = { type: "orders", measure, op: each.op, value: measure === "count" ? Number(value) : value };
    let fault = "";
    if (measure === "count" ? !WHOLE.test(value) || Number(value) > 2147483647 : !AMOUNT.test(value)) fault = measure === "count" ? "count" : "money";
    if (each.ever === "days") {
      told.days = days(each.days.trim());
      if (told.days === null) fault = "days";
    }
    return { value: told, fault };
  };
  const span = (each) => {
    const told = { type: each.type };
    if (each.span === "never") return { value: { ...told, never: true } };
    if (each.span === "range") {
      if (each.from) told.from = each.from;
      if (each.until) told.until = each.until;
      const isWrong = each.from && each.until && Date.parse(each.from) >= Date.parse(each.until);
      return { value: told, fault: isWrong ? "order" : each.from || each.until ? "" : "range" };
    }
    const count = days(each.days.trim());
    return { value: { ...told, [each.span === "within" ? "within_days" : "before_days"]: count }, fault: count === null ? "days" : "" };
  };
  const WRITERS = {
    tag: (each) => ({ value: { type: "tag", tags: [...each.tags], match: bare(each.how) }, fault: each.tags.length ? "" : "choose" }),
    channel: (each) => ({ value: { type: "channel", channels: [...each.channels] }, fault: each.channels.length ? "" : "choose" }),
    segment: (each) => ({ value: { type: "segment", segment: each.segment }, fault: each.segment ? "" : "choose" }),
    orders_count: (each) => orders("count", each),
    orders_net: (each) => orders("net", each),
    acquired: span,
    first_order: span,
    last_order: span,
    attribute(each, kind) {
      const op = bare(each.op);
      const told = { type: "attribute", attribute: each.attribute, op };
      if (!each.attribute) return { value: told, fault: "choose" };
      if (op === "is_set") return { value: told };
      const texts = op === "between" ? [each.low, each.high] : op === "in" ? each.many : [each.one];
      const values = texts.map((text) => typed(text, kind));
      told.value = op === "in" || op === "between" ? values : values[0];
      if (!values.length || values.includes(null)) return { value: told, fault: kind === "number" ? "number" : "value" };
      return { value: told, fault: op === "between" && values[0] > values[1] ? "order" : "" };
    },
  };

  // ---- days of the tenant's zone ↔ instants
  const clocks = {};
  function wall(at, zone) {
    clocks[zone] ||= new Intl.DateTimeFormat("en-CA", { timeZone: zone, hourCycle: "h23", year: "numeric", month: "2-digit", day: "2-digit", hour: "2-digit", minute: "2-digit", second: "2-digit" });
    const told = Object.fromEntries(clocks[zone].formatToParts(at).map((part) => [part.type, part.value]));
    return { day: `${told.year}-${told.month}-${told.day}`, ms: Date.parse(`${told.year}-${told.month}-${told.day}T${told.hour}:${told.minute}:${told.second}Z`) };
  }
  function midnight(day, zone) {
    const wanted = Date.parse(`${day}T00:00:00Z`);
    if (Number.isNaN(wanted)) return "";
    let at = wanted;
    for (let round = 0; round < 3; round += 1) at += wanted - wall(at, zone).ms;
    return new Date(at).toISOString();
  }
  const nextDay = (day) => new Date(Date.parse(`${day}T00:00:00Z`) + 86400000).toISOString().slice(0, 10);

  function wordsOf(list) {
    const words = {};
    for (const term of list.querySelectorAll("dt")) {
      const [place, ...rest] = term.textContent.split(".");
      if (rest.length) (words[place] ||= {})[rest.join(".")] = term.nextElementSibling.textContent;
      else words[place] = term.nextElementSibling.textContent;
    }
    return words;
  }
  const fill = (text, held) => text.replace(/\{(\w)\}/g, (whole, name) => held[name] ?? whole);

  function builder() {
    const config = JSON.parse(document.getElementById("builder-config").textContent);
    const words = wordsOf(document.getElementById("builder-words"));
    const kinds = Object.fromEntries(config.attributes.map((each) => [each.id, each.kind]));
    const names = Object.fromEntries(config.tags.flatMap((held) => held.tags.map((tag) => [tag.id, `${held.group}/${tag.name}`])));
    const figures = new Intl.NumberFormat(document.documentElement.lang);
    const root = read(config.rule);
    const tree = root?.of ? root : group("all", root ? [root] : []);
    const first = JSON.stringify(write(tree, kinds, words).value);
    // what no template reads
    const own = { timer: 0, asked: null, text: "", held: JSON.stringify(tree), heldAt: 0, isBack: false, isSent: false };

    return {
      tree,
      words,
      tags: config.tags,
      channels: config.channels,
      attributes: config.attributes,
      segments: config.segments,
      currency: config.currency,
      made: write(tree, kinds, words),
      past: [],
      values: {},
      told: {},
      strict: false,
      state: "",
      count: null,
      low: null,
      high: null,
      isExact: true,
      tookMs: 0,
      sample: [],
      problem: "",

      init() {
        this.place(config.errors);
        Alpine.effect(() => {
          const whole = JSON.stringify(this.tree);
          const made = write(this.tree, kinds, words);
          Alpine.nextTick(() => this.follow(whole, made));
        });
        for (const row of this.rows) if (row.is === "leaf" && row.node.type === "attribute") this.load(row.node.attribute);
        window.addEventListener("beforeunload", (event) => {
          if (!own.isSent && this.made.text !== first) event.preventDefault();
        });
      },
      // keep the last states for undoing, and count anew when the rule says something else
      follow(whole, made) {
        this.made = made;
        if (whole !== own.held) {
          const now = Date.now();
          if (!own.isBack && now - own.heldAt > STEP_MS) this.past = [...this.past.slice(1 - MOST_STEPS), own.held];
          own.isBack = false;
          own.held = whole;
          own.heldAt = now;
        }
        if (made.text === own.text) return;
        if (own.text) this.told = {};
        own.text = made.text;
        clearTimeout(own.timer);
        own.asked?.abort();
        if (Object.keys(made.faults).length) this.state = "incomplete";
        else {
          this.state = "counting";
          own.timer = setTimeout(() => this.preview(made), WAIT_MS);
        }
      },
      async preview(made) {
        const asked = (own.asked = new AbortController());
        try {
          const answer = await fetch(this.$root.dataset.preview, {
            method: "POST",
            credentials: "same-origin",
            signal: asked.signal,
            headers: { "Content-Type": "application/json", "X-CSRFToken": this.$root.querySelector("[name=csrfmiddlewaretoken]").value },
            body: `{"rule":${made.text}}`,
          });
          const body = await answer.json();
          if (asked !== own.asked) return;
          if (answer.ok) this.show(body);
          else if (answer.status === 400) this.fail("wrong", body.errors);
          else this.fail(answer.status === 429 ? "slow" : "failed", []);
        } catch (error) {
          if (error.name !== "AbortError" && asked === own.asked) this.fail("failed", []);
        }
      },
      show(found) {
        Object.assign(this, { state: "ready", count: found.count, low: found.low, high: found.high, isExact: found.exact, tookMs: found.took_ms, sample: found.sample, problem: "", told: {} });
      },
      fail(problem, errors) {
        Object.assign(this, { state: "failed", problem, sample: [] });
        this.place(errors.map((each) => ({ ...each, pointer: each.pointer.replace(/^\/rule/, "") })));
      },
      // each error beside the condition that it points into
      place(errors) {
        const told = {};
        for (const error of errors) {
          let pointer = error.pointer;
          while (pointer && !(pointer in this.made.places)) pointer = pointer.slice(0, pointer.lastIndexOf("/"));
          told[this.made.places[pointer]] ||= words.codes[error.code] || error.detail;
        }
        this.told = told;
      },

      get rows() {
        const rows = [];
        const walk = (node, depth, parent, index) => {
          rows.push({ key: node.key, is: node.of ? "group" : "leaf", node, depth, parent, index });
          if (!node.of) return;
          node.of.forEach((child, place) => walk(child, depth + 1, node, place));
          rows.push({ key: `${node.key}+`, is: "add", node, depth: depth + 1, parent: null, index: 0 });
        };
        walk(this.tree, 0, null, 0);
        return rows;
      },
      isOpen(row) {
        return row.is !== "add" && !!this.made.faults[row.node.key];
      },
      faultOf(row) {
        if (row.is === "add") return "";
        return this.told[row.node.key] || (this.strict ? this.made.faults[row.node.key] || "" : "");
      },
      get countText() {
        return this.state === "counting" && this.count === null ? "…" : this.state === "ready" || this.state === "counting" ? figures.format(this.count) : "—";
      },
      get shareText() {
        if (this.state !== "ready" || !config.people) return "";
        return fill(words.share, { a: figures.format(config.people), b: `${((100 * this.count) / config.people).toFixed(1)}%` });
      },
      get noteText() {
        if (this.state === "incomplete") return this.tree.of.length ? words.incomplete : words.empty;
        if (this.state === "failed") return words[this.problem];
        if (this.state !== "ready") return words.counting;
        return this.isExact ? fill(words.took, { n: figures.format(this.tookMs) }) : fill(words.estimated, { a: figures.format(this.low), b: figures.format(this.high) });
      },
      contactLink(id) {
        return this.$root.dataset.contact.replace("/0/", `/${id}/`);
      },

      counted(each) {
        return each.people === undefined ? each.name : `${each.name} (${figures.format(each.people)})`;
      },
      tagName: (id) => names[id] || `${words.gone} #${id}`,
      channelName: (id) => (id === null ? words.noChannel : config.channels.find((each) => each.id === id)?.name || `${words.gone} #${id}`),
      // with the one that is chosen, although it is gone
      offered: (list, chosen) => (!chosen || list.some((each) => each.id === chosen) ? list : [...list, { id: chosen, name: `${words.gone} #${chosen}`, people: 0 }]),
      offeredAttributes: (chosen) => (!chosen || kinds[chosen] ? config.attributes : [...config.attributes, { id: chosen, label: `${words.gone} #${chosen}` }]),
      pick(list, event) {
        const value = event.target.value === "none" ? null : Number(event.target.value);
        if (event.target.value && !list.includes(value)) list.push(value);
        event.target.value = "";
      },
      pickText(list, event) {
        const value = event.target.value.trim();
        if (value && !list.includes(value)) list.push(value);
        event.target.value = "";
      },
      drop(list, value) {
        list.splice(list.indexOf(value), 1);
      },

      dayOf: (at) => (at ? wall(new Date(at), config.zone).day : ""),
      lastDayOf: (at) => (at ? wall(new Date(Date.parse(at) - 1), config.zone).day : ""),
      startOf: (day) => (day ? midnight(day, config.zone) : ""),
      endOf: (day) => (day ? midnight(nextDay(day), config.zone) : ""),
      kindOf: (node) => kinds[node.attribute] || "",
      opsOf: (node) => OPS[kinds[node.attribute]] || ["eq"],
      isOne: (node) => !!kinds[node.attribute] && ["eq", "lt", "lte", "gt", "gte"].includes(bare(node.op)),
      isList: (node) => !!kinds[node.attribute] && bare(node.op) === "in",
      listOf: (node) => `values-${node.key}`,
      chooseAttribute(node, id) {
        Object.assign(node, { attribute: id, op: "eq", one: kinds[id] === "yes_no" ? "true" : "", many: [], low: "", high: "" });
        this.load(id);
      },
      choicesOf(node) {
        const found = this.values[node.attribute] || [];
        if (kinds[node.attribute] !== "choice") return found;
        const people = Object.fromEntries(found.map((each) => [each.name, each.people]));
        return config.attributes.find((each) => each.id === node.attribute).choices.map((name) => ({ name, people: found.length ? people[name] || 0 : undefined }));
      },
      async load(id) {
        if (!kinds[id] || this.values[id]) return;
        this.values[id] = [];
        try {
          const answer = await fetch(this.$root.dataset.values.replace("/0/", `/${id}/`), { credentials: "same-origin" });
          if (answer.ok) this.values[id] = (await answer.json()).values.map((each) => ({ name: String(each.value), people: each.people }));
        } catch {
          // without counts then
        }
      },

      retype(node, type) {
        for (const name of Object.keys(node)) if (name !== "key") delete node[name];
        Object.assign(node, fresh(type));
        if (type === "attribute" && config.attributes.length === 1) this.chooseAttribute(node, config.attributes[0].id);
      },
      addLeaf(node, index = node.of.length) {
        const added = leaf(config.tags.length ? "tag" : "orders_count");
        node.of.splice(index, 0, added);
        this.focus(added.key);
      },
      addGroup(node) {
        const added = group(bare(node.verb) === "all" ? "any" : "all", [leaf("orders_count")]);
        node.of.push(added);
        this.focus(added.key);
      },
      remove(row) {
        const all = this.rows;
        const before = all[all.findIndex((each) => each.key === row.key) - 1];
        row.parent.of.splice(row.parent.of.indexOf(row.node), 1);
        if (before) this.focus(before.key);
      },
      move(row, by) {
        const to = row.index + by;
        if (to < 0 || to >= row.parent.of.length) return;
        const [node] = row.parent.of.splice(row.index, 1);
        row.parent.of.splice(to, 0, node);
        this.focus(node.key);
      },
      undo() {
        if (!this.past.length) return;
        own.isBack = true;
        this.tree = JSON.parse(this.past[this.past.length - 1]);
        this.past = this.past.slice(0, -1);
      },
      focus(key) {
        this.$nextTick(() => this.$refs.rows.querySelector(`[data-row="${key}"] :is(select, input, button)`)?.focus());
      },
      keys(event, row) {
        const isTyped = event.target.matches("input");
        if (event.key === "Enter" && isTyped && !event.isComposing) {
          event.preventDefault();
          event.target.dispatchEvent(new Event("change", { bubbles: true }));
          if (row.is === "leaf") this.addLeaf(row.parent, row.index + 1);
        } else if (event.key === "Backspace" && event.ctrlKey && row.parent) {
          event.preventDefault();
          this.remove(row);
        } else if (event.altKey && row.parent && (event.key === "ArrowUp" || event.key === "ArrowDown")) {
          event.preventDefault();
          this.move(row, event.key === "ArrowUp" ? -1 : 1);
        }
      },
      submit(event) {
        const [wrong] = Object.keys(this.made.faults);
        if (!wrong) {
          own.isSent = true;
          return;
        }
        event.preventDefault();
        this.strict = true;
        const pick = this.$refs.rows.querySelector(`[data-row="${wrong}"] [data-pick]`);
        if (pick) pick.focus();
        else this.focus(wrong);
      },
    };
  }

  document.addEventListener("alpine:init", () => Alpine.data("segmentBuilder", builder));
})();
