// Accessibility of the board: keyboard, screen reader, colors, sizes.

import assert from "node:assert/strict";
import { check } from "./axe.js";
import { LONG_NOTE, board, crowd, fill, network, reader, says, shot, shows, fixture, test, until } from "./fixture.js";

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

for (const count of [3, 12, 40, 120]) {
  test(`a wall fills the screen with ${count} people, and a long note pushes nothing out of its card`, async (t) => {
    const gateway = await fixture(t);
    await fill(gateway, count);
    const sizes = [[1920, 1080, "light"], [1080, 1920, "dark"], [3840, 2160, "dark"], [1280, 720, "light"]];
    for (const view of ["everything", "in-out"]) {
      const { secret } = await gateway.tokenFor(null, view);
      for (const [width, height, colorScheme] of sizes) {
        const { context } = await reader(t, gateway.url, { colorScheme, viewport: { width, height } });
        const page = await board(context, `${gateway.url}?lobby`, secret);
        await page.locator("#rows tr").nth(count - 1).waitFor();
        await shot(page, `wall-${count}-${view}-${width}x${height}`);
        const found = await page.locator("#rows tr").evaluateAll((rows) => {
          const inside = (part, card) => {
            const [{ top, right, bottom, left }, of] = [part.getBoundingClientRect(), card.getBoundingClientRect()];
            return top >= of.top && right <= of.right && bottom <= of.bottom && left >= of.left && part.scrollWidth <= part.clientWidth + 1;
          };
          const screen = document.documentElement.getBoundingClientRect();
          const card = rows.find((row) => row.dataset.person === "alan");
          return {
            outside: rows.filter((row) => !inside(row, document.body) || row.scrollHeight > row.clientHeight + 1).length,
            fills: Math.max(...rows.map((row) => row.getBoundingClientRect().bottom)) / screen.height,
            shows: [".name", ".status", ".back"].filter((part) => inside(card.querySelector(part), card)),
            back: card.querySelector(".back").getClientRects().length,
            since: rows.every((row) => row.querySelector(".since").offsetHeight > 0),
            type: parseFloat(getComputedStyle(card).fontSize) / Math.min(screen.width, screen.height),
          };
        });
        const where = `${view} ${width}x${height} ${JSON.stringify(found)}`;
        assert.equal(found.outside, 0, where);
        assert(found.fills > 0.93, where);
        assert.deepEqual(found.shows, [".name", ".status", ".back"], where);
        assert.equal(found.back, 1, where);
        assert(found.type > 0.0115, where);
        assert(await page.locator("#more").isHidden(), where);
        if (view === "in-out" && count < 120) assert(found.since, `a card of the view in-out has the time: ${where}`);
      }
    }
  });
}

test("a laptop shows twelve people, and no date wraps", async (t) => {
  const gateway = await fixture(t);
  await fill(gateway, 12);
  const { context } = await reader(t, gateway.url, { viewport: { width: 1366, height: 657 }, locale: "en-US" });
  const page = await board(context, gateway.url, (await gateway.tokenFor("ada")).secret);
  await page.locator("#rows tr").nth(11).waitFor();
  await shot(page, "laptop");
  const rows = await page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => ({
    height: row.getBoundingClientRect().height,
    bottom: row.getBoundingClientRect().bottom,
    // A wrapped text has several rectangles.
    lines: [...row.querySelectorAll("time")].map((it) => it.getClientRects().length),
    bold: Number(getComputedStyle(row.querySelector(".name")).fontWeight) >= 600,
    kind: row.className,
  })));
  assert.equal(rows.length, 12);
  for (const row of rows) {
    assert(row.height >= 36 && row.height <= 44 && row.bottom <= 657, JSON.stringify(row));
    assert(row.lines.every((lines) => lines === 1), JSON.stringify(row));
    assert.equal(row.bold, !/is-(out|unknown|changing)/.test(row.kind), JSON.stringify(row));
  }
  const note = page.locator('[data-person="alan"] .note bdi');
  assert.equal(await note.textContent(), LONG_NOTE.trim());
  await note.focus();
  const whole = await note.evaluate((it) => it.scrollHeight <= it.clientHeight + 1);
  assert(whole, "the focused note shows all of its text");
});

test("the table is in order of name, status or group, with headings for the status", async (t) => {
  const gateway = await fixture(t);
  await gateway.person("barbara", "Barbara Liskov");
  const { context } = await reader(t, gateway.url);
  const page = await board(context, gateway.url, (await gateway.tokenFor(null)).secret);
  const shown = () => page.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.dataset.person ?? row.textContent).join());
  const becomes = (order) => until(order, async () => (await shown()) === order);
  await becomes("ada,alan,barbara,grace");
  await page.getByRole("button", { name: "Status" }).click();
  await becomes("In 1,ada,Busy 1,alan,Out 2,barbara,grace");
  assert.equal(await page.locator("[aria-sort=ascending]").textContent(), "Status");
  await shot(page, "by-status");
  await check(page);
  await gateway.publish("barbara");
  await becomes("In 2,ada,barbara,Busy 1,alan,Out 1,grace");
  await page.reload();
  await becomes("In 2,ada,barbara,Busy 1,alan,Out 1,grace");
  await page.getByRole("button", { name: "Group" }).click();
  await becomes("grace,ada,alan,barbara");
  await page.getByRole("button", { name: "Person" }).click();
  await becomes("ada,alan,barbara,grace");
  assert.equal(new URL(page.url()).search, "");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.selectOption("#order", "status");
  await becomes("In 2,ada,barbara,Busy 1,alan,Out 1,grace");
});

test("the heading names the group, and the page without JavaScript says what to do", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, `${gateway.url}?group=london`, (await gateway.tokenFor(null)).secret);
  await page.getByRole("heading", { name: "Who is in: london" }).waitFor();
  assert.equal(await page.title(), "Who is in: london");
  await page.selectOption("#group", "");
  await page.getByRole("heading", { name: "Who is in", exact: true }).waitFor();
  const plain = await reader(t, gateway.url, { javaScriptEnabled: false });
  const without = await plain.context.newPage();
  await without.goto(gateway.url);
  // A search for text leaves noscript out.
  const help = without.locator("noscript p").first();
  assert.match(await help.textContent(), /Allow JavaScript for this page/);
  assert(await help.isVisible());
});

test("an administrator connects a screen with the code that it shows", async (t) => {
  const gateway = await fixture(t);
  const screen = await reader(t, gateway.url, { viewport: { width: 1920, height: 1080 }, colorScheme: "dark" });
  const wall = await board(screen.context, `${gateway.url}?lobby`);
  const code = wall.locator("#screen-code", { hasText: /^[A-Z]{4}-[A-Z]{4}$/ });
  await code.waitFor();
  await shot(wall, "screen-code");
  await check(wall);
  const { context } = await reader(t, gateway.url);
  const page = await board(context, `${gateway.url}?pair`, (await gateway.tokenFor("ada")).secret);
  await page.getByText("Only an administrator can connect a screen.").first().waitFor();
  const other = await reader(t, gateway.url);
  const admin = await board(other.context, `${gateway.url}?pair`, gateway.token);
  await admin.locator("#pair").waitFor();
  await check(admin);
  await admin.fill("#pair-code", "BCDF-GHJK");
  await admin.press("#pair-code", "Enter");
  await admin.locator("#pair-error", { hasText: "no screen shows this code" }).waitFor();
  await shot(admin, "pair");
  await admin.fill("#pair-code", (await code.textContent()).toLowerCase());
  await admin.selectOption("#pair-group", "london");
  await admin.press("#pair-code", "Enter");
  await admin.locator("#pair-done", { hasText: "The screen is connected." }).waitFor();
  await says(wall, "ada", "In");
  assert.deepEqual(await wall.locator("#rows tr").evaluateAll((rows) => rows.map((row) => row.dataset.person)), ["ada", "alan"]);
  assert(await wall.locator("#screen").isHidden());

  // When the token of the screen is revoked, the screen shows a new code.
  const { tokens } = await gateway.ask("GET", "tokens");
  await gateway.ask("DELETE", `tokens/${tokens.find(({ name }) => name === "Screen").id}`);
  await wall.locator("#door").waitFor();
  await code.waitFor();
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
  assert.match(tree, /table "People, their status, groups, since when, note and expected return"/);
  assert.match(tree, /columnheader "Status"/);
  assert.match(tree, /rowheader "Alan Turing"/);
  assert.match(tree, /cell "london, research"/);
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
