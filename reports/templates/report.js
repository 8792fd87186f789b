"use strict";
// Sorting and filtering of the tables that say so; everything else works without a script.
for (const table of document.querySelectorAll("table[data-interactive]")) {
  const body = table.tBodies[0];
  const order = (row, column) => {
    const cell = row.cells[column];
    const value = cell.dataset.order;
    return value === undefined ? cell.textContent.toLowerCase() : value === "" ? null : Number(value);
  };
  const compare = (a, b) => (a === b ? 0 : a === null ? 1 : b === null ? -1 : a < b ? -1 : 1);
  const heads = [...table.tHead.rows[0].cells];
  heads.forEach((head, column) => {
    const button = document.createElement("button");
    button.type = "button";
    button.append(...head.childNodes);
    head.append(button);
    button.addEventListener("click", () => {
      const down = head.getAttribute("aria-sort") === "ascending";
      for (const other of heads) other.removeAttribute("aria-sort");
      head.setAttribute("aria-sort", down ? "descending" : "ascending");
      const sign = down ? -1 : 1;
      const sorted = [...body.rows].sort((a, b) => {
        const x = order(a, column), y = order(b, column);
        return x === null || y === null ? compare(x, y) : sign * compare(x, y);
      });
      body.append(...sorted);
    });
  });
  if (body.rows.length < 7) continue;
  const filter = document.createElement("div");
  filter.className = "filter";
  const label = document.createElement("label");
  label.textContent = "Filter rows";
  const input = document.createElement("input");
  input.type = "search";
  input.id = `${table.id}-filter`;
  label.htmlFor = input.id;
  const count = document.createElement("output");
  count.htmlFor = input.id;
  input.addEventListener("input", () => {
    const wanted = input.value.trim().toLowerCase();
    let shown = 0;
    for (const row of body.rows) {
      row.hidden = !row.textContent.toLowerCase().includes(wanted);
      shown += !row.hidden;
    }
    count.textContent = wanted ? `${shown} of ${body.rows.length} shown` : "";
  });
  filter.append(label, input, count);
  table.parentElement.before(filter);
}
// What is folded on screen is printed all the same.
addEventListener("beforeprint", () => {
  for (const fold of document.querySelectorAll("details.fold:not([open])")) {
    fold.open = true;
    fold.dataset.printed = "";
  }
});
addEventListener("afterprint", () => {
  for (const fold of document.querySelectorAll("details[data-printed]")) {
    fold.open = false;
    delete fold.dataset.printed;
  }
});
