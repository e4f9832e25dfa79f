// The programs of docs/streams.md for a browser page and for Node, as pasted.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import { fixture, reader, test, until } from "./fixture.js";

const guide = readFileSync(new URL("../../docs/streams.md", import.meta.url), "utf8");

/** The block of JavaScript below a heading. */
function block(heading) {
  const [, rest = ""] = guide.split(`## ${heading}\n`);
  const [, code] = /```js\n([^]*?)```/.exec(rest) ?? [];
  assert(code, heading);
  return code;
}

test("the page of the guide signs in, follows, reconnects, and stops when the token is revoked", async (t) => {
  let page = "";
  const server = createServer((_, response) => response.setHeader("content-type", "text/html").end(page));
  await new Promise((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const origin = `http://127.0.0.1:${server.address().port}`;
  const gateway = await fixture(t, () => ["--allow-origin", origin]);
  const code = block("A browser page").replace("https://status.example.org", gateway.url.replace(/\/$/, ""));
  page = `<!doctype html><title>people</title><link rel="icon" href="data:,"><script>${code}</script>`;
  const { context } = await reader(t, origin, { also: new URL(gateway.url).origin });
  const tab = await context.newPage();
  await tab.goto(origin);
  const refused = await tab.evaluate(() => signIn("cmt_wrong").catch((error) => error.message));
  assert.equal(refused, "the token is unknown");
  const { secret, id } = await gateway.tokenFor(null);
  await tab.evaluate(async (token) => {
    await signIn(token);
    window.source = follow((people) => (window.seen = Object.fromEntries(people)));
  }, secret);
  const seen = () => tab.evaluate(() => Object.values(window.seen ?? {}).map((it) => `${it.id} ${it.availability}`).sort().join());
  const sees = (what) => until(what, async () => (await seen()) === what);
  await sees("ada available,alan busy,grace null");
  await gateway.publish("ada", { availability: "away" });
  await sees("ada away,alan busy,grace null");
  await gateway.end("SIGTERM");
  await gateway.run();
  await gateway.publish("ada", { availability: "busy" });
  await sees("ada busy,alan busy,grace null");
  await gateway.ask("DELETE", "people/grace");
  await sees("ada busy,alan busy");
  await gateway.ask("DELETE", `tokens/${id}`);
  await until("the browser gives up", () => tab.evaluate(() => window.source.readyState === EventSource.CLOSED));
});

test("the program of the guide for Node follows, and resumes after a restart", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor(null);
  // Beside the tests, because Node finds the package there.
  const file = new URL(`guide-${process.pid}.mjs`, import.meta.url);
  writeFileSync(file, block("Node"));
  const env = { ...process.env, GATEWAY: gateway.url.replace(/\/$/, ""), TOKEN: secret };
  const child = spawn(process.execPath, [file.pathname], { env, stdio: ["ignore", "pipe", "inherit"] });
  const ended = new Promise((resolve) => child.once("exit", resolve));
  t.after(async () => {
    child.kill("SIGKILL");
    await ended;
    rmSync(file);
  });
  let printed = "";
  child.stdout.on("data", (data) => (printed += data));
  await until("all people are printed", () => printed.includes("ada signed-in\nalan signed-in\ngrace absent\n"));
  await gateway.publish("ada", { status: "signed-out" });
  await until("the change is printed", () => printed.endsWith("grace absent\nada signed-out\n"));
  await gateway.end("SIGTERM");
  await gateway.run();
  await gateway.publish("grace");
  await until("the change after the restart is printed", () => printed.endsWith("grace signed-in\n"));
  assert.equal(printed.match(/alan/g)?.length, 1, "the program resumed, and got no second snapshot");
});
