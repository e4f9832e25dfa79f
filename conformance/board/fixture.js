// The fixture: a real gateway on a private port with a separate home, browsers, and checks that apply
// to every reader. It ends only processes that it started.

import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer, connect as dial } from "node:net";
import { cpus, tmpdir } from "node:os";
import { join } from "node:path";
import { after, test as plainTest } from "node:test";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";

const root = fileURLToPath(new URL("../../", import.meta.url));
/** The folder of the screenshots, for inspection. */
const SHOTS = join(root, "target/board");
/** The milliseconds in which a core was idle that any one state may take. A busy machine is no failure. */
const TIMEOUT = 60_000;
/** The milliseconds on the clock that no busy machine needs. */
const HANG = 2 * 60 * 60 * 1000;

/** Debian's browser, or the one that `CHROMIUM` names. */
export const CHROMIUM = process.env.CHROMIUM ?? "/usr/bin/chromium";
export const ARGUMENTS = [
  "--no-sandbox", "--disable-dev-shm-usage", "--disable-gpu", "--disable-background-networking",
  "--disable-component-update", "--disable-sync", "--no-first-run",
];

/** The program under test: from the environment `variable`, else from cargo's target folder. */
function program(name, variable) {
  const built = ["release", "debug"].map((of) => join(root, `target/${of}`, name));
  const found = process.env[variable] ?? built.find((file) => existsSync(file));
  assert(found, `${name} is missing: cargo build -p ${name.replace(/^communicado$/, "communicado-cli")}, or set ${variable}`);
  return found;
}

/** A new home folder with its environment. */
function newHome() {
  const home = mkdtempSync(join(tmpdir(), "communicado-board-"));
  const xdg = ["DATA", "STATE", "CONFIG", "CACHE"].map((of) => [`XDG_${of}_HOME`, home]);
  return { home, env: { PATH: process.env.PATH, HOME: home, XDG_RUNTIME_DIR: home, ...Object.fromEntries(xdg) } };
}

/** Ends a child process, if it still runs. */
async function end(child, signal) {
  if (child.exitCode !== null || child.signalCode) return;
  const ended = new Promise((resolve) => child.once("exit", resolve));
  child.kill(signal);
  await ended;
}

/** A test that fails when it hangs. */
export const test = (name, run) => plainTest(name, { timeout: HANG }, run);

/** The idle time of all cores since the start of the machine, in milliseconds. */
const idle = () => cpus().reduce((sum, core) => sum + core.times.idle, 0);

/** Polls `is` until it returns something, and returns that. */
export async function until(what, is, timeout = TIMEOUT) {
  const [began, idleBefore] = [Date.now(), idle()];
  for (;;) {
    const found = await is();
    if (found) return found;
    const elapsed = Date.now() - began;
    const isOver = elapsed > HANG || Math.min(elapsed, idle() - idleBefore) > timeout;
    assert(!isOver, `not within ${timeout} ms of idle time: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

function freePort() {
  return new Promise((resolve) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}

export class Gateway {
  #home = newHome();
  #child;
  output = "";

  /** Starts an empty gateway; `more` returns more options for its port and home. */
  static async start(more = () => []) {
    const gateway = new Gateway();
    gateway.port = await freePort();
    gateway.options = await more(gateway.port, gateway.#home.home);
    gateway.url = `http://127.0.0.1:${gateway.port}/`;
    await gateway.run();
    const secret = () => /cmt_[\w-]{43}/.exec(gateway.output)?.[0];
    gateway.token = await until("an administrator's token is printed", secret);
    return gateway;
  }

  async run() {
    const { home, env } = this.#home;
    const gateway = program("communicado-gateway", "COMMUNICADO_GATEWAY_BIN");
    const listen = ["serve", "--listen", `127.0.0.1:${this.port}`];
    const child = spawn(gateway, [...listen, ...this.options], { env, cwd: home });
    this.#child = child;
    for (const stream of [child.stdout, child.stderr]) stream.on("data", (data) => (this.output += data));
    const answers = async () => {
      assert(child.exitCode === null, `the gateway ended:\n${this.output}`);
      return (await fetch(`${this.url}v1/session`).catch(() => null))?.ok;
    };
    await until("the gateway answers", answers);
  }

  /** Ends the gateway: SIGTERM stops it, SIGKILL kills it. */
  end(signal = "SIGTERM") {
    return end(this.#child, signal);
  }

  async close() {
    await this.end("SIGKILL");
    rmSync(this.#home.home, { recursive: true, force: true });
  }

  /** Sends a request as an administrator, and returns the response. */
  async ask(method, path, body, token = this.token) {
    const headers = { authorization: `Bearer ${token}`, "content-type": "application/json" };
    const answer = await fetch(`${this.url}v1/${path}`, { method, headers, body: body && JSON.stringify(body) });
    const text = await answer.text();
    assert(answer.ok, `${method} ${path}: ${answer.status} ${text}`);
    return text ? JSON.parse(text) : null;
  }

  person(id, name, groups = []) {
    return this.ask("POST", "people", { id, name, groups });
  }

  /** Creates a token: of a person, which can also publish, or one that can only read. */
  async tokenFor(person, view = "everything") {
    const scopes = person ? ["publish", "read"] : ["read"];
    return this.ask("POST", "tokens", { name: person ?? "reader", scopes, person, view });
  }

  /** Publishes as an agent does. */
  publish(person, { status = "signed-in", availability = status === "signed-in" ? "available" : null, activity = null, reason = null, lease = 3_600_000, device = "laptop", token } = {}) {
    const at = new Date().toISOString();
    const raw = availability;
    const client = { v: 1, revision: 1, at, client: "pidgin", status, availability, activity, raw, reason, since: at, source: "purple", saved: raw, accounts: [] };
    return this.ask("PUT", `people/${person}/devices/${device}`, { v: 1, lease_ms: lease, clients: [client] }, token);
  }
}

/** An OpenID Connect issuer that redirects to `back`; it ends with the test. */
export async function issuer(t, back) {
  const folder = join(root, "target/peers/issuer");
  assert(existsSync(join(folder, "node_modules/oidc-provider")), "the issuer is missing: cargo xtask board");
  const child = spawn(process.execPath, ["issuer.js", back], { cwd: folder, stdio: ["ignore", "pipe", "ignore"] });
  t.after(() => end(child, "SIGKILL"));
  let address = "";
  child.stdout.on("data", (data) => (address += data));
  await until("the issuer prints its address", () => address.includes("\n"));
  return address.trim();
}

/** `communicado agent` for a person, on a bus without clients; it ends with the test. */
export async function agent(t, gateway, person) {
  const { home, env } = newHome();
  const bus = spawn("dbus-daemon", ["--session", "--nofork", "--print-address"], { env });
  const children = [bus];
  t.after(async () => {
    for (const child of children.reverse()) await end(child, "SIGKILL");
    rmSync(home, { recursive: true, force: true });
  });
  let address = "";
  bus.stdout.on("data", (data) => (address += data));
  await until("the bus prints its address", () => address.includes("\n"));
  const token = join(home, "token");
  writeFileSync(token, (await gateway.tokenFor(person)).secret, { mode: 0o600 });
  const options = { env: { ...env, DBUS_SESSION_BUS_ADDRESS: address.trim() }, cwd: home };
  const communicado = program("communicado", "COMMUNICADO_BIN");
  const allow = ["agent", "allow", gateway.url, "--person", person, "--device", "desk", "--token-file", token, "--yes"];
  execFileSync(communicado, allow, { ...options, stdio: "pipe" });
  const child = spawn(communicado, ["agent", "--set", "agent.lease=5s"], options);
  children.push(child);
  return { end: (signal) => end(child, signal) };
}

/** A proxy between browser and gateway that can break connections, or stall them silently. */
export async function network(to) {
  const lines = new Set();
  let cut = false;
  let silent = false;
  let sent = "";
  const server = createServer((line) => {
    if (cut) return line.destroy();
    const other = dial(to, "127.0.0.1");
    lines.add(line).add(other);
    line.on("data", (data) => {
      sent += data;
      if (!silent) other.write(data);
    });
    other.on("data", (data) => silent || line.write(data));
    for (const [end, peer] of [[line, other], [other, line]]) {
      end.on("error", () => {});
      end.on("close", () => {
        lines.delete(end);
        if (!silent) peer.destroy();
      });
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  const end = () => lines.forEach((line) => line.destroy());
  return {
    url: `http://127.0.0.1:${server.address().port}/`,
    cut: () => ((cut = true), end()),
    heal: () => (cut = silent = false),
    sent: () => sent,
    silence: () => (silent = true),
    close: () => (end(), server.close()),
  };
}

let browser;
after(async () => browser?.close());

/** A separate browser profile; a page that breaks a rule fails the test at its end. */
export async function reader(t, url, { also, ...options } = {}) {
  browser ??= await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
  const context = await browser.newContext({ viewport: { width: 1280, height: 860 }, locale: "en-GB", ...options });
  context.setDefaultTimeout(HANG);
  const faults = [];
  const { origin } = new URL(url);
  context.on("request", (request) => {
    const of = (address) => new URL(address).origin;
    // Requests of other pages, such as the issuer's, are not the board's.
    const ours = request.serviceWorker() || ["null", origin].includes(of(request.frame().url()));
    if (ours && ![origin, also].includes(of(request.url()))) faults.push(`a request to another host: ${request.url()}`);
  });
  context.on("weberror", (error) => faults.push(`an error in the page: ${error.error().stack}`));
  context.on("console", (message) => {
    if (/content security policy|trusted ?types/i.test(message.text())) faults.push(message.text());
  });
  t.after(async () => {
    await context.close();
    assert.deepEqual(faults, []);
  });
  return { context, faults };
}

/** A tab that shows the board, after signing in with `token` if given. */
export async function board(context, url, token) {
  const page = await context.newPage();
  await page.goto(url);
  if (token) {
    await page.fill("#token", token);
    await page.press("#token", "Enter");
    await page.locator("#link.live").waitFor({ state: "attached" });
  }
  return page;
}

/** Waits until the board shows `word` as the status of a person. */
export async function says(page, person, word) {
  await page.locator(`[data-person="${person}"] .status`, { hasText: word }).waitFor({ state: "attached" });
}

/** Waits until a page with an artificial clock shows `what`. */
export function shows(page, what, hasText) {
  return until(`${what} ${hasText}`, async () => {
    await page.clock.runFor(100);
    return page.locator(what, { hasText }).count();
  });
}

export async function shot(page, name) {
  mkdirSync(SHOTS, { recursive: true });
  await page.evaluate(() => Promise.all(document.getAnimations().filter((it) => it.effect?.getTiming().iterations === 1).map((it) => it.finished)));
  await page.screenshot({ path: join(SHOTS, `${name}.png`) });
}

/** A gateway with some people, which ends with the test. */
export async function fixture(t, more) {
  const gateway = await Gateway.start(more);
  t.after(() => gateway.close());
  await gateway.person("ada", "Ada Lovelace", ["engineering", "london"]);
  await gateway.person("alan", "Alan Turing", ["london", "research"]);
  await gateway.person("grace", "Grace Hopper", ["engineering"]);
  await gateway.publish("ada");
  await gateway.publish("alan", { availability: "busy", activity: "in-a-meeting" });
  return gateway;
}

/** A note of the largest size. */
export const LONG_NOTE = "Design review in room four; ring the reception first. ".repeat(6).slice(0, 280);

/** Adds people until there are `count`, one of whom has a long note and a return time. */
export async function fill(gateway, count) {
  const states = [{}, { availability: "busy", activity: "in-a-meeting" }, { availability: "away" }, { status: "signed-out" }];
  for (let index = 3; index < count; index++) {
    await gateway.person(`p${index}`, `Person Number ${index}`, ["london"]);
    await gateway.publish(`p${index}`, states[index % states.length]);
  }
  const returns = new Date(Date.now() + 26 * 3_600_000).toISOString();
  await gateway.ask("PUT", "people/alan/manual", { status: "signed-in", availability: "busy", note: LONG_NOTE, returns });
}

/** Adds people in every state that a board can show. */
export async function crowd(gateway) {
  const people = [
    ["annie", "Annie Easley", ["cleveland"], { status: "absent" }],
    ["barbara", "Barbara Liskov", ["boston", "research"], { availability: "away" }],
    ["donald", "Donald Knuth", ["research", "stanford"], { status: "signed-out" }],
    ["hedy", "Hedy Lamarr", ["vienna"], { availability: "be-right-back" }],
    ["joan", "Joan Clarke", ["london"], { status: "signing-in" }],
    ["katherine", "Katherine Johnson", ["hampton"], {}],
    ["linus", "Linus Pauling", ["research"], { status: "unknown", reason: "not-responding" }],
    ["margaret", "Margaret Hamilton", ["boston", "engineering"], { activity: "on-the-phone" }],
    ["radia", "Radia Perlman", ["boston", "engineering"], { availability: "idle" }],
    ["sophie", "Sophie Wilson", ["cambridge", "engineering"], {}],
    ["tim", "Tim Berners-Lee", ["geneva"], { status: "signed-out", reason: "authentication-failed" }],
  ];
  for (const [id, name, groups, what] of people) {
    await gateway.person(id, name, groups);
    await gateway.publish(id, what);
  }
  await gateway.publish("grace", { availability: "do-not-disturb", activity: "presenting" });
  const say = (id, what) => gateway.ask("PUT", `people/${id}/manual`, what);
  const at = (hours) => new Date(Date.now() + hours * 3_600_000).toISOString();
  await say("alan", { status: "signed-in", availability: "busy", activity: "in-a-meeting", note: "Design review, room 4", returns: at(1) });
  await say("donald", { status: "signed-out", note: "Reads mail in batches", returns: at(50) });
  return people.length + 3;
}
