// The board in Chromium, with a real gateway.

import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { agent, board, issuer, network, reader, says, shot, shows, fixture, test, until } from "./fixture.js";

const SECOND = 1000;

/** A promise that its owner resolves. */
function deferred() {
  let resolve;
  const promise = new Promise((done) => (resolve = done));
  return { promise, resolve };
}

test("two browsers see a change at once", async (t) => {
  const gateway = await fixture(t);
  const pages = [];
  for (const person of ["ada", "alan"]) {
    const { secret } = await gateway.tokenFor(person);
    const { context } = await reader(t, gateway.url);
    pages.push(await board(context, gateway.url, secret));
  }
  for (const [what, word] of [[{ availability: "away" }, "Away"], [{ status: "signed-out" }, "Out"], [{}, "Available"]]) {
    await gateway.publish("ada", what);
    for (const page of pages) await says(page, "ada", word);
  }
  await says(pages[0], "alan", "in a meeting");
  await says(pages[0], "grace", "Out");
  assert.equal(await pages[0].locator("#counts").textContent(), "2 in · 1 out");
});

test("added and removed people appear and disappear without a reload", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor(null);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, secret);
  await gateway.person("barbara", "Barbara Liskov", ["boston"]);
  await says(page, "barbara", "Out");
  assert.deepEqual(await page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.dataset.person)), ["ada", "alan", "barbara", "grace"]);
  await gateway.ask("DELETE", "people/barbara");
  await page.locator('[data-person="barbara"]').waitFor({ state: "detached" });
  assert(!(await page.locator("#group option").allTextContents()).includes("boston"));
});

test("a device whose agent was killed is unknown when its lease expires", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor("grace");
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, secret);
  const first = await agent(t, gateway, "grace");
  await page.click("#own");
  const device = page.locator("#devices li", { hasText: "desk" });
  await device.waitFor();
  assert.match(await device.textContent(), /desk Out, no client is running/);
  await page.click("#cancel");
  await first.end("SIGKILL");
  await says(page, "grace", "Unknown");
  await says(page, "grace", "no recent update");
  assert.equal(await page.locator("#counts").textContent(), "2 in · 1 unknown");
  await shot(page, "lease-expired");
  const second = await agent(t, gateway, "grace");
  await says(page, "grace", "Out");
  await gateway.publish("grace");
  await says(page, "grace", "Available");
  await second.end("SIGTERM");
  await says(page, "grace", "Available");
});

test("the board shows nothing wrong and misses nothing when a gateway is killed and restarted", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor("ada");
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, secret);
  await says(page, "ada", "Available");
  await page.evaluate(() => {
    window.seen = [];
    const look = () => {
      const words = [...document.querySelectorAll("#rows .status strong")].map((it) => it.textContent);
      if (window.seen.at(-1) !== String(words)) window.seen.push(String(words));
    };
    look();
    new MutationObserver(look).observe(document.getElementById("rows"), { childList: true, subtree: true, characterData: true });
  });
  await gateway.end("SIGKILL");
  await page.locator("#link", { hasText: "Reconnecting" }).waitFor();
  await gateway.run();
  await gateway.publish("ada", { availability: "away" });
  await page.locator("#link", { hasText: "Live" }).waitFor();
  await says(page, "ada", "Away");
  assert.deepEqual(await page.evaluate(() => window.seen), ["Available,Busy,Out", "Away,Busy,Out"]);

  await gateway.end("SIGTERM");
  await page.locator("#link", { hasText: "Reconnecting" }).waitFor();
  await gateway.run();
  await page.locator("#link", { hasText: "Live" }).waitFor();
  assert(await page.locator("#board").isVisible(), "the session survives the restart");
});

test("without network the board opens, shows its age, and reconnects", async (t) => {
  const gateway = await fixture(t);
  const line = await network(gateway.port);
  t.after(() => line.close());
  const { secret } = await gateway.tokenFor("ada");
  const { context } = await reader(t, line.url);
  const page = await board(context, line.url, secret);
  await says(page, "ada", "Available");
  await page.evaluate(() => navigator.serviceWorker.ready);
  await page.reload();
  await says(page, "ada", "Available");
  line.cut();
  await page.locator("#link", { hasText: "Reconnecting" }).waitFor();
  await page.reload();
  await says(page, "ada", "Available");
  await page.locator("#banner", { hasText: "No connection to the gateway. Last update:" }).waitFor();
  await shot(page, "offline");

  // After a minute, the board marks each status as old.
  await page.evaluate(() => {
    const kept = JSON.parse(localStorage.getItem("communicado board"));
    dispatchEvent(new Event("pagehide"));
    addEventListener("pagehide", () => localStorage.setItem("communicado board", JSON.stringify({ ...kept, heard: Date.now() - 20 * 60_000 })));
  });
  await page.reload();
  await says(page, "ada", "was Available");
  await page.locator("#banner", { hasText: "20 minutes ago" }).waitFor();
  assert.match(await page.locator("#counts").textContent(), /^2 in · 1 out at /);
  assert.match(await page.locator("#own").textContent(), /was Available/);
  await shot(page, "offline-old");

  await gateway.publish("ada", { availability: "busy" });
  line.heal();
  await page.evaluate(() => dispatchEvent(new Event("online")));
  await says(page, "ada", "Busy");
  await page.locator("#banner").waitFor({ state: "hidden" });
});

test("the board detects a silent connection", async (t) => {
  const gateway = await fixture(t);
  const line = await network(gateway.port);
  t.after(() => line.close());
  const { secret } = await gateway.tokenFor(null);
  const { context } = await reader(t, line.url);
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(line.url);
  await page.fill("#token", secret);
  await page.press("#token", "Enter");
  await shows(page, '[data-person="ada"] .status', "Available");
  line.silence();
  await page.clock.fastForward(90 * SECOND);
  await shows(page, "#link", "Reconnecting");
  await shows(page, '[data-person="ada"] .status', "was Available");
});

test("a person sets a manual status with a note and a return time, and clears it", async (t) => {
  const gateway = await fixture(t);
  const { secret } = await gateway.tokenFor("ada");
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, secret);
  const other = await reader(t, gateway.url);
  const witness = await board(other.context, gateway.url, (await gateway.tokenFor("alan")).secret);
  await page.click("#own");
  await page.locator("#devices li", { hasText: "laptop" }).waitFor();
  assert.match(await page.locator("#devices").textContent(), /laptop Available, last update less than a minute ago.*pidgin: available/s);
  await page.getByText("Out", { exact: true }).last().click();
  await page.fill("#note", "At the dentist");
  const back = new Date(Date.now() + 7_200_000);
  await page.fill("#returns", new Date(back - back.getTimezoneOffset() * 60_000).toISOString().slice(0, 16));
  await shot(page, "own");
  await page.click("#set");
  await page.locator("#mine").waitFor({ state: "hidden" });
  await says(witness, "ada", "set by hand");
  const row = witness.locator('[data-person="ada"]');
  assert.match(await row.locator(".status").textContent(), /^Out/);
  assert.equal(await row.locator(".note").textContent(), "At the dentist");
  const returns = await row.locator(".back time").getAttribute("datetime");
  assert.equal(new Date(returns).getTime(), back.setSeconds(0, 0));

  await page.click("#own");
  assert.equal(await page.inputValue("#note"), "At the dentist");
  await page.getByText("From my clients").click();
  assert(await page.locator("#note").isDisabled());
  await page.click("#set");
  await says(witness, "ada", "Available");
  assert.equal(await row.locator(".note").textContent(), "");
});

test("a person controls the own badge and sees the readers of the own status", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, (await gateway.tokenFor("ada")).secret);
  await page.click("#own");
  await page.locator("#badge-on").waitFor();
  assert(!(await page.isChecked("#badge-on")), "a badge is public only by choice");
  await page.check("#badge-on");
  const link = page.locator("#badge-link");
  await link.waitFor();
  let badge = await fetch(await link.getAttribute("href"));
  assert.equal(badge.headers.get("content-type"), "image/svg+xml");
  const text = await badge.text();
  assert.match(text, /available/);
  assert(!/ada/i.test(text), "the badge has no name");
  await until("the badge is shown", () => page.locator("#badge-picture").evaluate((it) => it.complete && it.naturalWidth));
  await shot(page, "own-badge");

  // An answer from before a change does not undo the change on the page.
  const [asked, release] = [deferred(), deferred()];
  await page.route("**/v1/people/ada", async (route) => {
    if (route.request().method() !== "GET") return route.fallback();
    const answer = await route.fetch();
    asked.resolve();
    await release.promise;
    await route.fulfill({ response: answer });
  });
  await asked.promise;
  await page.uncheck("#badge-on");
  await link.waitFor({ state: "hidden" });
  const late = page.waitForResponse((answer) => answer.url().endsWith("/v1/people/ada") && answer.request().method() === "GET");
  release.resolve();
  await (await late).finished();
  await page.evaluate(() => new Promise((resolve) => setTimeout(resolve)));
  assert(!(await page.isChecked("#badge-on")), "a late answer undid the change");
  await page.unroute("**/v1/people/ada");
  await page.check("#badge-on");
  await link.waitFor();
  badge = await fetch(await link.getAttribute("href"));
  await page.keyboard.press("Escape");
  const other = await reader(t, gateway.url);
  const witness = await board(other.context, gateway.url, (await gateway.tokenFor("alan")).secret);
  await says(witness, "ada", "Available");
  await until("alan is in the audience", async () => {
    await page.click("#own");
    await page.locator("#audience li").first().waitFor();
    const readers = await page.locator("#audience li strong").allTextContents();
    if (!readers.includes("Alan Turing")) await page.keyboard.press("Escape");
    return readers.includes("Alan Turing");
  });
  await page.locator("#badge-on").waitFor();
  await page.uncheck("#badge-on");
  await until("the badge is gone", async () => (await fetch(badge.url)).status === 404);
  assert(await link.isHidden());

  // Without the gateway nothing changes, and the page says so.
  await gateway.end("SIGKILL");
  await page.locator("#badge-on").click();
  await page.locator("#badge-error", { hasText: "Nothing was changed" }).waitFor();
  assert(!(await page.isChecked("#badge-on")));
});

test("a person signs in with the company's single sign-on", async (t) => {
  let site;
  const gateway = await fixture(t, async (port, home) => {
    // With this name, gateway and issuer are different sites, as in a company.
    const base = `http://localhost:${port}`;
    site = await issuer(t, `${base}/v1/oidc/callback`);
    const secret = join(home, "secret");
    writeFileSync(secret, "a secret / with & signs\n");
    return ["--oidc-client-secret-file", secret, "--public-url", base, "--oidc-issuer", site, "--oidc-client-id", "gateway", "--oidc-name", "Example SSO"];
  });
  const url = gateway.url.replace("127.0.0.1", "localhost");
  const { context } = await reader(t, url, { also: site });
  await context.route(/googleapis|gstatic/, (route) => route.abort());
  const page = await board(context, url);
  await page.getByRole("link", { name: "Sign in with Example SSO" }).click();
  await page.fill("[name=login]", "ada");
  await page.fill("[name=password]", "x");
  await page.click("[type=submit]");
  await page.getByRole("button", { name: "Continue" }).click();
  await says(page, "ada", "Available");
  assert.match(await page.locator("#own").textContent(), /Ada Lovelace/);
  await page.click("#own");
  await page.getByText("Away", { exact: true }).last().click();
  await page.click("#set");
  await says(page, "ada", "set by hand");
});

test("an error appears at its form", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url);
  await page.fill("#token", "cmt_wrong");
  await page.press("#token", "Enter");
  await until("an error is shown", async () => (await page.locator("#token-error").textContent()).length > 10);
  assert.equal(await page.evaluate(() => document.activeElement.id), "token");
  await shot(page, "door-refused");
});

test("revoking a token ends the session and deletes the board's data", async (t) => {
  const gateway = await fixture(t);
  const { secret, id } = await gateway.tokenFor("ada");
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, secret);
  const tab = await board(context, gateway.url);
  await says(tab, "ada", "Available");
  await page.evaluate(() => dispatchEvent(new Event("pagehide")));
  assert(await page.evaluate(() => localStorage.length));
  await gateway.ask("DELETE", `tokens/${id}`);
  await page.locator("#door").waitFor();
  await tab.locator("#door").waitFor();
  for (const each of [page, tab]) {
    assert.equal(await each.locator("#rows tr").count(), 0);
    assert.equal(await each.evaluate(() => localStorage.length), 0);
  }
  const why = await Promise.all([page, tab].map((each) => each.locator("#door-why").textContent()));
  assert(why.some((text) => text.includes("Your access was revoked")), String(why));
  await shot(page, "ended");
});

test("signing out affects every tab, and another reader can sign in", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, (await gateway.tokenFor("ada")).secret);
  const tab = await board(context, gateway.url);
  await says(tab, "ada", "Available");
  await page.click("#own");
  await page.click("#leave-mine");
  await page.locator("#door").waitFor();
  await tab.locator("#door").waitFor();
  assert.equal(await page.evaluate(() => localStorage.length), 0);
  await page.fill("#token", (await gateway.tokenFor(null, "in-out")).secret);
  await page.press("#token", "Enter");
  await says(page, "alan", "In");
  await says(tab, "alan", "In");
  assert.equal((await page.locator('[data-person="alan"] .status').textContent()).trim(), "In", "a smaller view shows less");
  assert(await page.locator("#own").isHidden());
});

test("eight tabs share one connection, and the next tab takes over", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  let streams = 0;
  context.on("request", (request) => (streams += request.url().includes("/v1/events") ? 1 : 0));
  const tabs = [await board(context, gateway.url, (await gateway.tokenFor("ada")).secret)];
  for (let more = 0; more < 7; more++) tabs.push(await board(context, gateway.url));
  for (const tab of tabs) await says(tab, "ada", "Available");
  assert.equal(streams, 1);
  await gateway.publish("ada", { availability: "away" });
  for (const tab of tabs) await says(tab, "ada", "Away");
  await tabs[0].close();
  await until("another tab streams", () => streams === 2);
  await gateway.publish("ada", { availability: "busy" });
  for (const tab of tabs.slice(1)) await says(tab, "ada", "Busy");
  assert.equal(streams, 2);
});

test("a frozen tab does not silence the others", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const sleeper = await board(context, gateway.url, (await gateway.tokenFor("ada")).secret);
  await says(sleeper, "ada", "Available");
  const tab = await context.newPage();
  await tab.clock.install();
  await tab.goto(gateway.url);
  await shows(tab, '[data-person="ada"] .status', "Available");
  const devtools = await context.newCDPSession(sleeper);
  await devtools.send("Page.setWebLifecycleState", { state: "frozen" });
  let streams = 0;
  tab.on("request", (request) => (streams += request.url().includes("/v1/events") ? 1 : 0));
  await tab.clock.fastForward(121 * SECOND);
  await until("the other tab streams", () => streams === 1);
  await gateway.publish("ada", { availability: "away" });
  await shows(tab, '[data-person="ada"] .status', "Away");
  await devtools.send("Page.setWebLifecycleState", { state: "active" });
  await says(sleeper, "ada", "Away");
});

test("groups, in and out, and a name filter the people", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, (await gateway.tokenFor(null)).secret);
  const shown = () => page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.dataset.person).join());
  const becomes = (people) => until(people, async () => (await shown()) === people);
  await becomes("ada,alan,grace");
  await page.selectOption("#group", "engineering");
  await becomes("ada,grace");
  assert.match(page.url(), /\?group=engineering$/);
  await page.getByText("Out", { exact: true }).first().click();
  await becomes("grace");
  await page.reload();
  await becomes("ada,grace");
  await page.selectOption("#group", "");
  await page.fill("#find", "TUR");
  await becomes("alan");
  await page.fill("#find", "nobody of that name");
  await page.getByRole("heading", { name: "Nobody matches" }).waitFor();
  await shot(page, "no-match");
});

test("an empty board explains what to do", async (t) => {
  const gateway = await fixture(t);
  for (const person of ["ada", "alan", "grace"]) await gateway.ask("DELETE", `people/${person}`);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, (await gateway.tokenFor(null)).secret);
  await page.getByRole("heading", { name: "The board has no people yet" }).waitFor();
  await shot(page, "empty");
});
