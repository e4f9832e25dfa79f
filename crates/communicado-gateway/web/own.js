// The own status: the button in the header, its dialog, and the own devices.

import { t } from "./texts.js";
import { ago, words } from "./words.js";
import { privacy } from "./privacy.js";
import { element, face, picture } from "./table.js";

/** @typedef {import("./client.js").Feed} Feed */
/** @typedef {import("./client.js").Person} Person */

/** @template {HTMLElement} T @param {string} id @returns {T} */
export const at = (id) => /** @type {T} */ (document.getElementById(id));

/** The polling interval of devices, which can change without a change of the person. */
const AGAIN_MS = 3000;

/** The choices for values that the dialog does not offer. @type {Record<string, string>} */
const NEAREST = { idle: "away", invisible: "out", other: "available" };

/** The value for a `datetime-local` input. @param {string|null} when */
const local = (when) => {
  if (!when) return "";
  const date = new Date(when);
  return new Date(date.getTime() - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
};

/** @param {{feed: () => Feed|undefined, leave: () => void}} board */
export function own({ feed, leave }) {
  const button = at("own");
  /** @type {HTMLDialogElement} */
  const dialog = at("mine");
  /** @type {HTMLFormElement} */
  const form = at("manual");
  /** @type {HTMLFieldSetElement} */
  const fields = at("with");
  /** @type {HTMLInputElement} */
  const note = at("note");
  /** @type {HTMLInputElement} */
  const returns = at("returns");
  /** @type {HTMLSelectElement} */
  const until = at("until");
  /** @type {HTMLButtonElement} */
  const set = at("set");
  const error = at("manual-error");
  /** @type {NodeListOf<HTMLInputElement>} */
  const choices = form.querySelectorAll("[name=say]");
  /** @type {Person|undefined} */
  let person;
  /** @type {ReturnType<typeof setInterval>|undefined} */
  let again;
  let shown = "";
  const controls = privacy((id) => feed()?.person(id)?.name);

  const chosen = () => [...choices].find((choice) => choice.checked)?.value ?? "";

  function open() {
    if (!person) return;
    const { manual, status, availability } = person;
    const word = availability ?? "other";
    const now = !manual ? "" : status === "signed-in" ? NEAREST[word] ?? word : "out";
    for (const choice of choices) choice.checked = choice.value === now;
    at("mine-title").textContent = person.name;
    note.value = (manual && person.note) || "";
    returns.value = manual ? local(person.returns) : "";
    until.value = "";
    fields.disabled = !chosen();
    error.textContent = "";
    dialog.showModal();
    const { id } = person;
    at("devices").hidden = true;
    controls.open(id);
    devices(id);
    clearInterval(again);
    again = setInterval(() => (dialog.open ? devices(id) : clearInterval(again)), AGAIN_MS);
  }

  /** @param {string} id */
  async function devices(id) {
    const section = at("devices");
    const version = controls.version();
    const answer = await fetch(`v1/people/${encodeURIComponent(id)}`).catch(() => null);
    /** @type {Partial<Person> & {badge?: string|null}} */
    const { devices = [], badge } = answer?.ok ? await answer.json() : {};
    if (answer?.ok) controls.badge(badge, version);
    section.hidden = !devices.length;
    section.querySelector("ul")?.replaceChildren(...devices.map((device) => {
      const { kind, word, detail } = words(device);
      const heard = t("last update {ago}", { ago: ago(Date.now() - Date.parse(device.seen)) });
      const clients = device.clients.map((it) => `${it.client}: ${it.availability ?? it.status}`);
      const status = [word, detail, heard].filter(Boolean).join(", ");
      const text = element("span", {}, element("strong", {}, device.device), ` ${status}`);
      if (clients.length) text.append(element("small", {}, clients.join(" · ")));
      return element("li", { class: `is-${kind}` }, picture(kind), text);
    }));
  }

  function span() {
    if (!until.value) return null;
    if (until.value === "day") return new Date().setHours(24, 0, 0, 0) - Date.now();
    return Number(until.value) * 60_000;
  }

  form.addEventListener("change", () => (fields.disabled = !chosen()));
  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const line = feed();
    if (!line || !person) return;
    error.textContent = "";
    set.disabled = true;
    const word = chosen();
    try {
      if (!word) await line.clearManual(person.id);
      else {
        await line.setManual(person.id, {
          status: word === "out" ? "signed-out" : "signed-in",
          availability: word === "out" ? null : /** @type {any} */ (word),
          note: note.value.trim() || null,
          returns: returns.value ? new Date(returns.value).toISOString() : null,
          for_ms: span(),
        });
      }
      dialog.close();
    } catch (why) {
      error.textContent = why instanceof TypeError ? t("The gateway cannot be reached. Nothing was changed.") : String(/** @type {Error} */ (why).message);
    } finally {
      set.disabled = false;
    }
  });
  button.addEventListener("click", open);
  at("cancel").addEventListener("click", () => dialog.close());
  at("leave-mine").addEventListener("click", () => {
    dialog.close();
    leave();
  });

  /** Shows the person of the session, if there is one.
   * @param {Person|undefined} now @param {{may?: boolean, old?: boolean}} [how] */
  return function show(now, { may, old } = {}) {
    button.hidden = !now;
    const content = JSON.stringify([now, old]);
    if (now && content !== shown) {
      const { kind, word } = words(now);
      const text = element("span", {}, element("strong", {}, now.name), element("small", {}, old ? t("was {status}", { status: word }) : word));
      button.className = `is-${kind}`;
      button.replaceChildren(face(now.name, kind), text);
      for (const part of form.querySelectorAll("fieldset, #set")) /** @type {HTMLElement} */ (part).hidden = !may;
    }
    person = now;
    shown = content;
    if (!now && dialog.open) dialog.close();
  };
}
