// The limits of the document are the server's: each value of a request that is just outside of them
// is refused, by name, and the longest one that is within is not. Bodies are tried with the mock, too.
//
//   ALMONER_BINARY=… node limits.mjs

import { readFileSync } from "node:fs";
import { EMAIL, PASSWORD, start } from "../server.mjs";

const document = JSON.parse(readFileSync(new URL("../openapi.json", import.meta.url), "utf8"));
let server = await start({ ALMONER_LOGIN_LOCKOUT_FAILURES: "100" });
const LOGIN = "/api/v1/auth/login";
// May be `null`, but not beside the other values of the example.
const NEEDED_BY_OTHERS = ["POST /api/v1/donations /amount"];
const wrong = [];
let count = 0;

const headers = { "Content-Type": "application/json", "If-Match": '"1"' };
const login = await send("POST", LOGIN, { email: EMAIL, password: PASSWORD });
headers["X-CSRF-Token"] = (await login.json()).csrf_token;
headers.Cookie = login.headers.getSetCookie().map((cookie) => cookie.split(";")[0]).join("; ");

try {
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const content = operation.requestBody?.content["application/json"];
      if (content) await tryBodies(method.toUpperCase(), path, content);
      await tryParameters(method.toUpperCase(), path, operation);
    }
  }
  await server.stop();
  server = await start({}, { isMock: true });
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      const content = operation.requestBody?.content["application/json"];
      if (content) await tryBodies(method.toUpperCase(), path, content, { isMock: true });
    }
  }
} finally {
  await server.stop();
}
for (const line of wrong) console.error(line);
console.log(`${count} values, ${wrong.length} answered otherwise than the document says`);
process.exit(count > 100 && wrong.length === 0 ? 0 : 1);

async function tryBodies(method, path, { schema, example }, { isMock = false } = {}) {
  const body = resolve(schema).maxProperties === 1 ? {} : example;
  for (const { place, schema: field, isNullable } of fields(schema, [])) {
    const pointer = `/${place.join("/")}`;
    const name = `${method} ${path} ${pointer}`;
    const none = { what: "null", value: null };
    const others = [...outside(field), ...(isNullable ? [] : [none])];
    // The document says in words that each stands once.
    for (const { what, value } of others.filter((one) => !isMock || !/twice/.test(one.what))) {
      const answer = await send(method, addressOf(path), put(body, schema, place, value));
      const problem = await answer.json();
      const isNamed = problem.errors?.some(
        // Of two that exclude each other the one in the example may be named.
        (error) =>
          error.pointer === pointer ||
          error.pointer?.startsWith(`${pointer}/`) ||
          error.code === "one_of",
      );
      // A login says no more than that it failed.
      const isRefused = path === LOGIN && answer.status === 401 ? true : isNamed;
      if (!isRefused) wrong.push(`${name}: ${what} is answered with ${answer.status}`);
    }
    const mayBeNull = isNullable && !NEEDED_BY_OTHERS.includes(`${method} ${path} ${pointer}`);
    for (const { what, value } of [...within(field), ...(mayBeNull ? [none] : [])]) {
      const answer = await send(method, addressOf(path), put(body, schema, place, value));
      const text = answer.status === 204 ? "" : await answer.text();
      const isRefused =
        value === null ? text.includes(`"pointer":"${pointer}"`) : text.includes('"too_long"');
      if (isRefused) wrong.push(`${name}: ${what} is refused: ${text}`);
    }
  }
}

async function tryParameters(method, path, operation) {
  const inQuery = operation.parameters?.filter((parameter) => parameter.in === "query") ?? [];
  for (const { name, schema } of inQuery) {
    // Whoever asks for a field twice is shown it once.
    const mayStandTwice = ({ what }) => name === "fields" && /twice/.test(what);
    for (const { what, value } of [...outside(resolve(schema))].filter((one) => !mayStandTwice(one))) {
      const query = new URLSearchParams({ [name]: value });
      const answer = await send(method, `${addressOf(path)}?${query}`);
      const problem = answer.status === 400 ? await answer.json() : { errors: [] };
      if (!problem.errors?.some(({ parameter }) => parameter === name)) {
        wrong.push(`${method} ${path} ${name}: ${what} is answered with ${answer.status}`);
      }
    }
  }
}

/** Values that are not within the limits of a schema. */
function* outside(schema) {
  const types = [schema.type].flat();
  if (types.includes("string")) {
    if (schema.enum) yield { what: "another word", value: "nonesuch" };
    else {
      yield { what: `a text of ${schema.maxLength + 1}`, value: "a".repeat(schema.maxLength + 1) };
      if (schema.minLength > 0) yield { what: "an empty text", value: "" };
      if (schema.pattern) yield { what: "a control character", value: "a\u0007b" };
      if (schema.format === "uuid" || schema.format?.startsWith("date")) {
        yield { what: "another form", value: "a".repeat(schema.maxLength) };
      }
    }
  }
  if (types.includes("integer")) {
    if (schema.maximum < Number.MAX_SAFE_INTEGER) {
      yield { what: `${schema.maximum + 1}`, value: schema.maximum + 1 };
    }
    if (schema.minimum > Number.MIN_SAFE_INTEGER) {
      yield { what: `${schema.minimum - 1}`, value: schema.minimum - 1 };
    }
  }
  const words = types.includes("array") ? resolve(schema.items).enum : undefined;
  // Of closed lists each word once: the document says it in words.
  if (words) yield { what: "a word that stands twice", value: [words[0], words[0]] };
  if (types.includes("boolean")) yield { what: "neither yes nor no", value: "maybe" };
}

/** The longest texts that are free in their form. */
function* within(schema) {
  if (schema.pattern?.includes("\\x9F") && schema.maxLength) {
    // Characters are counted, not bytes.
    yield { what: `a text of ${schema.maxLength}`, value: "ş".repeat(schema.maxLength) };
  }
}

/** Every field of a body, also of the objects in it. */
function* fields(schema, place) {
  const resolved = resolve(schema);
  for (const [name, property] of Object.entries(resolved.properties ?? {})) {
    const field = resolve(property.oneOf?.find((branch) => branch.type !== "null") ?? property);
    const isNull = ({ type }) => [type].flat().includes("null");
    const isNullable = isNull(field) || (property.oneOf?.some(isNull) ?? false);
    yield { place: [...place, name], schema: field, isNullable };
    if (field.properties) yield* fields(field, [...place, name]);
  }
}

function resolve(schema) {
  if (schema.$ref === undefined) return schema;
  const found = schema.$ref.slice(2).split("/").reduce((at, name) => at[name], document);
  return { ...found, ...schema };
}

/** The body with another value at that place; what must stand beside it, too. */
function put(body, schema, [name, ...rest], value) {
  const { properties } = resolve(schema);
  if (rest.length === 0) return { ...body, [name]: value };
  const property = properties[name];
  const inner = property.oneOf?.find((branch) => branch.type !== "null") ?? property;
  const { properties: fields, required } = resolve(inner);
  const first = (field) => field.example ?? field.enum[0];
  const beside = Object.fromEntries((required ?? []).map((one) => [one, first(resolve(fields[one]))]));
  return { ...body, [name]: put(body[name] ?? beside, inner, rest, value) };
}

/** No record has these names: a body is judged before its record is looked for. */
function addressOf(path) {
  return path.replace("{id}", "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11").replace("{name}", "nobody");
}

function send(method, address, body) {
  count += 1;
  // A login ends the session it comes with.
  const { Cookie, ...others } = headers;
  const sent = address === LOGIN || Cookie === undefined ? others : headers;
  const type = body === undefined ? {} : { body: JSON.stringify(body) };
  return fetch(`${server.url}${address}`, { method, headers: sent, ...type });
}
