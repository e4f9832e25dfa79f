// Takes the screenshots of docs/board.md from a real gateway: `npm run picture`.

import { writeFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { ARGUMENTS, CHROMIUM, Gateway, board, crowd, says } from "./fixture.js";
import { webp } from "./webp.js";

const PICTURES = [
  ["board", "", { colorScheme: "light", viewport: { width: 1180, height: 800 }, deviceScaleFactor: 1.5 }],
  ["lobby", "?lobby", { colorScheme: "dark", viewport: { width: 1600, height: 900 } }],
];

const gateway = await Gateway.start();
const browser = await chromium.launch({ executablePath: CHROMIUM, args: ARGUMENTS });
try {
  await gateway.person("ada", "Ada Lovelace", ["engineering", "london"]);
  await gateway.person("alan", "Alan Turing", ["london", "research"]);
  await gateway.person("grace", "Grace Hopper", ["engineering"]);
  await gateway.publish("ada");
  await crowd(gateway);
  const { secret } = await gateway.tokenFor("ada");
  for (const [name, query, options] of PICTURES) {
    const context = await browser.newContext({ locale: "en-GB", ...options });
    const page = await board(context, gateway.url + query, secret);
    await says(page, "tim", "Out");
    const png = (await page.screenshot({ animations: "disabled" })).toString("base64");
    writeFileSync(new URL(`../../docs/${name}.webp`, import.meta.url), await webp(context, png));
    await context.close();
  }
} finally {
  await browser.close();
  await gateway.close();
}
