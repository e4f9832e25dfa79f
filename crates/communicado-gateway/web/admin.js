// The page for administrators (`?admin`): people with their groups, tokens with their sessions, and
// the health of the gateway. The gateway checks the right of every request.

import { refusal } from "./client.js";
import { element } from "./table.js";
import { t } from "./texts.js";
import { moment } from "./words.js";

/** @typedef {import("./client.js").Person} Person */
/** @typedef {{id: string, name: string, scopes: string[], person: string|null, group: string|null, view: string, expires: string|null, last_used: string|null, sessions: number}} Token */

/** The number of people or tokens that a list shows. */
const ROWS_MAX = 200;

/** @template {HTMLElement} T @param {string} id @returns {T} */
const at = (id) => /** @type {T} */ (document.getElementById(id));
/** @param {string} id @returns {HTMLInputElement} */
const input = (id) => at(id);
/** @param {string} text */
const words = (text) => text.split(/[\s,;]+/).filter(Boolean);

/** @param {string} method @param {string} path @param {object} [body] */
async function ask(method, path, body) {
  const headers = { "content-type": "application/json", "communicado-csrf": "1" };
  const answer = await fetch(`v1/${path}`, { method, headers, body: body && JSON.stringify(body), cache: "no-store" });
  if (!answer.ok) throw await refusal(answer);
  return answer.status === 204 ? null : answer.json();
}

/** Replaces the rows of a list, and keeps the focus on the same button.
 * @param {HTMLElement} list @param {HTMLElement[]} rows */
function replace(list, rows) {
  const key = list.contains(document.activeElement) && document.activeElement?.getAttribute("data-key");
  list.replaceChildren(...rows);
  if (!key) return;
  const same = [...list.querySelectorAll("button")].find((button) => button.dataset.key === key);
  (same ?? /** @type {HTMLElement} */ (list.closest("section"))).focus();
}

/** @param {string} text @param {string} key @param {string} label @param {() => void} act */
function button(text, key, label, act) {
  const made = element("button", { type: "button", class: "quiet", "data-key": key, "aria-label": label }, text);
  made.addEventListener("click", act);
  return made;
}

/** @param {string} id @param {string} name @param {(string|false|null)[]} facts @param {Node[]} buttons */
function row(id, name, facts, buttons) {
  const text = element("span", {}, element("strong", {}, element("bdi", {}, name)), element("small", {}, facts.filter(Boolean).join(" · ")));
  return element("li", { "data-id": id }, text, ...buttons);
}

/** The page; returns a function that shows the people of the board, or clears the page without them. */
export function administration() {
  const error = at("admin-error");
  const done = at("admin-done");
  /** The person that the form changes; empty for a new person. */
  let changed = "";
  /** Increases with each request for the tokens, so that only the latest answer is shown. */
  let asked = 0;
  /** Increases at the end of a session, whose late answers are ignored. */
  let ended = 0;
  let shown = "";
  let queue = Promise.resolve();
  /** @type {Person[]} */
  let people = [];

  /** @param {string} method @param {string} path @param {object} [body] */
  async function send(method, path, body) {
    const session = ended;
    const answer = await ask(method, path, body);
    if (session !== ended) throw new Error("");
    return answer;
  }

  /** Does one thing after the other, and reports the end or the failure of each.
   * @param {() => Promise<string>} work */
  function attempt(work) {
    queue = queue.then(() => report(work));
  }

  /** @param {() => Promise<string>} work */
  async function report(work) {
    error.textContent = done.textContent = "";
    const buttons = /** @type {NodeListOf<HTMLButtonElement>} */ (at("admin").querySelectorAll("form button"));
    for (const each of buttons) each.disabled = true;
    try {
      done.textContent = await work();
    } catch (why) {
      error.textContent = why instanceof TypeError ? t("The gateway cannot be reached.") : String(/** @type {Error} */ (why).message);
    } finally {
      for (const each of buttons) each.disabled = false;
    }
  }

  /** Fills the form with a person, or empties it. @param {Person & {sign_in?: string[]}} [person] */
  function fill(person) {
    changed = person?.id ?? "";
    input("person-id").value = changed;
    input("person-id").readOnly = !!person;
    input("person-name").value = person?.name ?? "";
    input("person-groups").value = person?.groups.join(", ") ?? "";
    input("person-sign-in").value = person?.sign_in?.join(", ") ?? "";
    at("person-cancel").hidden = !person;
    at("person-save").textContent = person ? t("Save") : t("Add");
  }

  /** @param {Person} person */
  const change = ({ id }) => attempt(async () => {
    fill(await send("GET", `people/${id}`));
    input("person-name").focus();
    return "";
  });

  /** @param {Person} person */
  function remove({ id, name }) {
    if (!confirm(t("Remove {name} with all data and tokens?", { name }))) return;
    attempt(async () => {
      await send("DELETE", `people/${id}`);
      if (changed === id) fill();
      tokens();
      return t("{name} was removed.", { name });
    });
  }

  /** @param {Token} token */
  function revoke({ id, name }) {
    if (!confirm(t("Revoke the token {name}? Its sessions and streams end.", { name }))) return;
    attempt(async () => {
      await send("DELETE", `tokens/${id}`);
      tokens();
      return t("{name} was revoked.", { name });
    });
  }

  async function tokens() {
    const mine = ++asked;
    try {
      /** @type {{tokens: Token[]}} */
      const { tokens } = await send("GET", "tokens");
      if (mine !== asked) return;
      replace(at("admin-tokens"), tokens.slice(0, ROWS_MAX).map((token) => {
        const whose = token.person ?? token.group ?? t("everybody");
        const facts = [
          token.scopes.join(", "),
          whose,
          token.view,
          `${t("sessions")}: ${token.sessions}`,
          token.last_used && `${t("last used")} ${moment(token.last_used)}`,
          token.expires && `${t("expires")} ${moment(token.expires)}`,
        ];
        return row(token.id, token.name, facts, [
          button(t("Revoke"), `revoke ${token.id}`, `${t("Revoke")}: ${token.name}`, () => revoke(token)),
        ]);
      }));
      rest("admin-tokens-rest", tokens.length);
    } catch (why) {
      if (mine === asked) error.textContent = String(/** @type {Error} */ (why).message);
    }
  }

  /** @param {string} id @param {number} count */
  function rest(id, count) {
    at(id).hidden = count <= ROWS_MAX;
    at(id).textContent = t("and {count} more: use the command line", { count: count - ROWS_MAX });
  }

  async function health() {
    const answer = await fetch("healthz", { cache: "no-store" }).catch(() => null);
    at("admin-health").textContent = answer?.ok ? t("The gateway works.") : t("The gateway reports a fault: see its log.");
  }

  at("person-form").addEventListener("submit", (event) => {
    event.preventDefault();
    const id = input("person-id").value.trim();
    const name = input("person-name").value.trim() || null;
    const parts = { name, groups: words(input("person-groups").value), sign_in: words(input("person-sign-in").value) };
    attempt(async () => {
      const saved = changed ? await send("PATCH", `people/${changed}`, parts) : await send("POST", "people", { id, ...parts });
      fill();
      return t("{name} was saved.", { name: saved.name });
    });
  });
  at("person-cancel").addEventListener("click", () => fill());
  at("token-form").addEventListener("submit", (event) => {
    event.preventDefault();
    at("token-secret").textContent = "";
    const name = input("token-name").value;
    const person = input("token-person").value || null;
    const [scopes = "", view = ""] = input("token-scopes").value.split(" ");
    attempt(async () => {
      const made = await send("POST", "tokens", { name, person, scopes: scopes.split(","), view });
      at("token-secret").textContent = made.secret;
      /** @type {HTMLFormElement} */ (at("token-form")).reset();
      tokens();
      return t("Copy the token now. The gateway shows it only once.");
    });
  });

  /** Shows the people, if they have changed. */
  function list() {
    const wanted = input("admin-find").value.toLowerCase();
    const found = people.filter(({ id, name }) => `${id} ${name}`.toLowerCase().includes(wanted));
    const key = JSON.stringify(found.map(({ id, name, groups }) => [id, name, groups]));
    if (key === shown) return;
    shown = key;
    replace(at("admin-people"), found.slice(0, ROWS_MAX).map((person) => {
      const { id, name, groups } = person;
      return row(id, name, [id, groups.join(", ")], [
        button(t("Change"), `change ${id}`, `${t("Change")}: ${name}`, () => change(person)),
        button(t("Remove"), `remove ${id}`, `${t("Remove")}: ${name}`, () => remove(person)),
      ]);
    }));
    rest("admin-people-rest", found.length);
    const select = at("token-person");
    const value = input("token-person").value;
    select.replaceChildren(...[["", t("everybody")], ...people.map(({ id, name }) => [id, name])].map(([id = "", name = ""]) => element("option", { value: id }, name)));
    input("token-person").value = people.some(({ id }) => id === value) ? value : "";
  }
  at("admin-find").addEventListener("input", list);

  fill();
  let isOpen = false;
  return (/** @type {Person[]|undefined} */ all) => {
    people = all ?? [];
    list();
    if (!all) {
      // Nothing of a session stays in the page after its end.
      isOpen = false;
      asked += 1;
      ended += 1;
      fill();
      for (const id of ["admin-tokens", "token-secret", "admin-error", "admin-done"]) at(id).replaceChildren();
      return;
    }
    if (isOpen) return;
    isOpen = true;
    tokens();
    health();
  };
}
