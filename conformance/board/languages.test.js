// The languages of the board, its title, its logo and the names of its groups.

import assert from "node:assert/strict";
import { readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { board, crowd, reader, says, shot, fixture, test, until } from "./fixture.js";

const web = new URL("../../crates/communicado-gateway/web/", import.meta.url);
const source = (name) => readFileSync(new URL(name, web), "utf8");
// The table needs the languages of a browser, which Node 20 lacks.
globalThis.navigator ??= { languages: ["en"] };
const { LANGUAGES, TEXTS } = await import(new URL("texts.js", web));

test("every text of the board is in the table, in every language", async () => {
  const known = new Map(TEXTS.map((row) => [row[0], row]));
  assert.equal(known.size, TEXTS.length, "no text is there twice");
  const used = new Set();
  const page = source("index.html");
  for (const [, text] of page.matchAll(/data-text>([^<]+)</g)) used.add(text);
  for (const [, text] of page.matchAll(/placeholder="([^"]+)"/g)) used.add(text);
  for (const name of readdirSync(web).filter((name) => name.endsWith(".js"))) {
    for (const [, text] of source(name).matchAll(/\bt\("([^"]+)"/g)) used.add(text);
  }
  assert(used.size > 60, String(used.size));
  assert.deepEqual([...used].filter((text) => !known.has(text)), []);
  const places = (text) => [...text.matchAll(/\{\w+\}/g)].map(String).sort().join();
  for (const row of TEXTS) {
    assert.equal(row.length, LANGUAGES.length, row[0]);
    for (const text of row) {
      assert(text.trim(), row[0]);
      for (const form of text.split("|")) assert.equal(places(form), places(row[0]), text);
    }
  }
});

for (const [locale, title, busy, sections] of [
  ["de-AT", "Wer ist da?", "Beschäftigt", "Da"],
  ["fr-CA", "Qui est là ?", "Occupé", "En ligne"],
  ["es", "¿Quién está?", "Ocupado", "En línea"],
  ["nl-NL", "Who is in", "Busy", "In"],
]) {
  test(`the board speaks the language of the browser: ${locale}`, async (t) => {
    const gateway = await fixture(t);
    const count = await crowd(gateway);
    const { context } = await reader(t, gateway.url, { locale });
    const page = await board(context, `${gateway.url}?sort=status`, (await gateway.tokenFor("ada")).secret);
    await page.getByRole("heading", { name: title }).waitFor();
    await says(page, "alan", busy);
    const language = ["de", "fr", "es"].find((it) => locale.startsWith(it)) ?? "en";
    assert.equal(await page.evaluate(() => document.documentElement.lang), language);
    await until("all are shown", async () => (await page.locator("#rows [data-person]").count()) === count);
    assert.match(await page.locator(".section").first().textContent(), new RegExp(`^${sections} \\d`));
    // Only names, groups and notes are not in the table.
    const texts = await page.locator("#rows strong, #rows small, .section th, thead th").evaluateAll((parts) =>
      parts.map((part) => [...part.childNodes].find((it) => it.textContent.trim())?.textContent.trim()));
    const table = new Set(TEXTS.map((row) => row[LANGUAGES.indexOf(language)]));
    assert.deepEqual(texts.filter((text) => !table.has(text)), []);
    await shot(page, `language-${locale}`);
    await page.click("#own");
    await page.locator("#devices li").waitFor();
    await shot(page, `language-own-${locale}`);
    const wide = await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth);
    assert(wide, "the page fits the width of the screen");
  });
}

test("the board has the title, the logo and the group names of the operator", async (t) => {
  const gateway = await fixture(t, (_, home) => {
    const logo = join(home, "logo.svg");
    writeFileSync(logo, '<svg xmlns="http://www.w3.org/2000/svg" width="80" height="40"><rect width="80" height="40" fill="#1f5e4a"/><script>window.hit = 1</script></svg>');
    return ["--title", "Example Ltd <b>", "--logo", logo, "--group-name", "london=Greater London", "--group-name", "constructor=Construction"];
  });
  const { context } = await reader(t, gateway.url);
  const page = await board(context, `${gateway.url}?group=london`);
  await page.getByRole("heading", { name: "Example Ltd <b>" }).waitFor();
  await page.fill("#token", (await gateway.tokenFor(null)).secret);
  await page.press("#token", "Enter");
  await page.getByRole("heading", { name: "Example Ltd <b>: Greater London" }).waitFor();
  assert.equal(await page.title(), "Example Ltd <b>: Greater London");
  assert.equal(await page.locator('[data-person="ada"] .groups').textContent(), "engineering, Greater London");
  assert.deepEqual(await page.locator("#group option").allTextContents(), ["All groups", "engineering", "Greater London", "research"]);
  const width = () => page.locator("#logo").evaluate((it) => it.complete && it.naturalWidth);
  await until("the logo is shown", async () => (await width()) === 80);
  assert(await page.locator("#logo").isVisible());
  await shot(page, "branding");
  await page.goto(`${gateway.url}?lobby`);
  await says(page, "ada", "Available");
  await shot(page, "branding-lobby");
  assert.equal(await page.evaluate(() => window.hit), undefined);
});
