// The page for administrators: people, tokens and health, by keyboard and with axe.

import assert from "node:assert/strict";
import { check } from "./axe.js";
import { board, fixture, reader, shot, test, until } from "./fixture.js";

/** A tab with the page, signed in. */
async function administrator(t, gateway, options) {
  const { context } = await reader(t, gateway.url, options);
  const page = await board(context, `${gateway.url}?admin`, gateway.token);
  await page.locator("#admin").waitFor();
  await page.locator("#admin-tokens li").first().waitFor();
  return page;
}

test("an administrator adds, changes and removes a person by keyboard", async (t) => {
  const gateway = await fixture(t);
  const page = await administrator(t, gateway);
  await page.getByText("The gateway works.").waitFor();
  await page.locator("#person-id").focus();
  for (const text of ["hedy", "Hedy <i>Lamarr", "vienna, film", "hedy@example.org; H.Lamarr@example.org"]) {
    await page.keyboard.type(text);
    await page.keyboard.press("Tab");
  }
  await page.keyboard.press("Enter");
  await page.getByText("Hedy <i>Lamarr was saved.").waitFor();
  const made = await gateway.ask("GET", "people/hedy");
  assert.deepEqual([made.name, made.groups], ["Hedy <i>Lamarr", ["film", "vienna"]]);
  assert.deepEqual([...made.sign_in].sort(), ["H.Lamarr@example.org", "hedy@example.org"]);
  await page.getByRole("button", { name: "Change: Hedy <i>Lamarr" }).press("Enter");
  await until("the form has the person", async () => (await page.inputValue("#person-groups")) === "film, vienna");
  assert.equal(await page.inputValue("#person-sign-in"), made.sign_in.join(", "));
  await page.fill("#person-name", "Hedy Lamarr");
  await page.fill("#person-groups", "vienna");
  await page.press("#person-groups", "Enter");
  await page.locator('#admin-people [data-id="hedy"] small', { hasText: /^hedy · vienna$/ }).waitFor();
  assert.deepEqual((await gateway.ask("GET", "people/hedy")).name, "Hedy Lamarr");
  // A refusal changes nothing, and keeps the form.
  await page.fill("#person-id", "Not An Id");
  await page.press("#person-id", "Enter");
  await page.locator("#admin-error", { hasText: /./ }).waitFor();
  assert.equal(await page.inputValue("#person-id"), "Not An Id");
  await page.fill("#person-id", "");
  await page.fill("#admin-find", "hed");
  await until("only one person is listed", async () => (await page.locator("#admin-people li").count()) === 1);
  // A dialog that is dismissed removes nobody.
  const remove = page.getByRole("button", { name: "Remove: Hedy Lamarr" });
  page.once("dialog", (dialog) => dialog.dismiss());
  await remove.press("Enter");
  assert((await gateway.ask("GET", "people")).people.some(({ id }) => id === "hedy"));
  page.once("dialog", (dialog) => dialog.accept());
  await remove.press("Enter");
  await page.getByText("Hedy Lamarr was removed.").waitFor();
  await until("the list is empty", async () => (await page.locator("#admin-people li").count()) === 0);
  assert(!(await gateway.ask("GET", "people")).people.some(({ id }) => id === "hedy"));
});

test("an administrator creates a token, sees its sessions and revokes it", async (t) => {
  const gateway = await fixture(t);
  const page = await administrator(t, gateway);
  await page.fill("#token-name", "Ada's phone");
  await page.selectOption("#token-scopes", { label: "to publish and to read" });
  await page.selectOption("#token-person", "ada");
  await page.press("#token-name", "Enter");
  const secret = await page.locator("#token-secret", { hasText: /^cmt_/ }).textContent();
  const { tokens } = await gateway.ask("GET", "tokens");
  const token = tokens.find(({ name }) => name === "Ada's phone");
  assert.deepEqual([token.person, token.scopes], ["ada", ["publish", "read"]]);
  await gateway.publish("ada", { token: secret });
  const other = await reader(t, gateway.url);
  const phone = await board(other.context, gateway.url, secret);
  assert(await phone.locator("#administer").isHidden());
  await page.reload();
  await page.locator(`#admin-tokens [data-id="${token.id}"] small`, { hasText: "sessions: 1" }).waitFor();
  page.once("dialog", (dialog) => dialog.accept());
  await page.getByRole("button", { name: "Revoke: Ada's phone" }).press("Enter");
  await page.getByText("Ada's phone was revoked.").waitFor();
  await phone.locator("#door").waitFor();
  await until("the list has no such token", async () => (await page.locator(`#admin-tokens [data-id="${token.id}"]`).count()) === 0);
});

test("only an administrator gets the page, and the gateway checks the right at each change", async (t) => {
  const gateway = await fixture(t);
  const { context } = await reader(t, gateway.url);
  const ada = await board(context, `${gateway.url}?admin`, (await gateway.tokenFor("ada")).secret);
  await ada.getByText("Only an administrator can open this page.").first().waitFor();
  assert(await ada.locator("#admin").isHidden());
  const { secret, id } = await gateway.ask("POST", "tokens", { name: "second", scopes: ["administer"] });
  const other = await reader(t, gateway.url);
  const page = await board(other.context, gateway.url, secret);
  await page.getByRole("link", { name: "Administration" }).click();
  await page.locator("#admin-tokens li").first().waitFor();
  await page.fill("#token-name", "late");
  // A page that has not heard of the revocation cannot change anything.
  await other.context.route("**/v1/tokens", async (route) => {
    if (route.request().method() === "POST") await gateway.ask("DELETE", `tokens/${id}`);
    await route.continue();
  });
  await page.press("#token-name", "Enter");
  await page.locator("#door").waitFor();
  assert(!(await gateway.ask("GET", "tokens")).tokens.some(({ name }) => name === "late"));
  await until("the page forgets", async () => (await page.locator("#admin li").count()) === 0);
  assert.equal(await page.locator("#token-secret").textContent(), "");
});

for (const [colorScheme, width, locale] of [["light", 1280, "en-GB"], ["dark", 390, "de"], ["light", 390, "fr"], ["dark", 1280, "es"]]) {
  test(`axe finds nothing wrong on the page for administrators: ${colorScheme}, ${width}, ${locale}`, async (t) => {
    const gateway = await fixture(t);
    const page = await administrator(t, gateway, { colorScheme, locale, viewport: { width, height: 900 } });
    await check(page);
    await shot(page, `admin-${width}-${colorScheme}-${locale}`);
    assert(await page.evaluate(() => document.documentElement.scrollWidth <= innerWidth), "the page fits the width of the screen");
    if (locale !== "en-GB") assert(!(await page.locator("#admin").innerText()).includes("Create a token"));
  });
}
