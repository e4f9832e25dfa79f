// Security of the board: hostile names and notes, the policy, the cookie, other hosts.

import assert from "node:assert/strict";
import { createServer } from "node:http";
import { readFileSync, readdirSync } from "node:fs";
import { board, reader, says, shot, fixture, test } from "./fixture.js";

const web = new URL("../../crates/communicado-gateway/web/", import.meta.url);

const NASTY = [
  '<img src=x onerror="window.hit=1">',
  '"><script>window.hit=1</script>',
  "<svg onload=window.hit=1>",
  "javascript:window.hit=1",
  "${window.hit=1}{{constructor.constructor('window.hit=1')()}}",
  "</title><iframe srcdoc='<script>parent.hit=1</script>'>",
  "\u202Egnp.exe \u2066 mixed \u05D0\u05D1\u05D2",
  "Z\u0351\u036B\u0343\u036A\u0302a\u0365\u0326lgo".repeat(3),
];

/** A text as the gateway accepts it: without marks that change the writing direction. */
const accepted = (text) => text.replace(/[\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/g, "");

test("names, groups and notes are shown as text", async (t) => {
  const gateway = await fixture(t);
  for (const [index, text] of NASTY.entries()) {
    await gateway.person(`n${index}`, text, ["engineering"]);
    await gateway.publish(`n${index}`);
    await gateway.ask("PUT", `people/n${index}/manual`, { status: "signed-in", availability: "available", note: text });
  }
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, (await gateway.tokenFor("n0")).secret);
  await says(page, "n0", "Available");
  for (const [index, text] of NASTY.entries()) {
    const row = page.locator(`[data-person="n${index}"]`);
    assert.equal(await row.locator(".name bdi").textContent(), accepted(text));
    assert.equal(await row.locator(".note").textContent(), accepted(text));
  }
  await page.click("#own");
  await page.locator("#devices li").waitFor();
  assert.equal(await page.locator("#mine-title").textContent(), accepted(NASTY[0]));
  assert.equal(await page.inputValue("#note"), accepted(NASTY[0]));
  await page.keyboard.press("Escape");
  await gateway.publish("n1", { availability: "away" });
  await shot(page, "nasty");
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.equal(await page.locator("img:not(#logo, #badge-picture), iframe, body script").count(), 0);
});

test("a group in the URL is shown as text", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, `${gateway.url}?group=${encodeURIComponent(NASTY[0])}`, (await gateway.tokenFor(null)).secret);
  await page.getByRole("heading", { name: "Nobody matches" }).waitFor();
  assert.equal(await page.inputValue("#group"), NASTY[0]);
  assert.equal(await page.evaluate(() => window.hit), undefined);
});

test("single sign-on is offered only through the gateway", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const offers = [["/v1/oidc/start", true], ["javascript:window.hit=1", false], ["https://evil.example/", false], ["//evil.example/", false]];
  for (const [href, good] of offers) {
    const page = await context.newPage();
    const session = { person: null, name: null, scopes: [], view: null, oidc: { name: "Example", href } };
    await page.route("**/v1/session", (route) => route.fulfill({ json: session }));
    await page.goto(gateway.url);
    await page.locator("#door").waitFor();
    assert.equal(await page.locator("#oidc").isVisible(), good, href);
    if (good) {
      assert.equal(await page.locator("#oidc").getAttribute("href"), new URL(href, gateway.url).href);
      await shot(page, "door-oidc");
    }
  }
});

test("the policy blocks foreign scripts and requests to other hosts", async (t) => {
  const gateway = await fixture(t);
  let reached = 0;
  const elsewhere = createServer((_, answer) => answer.end(String(reached++)));
  await new Promise((resolve) => elsewhere.listen(0, "127.0.0.1", resolve));
  t.after(() => elsewhere.close());
  const other = `http://127.0.0.1:${elsewhere.address().port}/`;
  const { context, faults } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, (await gateway.tokenFor(null)).secret);
  await page.evaluate(() => {
    window.violated = [];
    addEventListener("securitypolicyviolation", (event) => window.violated.push(event.effectiveDirective));
  });
  const tried = await page.evaluate(async (other) => {
    const failed = (attempt) => attempt.then(() => "done", () => "refused");
    const element = (tag, set) => new Promise((done, failed) => {
      const made = Object.assign(document.createElement(tag), { onload: done, onerror: failed });
      try {
        set(made);
      } catch (error) {
        failed(error);
      }
      document.body.append(made);
    });
    const style = document.createElement("p");
    style.setAttribute("style", "position: fixed");
    return [
      await failed(fetch(other, { mode: "no-cors" })),
      await failed(element("img", (it) => (it.src = other))),
      await failed(element("script", (it) => (it.src = `${other}x.js`))),
      await failed(element("script", (it) => (it.text = "window.hit = 1"))),
      await failed(element("link", (it) => Object.assign(it, { rel: "stylesheet", href: other }))),
      await failed((async () => (document.body.innerHTML = "<b>x</b>"))()),
      await failed((async () => Function("window.hit = 1")())()),
      style.style.position,
    ];
  }, other);
  assert.deepEqual(tried, [...Array(7).fill("refused"), ""]);
  assert.equal(await page.evaluate(() => window.hit), undefined);
  assert.equal(reached, 0);
  const violated = new Set(await page.evaluate(() => window.violated));
  for (const directive of ["connect-src", "img-src", "require-trusted-types-for", "style-src-attr"]) assert(violated.has(directive), directive);
  // The test itself caused these.
  faults.length = 0;
});

test("other pages cannot frame the board, and scripts cannot read its cookie", async (t) => {
  const gateway = await fixture(t);
  const page = await fetch(gateway.url);
  assert.match(page.headers.get("content-security-policy"), /frame-ancestors 'none'/);
  assert.equal(page.headers.get("x-content-type-options"), "nosniff");
  assert.equal(page.headers.get("referrer-policy"), "no-referrer");
  const { context } = await reader(t, gateway.url);
  const tab = await board(context, gateway.url, (await gateway.tokenFor(null)).secret);
  assert.equal(await tab.evaluate(() => document.cookie), "");
  const [cookie] = await context.cookies();
  assert(cookie.httpOnly);
  assert.equal(cookie.sameSite, "Strict");
});

test("an idle board polls at most once a second", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  await context.addInitScript(() => {
    window.paces = [];
    const plain = window.setInterval;
    window.setInterval = (run, pace = 0, ...more) => {
      window.paces.push(pace);
      return plain(run, pace, ...more);
    };
  });
  const page = await board(context, `${gateway.url}?lobby`, (await gateway.tokenFor("ada")).secret);
  await page.goto(gateway.url);
  await says(page, "ada", "Available");
  await page.click("#own");
  await page.locator("#devices li").waitFor();
  const paces = await page.evaluate(() => window.paces);
  assert(paces.length >= 3, "the intervals are recorded");
  assert(Math.min(...paces) >= 1000, String(paces));
});

test("the board names no other host and is small", async () => {
  const sizes = {};
  for (const name of readdirSync(web)) {
    const text = readFileSync(new URL(name, web), "utf8");
    sizes[name] = Buffer.byteLength(text);
    const hosts = [...text.matchAll(/https?:\/\/([\w.]+)/g)].map(([, host]) => host);
    assert.deepEqual(hosts.filter((host) => host !== "www.w3.org"), [], name);
  }
  const scripts = Object.entries(sizes).filter(([name]) => name.endsWith(".js") && !["client.js", "texts.js"].includes(name));
  const total = scripts.reduce((sum, [, size]) => sum + size, 0);
  assert(sizes["client.js"] < 8192, `client.js has ${sizes["client.js"]} bytes`);
  assert(sizes["texts.js"] < 20_000, `texts.js has ${sizes["texts.js"]} bytes`);
  assert(total < 60_000, `the board's scripts have ${total} bytes`);
});
