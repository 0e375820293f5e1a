// Other generators understand the document, too: orval and @hey-api/openapi-ts make a client from
// it, and what they make compiles under `tsc --strict`.

import { execFileSync } from "node:child_process";
import { readdirSync, rmSync, writeFileSync } from "node:fs";

const here = new URL(".", import.meta.url).pathname;
const input = `${here}../openapi.json`;
rmSync(`${here}out`, { recursive: true, force: true });

const run = (command, ...args) => {
  try {
    const options = { cwd: here, encoding: "utf8", stdio: "pipe" };
    execFileSync(`${here}node_modules/.bin/${command}`, args, options);
  } catch (error) {
    console.error(error.stdout, error.stderr);
    process.exit(1);
  }
};

run("orval", "--input", input, "--output", "out/orval/almoner.ts", "--client", "fetch");
run("openapi-ts", "--input", input, "--output", "out/hey-api", "--logs", "out/logs", "--silent");

for (const name of ["orval", "hey-api"]) {
  const folder = `${here}out/${name}`;
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".ts"));
  if (files.length === 0) throw new Error(`${name} made nothing`);
  const options = {
    compilerOptions: {
      strict: true,
      noEmit: true,
      skipLibCheck: true,
      target: "es2022",
      module: "esnext",
      moduleResolution: "bundler",
      lib: ["es2022", "dom", "dom.iterable"],
      types: [],
    },
    include: ["."],
  };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify(options));
  run("tsc", "-p", folder);
  console.log(`${name}: ${files.length} files compile`);
}
