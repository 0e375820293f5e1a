// What is published works where nothing else is: packed, installed in an empty folder, compiled
// there, and run.

import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { promisify } from "node:util";
import { EMAIL, PASSWORD, start } from "../../server.mjs";

const run = promisify(execFile);
const here = new URL("..", import.meta.url).pathname;

const PROGRAM = `
import { Almoner, Problem } from "almoner-client";

const [, , baseUrl = "", email = "", password = ""] = process.argv;
const almoner = new Almoner({ baseUrl });
const { user } = await almoner.login({ email, password });
try {
  await almoner.get("/api/v1/donors/{id}", { path: { id: user.id } });
} catch (error) {
  if (error instanceof Problem && error.is("not_found")) console.log(user.email, error.code);
}
`;

test("the package works in an empty folder", async () => {
  const folder = await mkdtemp(join(tmpdir(), "almoner-client-"));
  const server = await start();
  try {
    const pack = ["pack", "--json", "--ignore-scripts", "--pack-destination", folder];
    const [packed] = JSON.parse((await run("npm", pack, { cwd: here })).stdout);
    const names = packed.files.map(({ path }) => path);
    for (const name of ["LICENSE", "README.md", "dist/index.js", "dist/index.d.ts"]) {
      assert.ok(names.includes(name), name);
    }
    assert.ok(names.every((name) => /^(dist\/|LICENSE$|README\.md$|package\.json$)/.test(name)));

    const version = JSON.parse(await readFile(join(here, "package.json"), "utf8")).devDependencies;
    await writeFile(join(folder, "package.json"), JSON.stringify({ type: "module" }));
    const install = ["install", "--ignore-scripts", "--no-audit", "--no-fund", "--prefer-offline"];
    const needed = [`./${packed.filename}`, ...["typescript", "@types/node"].map((name) => `${name}@${version[name]}`)];
    await run("npm", [...install, ...needed], { cwd: folder });
    await writeFile(join(folder, "program.ts"), PROGRAM);
    const options = ["--strict", "--noUncheckedIndexedAccess", "--exactOptionalPropertyTypes"];
    const target = ["--target", "es2022", "--module", "nodenext"];
    await run("npx", ["tsc", ...options, ...target, "program.ts"], { cwd: folder });
    const args = ["program.js", server.url, EMAIL, PASSWORD];
    const { stdout } = await run(process.execPath, args, { cwd: folder });
    assert.equal(stdout, `${EMAIL} not_found\n`);
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
});
