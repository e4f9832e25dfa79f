// The board: session, filters and banner. The rows are in table.js, the dialog for the own status
// in own.js, the wall in lobby.js, the administration in admin.js, the connection in client.js and
// tabs.js.

import { administration } from "./admin.js";
import { SILENCE, refusal } from "./client.js";
import { lobby } from "./lobby.js";
import { at, own } from "./own.js";
import { ROWS_MAX, element, sorted, table } from "./table.js";
import { confirmCode, showCode } from "./pair.js";
import { connectOnce } from "./tabs.js";
import { t, translate } from "./texts.js";
import { ago, moment, words } from "./words.js";

/** @typedef {import("./client.js").Person} Person */
/** @typedef {{person: string|null, name: string|null, scopes: string[], view: string|null, title?: string|null, logo?: boolean, group_names?: Record<string, string>, oidc?: {name: string, href: string}|null}} Session */

/** A shorter interruption, such as a restart of the gateway, shows no banner. */
const CUT_SHORT = 8000;
/** The interval of announcements to screen readers. */
const NEWS_MS = 6000;
/** Makes other tabs reload after sign-in and sign-out. */
const sessions = new BroadcastChannel("communicado session");

translate();
const query = new URLSearchParams(location.search);
const draw = table(at("rows"), groupName);
/** The only group of a wall, which has a separate cache. */
const only = query.has("lobby") && query.get("group") ? { group: query.get("group") ?? "" } : {};
const CACHE = ["communicado board", only.group].join(" ").trim();
const lay = query.has("lobby") ? lobby(at("rows"), at("clock"), at("more")) : null;
/** @type {HTMLSelectElement} */
const group = at("group");
/** @type {HTMLSelectElement} */
const order = at("order");
/** @type {HTMLInputElement} */
const find = at("find");
/** @type {import("./client.js").Feed|undefined} */
let feed;
/** @type {Session|undefined} */
let session;
let groups = query.get("group") ?? "";
order.value = query.get("sort") ?? "name";
if (!order.value) order.value = "name";
let planned = 0;
let cost = 0;
/** True while this screen shows a code. */
let offersCode = false;
const offerGroups = query.has("pair") ? confirmCode() : null;
const administer = query.has("admin") ? administration() : null;
const mine = own({ feed: () => feed, leave });

/** The display name of a group. @param {string} id */
function groupName(id) {
  const names = session?.group_names ?? {};
  return Object.hasOwn(names, id) ? names[id] ?? id : id;
}

/** Shows the title, with the group, and the logo. */
function brand() {
  const title = session?.title ?? t("Who is in");
  const text = groups ? `${title}: ${groupName(groups)}` : title;
  if (at("title").textContent !== text) at("title").textContent = text;
  if (document.title !== text) document.title = text;
  /** @type {HTMLImageElement} */
  const logo = at("logo");
  logo.hidden = !session?.logo;
  if (session?.logo && !logo.src) logo.src = "logo";
}

/** @returns {{session: Session, people: Person[], heard: number}|null} */
function saved() {
  try {
    return JSON.parse(localStorage.getItem(CACHE) ?? "null");
  } catch {
    return null;
  }
}

function save() {
  if (!feed?.heard || feed.state === "ended") return;
  try {
    localStorage.setItem(CACHE, JSON.stringify({ session, people: feed.people(), heard: feed.heard }));
  } catch {
    // The storage is full: without network the board will open empty.
  }
}

/** Shows one of the exclusive parts. @param {"waiting"|"door"|"pair"|"admin"|"empty"|"board"} part */
function part(part) {
  for (const each of ["waiting", "door", "pair", "admin", "empty", "board"]) at(each).hidden = each !== part;
  at("filters").hidden = part !== "board" && !(part === "empty" && feed?.people().length);
  at("content").setAttribute("aria-busy", String(part === "waiting"));
}

/** Gets the session, and connects. */
async function open() {
  const old = saved();
  if (!feed) part("waiting");
  try {
    const answer = await fetch("v1/session", { cache: "no-store" });
    if (!answer.ok) throw await refusal(answer);
    session = /** @type {Session} */ (await answer.json());
  } catch {
    if (!old) {
      banner(t("The gateway cannot be reached. This page retries automatically."));
      return void setTimeout(open, 5000);
    }
    session = old.session;
  }
  banner("");
  brand();
  if (!session.scopes.length) return door();
  const { person, view } = session;
  const same = old?.session.person === person && old?.session.view === view;
  if (!same) localStorage.clear();
  const name = ["communicado", person, view, session.scopes, only.group].join(" ");
  feed = connectOnce(name, { ...only, saved: old && same ? old : undefined });
  feed.addEventListener("change", ({ detail }) => {
    if (detail.person && detail.before) announce(detail.person, detail.before);
    plan();
  });
  feed.addEventListener("snapshot", plan);
  feed.addEventListener("state", ({ detail }) => (detail === "ended" ? ended() : plan()));
  at("leave").hidden = !!person;
  at("administer").hidden = !!lay || !!administer || !session.scopes.includes("administer");
  plan();
}

/** Asks for a token. @param {string} [why] */
function door(why = "") {
  localStorage.clear();
  feed = undefined;
  mine(undefined);
  administer?.(undefined);
  draw([], { own: null, old: false, today: "", headed: false });
  document.documentElement.classList.remove("old");
  for (const id of ["counts", "link", "news"]) at(id).textContent = "";
  at("leave").hidden = at("administer").hidden = true;
  at("more").hidden = true;
  banner("");
  /** @type {HTMLAnchorElement} */
  const oidc = at("oidc");
  const href = session?.oidc && new URL(session.oidc.href, location.href);
  oidc.hidden = href?.origin !== location.origin;
  if (href && !oidc.hidden) {
    oidc.href = href.href;
    oidc.textContent = t("Sign in with {name}", { name: session?.oidc?.name ?? "" });
  }
  at("door-why").hidden = !why;
  at("door-why").textContent = why;
  part("door");
  if (lay && !offersCode) {
    offersCode = true;
    showCode(entered).finally(() => (offersCode = false));
  }
  if (why) at("content").focus();
}

/** The session of this browser began. */
async function entered() {
  sessions.postMessage("entered");
  await open();
  at("content").focus();
}

function ended() {
  const reason = feed?.reason;
  if (reason === "closed") return;
  door(reason === "token-revoked"
    ? t("Your access was revoked. This browser has deleted the board's data.")
    : t("Your session has ended."));
}

async function leave() {
  const answer = await fetch("v1/session", { method: "DELETE", headers: { "communicado-csrf": "1" } }).catch(() => null);
  if (!answer?.ok) return banner(t("The gateway cannot be reached, and you are still signed in."));
  feed?.close();
  sessions.postMessage("left");
  door();
}

at("leave").addEventListener("click", leave);
at("sign-in").addEventListener("submit", async (event) => {
  event.preventDefault();
  /** @type {HTMLInputElement} */
  const token = at("token");
  const error = at("token-error");
  error.textContent = "";
  const headers = { "content-type": "application/json", "communicado-csrf": "1" };
  try {
    const body = JSON.stringify({ token: token.value.trim() });
    const answer = await fetch("v1/session", { method: "POST", headers, body });
    if (!answer.ok) throw await refusal(answer);
    token.value = "";
    await entered();
  } catch (why) {
    error.textContent = why instanceof TypeError ? t("The gateway cannot be reached.") : String(/** @type {Error} */ (why).message);
    token.focus();
  }
});
sessions.onmessage = () => location.reload();

/** Shows a banner, and announces only its first text. @param {string} text */
function banner(text) {
  const is = at("banner");
  if (text && is.hidden) at("news").textContent = text;
  is.hidden = !text;
  if (is.textContent !== text) is.textContent = text;
}

/** Draws once for simultaneous changes, in at most a fifth of the time. */
function plan() {
  planned ||= setTimeout(() => requestAnimationFrame(() => {
    planned = 0;
    const begun = performance.now();
    show();
    cost = performance.now() - begun;
  }), 4 * cost);
}

/** @param {Person} person */
function matches(person) {
  const { value } = /** @type {HTMLInputElement} */ (document.querySelector("[name=show]:checked"));
  if (!lay && value === "in" && !person.in) return false;
  if (!lay && value === "out" && person.in !== false) return false;
  if (groups && !person.groups.includes(groups)) return false;
  const text = `${person.name} ${person.note ?? ""}`.toLowerCase();
  return find.value.toLowerCase().split(/\s+/).every((word) => text.includes(word));
}

function show() {
  if (!feed || !session || feed.state === "ended") return;
  const { state, heard } = feed;
  const age = feed.age();
  const people = feed.people();
  const by = /** @type {import("./table.js").Order} */ (order.value);
  const shown = sorted(people.filter(matches), by, groupName);
  const me = session.person;
  link(state, age);
  if (!heard) {
    if (state === "lost") banner(t("The gateway cannot be reached. This page retries automatically."));
    return;
  }
  const names = choose(people);
  brand();
  head(by);
  const old = age > SILENCE;
  document.documentElement.classList.toggle("old", old);
  count(shown, old ? ` ${t("at {time}", { time: moment(heard) })}` : "");
  mine(me === null ? undefined : feed.person(me), { may: session.scopes.includes("publish"), old });
  draw(shown, { own: me, old, today: new Date().toDateString(), headed: by === "status" && !lay });
  const rest = shown.length - ROWS_MAX;
  at("more").hidden = rest <= 0;
  if (rest > 0) at("more").textContent = t("{count} more people are not shown: search for a name, or choose a group.", { count: rest });
  if (!shown.length) {
    const [title, text] = at("empty").children;
    if (title) title.textContent = people.length ? t("Nobody matches") : t("The board has no people yet");
    if (text) text.textContent = people.length
      ? t("Nobody matches the filters. Show all, or shorten the search.")
      : t("An administrator adds people. An agent on their desktops then publishes their status.");
  }
  if (offerGroups && session.scopes.includes("administer")) {
    offerGroups(names.filter(Boolean).map((id) => [id, groupName(id)]));
    return part("pair");
  }
  if (offerGroups) banner(t("Only an administrator can connect a screen."));
  if (administer && session.scopes.includes("administer")) {
    administer(people);
    return part("admin");
  }
  if (administer) banner(t("Only an administrator can open this page."));
  part(shown.length ? "board" : "empty");
  lay?.();
}

/** @param {string} state @param {number} age */
function link(state, age) {
  const live = state === "live" && age === 0;
  const text = live ? t("Live") : state === "connecting" ? t("Connecting") : t("Reconnecting");
  at("link").className = live ? "live" : "";
  if (at("link").textContent !== text) at("link").textContent = text;
  if (live) banner("");
  else if (age > CUT_SHORT && feed?.heard) {
    banner(t("No connection to the gateway. Last update: {time}, {ago}.", { time: moment(feed.heard), ago: ago(age) }));
  }
}

/** @param {Person[]} people @param {string} when */
function count(people, when) {
  const parts = [[true, "in"], [false, "out"], [null, "unknown"]].flatMap(([is, word]) => {
    const count = people.filter((person) => person.in === is).length;
    return count || word === "in" ? [[element("b", {}, String(count)), ` ${t(String(word), { count })}`]] : [];
  });
  at("counts").replaceChildren(...parts.flatMap((each, index) => (index ? [" · ", ...each] : each)), when);
}

/** Offers the existing groups, and returns their ids. @param {Person[]} people */
function choose(people) {
  const names = new Set(people.flatMap((person) => person.groups));
  if (groups) names.add(groups);
  const wanted = ["", ...[...names].sort()];
  if (wanted.join() !== [...group.options].map((option) => option.value).join()) {
    group.replaceChildren(...wanted.map((name) => element("option", { value: name }, name ? groupName(name) : t("All groups"))));
  }
  group.value = groups;
  return wanted;
}

/** Shows the order in the table's head. @param {string} by */
function head(by) {
  for (const button of document.querySelectorAll("[data-order]")) {
    const is = button.getAttribute("data-order") === by;
    button.closest("th")?.setAttribute("aria-sort", is ? "ascending" : "none");
  }
}

/** @type {Map<string, string>} */
const news = new Map();

/** Announces changes to screen readers, a few at a time. @param {Person} now @param {Person} before */
function announce(now, before) {
  const { word } = words(now);
  if (word === words(before).word || !matches(now)) return;
  if (!news.size) {
    setTimeout(() => {
      const all = [...news].map(([name, word]) => `${name}: ${word}.`);
      at("news").textContent = all.length > 3 ? t("{count} people changed.", { count: all.length }) : all.join(" ");
      news.clear();
    }, NEWS_MS);
  }
  news.set(now.name, word);
}

at("filters").addEventListener("submit", (event) => event.preventDefault());
at("filters").addEventListener("input", filtered);
for (const button of document.querySelectorAll("[data-order]")) {
  button.addEventListener("click", () => {
    order.value = button.getAttribute("data-order") ?? "name";
    filtered();
  });
}

/** Keeps the filters and the order in the address. */
function filtered() {
  groups = group.value;
  const to = new URL(location.href);
  const set = (/** @type {string} */ name, /** @type {string} */ value) =>
    value ? to.searchParams.set(name, value) : to.searchParams.delete(name);
  set("group", groups);
  set("sort", order.value === "name" ? "" : order.value);
  history.replaceState(null, "", to);
  plan();
}

at("rows").addEventListener("animationend", ({ target }) => {
  const row = /** @type {HTMLElement} */ (target).closest("tr");
  if (row && !row.getAnimations({ subtree: true }).some((it) => it.playState === "running")) row.classList.remove("fresh");
});
setInterval(plan, 5000);
setInterval(save, 10_000);
addEventListener("pagehide", save);
addEventListener("online", plan);

if ("serviceWorker" in navigator) {
  const trusted = /** @type {any} */ (window).trustedTypes?.createPolicy("board", { createScriptURL: (/** @type {string} */ url) => url });
  navigator.serviceWorker.register(trusted?.createScriptURL("service-worker.js") ?? "service-worker.js").catch(() => {
    // Browsers refuse it without TLS: the board then needs a network to open.
  });
}
open();
