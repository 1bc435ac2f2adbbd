"use strict";
(() => {
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const body = document.querySelector("#table tbody");
  const controls = ["find", "verdict", "platform"].map((name) => document.getElementById(name));
  const [find, verdict, platform] = controls;
  const [former, next] = ["former", "next"].map((name) => document.getElementById(name));
  const size = 100;
  let start = 0, column = 5, rising = false, shown = [];
  for (const name of [...new Set(rows.map((row) => row[2]))].sort()) platform.append(new Option(name, name));

  const order = (one, other) => {
    const [a, b] = [one[column], other[column]];
    const empty = (value) => value === null || value === "";
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    const less = typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
    return rising ? less : -less;
  };
  const cell = (content, style, heading) => {
    const found = document.createElement(heading ? "th" : "td");
    if (heading) found.scope = "row";
    if (style) found.className = style;
    found.append(content);
    return found;
  };
  const isolated = (text) => {
    const found = document.createElement("bdi");
    found.textContent = text;
    return found;
  };
  const account = (row) => {
    const name = isolated(row[1] || row[0]);
    if (!row[9]) return name;
    const link = document.createElement("a");
    link.href = row[9];
    link.append(name);
    return link;
  };
  const number = (value, digits) =>
    value === null ? "" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const draw = () => {
    body.replaceChildren(...shown.slice(start, start + size).map((row) => {
      const line = document.createElement("tr");
      const said = document.createElement("span");
      said.className = row[6];
      said.textContent = row[6].replace("_", " ");
      const first = cell(account(row), "", true);
      if (row[1]) {
        const id = document.createElement("div");
        id.className = "soft";
        id.append(isolated(row[0]));
        first.append(id);
      }
      line.append(first, cell(row[2]), cell(number(row[3], 0), "number"), cell(number(row[4], 0), "number"),
        cell(row[5] !== null && row[5] >= 0.9995 ? "> 0.999" : number(row[5], 3), "number"), cell(said), cell(row[8], "text"));
      return line;
    }));
    const last = Math.min(start + size, shown.length);
    document.getElementById("shown").textContent = shown.length
      ? `${(start + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${shown.length.toLocaleString("en")} accounts`
      : "No account fits.";
    former.disabled = start === 0;
    next.disabled = last >= shown.length;
  };
  const choose = () => {
    const wanted = find.value.trim().toLowerCase();
    shown = rows.filter((row) =>
      (!verdict.value || row[6] === verdict.value) && (!platform.value || row[2] === platform.value) &&
      (!wanted || [0, 1, 7, 8].some((index) => row[index].toLowerCase().includes(wanted))));
    shown.sort(order);
    start = 0;
    draw();
  };
  for (const button of document.querySelectorAll("th button")) {
    button.addEventListener("click", () => {
      const own = Number(button.dataset.column);
      rising = own === column ? !rising : own < 3;
      column = own;
      for (const each of document.querySelectorAll("#table th")) each.removeAttribute("aria-sort");
      button.parentElement.setAttribute("aria-sort", rising ? "ascending" : "descending");
      choose();
    });
  }
  for (const control of controls) control.addEventListener("input", choose);
  former.addEventListener("click", () => { start -= size; draw(); });
  next.addEventListener("click", () => { start += size; draw(); });
  choose();
})();
