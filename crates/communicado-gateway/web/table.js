// The rows of people, their order and the headings between them. A row is rebuilt only when its
// person changes.

import { t } from "./texts.js";
import { KINDS, TITLES, full, initials, moment, words } from "./words.js";

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

/** @typedef {"name"|"status"|"group"} Order */

/** @typedef {(id: string) => string} Naming The display name of a group. */

/** The groups of a person. @param {Person} person @param {Naming} naming */
const groupsOf = ({ groups }, naming) => groups.map(naming).join(", ");

/** The order of people who are sorted by name.
 * @type {Record<Order, (person: Person, naming: Naming) => string>} */
const KEYS = {
  name: () => "",
  status: (person) => String(KINDS.indexOf(words(person).kind)),
  // People without a group come last.
  group: (person, naming) => groupsOf(person, naming) || "\uffff",
};

/** @param {Person[]} people Sorted by name. @param {Order} by @param {Naming} naming
 * @returns {Person[]} */
export function sorted(people, by, naming) {
  const key = (/** @type {Person} */ person) => KEYS[by](person, naming);
  return [...people].sort((a, b) => key(a).localeCompare(key(b)));
}

/** The number of characters of a name that fits into a card on a wall in large type. */
const NAME_MAX = 16;
/** The number of characters of a note that fits into a row. */
const NOTE_MAX = 60;

/** The note, which shows all of its text while it has the focus. @param {string} text */
function note(text) {
  const made = element("bdi", {}, text);
  if (text.length > NOTE_MAX) {
    made.title = text;
    made.tabIndex = 0;
  }
  return made;
}

/** @param {string|null} when */
const time = (when) =>
  when ? [element("time", { datetime: when, title: full.format(new Date(when)) }, moment(when))] : [];

/** @param {HTMLTableSectionElement} body @param {Naming} naming */
export function table(body, naming) {
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
    name.classList.toggle("long", person.name.length > NAME_MAX);
    if (own) name.append(element("i", {}, ` ${t("(you)")}`));
    const who = element("span", { class: "who" }, face(person.name, kind), name);
    const status = [element("strong", {}, old ? t("was {status}", { status: word }) : word), " "];
    if (detail) status.push(element("small", {}, detail));
    if (person.manual) status.push(element("small", { class: "hand" }, t("set by hand")));
    row.className = `is-${kind}`;
    row.classList.toggle("own", own);
    row.classList.toggle("noted", !!person.note);
    row.classList.toggle("detailed", !!detail);
    const labelled = (/** @type {string} */ name, /** @type {string|null} */ when) => {
      const made = cell(name, ...time(when));
      made.dataset.label = t(name);
      return made;
    };
    row.replaceChildren(
      element("th", { role: "rowheader", scope: "row" }, who),
      cell("status", ...status),
      cell("groups", groupsOf(person, naming)),
      labelled("since", person.since),
      cell("note", ...(person.note ? [note(person.note)] : [])),
      labelled("back", person.returns),
    );
  }

  /** @param {string} title @param {number} count */
  const heading = (title, count) =>
    element("tr", { role: "row", class: "section" },
      element("th", { role: "rowheader", scope: "rowgroup", colspan: "6" }, title, " ", element("span", {}, String(count))));

  /** Shows people in this order, with a heading above people of the same kind if `headed`.
   * `today` rebuilds rows when their dates change.
   * @param {Person[]} people
   * @param {{own: string|null, old: boolean, today: string, headed: boolean}} how */
  return function draw(people, { own, old, today, headed }) {
    for (const section of body.querySelectorAll(".section")) section.remove();
    const kinds = people.map((person) => words(person).kind);
    let next = body.firstElementChild;
    for (const [index, person] of people.slice(0, ROWS_MAX).entries()) {
      const kind = kinds[index];
      if (headed && kind && kind !== kinds[index - 1]) {
        body.insertBefore(heading(t(TITLES[kind]), kinds.filter((it) => it === kind).length), next);
      }
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
