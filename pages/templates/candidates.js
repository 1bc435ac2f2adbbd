"use strict";
(() => {
  // Rows stand in the page; this only orders and hides them, so that the page is whole without it and in print.
  const controls = ["find", "verdict", "platform"].map((name) => document.getElementById(name));
  const [find, verdict, platform] = controls;
  const rows = [...document.querySelectorAll("table.candidates tbody tr")];
  for (const name of [...new Set(rows.map((row) => row.dataset.platform))].sort()) if (name) platform.append(new Option(name, name));
  const choose = () => {
    const wanted = find.value.trim().toLowerCase();
    for (const row of rows) {
      row.hidden = !((!verdict.value || row.dataset.verdict === verdict.value) &&
        (!platform.value || row.dataset.platform === platform.value) &&
        (!wanted || row.dataset.name.toLowerCase().includes(wanted) || row.textContent.toLowerCase().includes(wanted)));
    }
    const listed = rows.filter((row) => row.closest("table").classList.contains("ranked"));
    const shown = listed.filter((row) => !row.hidden).length;
    document.getElementById("shown").textContent = shown ? `${shown} of ${listed.length} candidates` : "No candidate fits.";
  };
  const value = (row, column) => {
    const text = row.cells[column].dataset.value;
    return text === undefined ? row.cells[column].textContent.trim().toLowerCase() : text === "" ? null : Number(text);
  };
  for (const button of document.querySelectorAll("table.candidates th button")) {
    button.addEventListener("click", () => {
      const heading = button.parentElement, table = heading.closest("table"), column = heading.cellIndex;
      const rising = heading.getAttribute("aria-sort") !== "ascending";
      for (const each of table.tHead.rows[0].cells) each.removeAttribute("aria-sort");
      heading.setAttribute("aria-sort", rising ? "ascending" : "descending");
      const keyed = [...table.tBodies[0].rows].map((row) => [value(row, column), row]);
      keyed.sort(([a], [b]) => {
        const empty = (one) => one === null || one === "";
        if (empty(a) || empty(b)) return empty(a) - empty(b);
        const less = a < b ? -1 : a > b ? 1 : 0;
        return rising ? less : -less;
      });
      table.tBodies[0].append(...keyed.map(([, row]) => row));
    });
  }
  for (const control of controls) control.addEventListener("input", choose);
  document.getElementById("controls").hidden = false;
  choose();
})();
