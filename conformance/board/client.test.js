// client.js in Node, compared with other clients: `eventsource` and `ws`.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { EventSource } from "eventsource";
import { WebSocket } from "ws";
import { connect } from "../../crates/communicado-gateway/web/client.js";
import { network, fixture, test, until } from "./fixture.js";

const run = promisify(execFile);
const web = new URL("../../crates/communicado-gateway/web/", import.meta.url);

/** A feed that ends with the test, and its events. */
function follow(t, options) {
  const feed = connect(options);
  t.after(() => feed.close());
  const events = [];
  feed.addEventListener("change", ({ detail }) => events.push(detail));
  feed.addEventListener("snapshot", ({ detail }) => events.push(detail));
  feed.addEventListener("state", ({ detail }) => events.push(detail));
  return { feed, events };
}

test("a feed yields all people, then every change with the state before", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor(null);
  const { feed } = follow(t, { url: gateway.url, token: secret });
  const changes = feed[Symbol.asyncIterator]();
  await until("the feed is live", () => feed.state === "live");
  assert.equal(feed.age(), 0);
  assert.deepEqual(feed.people().map((person) => person.id), ["ada", "alan", "grace"]);
  for (const id of ["ada", "alan", "grace"]) {
    const { value } = await changes.next();
    assert.deepEqual([value.id, value.person.name, value.before], [id, feed.person(id).name, undefined]);
  }
  await gateway.publish("ada", { availability: "away" });
  const { value } = await changes.next();
  assert.deepEqual([value.before.availability, value.person.availability], ["available", "away"]);
  assert.equal(feed.person("ada").availability, "away");
  await gateway.ask("DELETE", "people/grace");
  const { value: gone } = await changes.next();
  assert.deepEqual([gone.id, gone.person, gone.before.id], ["grace", null, "grace"]);
  feed.close();
  assert.deepEqual(await changes.next(), { done: true, value: undefined });
});

test("a slow reader gets the latest change of each person, with the state it had", async (t) => {
  const gateway = await fixture(t);
  const { feed } = follow(t, { url: gateway.url, token: gateway.token });
  await until("the feed is live", () => feed.state === "live");
  const changes = feed[Symbol.asyncIterator]();
  for (let each = 0; each < 3; each++) await changes.next();
  for (const availability of ["away", "busy", "idle"]) await gateway.publish("ada", { availability });
  await until("all changes have arrived", () => feed.person("ada").availability === "idle");
  await gateway.publish("alan", { availability: "away" });
  await until("all changes have arrived", () => feed.person("alan").availability === "away");
  // A change that was in progress before the pause may come first.
  const seen = [];
  while (!seen.some((it) => it.startsWith("alan"))) {
    const { value } = await changes.next();
    seen.push(`${value.id} ${value.before.availability} ${value.person.availability}`);
  }
  assert.deepEqual(seen, ["ada available idle", "alan busy away"]);
});

test("a feed yields only the requested people and groups", async (t) => {
  const gateway = await fixture(t);
  const token = gateway.token;
  const one = follow(t, { url: gateway.url, token, person: "alan" }).feed;
  const some = follow(t, { url: gateway.url, token, group: ["engineering", "boston"] }).feed;
  for (const [feed, people] of [[one, "alan"], [some, "ada,grace"]]) {
    await until("the feed is live", () => feed.state === "live");
    assert.equal(feed.people().map((person) => person.id).join(), people);
  }
});

test("after a lost connection, a feed resumes and misses nothing", async (t) => {
  const gateway = await fixture(t);
  const line = await network(gateway.port);
  t.after(() => line.close());
  const { feed, events } = follow(t, { url: line.url, token: gateway.token });
  await until("the feed is live", () => feed.state === "live");
  line.cut();
  await until("the feed is lost", () => feed.state === "lost");
  await until("the data grows old", () => feed.age() > 50);
  assert.equal(feed.person("ada").availability, "available", "the feed keeps the known people");
  await gateway.publish("ada", { availability: "away" });
  await gateway.publish("ada", { availability: "busy" });
  const { length } = events;
  line.heal();
  await until("all changes have arrived", () => feed.person("ada").availability === "busy");
  assert.equal(feed.state, "live");
  const since = events.slice(length).map((it) => it.person?.availability ?? it);
  assert.deepEqual(since.filter((it) => it !== "live"), ["away", "busy"], "each change once, and no snapshot");
  assert.match(line.sent(), /^last-event-id: \d+\r$/im);
});

test("if changes cannot be replayed, the feed gets a snapshot marked missed", async (t) => {
  const gateway = await fixture(t);
  const line = await network(gateway.port);
  t.after(() => line.close());
  const { feed, events } = follow(t, { url: line.url, token: gateway.token });
  await until("the feed is live", () => feed.state === "live");
  line.cut();
  await until("the feed is lost", () => feed.state === "lost");
  await gateway.ask("DELETE", "people/grace");
  // A restarted gateway has no earlier changes in its replay log.
  await gateway.publish("ada", { availability: "away" });
  await gateway.end("SIGKILL");
  await gateway.run();
  await gateway.publish("ada", { availability: "do-not-disturb" });
  const { length } = events;
  line.heal();
  await until("all changes have arrived", () => feed.person("ada").availability === "do-not-disturb");
  const since = events.slice(length);
  assert(since.some((it) => it.missed), "the snapshot is marked missed");
  assert(since.some((it) => it.id === "grace" && it.person === null), "the removed person is removed from the feed");
  assert.equal(since.filter((it) => it.id === "ada").length, 1, "the change is reported once");
});

test("a feed reconnects after the gateway was killed", async (t) => {
  const gateway = await fixture(t);
  const { feed, events } = follow(t, { url: gateway.url, token: gateway.token });
  await until("the feed is live", () => feed.state === "live");
  await gateway.end("SIGKILL");
  await until("the feed is lost", () => feed.state === "lost");
  await gateway.run();
  await gateway.publish("ada", { availability: "away" });
  await until("the feed is live", () => feed.state === "live" && feed.person("ada").availability === "away");
  const people = events.filter((it) => it.id).map((it) => it.person.status);
  assert(!people.includes("unknown"), "no status was wrong in between");
});

test("a refused or revoked token ends the feed with a reason", async (t) => {
  const gateway = await fixture(t);
  const { feed: wrong } = follow(t, { url: gateway.url, token: `cmt_${"a".repeat(43)}` });
  await until("the feed ends", () => wrong.state === "ended");
  assert.equal(wrong.reason, "refused");
  const { secret, id } = await gateway.tokenFor(null);
  const { feed } = follow(t, { url: gateway.url, token: secret });
  await until("the feed is live", () => feed.state === "live");
  await gateway.ask("DELETE", `tokens/${id}`);
  await until("the feed ends", () => feed.state === "ended");
  assert.equal(feed.reason, "token-revoked");
});

test("a person can set only their own manual status", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor("ada");
  const { feed } = follow(t, { url: gateway.url, token: secret });
  await until("the feed is live", () => feed.state === "live");
  await feed.setManual("ada", { status: "signed-out", note: "Lunch" });
  await until("the change arrives", () => feed.person("ada").note === "Lunch");
  assert.equal(feed.person("ada").manual, true);
  await feed.clearManual("ada");
  await until("the change arrives", () => feed.person("ada").availability === "available");
  await assert.rejects(feed.setManual("alan", { status: "signed-out" }), (error) => /\w+.+\w+/.test(error.message) && !error.message.includes("undefined"));
});

test("`eventsource` gets the same data", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor(null);
  const { feed } = follow(t, { url: gateway.url, token: secret });
  const fetchWith = (url, init) => fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${secret}` } });
  const source = new EventSource(`${gateway.url}v1/events`, { fetch: fetchWith });
  t.after(() => source.close());
  const theirs = new Map();
  source.addEventListener("snapshot", ({ data }) => JSON.parse(data).people.forEach((it) => theirs.set(it.id, it)));
  source.addEventListener("change", ({ data }) => {
    const { before, ...person } = JSON.parse(data);
    theirs.set(person.id, person);
  });
  await until("both have all people", () => theirs.size === 3 && feed.people().length === 3);
  await gateway.publish("ada", { availability: "busy" });
  await until("both have the change", () => theirs.get("ada").availability === "busy" && feed.person("ada").availability === "busy");
  for (const person of feed.people()) assert.deepEqual(theirs.get(person.id), person);
  // `eventsource` reconnects with its last id.
  await gateway.end("SIGTERM");
  await gateway.run();
  await gateway.publish("ada", { availability: "away" });
  await until("both have the change", () => theirs.get("ada").availability === "away" && feed.person("ada").availability === "away");
});

test("`eventsource` reconnects after the gateway refused a stream beyond the limit", async (t) => {
  const gateway = await fixture(t, () => ["--streams-per-token", "1"]);
  const { secret } = await gateway.tokenFor(null);
  const open = () => {
    const fetchWith = (url, init) => fetch(url, { ...init, headers: { ...init.headers, authorization: `Bearer ${secret}` } });
    const source = new EventSource(`${gateway.url}v1/events`, { fetch: fetchWith });
    t.after(() => source.close());
    const opened = { source, snapshots: 0, errors: 0 };
    source.addEventListener("snapshot", () => opened.snapshots++);
    source.addEventListener("error", () => opened.errors++);
    return opened;
  };
  const first = open();
  await until("the first one has a snapshot", () => first.snapshots === 1);
  const second = open();
  await until("the second one is refused", () => second.errors > 0);
  assert.notEqual(second.source.readyState, EventSource.CLOSED);
  first.source.close();
  await until("the second one has reconnected", () => second.snapshots === 1);
});

test("`ws` gets the same data", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor(null);
  const { feed } = follow(t, { url: gateway.url, token: secret, person: ["ada", "alan"] });
  const socket = new WebSocket(`${gateway.url.replace("http", "ws")}v1/socket`, { headers: { authorization: `Bearer ${secret}` } });
  t.after(() => socket.terminate());
  const theirs = new Map();
  let pongs = 0;
  socket.on("message", (text) => {
    const { type, data } = JSON.parse(text);
    if (type === "snapshot") for (const person of data.people) theirs.set(person.id, person);
    if (type === "change") {
      const { before, ...person } = data;
      theirs.set(person.id, person);
    }
    if (type === "pong") pongs += 1;
  });
  await new Promise((resolve, reject) => socket.once("open", resolve).once("error", reject));
  socket.send(JSON.stringify({ type: "subscribe", person: ["ada", "alan"], group: [], last_event_id: null }));
  await until("both have them", () => theirs.size === 2 && feed.people().length === 2);
  await gateway.publish("alan", { availability: "away" });
  await until("both have the change", () => theirs.get("alan").availability === "away" && feed.person("alan").availability === "away");
  for (const person of feed.people()) assert.deepEqual(theirs.get(person.id), person);
  socket.send(JSON.stringify({ type: "ping" }));
  await until("the gateway responds", () => pongs === 1);
});

test("the parser agrees with `eventsource` on random splits of a stream", async (t) => {
  const seed = Number(process.env.SEED ?? Date.now() % 1_000_000);
  let state = seed;
  const random = (below) => ((state = (state * 1_103_515_245 + 12_345) % 2 ** 31) >> 8) % below;
  const person = (id) => ({ v: 1, id, name: `Žofie ${id} 🦀`, groups: [], revision: 1, at: "", in: true, since: "", note: null, returns: null });
  const end = ["\n", "\r\n", "\r"][random(3)];
  let text = "";
  const line = (words) => (text += words + end);
  line("retry: 50");
  line("");
  line("id: 1");
  line("event: snapshot");
  line(`data:${JSON.stringify({ v: 1, revision: 1, missed: false, people: [] })}`);
  line("");
  for (let each = 2; each < 60; each++) {
    for (let noise = random(4); noise > 0; noise--) line(["", ":", ": a comment", "unknown: field", "event", "nonsense"][random(6)]);
    line(`id: ${each}`);
    line(random(2) ? "event: change" : "event:change");
    const [before, after] = JSON.stringify(person(`p${each}`)).split(',"name"');
    if (random(2)) line(`data: ${before},"name"${after}`);
    else for (const part of [`${before},`, `"name"${after}`]) line(`data: ${part}`);
    line("");
  }
  // A final carriage return could be half of a line break.
  line(": the end");
  const bytes = Buffer.from(text);
  const server = createServer(async (_, answer) => {
    answer.writeHead(200, { "content-type": "text/event-stream" });
    for (let from = 0; from < bytes.length; ) {
      const to = from + 1 + random(random(3) ? 7 : 300);
      answer.write(bytes.subarray(from, to));
      from = to;
      if (!random(4)) await new Promise(setImmediate);
    }
  });
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => (server.closeAllConnections(), server.close()));
  const url = `http://127.0.0.1:${server.address().port}/`;
  const { feed, events } = follow(t, { url });
  const source = new EventSource(url);
  t.after(() => source.close());
  const theirs = [];
  source.addEventListener("change", ({ data }) => theirs.push(JSON.parse(data)));
  await until(`theirs has all, SEED=${seed}`, () => theirs.length === 58);
  await until(`ours has all, SEED=${seed}`, () => feed.people().length === 58);
  assert.deepEqual(events.flatMap((it) => it.person ?? []), theirs, `SEED=${seed}`);
});

test("the example in docs/board.md runs and type-checks", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor(null);
  const manual = readFileSync(new URL("../../docs/board.md", import.meta.url), "utf8");
  const [, snippet] = /```js\n([^]*?)```/.exec(manual);
  const folder = mkdtempSync(join(tmpdir(), "communicado-snippet-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const ours = snippet.replaceAll("https://gateway.example/client.js", "./client.js").replaceAll("https://gateway.example", gateway.url).replace(/cmt_\.\.\./, secret);
  for (const name of ["client.js", "client.d.ts"]) copyFileSync(fileURLToPath(new URL(name, web)), join(folder, name));
  writeFileSync(join(folder, "package.json"), '{ "type": "module" }');
  writeFileSync(join(folder, "snippet.js"), ours);
  writeFileSync(join(folder, "snippet.ts"), ours);
  writeFileSync(join(folder, "wrong.ts"), 'import { connect } from "./client.js";\nconnect({ token: 5 }).setManual("ada", { status: "maybe" });\n');

  const tsc = fileURLToPath(new URL("node_modules/typescript/bin/tsc", import.meta.url));
  const check = (file) => run(process.execPath, [tsc, "--strict", "--noEmit", "--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler", "--lib", "es2022,dom", "--types", "", file], { cwd: folder });
  await check("snippet.ts");
  await assert.rejects(check("wrong.ts"), ({ stdout }) => /TS2322/.test(stdout) && /"maybe"/.test(stdout));

  const child = execFile(process.execPath, ["snippet.js"], { cwd: folder });
  t.after(() => child.kill());
  let output = "";
  child.stdout.on("data", (data) => (output += data));
  child.stderr.on("data", (data) => (output += data));
  await until("the program prints all people", () => output.includes("Grace Hopper is out"));
  assert.equal(output, "Ada Lovelace is in\nAlan Turing is in\nGrace Hopper is out\n");
  await gateway.publish("ada", { status: "signed-out" });
  await until("the program prints the change", () => output.endsWith("Ada Lovelace is out\n"));
});
