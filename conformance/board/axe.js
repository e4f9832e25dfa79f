// The check of a page with axe-core.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";

const axe = readFileSync(createRequire(import.meta.url).resolve("axe-core/axe.min.js"), "utf8");
const RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];

/** Fails with the violations that axe finds in the current page. */
export async function check(page) {
  // Not as a script element, which the page's policy refuses.
  await page.evaluate(axe);
  const { violations, passes } = await page.evaluate((values) => axe.run(document, { runOnly: { type: "tag", values } }), RULES);
  const found = violations.map(({ id, help, nodes }) => `${id}: ${help}\n  ${nodes.map((it) => `${it.target} ${it.failureSummary}`).join("\n  ")}`);
  assert.deepEqual(found, []);
  assert(passes.length > 10, "axe has checked something");
}
