/* One ticket: reads its id from the link, loads the part of the data that holds it, draws it.
   Every text is set as text, never as markup. */
"use strict";
(() => {
  const page = JSON.parse(document.getElementById("ticket-data").textContent);
  const words = page.words;
  const place = document.getElementById("ticket");
  const root = document.body.dataset.root;
  const here = document.body.dataset.here;
  const SVG = "http://www.w3.org/2000/svg";
  let shown = null;

  const put = (text, values) => text.replace(/\{(\w+)\}/g, (_, name) => values[name] ?? "");
  const make = (tag, attributes, ...children) => {
    const node = document.createElement(tag);
    for (const [name, value] of Object.entries(attributes || {})) if (value !== null && value !== undefined) node.setAttribute(name, value);
    node.append(...children);
    return node;
  };
  const label = (kind, value) => (value === undefined ? "–" : page.labels[kind]?.[String(value)] ?? String(value));
  const whole = new Intl.NumberFormat("en-US", { maximumFractionDigits: 0 });
  const span = (seconds) => {
    if (seconds === undefined) return "–";
    const all = Math.abs(seconds);
    const two = (number) => String(number % 60).padStart(2, "0");
    return `${seconds < 0 ? "−" : ""}${whole.format(Math.floor(all / 3600))}:${two(Math.floor(all / 60))}:${two(all)}`;
  };
  const second = (text) => text ?? "–";
  const time = (text) => Date.UTC(+text.slice(0, 4), +text.slice(5, 7) - 1, +text.slice(8, 10), +text.slice(11, 13), +text.slice(14, 16), +(text.slice(17, 19) || 0));
  const stamp = (value) => new Date(value).toISOString();
  /* An inspection is due by the end of its last day, not at 0:00 of the next. */
  const dueOf = (row) => (row.kind === "inspection" && row.due_at
    ? `${stamp(time(row.due_at) - 864e5).slice(0, 10)} 24:00:00` : second(row.due_at));

  function partOf(id) {
    let value = 0x811c9dc5;
    for (const byte of new TextEncoder().encode(id)) value = Math.imul(value ^ byte, 0x01000193) >>> 0;
    return value % page.parts;
  }

  function load(name, then) {
    window.slaData ??= {};
    if (window.slaData[name]) { then(window.slaData[name]); return; }
    const script = make("script", { src: `${root}data/${name}.js` });
    script.addEventListener("load", () => then(window.slaData[name] || {}));
    script.addEventListener("error", () => say(put(words.no_file, { file: `data/${name}.js` })));
    document.head.append(script);
  }

  const say = (text) => place.replaceChildren(make("p", { class: "note" }, text));

  function open() {
    const id = new URLSearchParams(location.hash.slice(1)).get("id");
    if (location.hash === "#main") return;
    if (!id || !page.parts) { say(words.no_id); return; }
    const title = document.querySelector("h1");
    title.textContent = put(words.title, { id });
    document.title = title.textContent;
    const name = `tickets-${partOf(id)}`;
    load(name, (part) => {
      if (!Object.hasOwn(part, id)) { say(put(words.not_kept, { id, kept: page.kept })); return; }
      load("hours", (hours) => { shown = [part[id], hours]; draw(); });
    });
  }

  function draw() {
    const [ticket, hours] = shown;
    place.replaceChildren(
      make("p", { class: "lead-sentence" }, verdict(ticket)),
      ...(ticket.opened_at && (ticket.target_seconds !== undefined || ticket.responded_at) ? timeline(ticket, hours) : []),
      ...facts(ticket),
      ...table("promises", ticket.promises, [
        ["kind", (row) => label("kind", row.kind)], ["clause", clause], ["responsible", responsible],
        ["due_at", dueOf], ["done_at", (row) => second(row.done_at)],
        ["verdict", mark], ["reason", reason],
      ]),
      ...table(page.has_invoices ? "charges" : "charges_only", ticket.charges, [
        ["charge_type", (row) => label("charge_type", row.charge_type)], ["expected", (row) => label("expected", row.expected)],
        ["finding", (row) => label("finding", row.finding)], ["billed_amount", (row) => row.billed_amount ? `${row.billed_amount} ${row.currency ?? ""}` : "–"],
        ["invoice_ids", (row) => [row.invoice_ids ?? "–"].flat().join(", ")], ["clause", clause], ["reason", reason],
      ]),
      ...table("records", ticket.records, [
        ["record_id", (row) => row.record_id], ["form", (row) => label("form", row.form)], ["agent_id", (row) => row.agent_id ?? "–"],
        ["submitted_at", (row) => second(row.submitted_at)], ["engineer", (row) => row.engineer ?? "–"], ["source", source],
      ]),
      ...table("pauses", ticket.pauses, [
        ["paused_at", (row) => second(row.paused_at)], ["resumed_at", (row) => second(row.resumed_at)],
        ["reason", (row) => row.reason ?? "–"], ["source", source],
      ]),
    );
  }

  const isChinese = document.documentElement.lang.startsWith("zh");
  const reason = (row) => (isChinese ? row.reason_zh : row.reason) ?? row.reason ?? "–";
  const responsible = (row) => (row.responsible === "company" ? words.company : row.responsible ?? "–");
  const clause = (row) => (row.clause ? make("a", { href: `${here}terms.html#at=clause-${encodeURIComponent(row.clause)}` }, row.clause) : "–");
  const source = (row) => (row.source_file ? `${row.source_file} · ${put(words.row, { row: row.source_row })}` : "–");
  const mark = (row) => (row.verdict ? make("span", { class: `verdict ${row.verdict}` }, label("verdict", row.verdict)) : "–");

  function verdict(ticket) {
    if (!ticket.verdict) return ticket.is_fault_unknown ? words.fault_unknown : words.no_response;
    const over = (ticket.elapsed_seconds ?? 0) - (ticket.target_seconds ?? 0);
    const did = words[`did_${ticket.clock_stops_at ?? "responded_at"}`];
    const values = {
      did, did_not: words[`did_not_${ticket.clock_stops_at ?? "responded_at"}`],
      used: span(ticket.elapsed_seconds), target: span(ticket.target_seconds), clock: label("clock", ticket.clock),
      over: span(over), due: second(ticket.due_at), reason: reason(ticket),
    };
    let kind = ticket.verdict;
    if (kind === "pending" && time(ticket.opened_at) > time(page.as_of)) kind = "not_opened";
    if (kind === "breached" && over) kind = ticket.is_open ? "open_late" : "breached";
    else if (kind === "breached" && ticket.strictness === "<=") kind = "under_a_second";
    else if (kind === "breached") kind = ticket.is_open ? "open_at_target" : "at_target";
    return put(words[kind], values);
  }

  function facts(ticket) {
    const rows = [
      ["customer", [ticket.customer_name, ticket.customer_id].filter(Boolean).join(" · ")],
      ["customer_type", ticket.customer_type && label("customer_type", ticket.customer_type)],
      ["city", [ticket.city, ticket.city_tier && label("city_tier", ticket.city_tier)].filter(Boolean).join(" · ")],
      ["service", [ticket.service_code, isChinese ? ticket.service_zh : ticket.service_en].filter(Boolean).join(" ")],
      ["fault_level", ticket.fault_level && label("fault_level", ticket.fault_level)],
      ["provider", ticket.provider && label("provider", ticket.provider)],
      ["agent_id", ticket.agent_id], ["serial_no", ticket.serial_no], ["contract_id", ticket.contract_id],
      ["channel", ticket.channel && label("channel", ticket.channel)],
      ["category", ticket.category && label("category", ticket.category)],
      ["parent_ticket_id", ticket.parent_ticket_id && make("a", { href: `#id=${encodeURIComponent(ticket.parent_ticket_id)}` }, ticket.parent_ticket_id)],
      ["opened_at", ticket.opened_at], ["responded_at", ticket.responded_at], ["arrived_at", ticket.arrived_at],
      ["finished_at", ticket.finished_at], ["agreed_due_at", ticket.agreed_due_at], ["due_at", ticket.due_at],
      ["calendar_seconds", ticket.calendar_seconds === undefined ? null : span(ticket.calendar_seconds)],
      ["service_seconds", ticket.service_seconds === undefined ? null : span(ticket.service_seconds)],
      ["paused_seconds", ticket.paused_seconds ? span(ticket.paused_seconds) : null],
      ["clause", ticket.clause && clause(ticket)],
      ["description", ticket.description], ["source", source(ticket)],
    ];
    const list = make("dl", { class: "pairs two" });
    for (const [key, value] of rows) if (value) list.append(make("dt", {}, words[key]), make("dd", {}, value));
    return [make("h2", {}, words.facts), list];
  }

  function table(title, rows, columns) {
    if (!rows?.length) return [];
    const head = make("tr", {}, ...columns.map(([key]) => make("th", { scope: "col" }, words[key])));
    const lines = rows.map((row) => make("tr", {}, ...columns.map(([, cell]) => {
      const said = cell(row);
      const isTime = typeof said === "string" && /^\d{4}-\d\d-\d\d /.test(said);
      return make("td", { class: isTime ? "time" : null }, said);
    })));
    const scroll = make("div", { class: "scroll", tabindex: "0", role: "group", "aria-label": words[title] },
      make("table", {}, make("thead", {}, head), make("tbody", {}, ...lines)));
    return [make("h2", {}, words[title]), scroll];
  }

  /* ---- the timeline: what counted, what did not, when it was due, when it was answered ---- */

  function timeline(ticket, hours) {
    const start = time(ticket.opened_at);
    const stop = ticket.stopped_at ? time(ticket.stopped_at) : Math.max(start, time(page.as_of));
    const due = ticket.due_at ? time(ticket.due_at) : stop;
    const farthest = Math.max(stop, due, start + 3600e3);
    const before = (farthest - start) * 0.03;
    const from = start - before;
    const to = farthest + (farthest - start) * 0.08;
    const width = Math.max(320, Math.floor(place.clientWidth));
    const x = (value) => ((Math.min(Math.max(value, from), to) - from) / (to - from)) * width;
    const svg = document.createElementNS(SVG, "svg");
    const add = (tag, attributes, text) => {
      const node = document.createElementNS(SVG, tag);
      for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, value);
      if (text !== undefined) node.textContent = text;
      svg.append(node);
      return node;
    };
    const bar = (kind, a, b, y, height) => { if (b > a) add("rect", { class: kind, x: x(a).toFixed(1), y, width: Math.max(1, x(b) - x(a)).toFixed(1), height }); };
    svg.setAttribute("class", "timeline");
    svg.setAttribute("viewBox", `0 0 ${width} 138`);
    svg.setAttribute("role", "img");
    svg.setAttribute("aria-label", `${words.timeline}: ${verdict(ticket)}`);

    bar("closed", from, to, 62, 26);
    const stretches = ticket.clock === "service_hours"
      ? (hours[ticket.calendar_id] || []).map(([a, b]) => [time(a), time(b)]).filter(([a, b]) => b > from && a < to)
      : [[from, to]];
    for (const [a, b] of stretches) bar("open", Math.max(a, from), Math.min(b, to), 62, 26);
    for (const [a, b] of stretches) {
      bar("used", Math.max(a, start), Math.min(b, stop, due), 96, 12);
      bar("over", Math.max(a, due), Math.min(b, stop), 96, 12);
    }
    for (const pause of ticket.pauses || []) {
      if (!pause.paused_at) continue;
      const until = pause.resumed_at ? time(pause.resumed_at) : stop;
      bar("pause", Math.max(time(pause.paused_at), from), Math.min(until, to), 62, 26);
      bar("gap", Math.max(time(pause.paused_at), start), Math.min(until, stop), 96, 12);
    }

    const day = 864e5;
    const days = (to - from) / day;
    const dated = (value) => stamp(value).slice(days > 330 ? 0 : 5, 16).replace("T", " ");
    const step = [1, 2, 7, 14, 28, 91, 365].find((size) => days / size <= width / 90) || 365;
    for (let value = Math.ceil(from / day) * day; value < to; value += step * day) {
      add("line", { class: "day", x1: x(value), x2: x(value), y1: 56, y2: 114 });
      if (x(value) < width - 40) add("text", { class: "soft", x: x(value) + 3, y: 128 }, dated(value).slice(0, days > 330 ? 7 : 5));
    }
    const marks = [["opened_at", start, "mark"]];
    if (!ticket.stopped_at) marks.push(["as_of", stop, "mark"]);
    if (ticket.due_at) marks.push(["due_at", due, "due"]);
    for (const key of ["responded_at", "arrived_at", "finished_at"]) {
      if (ticket[key] && time(ticket[key]) <= to) marks.push([key, time(ticket[key]), "mark"]);
    }
    marks.sort((a, b) => a[1] - b[1]);
    const taken = [];
    const labels = [];
    for (const [key, value, kind] of marks) {
      const text = `${words[key]} ${dated(value)}`;
      const size = 7.2 * [...text].reduce((sum, character) => sum + (character.charCodeAt(0) > 255 ? 1.8 : 1), 0);
      const left = Math.min(Math.max(0, x(value) - 2), width - size);
      let line = 0;
      while (taken.some(([row, a, b]) => row === line && left < b && left + size > a)) line += 1;
      taken.push([line, left, left + size]);
      const y = 48 - line * 16;
      add("line", { class: kind, x1: x(value), x2: x(value), y1: y + 3, y2: 112 });
      labels.push({ x: left, y, text });
    }
    for (const { text, ...at } of labels) add("text", at, text);
    const legend = make("ul", { class: "scale", "aria-hidden": "true" });
    for (const [kind, name] of [["open", words.open_hours], ["closed", words.closed_hours], ["pause", words.paused], ["used", words.used], ["over", label("verdict", "breached")]]) {
      if (kind !== "pause" || ticket.pauses?.length) legend.append(make("li", {}, make("i", { class: kind }), name));
    }
    const top = Math.max(0, Math.max(...taken.map(([row]) => row)) - 2) * 16;
    svg.setAttribute("viewBox", `0 ${-top} ${width} ${138 + top}`);
    return [make("h2", {}, words.timeline), svg, legend];
  }

  window.addEventListener("hashchange", open);
  window.addEventListener("resize", () => { if (shown) draw(); });
  open();
})();
