// Every example of the document fits its schema: of bodies, parameters, headers, schemas, and every
// default. An example may not have a field that its schema does not know.
//
//   node examples.mjs [openapi.json]

import { readFileSync } from "node:fs";
import Ajv from "ajv/dist/2020.js";
import addFormats from "ajv-formats";

const file = process.argv[2] ?? new URL("../openapi.json", import.meta.url);
const document = JSON.parse(readFileSync(file, "utf8"));
const DATA = new Set(["example", "examples", "default", "enum", "const"]);

/** Calls `see` for every object of the document but those inside of examples. */
function walk(value, place, see) {
  if (Array.isArray(value)) {
    value.forEach((item, at) => walk(item, [...place, String(at)], see));
  } else if (value !== null && typeof value === "object") {
    see(value, place);
    for (const [name, item] of Object.entries(value)) {
      // A property may have such a name, too: then it is a schema.
      if (!DATA.has(name) || place.at(-1) === "properties") walk(item, [...place, name], see);
    }
  }
}

const isSchema = (value) => typeof value.type === "string" || Array.isArray(value.type);
const pointer = (place) =>
  place.map((name) => `/${name.replaceAll("~", "~0").replaceAll("/", "~1")}`).join("");

const strict = structuredClone(document);
walk(strict, [], (value) => {
  if (isSchema(value) && value.properties && value.additionalProperties === undefined) {
    value.additionalProperties = false;
  }
});

const ajv = new Ajv({ strict: false, allErrors: true });
addFormats(ajv);
// Told apart by the lengths and limits beside them; `password` and numbers have no form of their own.
for (const format of ["password", "int32", "int64"]) ajv.addFormat(format, true);
ajv.addSchema(strict, "openapi");

const validators = new Map();
function validator(place) {
  const at = pointer(place);
  const known = validators.get(at) ?? ajv.compile({ $ref: `openapi#${encodeURI(at)}` });
  validators.set(at, known);
  return known;
}

let count = 0;
const wrong = [];
function check(example, schemaPlace, place) {
  count += 1;
  const validate = validator(schemaPlace);
  if (!validate(example)) {
    const reasons = validate.errors.map((error) => `${error.instancePath || "/"} ${error.message}`);
    wrong.push(`${pointer(place)}: ${reasons.join("; ")}`);
  }
}

walk(document, [], (value, place) => {
  if (isSchema(value)) {
    if ("example" in value) check(value.example, place, [...place, "example"]);
    if ("default" in value) check(value.default, place, [...place, "default"]);
    for (const [at, example] of (value.examples ?? []).entries()) {
      check(example, place, [...place, "examples", String(at)]);
    }
  } else if (value.schema !== undefined && place.at(-1) !== "properties") {
    const schema = [...place, "schema"];
    if ("example" in value) check(value.example, schema, [...place, "example"]);
    for (const [name, example] of Object.entries(value.examples ?? {})) {
      check(example.value, schema, [...place, "examples", name]);
    }
  }
});

if (count === 0) wrong.push("there are no examples");
for (const line of wrong) console.error(line);
console.log(`${count} examples, ${wrong.length} wrong`);
process.exit(wrong.length === 0 ? 0 : 1);
