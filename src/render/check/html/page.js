"use strict";
(() => {
  // How many rows are made at a time: a page of ten thousand opens as fast as one of two hundred.
  const BATCH = 200;
  // How many months the timeline tells one by one.
  const MONTHS = 24;
  const SEVERITIES = ["error", "warning", "info", "ok"];

  const data = JSON.parse(document.getElementById("data").textContent);
  const byId = (id) => document.getElementById(id);
  const make = (name, className, text) => {
    const element = document.createElement(name);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  };

  const state = { text: "", namespace: "", month: "", object: null };

  // ---- columns: a heading, what to sort by, and what to show -----------------------------------

  const word = (of, className) => ({ key: of, show: (row) => make("td", className, of(row)) });
  const list = (of) => word((row) => of(row).join(" "));
  const severe = (of) => ({
    key: (row) => SEVERITIES.indexOf(row.severity),
    show: (row) => make("td", "word " + row.severity, of(row)),
  });
  const object = {
    key: (row) => row.object,
    show: (row) => {
      const cell = make("td", "", row.object);
      if (row.place) cell.append(make("br"), make("span", "faint", row.place));
      return cell;
    },
  };
  const remedy = {
    key: (row) => row.remedy,
    show: (row) => {
      const cell = make("td");
      cell.append(make(row.isCommand ? "code" : "span", "", row.remedy));
      return cell;
    },
  };
  const number = (of) => ({
    key: (row) => (of(row) === null ? Infinity : of(row)),
    show: (row) => make("td", "number", of(row) === null ? "" : String(of(row))),
  });

  const tables = [
    {
      id: "findings",
      rows: data.findings,
      columns: {
        Severity: severe((row) => (row.waived ? row.severity + " (waived)" : row.severity)),
        Rule: word((row) => row.rule, "word"),
        Namespace: word((row) => row.namespace, "word"),
        Object: object,
        "What is wrong": word((row) => (row.affected ? row.message + "; " + row.affected : row.message)),
        "What to do": remedy,
      },
    },
    {
      id: "certificates",
      rows: data.certificates,
      columns: {
        Status: severe((row) => row.status),
        Namespace: word((row) => row.namespace, "word"),
        Object: object,
        Names: list((row) => row.names),
        Ends: word((row) => row.ends || "", "date"),
        Days: number((row) => row.days),
        "Used by": list((row) => row.usedBy),
        Owner: word((row) => row.owner),
        Issuer: word((row) => row.issuer),
        Key: word((row) => row.keyType, "word"),
      },
    },
    {
      id: "unread",
      rows: data.unread,
      columns: {
        Namespace: word((row) => row.namespace, "word"),
        Object: object,
        Why: word((row) => (row.matters ? row.message : row.message + " (nothing depends on it)")),
      },
    },
  ];

  // ---- what is chosen --------------------------------------------------------------------------

  const about = (row) => row.namespace + "\n" + row.object.replace(/:.*/, "");
  const haystack = (row) => {
    if (row.haystack === undefined) {
      row.haystack = Object.values(row).flat().join("\n").toLowerCase();
    }
    return row.haystack;
  };
  const severities = () =>
    new Set([...document.querySelectorAll("input[name=severity]:checked")].map((box) => box.value));

  const bucketOf = (row) => {
    if (!row.ends) return "";
    if (row.ends < today) return "ended";
    const month = row.ends.slice(0, 7);
    return months.includes(month) ? month : "later";
  };

  const chosen = (table) => {
    const words = state.text.toLowerCase().split(/\s+/).filter(Boolean);
    const severe = severities();
    const waived = byId("waived").checked;
    return table.rows.filter(
      (row) =>
        (row.severity === undefined || severe.has(row.severity)) &&
        (waived || !row.waived) &&
        (!state.namespace || row.namespace === state.namespace) &&
        (!state.object || about(row) === state.object) &&
        (!state.month || (table.id === "certificates" ? bucketOf(row) === state.month : inMonth.has(about(row)))) &&
        words.every((part) => haystack(row).includes(part)),
    );
  };

  // ---- tables ----------------------------------------------------------------------------------

  const rowOf = (table, row) => {
    const line = make("tr", row.waived ? "waived" : "");
    line.tabIndex = -1;
    line.dataset.about = about(row);
    for (const column of Object.values(table.columns)) line.append(column.show(row));
    return line;
  };

  const more = (table, count) => {
    const next = table.shown.slice(table.drawn, table.drawn + count);
    const lines = document.createDocumentFragment();
    for (const row of next) lines.append(rowOf(table, row));
    table.body.append(lines);
    if (table.drawn === 0 && table.body.firstChild) table.body.firstChild.tabIndex = 0;
    table.drawn += next.length;
    const left = table.shown.length - table.drawn;
    table.button.hidden = left === 0;
    table.button.textContent = "Show more (" + left + " left)";
  };

  const draw = (table) => {
    table.shown = chosen(table);
    if (table.by) {
      const key = table.columns[table.by].key;
      const up = table.down ? -1 : 1;
      table.shown.sort((a, b) => (key(a) < key(b) ? -up : key(a) > key(b) ? up : 0));
    }
    table.drawn = 0;
    table.body.replaceChildren();
    more(table, BATCH);
    byId(table.id + "-title").textContent =
      table.title + " (" + table.shown.length + (table.shown.length < table.rows.length ? " of " + table.rows.length : "") + ")";
  };

  let inMonth = new Set();
  const drawAll = () => {
    inMonth = new Set();
    if (state.month) {
      for (const row of data.certificates) if (bucketOf(row) === state.month) inMonth.add(about(row));
    }
    tables.forEach(draw);
    for (const bar of byId("timeline").children) {
      bar.setAttribute("aria-pressed", String(bar.dataset.month === state.month));
    }
    const [findings, certificates] = tables;
    byId("status").textContent =
      findings.shown.length + " of " + findings.rows.length + " findings and " +
      certificates.shown.length + " of " + certificates.rows.length + " certificates shown" +
      (state.object ? ", only of " + state.object.split("\n").filter(Boolean).join("/") : "");
  };

  const sortBy = (table, name) => {
    table.down = table.by === name && !table.down;
    table.by = name;
    for (const head of table.heads) {
      const direction = table.down ? "descending" : "ascending";
      head.setAttribute("aria-sort", head.dataset.column === name ? direction : "none");
    }
    draw(table);
  };

  const build = (table) => {
    const section = byId(table.id);
    section.hidden = table.rows.length === 0;
    table.title = byId(table.id + "-title").textContent;
    const whole = make("table");
    whole.setAttribute("aria-labelledby", table.id + "-title");
    const line = make("tr");
    table.heads = Object.keys(table.columns).map((name) => {
      const head = make("th");
      head.scope = "col";
      head.dataset.column = name;
      head.setAttribute("aria-sort", "none");
      const button = make("button", "", name);
      button.type = "button";
      button.addEventListener("click", () => sortBy(table, name));
      head.append(button);
      return head;
    });
    line.append(...table.heads);
    const top = make("thead");
    top.append(line);
    table.body = make("tbody");
    whole.append(top, table.body);
    table.button = make("button", "more");
    table.button.type = "button";
    table.button.addEventListener("click", () => more(table, BATCH));
    section.append(whole, table.button);
    // Whoever scrolls to the end sees what comes next.
    new IntersectionObserver((seen) => {
      if (seen.some((one) => one.isIntersecting) && !table.button.hidden) more(table, BATCH);
    }).observe(table.button);
  };

  // ---- the timeline ----------------------------------------------------------------------------

  const today = data.at.slice(0, 10);
  const months = Array.from({ length: MONTHS }, (_, index) => {
    const month = Number(today.slice(5, 7)) - 1 + index;
    const year = Number(today.slice(0, 4)) + Math.floor(month / 12);
    return String(year).padStart(4, "0") + "-" + String((month % 12) + 1).padStart(2, "0");
  });

  const timeline = () => {
    const counts = new Map([["ended", 0], ...months.map((month) => [month, 0]), ["later", 0]]);
    for (const row of data.certificates) {
      const bucket = bucketOf(row);
      if (bucket) counts.set(bucket, counts.get(bucket) + 1);
    }
    const most = Math.max(1, ...counts.values());
    for (const [month, count] of counts) {
      const soon = month === months[0] || month === months[1];
      const bar = make("button", month === "ended" ? "past" : soon ? "soon" : "");
      bar.type = "button";
      bar.dataset.month = month;
      bar.disabled = count === 0;
      bar.setAttribute("aria-pressed", "false");
      bar.setAttribute("aria-label", month + ": " + count);
      const height = make("span", "bar");
      height.style.height = (count === 0 ? 0 : 4 + Math.round((count / most) * 90)) + "px";
      bar.append(make("span", "count", count === 0 ? "" : String(count)), height);
      bar.append(make("span", "month", month.length === 7 ? month.slice(2) : month));
      bar.addEventListener("click", () => {
        state.month = state.month === month ? "" : month;
        drawAll();
      });
      byId("timeline").append(bar);
    }
  };

  // ---- filters, keys, colours, printing --------------------------------------------------------

  const clear = () => {
    Object.assign(state, { text: "", namespace: "", month: "", object: null });
    byId("filters").reset();
    drawAll();
  };

  const namespaces = new Set(tables.flatMap((table) => table.rows.map((row) => row.namespace)));
  for (const name of [...namespaces].filter(Boolean).sort()) {
    const option = make("option", "", name);
    option.value = name;
    byId("namespace").append(option);
  }

  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("filters").addEventListener("input", () => {
    state.text = byId("text").value;
    state.namespace = byId("namespace").value;
    drawAll();
  });
  byId("clear").addEventListener("click", clear);

  const THEMES = ["system", "dark", "light"];
  byId("theme").addEventListener("click", (event) => {
    const root = document.documentElement;
    const next = THEMES[(THEMES.indexOf(root.dataset.theme || "system") + 1) % THEMES.length];
    if (next === "system") delete root.dataset.theme;
    else root.dataset.theme = next;
    event.currentTarget.textContent = "Colours: " + next;
    event.currentTarget.setAttribute("aria-label", "Colours: " + next);
  });

  const go = (line) => {
    if (!line) return;
    for (const other of line.parentNode.querySelectorAll("tr[tabindex='0']")) other.tabIndex = -1;
    line.tabIndex = 0;
    line.focus();
  };

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey) return;
    const typing = event.target.matches("input[type=search], select");
    if (event.key === "Escape") {
      clear();
    } else if (event.key === "/" && !typing) {
      byId("text").focus();
    } else {
      const line = event.target.closest("tbody tr");
      if (!line) return;
      const table = tables.find((one) => one.body === line.parentNode);
      if (event.key === "ArrowDown") {
        if (!line.nextSibling) more(table, BATCH);
        go(line.nextSibling);
      } else if (event.key === "ArrowUp") {
        go(line.previousSibling);
      } else if (event.key === "Home") {
        go(table.body.firstChild);
      } else if (event.key === "End") {
        more(table, Infinity);
        go(table.body.lastChild);
      } else if (event.key === "Enter") {
        state.object = state.object === line.dataset.about ? null : line.dataset.about;
        drawAll();
        go(table.body.firstChild);
      } else {
        return;
      }
    }
    event.preventDefault();
  });

  // What is printed is all that is chosen, not what was scrolled to.
  window.addEventListener("beforeprint", () => tables.forEach((table) => more(table, Infinity)));

  tables.forEach(build);
  timeline();
  drawAll();
})();
