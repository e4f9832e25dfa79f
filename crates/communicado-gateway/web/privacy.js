// The privacy of the own status: the public badge, and who has read the status.

import { refusal } from "./client.js";
import { element } from "./table.js";
import { t } from "./texts.js";
import { moment } from "./words.js";

/** @typedef {{token: string, name: string|null, person: string|null, first: string}} Reader */

/** The number of readers that the dialog lists. */
const READERS_MAX = 50;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const at = (id) => /** @type {T} */ (document.getElementById(id));

/** @param {(id: string) => string|undefined} nameOf The name of a person on the board. */
export function privacy(nameOf) {
  /** @type {HTMLInputElement} */
  const on = at("badge-on");
  const error = at("badge-error");
  /** @type {HTMLAnchorElement} */
  const link = at("badge-link");
  /** @type {HTMLImageElement} */
  const picture = at("badge-picture");
  let id = "";
  // Increases before and after each change of the badge, so an answer from before is recognized.
  let version = 0;

  /** @param {string|null|undefined} badge The pseudonym. */
  function show(badge) {
    on.checked = !!badge;
    at("badge-shown").hidden = !badge;
    if (!badge) return;
    const { href } = new URL(`badge/${badge}.svg`, document.baseURI);
    if (link.textContent === href) return;
    link.textContent = link.href = picture.src = href;
  }

  on.addEventListener("change", async () => {
    error.textContent = "";
    version += 1;
    on.disabled = true;
    try {
      const headers = { "content-type": "application/json", "communicado-csrf": "1" };
      const body = JSON.stringify({ badge: on.checked });
      const answer = await fetch(`v1/people/${encodeURIComponent(id)}`, { method: "PATCH", headers, body });
      if (!answer.ok) throw await refusal(answer);
      show((await answer.json()).badge);
    } catch (why) {
      on.checked = !on.checked;
      error.textContent = why instanceof TypeError ? t("The gateway cannot be reached. Nothing was changed.") : String(/** @type {Error} */ (why).message);
    } finally {
      version += 1;
      on.disabled = false;
    }
  });

  async function audience() {
    const asked = id;
    const answer = await fetch(`v1/people/${encodeURIComponent(id)}/audience`).catch(() => null);
    /** @type {{readers: Reader[]}} */
    const { readers } = answer?.ok ? await answer.json() : { readers: [] };
    if (asked !== id) return;
    const rows = readers.slice(0, READERS_MAX).map(({ name, person, first }) => {
      const who = (person && (nameOf(person) ?? person)) || name || t("a deleted token");
      const inside = [element("strong", {}, element("bdi", {}, who)), ` ${t("since")} ${moment(first)}`];
      // A person may have several tokens.
      if (person && name) inside.push(element("small", {}, name));
      return element("li", {}, element("span", {}, ...inside));
    });
    const rest = readers.length - rows.length;
    if (rest > 0) rows.push(element("li", {}, t("and {count} more readers", { count: rest })));
    at("audience").hidden = !answer?.ok;
    at("audience-none").hidden = rows.length > 0;
    at("audience").querySelector("ul")?.replaceChildren(...rows);
  }

  return {
    /** Begins with a person, whose badge is not known yet. @param {string} person */
    open(person) {
      id = person;
      link.textContent = error.textContent = "";
      at("badge").hidden = at("audience").hidden = true;
      audience();
    },
    /** The version of the badge, to note before the gateway is asked for it. */
    version: () => version,
    /** Shows the badge that the gateway reports, unless it was changed since the gateway was asked.
     * @param {string|null|undefined} badge @param {number} asked The version at that time. */
    badge(badge, asked) {
      at("badge").hidden = false;
      if (asked === version && !on.disabled) show(badge);
    },
  };
}
