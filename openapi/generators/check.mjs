// Other generators understand the document, too, and what they make of it is taken by strict compilers:
// orval, @hey-api/openapi-ts and OpenAPI Generator for TypeScript; openapi-python-client,
// datamodel-code-generator and OpenAPI Generator for Python.
//
// Needs Python 3.11 or later with venv, and Java 11 or later.

import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";

const here = new URL(".", import.meta.url).pathname;
const out = `${here}out`;
const input = `${here}../openapi.json`;
rmSync(out, { recursive: true, force: true });
mkdirSync(out);

/** Runs a program; what it made, or why it could not. */
const run = (program, args, options = {}) => {
  try {
    return execFileSync(program, args, { cwd: here, encoding: "utf8", stdio: "pipe", ...options });
  } catch (error) {
    console.error(`${program} ${args.join(" ")}`, error.stdout, error.stderr);
    process.exit(1);
  }
};
const node = (command, ...args) => run(`${here}node_modules/.bin/${command}`, args);

// Python's tools in a folder of their own, made anew when the list of them changes.
const venv = `${here}.venv`;
const [wanted, installed] = [`${here}requirements.txt`, `${venv}/installed.txt`];
const read = (file) => existsSync(file) && readFileSync(file, "utf8");
if (read(installed) !== read(wanted)) {
  rmSync(venv, { recursive: true, force: true });
  run("python3", ["-m", "venv", venv]);
  const pip = ["install", "--quiet", "--disable-pip-version-check", "--no-deps", "-r", wanted];
  run(`${venv}/bin/pip`, pip);
  cpSync(wanted, installed);
}
// Generators call formatters that stand beside them.
const env = { ...process.env, PATH: `${venv}/bin:${process.env.PATH}`, PYTHONDONTWRITEBYTECODE: "1" };
const python = (command, ...args) => run(`${venv}/bin/${command}`, args, { env });

/** Compiles the TypeScript in a folder, as strictly as the compiler can. */
const compiled = (name) => {
  const folder = `${out}/${name}`;
  const files = readdirSync(folder, { recursive: true }).filter((file) => file.endsWith(".ts"));
  if (files.length === 0) throw new Error(`${name} made nothing`);
  const compilerOptions = {
    strict: true,
    noEmit: true,
    skipLibCheck: true,
    target: "es2022",
    module: "esnext",
    moduleResolution: "bundler",
    lib: ["es2022", "dom", "dom.iterable"],
    types: [],
  };
  writeFileSync(`${folder}/tsconfig.json`, JSON.stringify({ compilerOptions, include: ["."] }));
  node("tsc", "-p", folder);
  console.log(`${name}: ${files.length} files compile`);
};

/** Imports every module of a Python package. */
const IMPORT = `
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
names = [found.name for found in pkgutil.walk_packages(package.__path__, package.__name__ + ".")]
for name in names: importlib.import_module(name)
print(f"{sys.argv[1]}: {len(names)} modules are imported")
`;
const imported = (folder, name) => {
  const options = { env: { ...env, PYTHONPATH: folder } };
  process.stdout.write(run(`${venv}/bin/python`, ["-W", "error", "-c", IMPORT, name], options));
};

node("orval", "--input", input, "--output", "out/orval/almoner.ts", "--client", "fetch");
compiled("orval");

node("openapi-ts", "--input", input, "--output", "out/hey-api", "--logs", "out/logs", "--silent");
compiled("hey-api");

const generator = (name, folder) =>
  python("openapi-generator-cli", "generate", "-i", input, "-g", name, "-o", `${out}/${folder}`);
generator("typescript-axios", "axios");
compiled("axios");
// What holds nothing is a type that was not understood.
const axios = readFileSync(`${out}/axios/api.ts`, "utf8");
const lost = [...axios.matchAll(/export interface (\w+) \{\s*\}/g)].map(([, name]) => name);
if (lost.length > 0) throw new Error(`types without anything in them: ${lost.join(", ")}`);

generator("python", "python");
imported(`${out}/python`, "openapi_client");

const client = `${out}/openapi-python-client`;
const made = ["--path", input, "--output-path", client, "--overwrite", "--fail-on-warning"];
python("openapi-python-client", "generate", ...made);
python("mypy", "--strict", "--no-error-summary", `${client}/almoner_client`);
imported(client, "almoner_client");

const models = `${out}/models.py`;
const style = ["--output-model-type", "pydantic_v2.BaseModel", "--use-annotated"];
const from = ["--input", input, "--input-file-type", "openapi", "--output", models];
python("datamodel-codegen", ...from, ...style, "--target-python-version", "3.11");
python("mypy", "--strict", "--no-error-summary", models);
console.log("datamodel-code-generator: the models are strict");
