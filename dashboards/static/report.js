/* The report's own script: month picker, links that carry the state, charts, data tables.
   Reads only what the page brought with it; writes text with textContent, never as markup. */
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("page-data").textContent);
  const words = page.words;
  const body = document.body;
  const here = body.dataset.here;
  const state = new URLSearchParams(location.hash.slice(1));
  const followers = [];

  const put = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name]);
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) {
      if (value === true) node.setAttribute(name, "");
      else if (value !== false && value !== null && value !== undefined) node.setAttribute(name, value);
    }
    node.append(...children);
    return node;
  };
  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const rows = (all) => ({ all: whole.format(all), rows: all === 1 ? words.one_row : words.many_rows });
  const money = new Intl.NumberFormat("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });

  /* ---- state in the link ---- */

  const month = () => {
    const wanted = state.get("month");
    return wanted === "all" || page.months.includes(wanted) ? wanted : page.month;
  };

  function keepLinks() {
    for (const link of document.querySelectorAll("a[data-keep]")) {
      const address = link.getAttribute("href").split("#")[0];
      const kept = link.dataset.keep === "all" ? new URLSearchParams(state) : new URLSearchParams();
      if (link.dataset.keep === "month" && state.get("month")) kept.set("month", state.get("month"));
      link.setAttribute("href", address + (kept.toString() ? "#" + kept : ""));
    }
  }

  function change(values) {
    for (const [name, value] of Object.entries(values)) {
      if (value === null || value === "") state.delete(name);
      else state.set(name, value);
    }
    history.replaceState(null, "", "#" + state);
    follow();
  }

  /* One of several sections, chosen in a select and kept in the link under its name. */
  function showChoices() {
    for (const picker of document.querySelectorAll("select[data-choice]")) {
      const name = picker.dataset.choice;
      const wanted = state.get(name);
      if ([...picker.options].some((option) => option.value === wanted)) picker.value = wanted;
      for (const section of document.querySelectorAll("[data-choice-of]")) {
        if (section.dataset.choiceOf === name) section.hidden = section.dataset.choiceValue !== picker.value;
      }
    }
  }

  for (const picker of document.querySelectorAll("select[data-choice]")) {
    picker.addEventListener("change", () => change({ [picker.dataset.choice]: picker.value }));
  }

  function follow() {
    showMonth();
    showChoices();
    keepLinks();
    for (const follower of followers) follower();
  }

  function showMonth() {
    const shown = month();
    for (const section of document.querySelectorAll("[data-month]")) {
      section.hidden = section.dataset.month !== shown;
    }
    const picker = document.getElementById("month");
    if (picker) {
      picker.value = shown;
      const place = page.months.indexOf(shown);
      for (const step of document.querySelectorAll("[data-month-step]")) {
        const next = place + Number(step.dataset.monthStep);
        step.disabled = place < 0 || next < 0 || next >= page.months.length;
      }
    }
    drawCharts();
  }

  window.addEventListener("hashchange", () => {
    if (location.hash === "#main") return;
    for (const name of [...state.keys()]) state.delete(name);
    for (const [name, value] of new URLSearchParams(location.hash.slice(1))) state.set(name, value);
    follow();
    goTo();
  });

  function goTo() {
    const place = state.get("at") && document.getElementById(state.get("at"));
    if (!place) return;
    for (let fold = place.closest("details"); fold; fold = fold.parentElement.closest("details")) fold.open = true;
    place.scrollIntoView({ block: "start" });
    place.querySelector("[tabindex='0']")?.focus({ preventScroll: true });
  }

  /* ---- charts ---- */

  /* Plotly is read after this script, and each chart is drawn in a turn of its own: the page answers
     in between. The body says when all that is shown is drawn. */
  let canDraw = false;
  let nextTurn = 0;

  function drawCharts() {
    if (!canDraw || nextTurn) return;
    const left = undrawn();
    if (!left.length) {
      body.dataset.drawn = "yes";
      return;
    }
    delete body.dataset.drawn;
    drawChart(left[0]);
    nextTurn = setTimeout(() => { nextTurn = 0; drawCharts(); });
  }

  const undrawn = () => [...document.querySelectorAll(".plot[data-chart]:not([data-drawn])")]
    .filter((place) => !place.closest("[hidden]"));

  function drawChart(place) {
    place.dataset.drawn = "yes";
    if (!window.Plotly) {
      place.textContent = words.no_chart;
      place.closest("figure").querySelector("details")?.setAttribute("open", "");
      return;
    }
    const figure = page.charts[place.dataset.chart];
    const layout = { ...figure.layout, template: page.template };
    if (place.clientWidth < 520) {
      for (const [path, value] of Object.entries(figure.narrow || {})) {
        const names = path.split(".");
        const last = names.pop();
        names.reduce((part, name) => (part[name] ??= {}), layout)[last] = value;
      }
    }
    Plotly.newPlot(
      place,
      figure.data,
      layout,
      { ...page.config, locale: page.language === "zh" ? "zh-CN" : "en-US" },
    ).then(() => place.on("plotly_click", (event) => {
      const clicked = String(event.points[0].x).slice(0, 7);
      if (page.months.includes(clicked)) change({ month: clicked });
    }));
  }

  function resizeCharts(width) {
    if (!window.Plotly) return;
    for (const place of document.querySelectorAll(".plot[data-drawn]")) {
      if (place.closest("[hidden]") || !place.layout) continue;
      const height = page.charts[place.dataset.chart].layout.height;
      Plotly.relayout(place, width
        ? { width, autosize: false, height: Math.min(height, 300) }
        : { width: null, autosize: true, height });
    }
  }

  document.addEventListener("click", (event) => {
    const button = event.target.closest("[data-png]");
    if (!button || !window.Plotly) return;
    const place = document.querySelector(`.plot[data-chart="${CSS.escape(button.dataset.png)}"]`);
    Plotly.downloadImage(place, {
      format: "png", width: 1280, height: 640, scale: 2, filename: button.dataset.png,
    });
  });

  /* ---- data tables ---- */

  const FEW = 200;      /* up to here rows keep their natural height; beyond, only those in view exist */
  const ROW = 37;       /* pixels of a row when only those in view exist; the style sheet fixes it */

  const PRINTED = 60;   /* rows on paper */

  class DataTable {
    constructor(place) {
      this.place = place;
      this.key = place.dataset.table;
      Object.assign(this, page.tables[this.key]);
      this.index = Object.fromEntries(this.columns.map((column, at) => [column.key, at]));
      this.tools();
      this.frame();
      followers.push(() => this.refresh());
    }

    /* The text of each row as a search sees it, made when someone searches. */
    get lower() {
      this.texts ??= this.rows.map((row) => row.map((value, at) => this.show(row, at)).join("\n").toLowerCase());
      return this.texts;
    }

    /* What a cell says, as text. */
    show(row, at) {
      const value = row[at];
      const column = this.columns[at];
      if (value === null || value === undefined || value === "") return words.none;
      switch (column.kind) {
        case "number": return whole.format(value);
        case "decimal": return value.toFixed(1);
        case "money": return money.format(value);
        case "percent": return (value * 100).toFixed(1) + "%";
        case "seconds": {
          const minutes = Math.floor(Math.abs(value) / 60);
          const text = whole.format(Math.floor(minutes / 60)) + ":" + String(minutes % 60).padStart(2, "0");
          return value < 0 ? "−" + text : text;
        }
        case "instant": return String(value).slice(0, 16).replace("T", " ");
        case "code": return column.labels[value] ?? String(value);
        case "link": return value[0];
        default: return String(value);
      }
    }

    cell(row, at, isHead) {
      const column = this.columns[at];
      const value = row[at];
      const text = this.show(row, at);
      const node = make(isHead ? "th" : "td", { scope: isHead ? "row" : null, class: column.right ? "right" : column.kind });
      if (column.screen) node.classList.add("screen");
      if (column.kind === "ticket" && value) {
        node.append(make("a", { href: here + "ticket.html#id=" + encodeURIComponent(value) }, text));
      } else if (column.kind === "link" && value && value[1]) {
        node.append(make("a", { href: here + value[1] }, text));
      } else if (column.key === "verdict") {
        node.append(make("span", { class: "verdict " + value }, text));
      } else {
        node.textContent = text;
        /* Chinese may break anywhere: without a width of its own it would stand one below the other. */
        if (/[\u2e80-\uffef]{7}/.test(text)) node.classList.add(text.length > 30 ? "longest" : "long");
        else if (text.length < 8) node.classList.add("short");
        if (text.length > 40) node.title = text;
      }
      return node;
    }

    /* Places of the columns that are shown: some are there to filter by only. */
    get places() {
      return this.columns.map((_, at) => at).filter((at) => !this.columns[at].hidden);
    }

    tools() {
      const tools = this.place.querySelector(".tools");
      this.search = make("input", { type: "search", autocomplete: "off", spellcheck: "false" });
      this.search.addEventListener("input", () => change({ [this.key + ".q"]: this.search.value }));
      tools.append(make("label", { class: "search" }, make("span", {}, words.search), this.search));
      this.selects = [];
      this.columns.forEach((column, at) => {
        if (!column.filter) return;
        const seen = [...new Set(this.rows.map((row) => (row[at] === null ? "" : String(row[at]))))].filter(Boolean).sort();
        if (seen.length < 2) return;
        const select = make("select", {}, make("option", { value: "" }, words.all));
        for (const value of seen) select.append(make("option", { value }, column.labels[value] ?? value));
        select.addEventListener("change", () => change({ [column.key]: select.value }));
        this.selects.push([column.key, select]);
        tools.append(make("label", {}, make("span", {}, column.label), select));
      });
      if (this.month) {
        this.everyMonth = make("button", { type: "button", class: "quiet" });
        this.everyMonth.addEventListener("click", () => change({ [this.key + ".all"]: state.get(this.key + ".all") ? null : "1" }));
        tools.append(this.everyMonth);
      }
      const csv = make("button", { type: "button", class: "quiet" }, words.csv);
      csv.addEventListener("click", () => this.download());
      this.counter = make("span", { class: "counter", role: "status" });
      tools.append(csv, this.counter);
    }

    frame() {
      this.scroller = this.place.querySelector(".body");
      this.head = make("tr");
      this.places.forEach((at) => {
        const column = this.columns[at];
        const button = make("button", { type: "button" }, column.label);
        button.addEventListener("click", () => {
          const [key, way] = this.sorting();
          const next = key === column.key && way === "asc" ? "desc" : "asc";
          change({ [this.key + ".sort"]: column.key + "." + next });
        });
        this.head.append(make("th", { scope: "col", class: [column.right && "right", column.screen && "screen"].filter(Boolean).join(" ") || null },
          button, make("span", { class: "printed", "aria-hidden": "true" }, column.label)));
      });
      this.bodyRows = make("tbody");
      this.table = make("table", { class: "data" }, make("thead", {}, this.head), this.bodyRows);
      this.table.setAttribute("aria-labelledby", this.key + "-caption");
      this.scroller.append(this.table);
      this.scroller.addEventListener("scroll", () => {
        if (!this.many || this.waiting) return;
        this.waiting = true;
        requestAnimationFrame(() => { this.waiting = false; this.draw(); });
      });
    }

    sorting() {
      const wanted = (state.get(this.key + ".sort") || "").split(".");
      if (wanted[0] in this.index) return wanted;
      return this.sort || [null, null];
    }

    refresh() {
      const shownMonth = month();
      const every = !this.month || shownMonth === "all" || state.get(this.key + ".all");
      const query = (state.get(this.key + ".q") || "").trim().toLowerCase();
      if (document.activeElement !== this.search) this.search.value = state.get(this.key + ".q") || "";
      if (this.everyMonth) {
        this.everyMonth.hidden = shownMonth === "all";
        this.everyMonth.textContent = every ? put(words.this_month, { month: shownMonth }) : words.all_months;
      }
      const filters = [];
      for (const [key, select] of this.selects) {
        const value = state.get(key) || "";
        const known = [...select.options].some((option) => option.value === value);
        select.value = known ? value : "";
        if (value) filters.push([this.index[key], value]);
      }
      const monthAt = this.index[this.month];
      let kept = this.rows.map((_, at) => at).filter((at) => {
        const row = this.rows[at];
        return (every || row[monthAt] === shownMonth)
          && filters.every(([column, value]) => String(row[column] ?? "") === value)
          && (!query || this.lower[at].includes(query));
      });
      const [key, way] = this.sorting();
      if (key) {
        const at = this.index[key];
        const text = new Intl.Collator(page.language === "zh" ? "zh-Hans-CN" : "en", { numeric: true });
        const turn = way === "desc" ? -1 : 1;
        const value = (row) => (this.columns[at].kind === "link" ? row[at]?.[0] : row[at]);
        kept.sort((a, b) => {
          const left = value(this.rows[a]);
          const right = value(this.rows[b]);
          if (left === right) return a - b;
          if (left === null || left === undefined) return 1;
          if (right === null || right === undefined) return -1;
          return turn * (typeof left === "number" ? left - right : text.compare(left, right)) || a - b;
        });
      }
      [...this.head.children].forEach((cell, place) => {
        const isKey = this.columns[this.places[place]].key === key;
        cell.setAttribute("aria-sort", isKey ? (way === "desc" ? "descending" : "ascending") : "none");
      });
      this.kept = kept;
      this.many = kept.length > FEW;
      this.table.classList.toggle("many", this.many);
      this.table.setAttribute("aria-rowcount", String(kept.length + 1));
      /* The rows spoken of: those of the month, or all; a page may not have each of them. */
      const here = every ? this.rows.length : this.rows.filter((row) => row[monthAt] === shownMonth).length;
      const all = every ? this.total : this.months[shownMonth] ?? here;
      const beyond = all > here
        ? " · " + put(words.kept, { here: whole.format(here), ...rows(all) }) : "";
      this.counter.textContent = put(every ? words.rows : words.rows_of_month, {
        shown: whole.format(kept.length), ...rows(here), month: shownMonth,
      }) + beyond;
      this.nothing = here ? words.no_match
        : all ? put(words.none_kept, { month: shownMonth, all: whole.format(all) })
        : !every && this.total ? put(words.none_in_month, { month: shownMonth, all: whole.format(this.total) })
        : this.empty;
      this.scroller.scrollTop = 0;
      this.draw();
    }

    rowNode(place) {
      const row = this.rows[this.kept[place]];
      const node = make("tr", { "aria-rowindex": place + 2 });
      this.places.forEach((at, order) => node.append(this.cell(row, at, order === 0)));
      return node;
    }

    gap(rows) {
      const cell = make("td", { colspan: this.columns.length });
      cell.style.height = rows * ROW + "px";
      return make("tr", { class: "gap", "aria-hidden": "true" }, cell);
    }

    draw(limit) {
      const count = this.kept.length;
      let from = 0;
      let to = limit ? Math.min(limit, count) : count;
      if (this.many && !limit) {
        from = Math.max(0, Math.floor(this.scroller.scrollTop / ROW) - 10);
        to = Math.min(count, from + Math.ceil(this.scroller.clientHeight / ROW) + 20);
      }
      const nodes = [];
      if (from) nodes.push(this.gap(from));
      for (let place = from; place < to; place += 1) nodes.push(this.rowNode(place));
      if (this.many && !limit && to < count) nodes.push(this.gap(count - to));
      if (limit && to < count) {
        nodes.push(make("tr", {}, make("td", { colspan: this.columns.length },
          put(words.more_in_print, { shown: whole.format(to), all: whole.format(count) }))));
      }
      if (!count) nodes.push(make("tr", {}, make("td", { colspan: this.columns.length, class: "empty" }, this.nothing)));
      this.bodyRows.replaceChildren(...nodes);
    }

    download() {
      const quote = (value) => {
        const cell = Array.isArray(value) ? value[0] : value; // of a link its text
        let text = cell === null || cell === undefined ? "" : String(cell);
        if (typeof cell === "string" && /^[=+\-@\t\r]/.test(text)) text = "'" + text;
        return /[",\n\r]/.test(text) ? '"' + text.replaceAll('"', '""') + '"' : text;
      };
      const heading = (column) => column.label + (column.kind === "seconds" ? " (s)" : "");
      const lines = [this.columns.map((column) => quote(heading(column))).join(",")];
      for (const at of this.kept) {
        lines.push(this.rows[at].map((value, place) => {
          const column = this.columns[place];
          return quote(column.kind === "code" && value !== null ? column.labels[value] ?? value : value);
        }).join(","));
      }
      const blob = new Blob(["\ufeff" + lines.join("\r\n") + "\r\n"], { type: "text/csv;charset=utf-8" });
      const link = make("a", { href: URL.createObjectURL(blob), download: `${body.dataset.page}-${this.key}.csv` });
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    }
  }

  /* ---- start ---- */

  const picker = document.getElementById("month");
  if (picker) {
    picker.addEventListener("change", () => change({ month: picker.value }));
    for (const step of document.querySelectorAll("[data-month-step]")) {
      step.addEventListener("click", () => {
        const next = page.months[page.months.indexOf(month()) + Number(step.dataset.monthStep)];
        if (next) change({ month: next });
      });
    }
  }
  const tables = [...document.querySelectorAll("[data-table]")].map((place) => new DataTable(place));

  window.addEventListener("beforeprint", () => {
    undrawn().forEach(drawChart);
    resizeCharts(684);
    for (const table of tables) table.draw(PRINTED);
  });
  window.addEventListener("afterprint", () => {
    resizeCharts(null);
    for (const table of tables) table.refresh();
  });

  follow();
  goTo();
  body.dataset.ready = "yes";
  document.addEventListener("DOMContentLoaded", () => {
    canDraw = true;
    drawCharts();
  });
})();
