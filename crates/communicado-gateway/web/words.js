// The words, the icon and the times for a person, in the reader's language.

import { locale, t } from "./texts.js";

/** @typedef {import("./client.js").Person} Person */
/** @typedef {Pick<Person, "status"|"availability"|"activity"|"reason"|"manual"> & {in?: boolean|null}} Said */
/** @typedef {"in"|"away"|"busy"|"dnd"|"out"|"changing"|"unknown"} Kind */
/** @typedef {{kind: Kind, word: string, detail: string}} Words */

/** The headings of people of the same kind, in their order. @type {Record<Kind, string>} */
export const TITLES = {
  in: "In",
  busy: "Busy",
  dnd: "Do not disturb",
  away: "Away",
  changing: "Changing",
  out: "Out",
  unknown: "Unknown",
};
export const KINDS = /** @type {Kind[]} */ (Object.keys(TITLES));

/** @type {Record<string, [Kind, string]>} */
const PRESENCE = {
  available: ["in", "Available"],
  busy: ["busy", "Busy"],
  "do-not-disturb": ["dnd", "Do not disturb"],
  "be-right-back": ["away", "Be right back"],
  away: ["away", "Away"],
  idle: ["away", "Idle"],
  invisible: ["out", "Out"],
  other: ["in", "In"],
};

/** @type {Record<string, [Kind, string, string]>} */
const STATUS = {
  absent: ["out", "Out", "no client is running"],
  starting: ["changing", "Starting", ""],
  "signed-out": ["out", "Out", "signed out"],
  "signing-in": ["changing", "Signing in", ""],
  "signing-out": ["changing", "Signing out", ""],
  "shutting-down": ["changing", "Shutting down", ""],
};

/** @type {Record<string, string>} */
const REASONS = {
  "lease-expired": "no recent update",
  "source-lost": "source unavailable",
  "not-responding": "client not responding",
  "access-denied": "no access to the client",
  "not-supported": "not supported by the client",
};

/** @param {string|null|undefined} word */
const spaced = (word) => (word ?? "").replaceAll("-", " ");

/** @param {Said} said @returns {Words} */
export function words(said) {
  const { status, availability, activity, reason, manual } = said;
  const say = (/** @type {Kind} */ kind, /** @type {string} */ word, detail = "") =>
    ({ kind, word: t(word), detail: t(detail) });
  // The view is `in-out`.
  if (status === undefined) {
    if (said.in === null) return say("unknown", "Unknown");
    return said.in ? say("in", "In") : say("out", "Out");
  }
  if (status === "signed-in") {
    const [kind, word] = PRESENCE[availability ?? ""] ?? ["in", "In"];
    return say(kind, word, activity === "other" ? "" : spaced(activity));
  }
  const [kind, word, detail] = STATUS[status] ?? ["unknown", "Unknown", ""];
  if (manual) return say(kind, word);
  if (status === "unknown") return say(kind, word, REASONS[reason ?? ""] ?? spaced(reason));
  // The reason of a failed sign-in is private.
  return say(kind, word, reason ? "sign-in failed" : detail);
}

/** @param {Intl.DateTimeFormatOptions} how */
const format = (how) => new Intl.DateTimeFormat(locale, how);
const clock = format({ hour: "numeric", minute: "2-digit" });
const weekday = format({ weekday: "short", hour: "numeric", minute: "2-digit" });
const day = format({ day: "numeric", month: "short" });
const dayOfYear = format({ day: "numeric", month: "short", year: "numeric" });
export const full = format({ dateStyle: "full", timeStyle: "short" });
export const date = format({ weekday: "long", day: "numeric", month: "long" });
const relative = new Intl.RelativeTimeFormat(locale, { numeric: "auto" });

/** The time today, the weekday and time of a near day, else the date.
 * @param {string|number|Date} when */
export function moment(when) {
  const at = new Date(when);
  const midnight = new Date().setHours(0, 0, 0, 0);
  const days = Math.round((new Date(at).setHours(0, 0, 0, 0) - midnight) / 86_400_000);
  if (days === 0) return clock.format(at);
  if (Math.abs(days) === 1) return `${relative.format(days, "day")} ${clock.format(at)}`;
  if (Math.abs(days) < 7) return weekday.format(at);
  return (Math.abs(days) < 300 ? day : dayOfYear).format(at);
}

/** `4 minutes ago`. @param {number} age In milliseconds. */
export function ago(age) {
  const minutes = Math.round(age / 60_000);
  if (minutes < 1) return t("less than a minute ago");
  if (minutes < 90) return relative.format(-minutes, "minute");
  if (minutes < 36 * 60) return relative.format(-Math.round(minutes / 60), "hour");
  return relative.format(-Math.round(minutes / 1440), "day");
}

/** @param {string} name */
export function initials(name) {
  const parts = name.trim().split(/\s+/).map((part) => [...part][0] ?? "");
  return (parts.length > 1 ? `${parts[0]}${parts.at(-1)}` : parts[0] ?? "").toUpperCase();
}
