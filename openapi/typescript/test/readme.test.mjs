// The README is a program: its code, word for word but for the address, compiles under the strictest
// options and prints what its comments say.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { test } from "node:test";
import { promisify } from "node:util";
import { start } from "../../server.mjs";

const run = promisify(execFile);
const here = new URL("..", import.meta.url);
const folder = new URL("out/readme/", here);

test("the code of the README runs and prints what it says", async () => {
  const text = await readFile(new URL("README.md", here), "utf8");
  const code = [...text.matchAll(/^```ts\n(.*?)^```$/gms)].map(([, block]) => block).join("\n");
  const promised = [...code.matchAll(/\/\/ → (.*)$/gm)].map(([, line]) => line);
  assert.ok(promised.length > 5);

  const server = await start();
  try {
    await rm(folder, { recursive: true, force: true });
    await mkdir(folder, { recursive: true });
    const address = "http://127.0.0.1:8080";
    assert.ok(code.includes(address));
    await writeFile(new URL("readme.ts", folder), code.replace(address, server.url));
    const config = {
      extends: "../../tsconfig.json",
      compilerOptions: { rootDir: ".", outDir: "js", declaration: false, types: ["node"] },
      files: ["readme.ts"],
      include: [],
    };
    await writeFile(new URL("tsconfig.json", folder), JSON.stringify(config));
    await run("npx", ["tsc", "-p", folder.pathname], { cwd: here });
    const program = new URL("js/readme.js", folder).pathname;
    const { stdout } = await run(process.execPath, ["--experimental-websocket", program]);
    assert.deepEqual(stdout.trimEnd().split("\n"), promised);
  } finally {
    await server.stop();
  }
});
