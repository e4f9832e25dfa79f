// The rows of people. A row is rebuilt only when its person changes.

import { full, initials, moment, words } from "./words.js";

/** @typedef {import("./client.js").Person} Person */

/** The maximum number of rows; the board counts the rest. */
export const ROWS_MAX = 1000;

/** An element with its attributes and children; strings become text.
 * @template {keyof HTMLElementTagNameMap} T
 * @param {T} tag @param {Record<string, string>} attributes @param {(Node|string)[]} inside
 * @returns {HTMLElementTagNameMap[T]} */
export function element(tag, attributes, ...inside) {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...inside);
  return made;
}

/** @param {string} kind */
export function picture(kind) {
  const [svg, use] = ["svg", "use"].map((tag) => document.createElementNS("http://www.w3.org/2000/svg", tag));
  if (!svg || !use) throw new Error("no SVG");
  use.setAttribute("href", `#${kind}`);
  svg.setAttribute("viewBox", "0 0 16 16");
  svg.setAttribute("aria-hidden", "true");
  svg.append(use);
  return svg;
}

/** @param {string} name @param {string} kind */
export const face = (name, kind) =>
  element("span", { class: "face", "aria-hidden": "true" }, element("b", {}, initials(name)), picture(kind));

/** @param {string|null} when */
const time = (when) =>
  when ? [element("time", { datetime: when, title: full.format(new Date(when)) }, moment(when))] : [];

/** @param {HTMLTableSectionElement} body */
export function table(body) {
  /** @type {Map<string, HTMLTableRowElement>} */
  const rows = new Map();
  /** The content of each row. @type {WeakMap<HTMLElement, string>} */
  const shown = new WeakMap();

  /** @param {HTMLTableRowElement} row @param {Person} person @param {boolean} own @param {boolean} old */
  function fill(row, person, own, old) {
    const { kind, word, detail } = words(person);
    const cell = (/** @type {string} */ name, /** @type {(Node|string)[]} */ ...inside) =>
      element("td", { role: "cell", class: name }, ...inside);
    const name = element("span", { class: "name" }, element("bdi", {}, person.name));
    if (own) name.append(element("i", {}, " (you)"));
    if (person.groups.length) name.append(element("small", {}, person.groups.join(", ")));
    const who = element("span", { class: "who" }, face(person.name, kind), name);
    const status = [element("strong", {}, old ? `was ${word}` : word), " "];
    if (detail) status.push(element("small", {}, detail));
    if (person.manual) status.push(element("small", { class: "hand" }, "set by hand"));
    row.className = `is-${kind}${own ? " own" : ""}`;
    row.replaceChildren(
      element("th", { role: "rowheader", scope: "row" }, who),
      cell("status", ...status),
      cell("since", ...time(person.since)),
      cell("note", ...(person.note ? [element("bdi", {}, person.note)] : [])),
      cell("back", ...time(person.returns)),
    );
  }

  /** Shows people in this order. `today` rebuilds rows when their dates change.
   * @param {Person[]} people @param {{own: string|null, old: boolean, today: string}} how */
  return function draw(people, { own, old, today }) {
    let next = body.firstElementChild;
    for (const person of people.slice(0, ROWS_MAX)) {
      let row = rows.get(person.id);
      const content = JSON.stringify([person, old, today]);
      if (!row) {
        row = element("tr", { role: "row", "data-person": person.id });
        rows.set(person.id, row);
        fill(row, person, person.id === own, old);
      } else if (shown.get(row) !== content) {
        fill(row, person, person.id === own, old);
        if (!old) row.classList.add("fresh");
      }
      shown.set(row, content);
      if (row === next) next = row.nextElementSibling;
      else body.insertBefore(row, next);
    }
    while (next) {
      const after = next.nextElementSibling;
      rows.delete(next.getAttribute("data-person") ?? "");
      next.remove();
      next = after;
    }
  };
}
