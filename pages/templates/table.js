"use strict";
(() => {
  const rows = JSON.parse(document.getElementById("rows").textContent);
  const table = document.getElementById("table");
  const body = table.tBodies[0];
  const [find, verdict, platform, sort, former, next, told] =
    ["find", "verdict", "platform", "sort", "former", "next", "shown"].map((name) => document.getElementById(name));
  const tiles = [...document.querySelectorAll("button[data-verdict]")];
  const headings = [...table.querySelectorAll("th button")];
  const size = 100;
  let start = 0, column = 5, rising = false, shown = [];
  for (const name of [...new Set(rows.map((row) => row[2]))].sort()) platform.append(new Option(name, name));
  const sought = rows.map((row) => [0, 1, 7, 8].map((index) => row[index]).join("\n").toLowerCase());

  const order = (one, other) => {
    const [a, b] = [one[column], other[column]];
    const empty = (value) => value === null || value === "";
    if (empty(a) || empty(b)) return empty(a) - empty(b);
    const less = typeof a === "number" ? a - b : a < b ? -1 : a > b ? 1 : 0;
    return rising ? less : -less;
  };
  const element = (name, style, ...content) => {
    const found = document.createElement(name);
    if (style) found.className = style;
    found.append(...content);
    return found;
  };
  const number = (value, digits) =>
    value === null ? "" : value.toLocaleString("en", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const word = (value) => (value === "insufficient_data" ? "no verdict" : value);
  const line = (row) => {
    let name = element("bdi", "clamp", row[1] || row[0]);
    if (row[9]) {
      const link = element("a", "", name);
      link.href = row[9];
      name = link;
    }
    const first = element("th", "", name);
    first.scope = "row";
    if (row[1]) first.append(element("div", "soft broad", element("bdi", "clamp", row[0])));
    // On a phone the columns that do not fit stand under the name.
    const followers = number(row[3], 0);
    first.append(element("div", "soft narrow", [row[2], followers && `${followers} followers`].filter(Boolean).join(", ")),
      element("div", "soft narrow", row[8]));
    return element("tr", "", first, element("td", "broad", row[2] ?? ""), element("td", "number broad", followers),
      element("td", "number", number(row[4], 0)),
      element("td", "number broad", row[5] !== null && row[5] >= 0.9995 ? "> 0.999" : number(row[5], 3)),
      element("td", "", element("span", row[6], word(row[6]))), element("td", "text broad", row[8]));
  };
  const draw = () => {
    body.replaceChildren(...shown.slice(start, start + size).map(line));
    const last = Math.min(start + size, shown.length);
    told.textContent = shown.length
      ? `${(start + 1).toLocaleString("en")} to ${last.toLocaleString("en")} of ${shown.length.toLocaleString("en")} accounts`
      : "No account fits.";
    former.disabled = start === 0;
    next.disabled = last >= shown.length;
    for (const tile of tiles) tile.setAttribute("aria-pressed", String(tile.dataset.verdict === verdict.value));
    for (const button of headings) {
      const own = Number(button.dataset.column) === column;
      if (own) button.parentElement.setAttribute("aria-sort", rising ? "ascending" : "descending");
      else button.parentElement.removeAttribute("aria-sort");
    }
  };
  const choose = () => {
    const wanted = find.value.trim().toLowerCase();
    shown = rows.filter((row, index) => (!verdict.value || row[6] === verdict.value) &&
      (!platform.value || row[2] === platform.value) && (!wanted || sought[index].includes(wanted)));
    shown.sort(order);
    start = 0;
    draw();
  };
  for (const button of headings) {
    button.addEventListener("click", () => {
      const own = Number(button.dataset.column);
      rising = own === column ? !rising : own < 3;
      column = own;
      choose();
    });
  }
  for (const tile of tiles) {
    tile.addEventListener("click", () => {
      verdict.value = verdict.value === tile.dataset.verdict ? "" : tile.dataset.verdict;
      choose();
    });
  }
  for (const control of [find, verdict, platform]) control.addEventListener("input", choose);
  sort.addEventListener("input", () => {
    const [name, way] = sort.value.split(" ");
    [column, rising] = [Number(name), way === "rising"];
    choose();
  });
  former.addEventListener("click", () => { start -= size; draw(); });
  next.addEventListener("click", () => { start += size; draw(); });
  choose();
})();
