// The board on a wall (`?lobby`): all people as large as fits, with a clock; the screen stays on.
// If not all people fit at a readable size, the board cycles through pages.

import { t } from "./texts.js";
import { date, moment } from "./words.js";

const PAGE_MS = 12_000;

/** @typedef {{name: string, width: number, height: number, line: number, floor: number}} Layout */

/** The forms of a card. The smallest size of a card and the height of a line of its note are in its
 * own em. `floor` is the smallest readable em, in hundredths of the screen's shorter side.
 * @type {Layout[]} */
const FULL = [
  { name: "tall", width: 13, height: 12.6, line: 1.25, floor: 1.5 },
  { name: "wide", width: 17, height: 6.4, line: 1.25, floor: 1.5 },
];
/** The form of a card without a note. */
const COMPACT = { name: "compact", width: 14, height: 2.9, line: 0, floor: 1.15 };
/** The gap between cards in em, which is part of the space of a card. */
const GAP = 0.6;
/** The smallest em of any screen in pixels. */
const EM_MIN = 10;

/** @typedef {Layout & {em: number, columns: number, rows: number, score: number}} Fit */

/** The columns with the largest type, where empty places count against them.
 * @param {Layout} layout @param {number} count @param {number} width @param {number} height
 * @returns {Fit} */
function largest(layout, count, width, height) {
  let best = { ...layout, em: 0, columns: 1, rows: count, score: 0 };
  for (let columns = 1; columns <= count; columns++) {
    const rows = Math.ceil(count / columns);
    const em = Math.min(width / columns / (layout.width + GAP), height / rows / (layout.height + GAP));
    const empty = 1 - count / (columns * rows);
    const score = em * (1 - 0.6 * empty);
    if (score > best.score) best = { ...layout, em, columns, rows, score };
  }
  return best;
}

/** The layout for `count` people in a space, in pixels, on a screen with this shorter side.
 * @param {number} count @param {number} width @param {number} height @param {number} side
 * @returns {Fit} */
export function fit(count, width, height, side) {
  const readable = (/** @type {Fit} */ { em, floor }) => em >= Math.max(EM_MIN, (floor * side) / 100);
  const full = FULL.map((layout) => largest(layout, count, width, height)).filter(readable);
  const [best] = full.sort((a, b) => b.score - a.score);
  if (best) return best;
  for (let pages = 1; ; pages++) {
    const each = Math.ceil(count / pages);
    const compact = largest(COMPACT, each, width, height);
    if (readable(compact) || each === 1) return compact;
  }
}

/** @param {HTMLElement} body The rows. @param {HTMLElement} clock @param {HTMLElement} more */
export function lobby(body, clock, more) {
  const root = document.documentElement;
  root.classList.add("lobby");
  clock.hidden = false;
  let page = 0;

  function lay() {
    const rows = /** @type {HTMLElement[]} */ ([...body.children]);
    if (!rows.length) return;
    const { clientWidth: width, clientHeight: screen } = root;
    const rem = parseFloat(getComputedStyle(root).fontSize);
    // The last line is for the number of the page.
    const height = screen - body.getBoundingClientRect().top - 2.2 * rem;
    const { name, em, columns, rows: lines, height: least, line } =
      fit(rows.length, body.clientWidth, height, Math.min(width, screen));
    const spare = height / lines / em - GAP - least;
    root.dataset.cards = name;
    for (const [property, value] of Object.entries({
      em: `${em}px`,
      columns,
      rows: lines,
      room: `${height}px`,
      lines: line && 1 + Math.max(0, Math.floor(spare / line)),
    })) root.style.setProperty(`--${property}`, String(value));
    const each = columns * lines;
    const pages = Math.ceil(rows.length / each);
    page %= pages;
    rows.forEach((row, index) => (row.hidden = Math.floor(index / each) !== page));
    more.hidden = pages === 1;
    more.textContent = t("Page {page} of {pages}", { page: page + 1, pages });
  }

  function tick() {
    const now = new Date();
    const day = document.createElement("small");
    day.textContent = date.format(now);
    clock.replaceChildren(moment(now), day);
    setTimeout(tick, 60_000 - (Date.now() % 60_000));
  }

  const awake = () => {
    if (document.visibilityState === "visible") navigator.wakeLock?.request("screen").catch(() => {});
  };
  let rest = setTimeout(() => {});
  addEventListener("pointermove", () => {
    root.classList.remove("still");
    clearTimeout(rest);
    rest = setTimeout(() => root.classList.add("still"), 3000);
  });
  addEventListener("resize", lay);
  document.addEventListener("visibilitychange", awake);
  setInterval(() => {
    page += 1;
    lay();
  }, PAGE_MS);
  awake();
  tick();
  return lay;
}
