// client.js outside of a browser, beside clients that are not ours: `eventsource` and `ws`.

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
import { network, stage, test, until } from "./stage.js";

const run = promisify(execFile);
const web = new URL("../../crates/communicado-gateway/web/", import.meta.url);

/** A feed that ends with the test, and what it told. */
function follow(t, options) {
  const feed = connect(options);
  t.after(() => feed.close());
  const told = [];
  feed.addEventListener("change", ({ detail }) => told.push(detail));
  feed.addEventListener("snapshot", ({ detail }) => told.push(detail));
  feed.addEventListener("state", ({ detail }) => told.push(detail));
  return { feed, told };
}

test("everybody first, then every change, with what was before", async (t) => {
  const gateway = await stage(t);
  const { secret } = await gateway.tokenFor(null);
  const { feed } = follow(t, { url: gateway.url, token: secret });
  const changes = feed[Symbol.asyncIterator]();
  await until("it is live", () => feed.state === "live");
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

test("a slow reader gets the latest of each person, and what it knew before", async (t) => {
  const gateway = await stage(t);
  const { feed } = follow(t, { url: gateway.url, token: gateway.token });
  await until("it is live", () => feed.state === "live");
  const changes = feed[Symbol.asyncIterator]();
  for (let each = 0; each < 3; each++) await changes.next();
  for (const availability of ["away", "busy", "idle"]) await gateway.publish("ada", { availability });
  await until("all has come", () => feed.person("ada").availability === "idle");
  await gateway.publish("alan", { availability: "away" });
  await until("all has come", () => feed.person("alan").availability === "away");
  // What was under way when it began to sleep may come first.
  const seen = [];
  while (!seen.some((it) => it.startsWith("alan"))) {
    const { value } = await changes.next();
    seen.push(`${value.id} ${value.before.availability} ${value.person.availability}`);
  }
  assert.deepEqual(seen, ["ada available idle", "alan busy away"]);
});

test("only the people and groups that were asked for", async (t) => {
  const gateway = await stage(t);
  const token = gateway.token;
  const one = follow(t, { url: gateway.url, token, person: "alan" }).feed;
  const some = follow(t, { url: gateway.url, token, group: ["engineering", "boston"] }).feed;
  for (const [feed, people] of [[one, "alan"], [some, "ada,grace"]]) {
    await until("it is live", () => feed.state === "live");
    assert.equal(feed.people().map((person) => person.id).join(), people);
  }
});

test("a cut line: it says how old it is, goes on where it was, and misses nothing", async (t) => {
  const gateway = await stage(t);
  const line = await network(gateway.port);
  t.after(() => line.close());
  const { feed, told } = follow(t, { url: line.url, token: gateway.token });
  await until("it is live", () => feed.state === "live");
  line.cut();
  await until("it is lost", () => feed.state === "lost");
  await until("it grows old", () => feed.age() > 50);
  assert.equal(feed.person("ada").availability, "available", "what was known is kept");
  await gateway.publish("ada", { availability: "away" });
  await gateway.publish("ada", { availability: "busy" });
  const { length } = told;
  line.heal();
  await until("all has come", () => feed.person("ada").availability === "busy");
  assert.equal(feed.state, "live");
  const since = told.slice(length).map((it) => it.person?.availability ?? it);
  assert.deepEqual(since.filter((it) => it !== "live"), ["away", "busy"], "each change once, and no snapshot");
  assert.match(line.sent(), /^last-event-id: \d+\r$/im);
});

test("when what was missed cannot be told, it is a snapshot that says so", async (t) => {
  const gateway = await stage(t);
  const line = await network(gateway.port);
  t.after(() => line.close());
  const { feed, told } = follow(t, { url: line.url, token: gateway.token });
  await until("it is live", () => feed.state === "live");
  line.cut();
  await until("it is lost", () => feed.state === "lost");
  await gateway.ask("DELETE", "people/grace");
  // A gateway that was started anew repeats nothing of what was before.
  await gateway.publish("ada", { availability: "away" });
  await gateway.end("SIGKILL");
  await gateway.run();
  await gateway.publish("ada", { availability: "do-not-disturb" });
  const { length } = told;
  line.heal();
  await until("all has come", () => feed.person("ada").availability === "do-not-disturb");
  const since = told.slice(length);
  assert(since.some((it) => it.missed), "it says that some was missed");
  assert(since.some((it) => it.id === "grace" && it.person === null), "who is gone meanwhile is gone");
  assert.equal(since.filter((it) => it.id === "ada").length, 1, "and told once");
});

test("a gateway that is killed: the reader is there again by itself", async (t) => {
  const gateway = await stage(t);
  const { feed, told } = follow(t, { url: gateway.url, token: gateway.token });
  await until("it is live", () => feed.state === "live");
  await gateway.end("SIGKILL");
  await until("it is lost", () => feed.state === "lost");
  await gateway.run();
  await gateway.publish("ada", { availability: "away" });
  await until("it is live", () => feed.state === "live" && feed.person("ada").availability === "away");
  const people = told.filter((it) => it.id).map((it) => it.person.status);
  assert(!people.includes("unknown"), "nobody was wrong in between");
});

test("a token that is refused or revoked ends it, and it says why", async (t) => {
  const gateway = await stage(t);
  const { feed: wrong } = follow(t, { url: gateway.url, token: `cmt_${"a".repeat(43)}` });
  await until("it ends", () => wrong.state === "ended");
  assert.equal(wrong.reason, "refused");
  const { secret, id } = await gateway.tokenFor(null);
  const { feed } = follow(t, { url: gateway.url, token: secret });
  await until("it is live", () => feed.state === "live");
  await gateway.ask("DELETE", `tokens/${id}`);
  await until("it ends", () => feed.state === "ended");
  assert.equal(feed.reason, "token-revoked");
});

test("one says oneself what one is, and of nobody else", async (t) => {
  const gateway = await stage(t);
  const { secret } = await gateway.tokenFor("ada");
  const { feed } = follow(t, { url: gateway.url, token: secret });
  await until("it is live", () => feed.state === "live");
  await feed.setManual("ada", { status: "signed-out", note: "Lunch" });
  await until("it is told", () => feed.person("ada").note === "Lunch");
  assert.equal(feed.person("ada").manual, true);
  await feed.clearManual("ada");
  await until("it is told", () => feed.person("ada").availability === "available");
  await assert.rejects(feed.setManual("alan", { status: "signed-out" }), (error) => /\w+.+\w+/.test(error.message) && !error.message.includes("undefined"));
});

test("`eventsource` reads the same", async (t) => {
  const gateway = await stage(t);
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
  await until("both have everybody", () => theirs.size === 3 && feed.people().length === 3);
  await gateway.publish("ada", { availability: "busy" });
  await until("both know", () => theirs.get("ada").availability === "busy" && feed.person("ada").availability === "busy");
  for (const person of feed.people()) assert.deepEqual(theirs.get(person.id), person);
  // It asks again with the last id that it has.
  await gateway.end("SIGTERM");
  await gateway.run();
  await gateway.publish("ada", { availability: "away" });
  await until("both know", () => theirs.get("ada").availability === "away" && feed.person("ada").availability === "away");
});

test("`eventsource` comes back to a gateway that has too many streams of its token", async (t) => {
  const gateway = await stage(t, () => ["--streams-per-token", "1"]);
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
  await until("the first one reads", () => first.snapshots === 1);
  const second = open();
  await until("the second one is asked to come back", () => second.errors > 0);
  assert.notEqual(second.source.readyState, EventSource.CLOSED);
  first.source.close();
  await until("the second one has come back", () => second.snapshots === 1);
});

test("`ws` reads the same", async (t) => {
  const gateway = await stage(t);
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
  await until("both know", () => theirs.get("alan").availability === "away" && feed.person("alan").availability === "away");
  for (const person of feed.people()) assert.deepEqual(theirs.get(person.id), person);
  socket.send(JSON.stringify({ type: "ping" }));
  await until("it answers", () => pongs === 1);
});

test("any bytes, cut anywhere, are read as `eventsource` reads them", async (t) => {
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
  // A lone return that comes last could be half of a line break.
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
  const { feed, told } = follow(t, { url });
  const source = new EventSource(url);
  t.after(() => source.close());
  const theirs = [];
  source.addEventListener("change", ({ data }) => theirs.push(JSON.parse(data)));
  await until(`theirs has all, SEED=${seed}`, () => theirs.length === 58);
  await until(`ours has all, SEED=${seed}`, () => feed.people().length === 58);
  assert.deepEqual(told.flatMap((it) => it.person ?? []), theirs, `SEED=${seed}`);
});

test("what the manual shows runs as it stands, and its types hold", async (t) => {
  const gateway = await stage(t);
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
  let said = "";
  child.stdout.on("data", (data) => (said += data));
  child.stderr.on("data", (data) => (said += data));
  await until("it says who is in", () => said.includes("Grace Hopper is out"));
  assert.equal(said, "Ada Lovelace is in\nAlan Turing is in\nGrace Hopper is out\n");
  await gateway.publish("ada", { status: "signed-out" });
  await until("it says what changed", () => said.endsWith("Ada Lovelace is out\n"));
});
