// Takes the screenshot of docs/home-assistant.md: `node home-assistant.js URL TOKEN`.
//
// The test of Home Assistant starts it, with the address and an access token of its server.

import { writeFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { ARGUMENTS, CHROMIUM } from "./fixture.js";
import { webp } from "./webp.js";

const [url, token] = process.argv.slice(2);
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
try {
  const context = await browser.newContext({ locale: "en-GB", viewport: { width: 760, height: 560 }, deviceScaleFactor: 1.5 });
  await context.addInitScript(([url, token]) => {
    const tokens = { access_token: token, token_type: "Bearer", expires_in: 1800, expires: Date.now() + 1_800_000, hassUrl: url, clientId: `${url}/`, refresh_token: "" };
    localStorage.setItem("hassTokens", JSON.stringify(tokens));
    localStorage.setItem("dockedSidebar", '"always_hidden"');
  }, [url, token]);
  const page = await context.newPage();
  await page.goto(`${url}/lovelace/0`);
  const card = page.locator("hui-entities-card");
  await card.getByText("Do not disturb").or(card.getByText("do-not-disturb")).first().waitFor();
  await page.evaluate(() => document.fonts.ready);
  const png = (await card.screenshot({ animations: "disabled" })).toString("base64");
  writeFileSync(new URL("../../docs/home-assistant.webp", import.meta.url), await webp(context, png));
} finally {
  await browser.close();
}
