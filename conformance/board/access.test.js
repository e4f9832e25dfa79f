// Accessibility of the board: keyboard, screen reader, colors, sizes.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { board, crowd, network, reader, says, shot, shows, fixture, test, until } from "./fixture.js";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Fails with the violations that axe finds in the current page. */
async function check(page) {
  // Not as a script element, which the page's policy refuses.
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), RULES);
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((it) => `${it.target} ${it.failureSummary}`).join("\n  ")}`);
  assert.deepEqual(found, []);
  assert(passes.length > 10, "axe has checked something");
}

for (const colorScheme of ["light", "dark"]) {
  for (const [size, viewport] of [["desktop", { width: 1280, height: 900 }], ["phone", { width: 390, height: 844 }]]) {
    test(`axe finds nothing wrong: ${colorScheme}, ${size}`, async (t) => {
      const gateway = await fixture(t);
      const line = await network(gateway.port);
      t.after(() => line.close());
      const count = await crowd(gateway);
      const { context } = await reader(t, line.url, { colorScheme, viewport, deviceScaleFactor: size === "phone" ? 2 : 1 });
      const page = await board(context, line.url);
      const name = `${size}-${colorScheme}`;
      await page.locator("#door").waitFor();
      await check(page);
      await shot(page, `door-${name}`);
      await page.fill("#token", (await gateway.tokenFor("ada")).secret);
      await page.press("#token", "Enter");
      await until("all are shown", async () => (await page.locator("#rows tr").count()) === count);
      await shot(page, `board-${name}`);
      await check(page);
      assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page fits the width of the screen");
      await page.click("#own");
      await page.locator("#devices li").waitFor();
      await page.getByText("Be right back").last().click();
      await shot(page, `own-${name}`);
      await check(page);
      await page.keyboard.press("Escape");
      await page.fill("#find", "nobody of that name");
      await page.getByRole("heading", { name: "Nobody matches" }).waitFor();
      await check(page);
      await page.fill("#find", "");
      await page.evaluate(() => (Date.now = ((now) => () => now() + 5 * 60_000)(Date.now)));
      line.cut();
      await page.locator("#banner", { hasText: "5 minutes ago" }).waitFor();
      await says(page, "ada", "was Available");
      await check(page);
    });
  }
}

test("on a wall all people fit, and no card is clipped", async (t) => {
  const gateway = await fixture(t);
  const count = await crowd(gateway);
  const { secret } = await gateway.tokenFor(null);
  for (const [width, height, colorScheme] of [[1920, 1080, "dark"], [1920, 1080, "light"], [3840, 2160, "light"], [1080, 1920, "dark"], [1024, 768, "light"]]) {
    const { context } = await reader(t, gateway.url, { colorScheme, viewport: { width, height } });
    const page = await board(context, `${gateway.url}?lobby`, secret);
    await page.locator("#rows tr").nth(count - 1).waitFor();
    await shot(page, `lobby-${width}x${height}-${colorScheme}`);
    await check(page);
    const cut = await page.locator("#rows tr").evaluateAll((rows) => rows.filter((row) => {
      const { right, bottom } = row.getBoundingClientRect();
      return right > innerWidth || bottom > innerHeight || row.scrollHeight > row.clientHeight + 1 || row.scrollWidth > row.clientWidth + 1;
    }).map((row) => row.textContent));
    assert.deepEqual(cut, [], `${width} by ${height}`);
    assert.match(await page.locator("#clock").textContent(), /\d\d?:\d\d/);
  }
});

test("a wall cycles through pages if not all people fit", async (t) => {
  const gateway = await fixture(t);
  for (let index = 0; index < 120; index++) await gateway.person(`p${index}`, `Person ${index}`);
  const { context } = await reader(t, gateway.url, { viewport: { width: 1024, height: 768 } });
  const page = await context.newPage();
  await page.clock.install();
  await page.goto(`${gateway.url}?lobby`);
  await page.fill("#token", (await gateway.tokenFor(null)).secret);
  await page.press("#token", "Enter");
  await shows(page, "#more", "Page 1 of");
  const visible = () => page.locator("#rows tr:visible").evaluateAll((rows) => rows.map((row) => row.dataset.person));
  const seen = new Set(await visible());
  const pages = Number(/of (\d+)/.exec(await page.locator("#more").textContent())[1]);
  for (let turn = 1; turn < pages; turn++) {
    await page.clock.fastForward(12_000);
    await shows(page, "#more", `Page ${turn + 1} of`);
    for (const person of await visible()) seen.add(person);
  }
  assert.equal(seen.size, 123);
});

test("the board works with the keyboard alone", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const page = await context.newPage();
  const press = async (...keys) => {
    for (const key of keys) await page.keyboard.press(key);
  };
  const focus = () => page.evaluate(() => document.activeElement.id || document.activeElement.className || document.activeElement.value);
  /** Presses Tab until this element has the focus, which must be visible. */
  const tabTo = async (id) => {
    await until(`focus on ${id}`, async () => {
      await press("Tab");
      return (await focus()) === id;
    });
    const outline = await page.evaluate(() => {
      const active = document.activeElement;
      const seen = active.matches("input[type=radio]") ? active.nextElementSibling : active;
      return getComputedStyle(seen).outlineStyle;
    });
    assert.equal(outline, "solid", `the focus on ${id} is visible`);
  };
  await page.goto(gateway.url);
  await page.locator("#door").waitFor();
  await tabTo("token");
  await page.keyboard.type((await gateway.tokenFor("ada")).secret);
  await press("Enter");
  await says(page, "ada", "Available");

  await page.reload();
  await says(page, "ada", "Available");
  await press("Tab");
  assert.equal(await focus(), "skip");
  await tabTo("own");
  await press("Enter");
  await page.locator("#mine").waitFor();
  await until("the choice has the focus", async () => (await page.evaluate(() => document.activeElement.name)) === "say");
  await press("ArrowRight", "ArrowRight");
  assert.equal(await page.evaluate(() => document.activeElement.value), "busy");
  await tabTo("note");
  await page.keyboard.type("Quiet please");
  await press("Enter");
  await says(page, "ada", "Busy");
  await page.locator("#mine").waitFor({ state: "hidden" });
  assert.equal(await focus(), "own", "the focus is back where it was");
  await press("Enter");
  await page.locator("#mine").waitFor();
  await press("Escape");
  await page.locator("#mine").waitFor({ state: "hidden" });
  assert.equal(await page.locator('[data-person="ada"] .note').textContent(), "Quiet please");

  await press("Tab");
  assert.equal(await page.evaluate(() => document.activeElement.name), "show");
  await press("ArrowRight");
  await page.locator('[data-person="grace"]').waitFor({ state: "detached" });
  await tabTo("group");
  await tabTo("find");
  await page.keyboard.type("alan");
  await page.locator('[data-person="ada"]').waitFor({ state: "detached" });
});

test("a screen reader finds a table, and changes are announced a few at a time", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, (await gateway.tokenFor(null)).secret);
  await says(page, "alan", "Busy");
  const tree = await page.locator("#board").ariaSnapshot();
  assert.match(tree, /table "People, their status, since when, note and expected return"/);
  assert.match(tree, /columnheader "Status"/);
  assert.match(tree, /rowheader "Alan Turing london, research"/);
  assert.match(tree, /cell "Busy in a meeting"/);
  assert(!tree.includes("AT"), "initials are not read");

  await page.evaluate(() => {
    window.announced = [];
    const news = document.getElementById("news");
    new MutationObserver(() => news.textContent && window.announced.push(news.textContent)).observe(news, { childList: true });
  });
  await gateway.publish("ada", { availability: "away" });
  await gateway.publish("ada", { availability: "busy" });
  await gateway.publish("grace");
  await until("the change is announced", () => page.evaluate(() => window.announced.length));
  assert.deepEqual(await page.evaluate(() => window.announced), ["Ada Lovelace: Busy. Grace Hopper: Available."]);
  // A changed note is not announced.
  await gateway.ask("PUT", "people/grace/manual", { status: "signed-in", availability: "available", note: "x" });
  for (let index = 0; index < 4; index++) {
    await gateway.person(`p${index}`, `Person ${index}`);
    await gateway.publish(`p${index}`);
  }
  await until("the change is announced", () => page.evaluate(() => window.announced.length > 1));
  assert.equal(await page.evaluate(() => window.announced.at(-1)), "4 people changed.");

  // The board announces a lost connection once, and not the passing minutes.
  await gateway.end("SIGKILL");
  const before = await page.evaluate(() => window.announced.length);
  for (const minutes of [3, 4, 5]) {
    await page.evaluate((by) => (Date.now = () => new Date().getTime() + by), minutes * 60_000);
    await page.locator("#banner", { hasText: `${minutes} minutes ago` }).waitFor();
  }
  const since = (await page.evaluate(() => window.announced)).slice(before);
  assert.equal(since.length, 1, String(since));
  assert.match(since[0], /^No connection to the gateway/);
});

test("reduced motion stops animations, and forced colors keep the icons", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url, { reducedMotion: "reduce", forcedColors: "active" });
  const page = await board(context, gateway.url, (await gateway.tokenFor(null)).secret);
  await says(page, "ada", "Available");
  await gateway.publish("ada", { availability: "away" });
  await says(page, "ada", "Away");
  assert.equal(await page.evaluate(() => document.getAnimations().length), 0);
  await shot(page, "forced-colours");
});
