// The board on a wall (`?lobby`): all people as large as fits, with a clock; the screen stays on.
// If not all people fit at a readable size, the board cycles through pages.

import { date, moment } from "./words.js";

const SCALE_MAX = 2.2;
const SCALE_MIN = 0.75;
/** A card, in its own em. */
const CARD = { width: 17.5, height: 6.2, gap: 0.7 };
const PAGE_MS = 12_000;

/** @param {number} count @param {number} width @param {number} height In rem.
 * @returns {{scale: number, columns: number, each: number}} */
export function fit(count, width, height) {
  for (let scale = SCALE_MAX; ; scale -= 0.05) {
    const size = (/** @type {number} */ of) => (of + CARD.gap) * scale;
    const most = Math.max(1, Math.floor((width + CARD.gap * scale) / size(CARD.width)));
    const lines = Math.max(1, Math.floor((height + CARD.gap * scale) / size(CARD.height)));
    if (most * lines >= count || scale <= SCALE_MIN) {
      const columns = Math.max(1, Math.min(most, Math.ceil(count / lines)));
      return { scale, columns, each: columns * lines };
    }
  }
}

/** @param {HTMLElement} body The rows. @param {HTMLElement} clock @param {HTMLElement} more */
export function lobby(body, clock, more) {
  const root = document.documentElement;
  root.classList.add("lobby");
  clock.hidden = false;
  let page = 0;

  function lay() {
    const rem = parseFloat(getComputedStyle(root).fontSize);
    const rows = /** @type {HTMLElement[]} */ ([...body.children]);
    const room = (root.clientHeight - body.getBoundingClientRect().top) / rem - 2.6;
    const { scale, columns, each } = fit(rows.length, body.clientWidth / rem, room);
    root.style.setProperty("--room", String(room));
    root.style.setProperty("--scale", String(scale));
    root.style.setProperty("--columns", String(columns));
    const pages = Math.max(1, Math.ceil(rows.length / each));
    page %= pages;
    rows.forEach((row, index) => (row.hidden = Math.floor(index / each) !== page));
    more.hidden = pages === 1;
    more.textContent = `Page ${page + 1} of ${pages}`;
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
