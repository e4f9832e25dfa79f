// Generates client.js and client.d.ts from client.ts; with --check it only checks that they are up
// to date. It replaces the compiler's indentation by tabs, because browsers download the file.
import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

const here = fileURLToPath(new URL(".", import.meta.url));
const web = join(here, "../../crates/communicado-gateway/web");
const made = mkdtempSync(join(tmpdir(), "communicado-client-"));
let stale = 0;
try {
  const tsc = join(here, "node_modules/typescript/bin/tsc");
  execFileSync(process.execPath, [tsc, "-p", here, "--outDir", made], { stdio: "inherit" });
  for (const name of ["client.js", "client.d.ts"]) {
    const text = readFileSync(join(made, name), "utf8").replaceAll(/^( {4})+/gm, (it) => "\t".repeat(it.length / 4));
    const kept = join(web, name);
    if (!process.argv.includes("--check")) writeFileSync(kept, text);
    else if (readFileSync(kept, "utf8") !== text) {
      console.error(`${name} is out of date with client.ts: run \`npm run build\` in conformance/board`);
      stale = 1;
    }
  }
} finally {
  rmSync(made, { recursive: true });
}
process.exitCode = stale;
