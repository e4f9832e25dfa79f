// Pairing of a screen without a keyboard: the screen shows a code (`?lobby`), and an administrator
// enters the code in another browser (`?pair`).

import { refusal } from "./client.js";
import { element } from "./table.js";
import { t } from "./texts.js";

const ASK_MS = 3000;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const at = (id) => /** @type {T} */ (document.getElementById(id));

/** @param {string} path @param {object} body */
function send(path, body) {
  const headers = { "content-type": "application/json", "communicado-csrf": "1" };
  return fetch(`v1/pairings${path}`, { method: "POST", headers, body: JSON.stringify(body) });
}

/** Shows a code on the screen, and a new one when it expires, until it is confirmed.
 * @param {() => void} confirmed */
export async function showCode(confirmed) {
  at("screen").hidden = false;
  const { host, pathname } = location;
  at("screen-url").textContent = `${host}${pathname}?pair`;
  let secret = "";
  for (;;) {
    try {
      if (!secret) {
        const answer = await send("", {});
        if (!answer.ok) throw await refusal(answer);
        const pairing = await answer.json();
        secret = pairing.secret;
        at("screen-code").textContent = pairing.code.replace(/^.{4}/, "$&-");
      }
      const answer = await send("/session", { secret });
      if (at("door").hidden) break;
      if (answer.status === 200) {
        confirmed();
        break;
      }
      if (answer.status === 404) secret = "";
    } catch {
      // The gateway cannot be reached, or has too many screens: the screen asks again.
    }
    await new Promise((resolve) => setTimeout(resolve, ASK_MS));
  }
  at("screen").hidden = true;
}

/** The form for administrators. */
export function confirmCode() {
  /** @type {HTMLInputElement} */
  const code = at("pair-code");
  /** @type {HTMLInputElement} */
  const name = at("pair-name");
  /** @type {HTMLSelectElement} */
  const group = at("pair-group");
  const error = at("pair-error");
  name.value = t("Screen");
  at("pair-form").addEventListener("submit", async (event) => {
    event.preventDefault();
    error.textContent = at("pair-done").textContent = "";
    try {
      const answer = await send("/confirm", { code: code.value, name: name.value, group: group.value || null });
      if (!answer.ok) throw await refusal(answer);
      at("pair-done").textContent = t("The screen is connected.");
      code.value = "";
    } catch (why) {
      error.textContent = why instanceof TypeError ? t("The gateway cannot be reached. Nothing was changed.") : String(/** @type {Error} */ (why).message);
      code.focus();
    }
  });
  /** Offers the groups. @param {[string, string][]} groups The ids and names. */
  return (groups) => {
    const { value } = group;
    group.replaceChildren(...[["", t("All groups")], ...groups].map(([id = "", name = ""]) => element("option", { value: id }, name)));
    group.value = value;
  };
}
