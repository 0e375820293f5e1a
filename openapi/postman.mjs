// Makes a Postman collection (v2.1) of the document, for Postman, Bruno, Insomnia and Hoppscotch:
//
//   node openapi/postman.mjs [http://127.0.0.1:8080] > almoner.postman_collection.json
//
// Send "Log in" first: the tool keeps the session's cookie, and the collection's own scripts send the
// CSRF token with every change, remember the id of what was created and the ETag that was read last.

import { readFileSync } from "node:fs";
import { pathToFileURL } from "node:url";

const SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json";
const STREAM = "text/event-stream";

/** Before each request: the token, with what changes something. */
const BEFORE = `
const token = pm.collectionVariables.get("csrf_token");
if (token && !["GET", "HEAD"].includes(pm.request.method)) {
  pm.request.headers.upsert({ key: "X-CSRF-Token", value: token });
}`;

/** After each answer: what later requests need of it. */
const AFTER = `
const type = pm.response.headers.get("Content-Type") || "";
const body = type.startsWith("application/json") ? pm.response.json() : {};
if (body.csrf_token) pm.collectionVariables.set("csrf_token", body.csrf_token);
const etag = pm.response.headers.get("ETag");
if (etag) pm.collectionVariables.set("etag", etag);
const created = /^\\/api\\/v1\\/([a-z_]+)\\/([^/]+)$/.exec(pm.response.headers.get("Location") || "");
if (created) pm.collectionVariables.set(created[1] + "_id", created[2]);`;

/** The collection of a document. */
export function collection(document, baseUrl) {
  const variables = new Map([
    ["base_url", baseUrl],
    ["csrf_token", ""],
    ["etag", ""],
  ]);
  const folders = new Map(document.tags.map((tag) => [tag.name, { ...tag, item: [] }]));
  for (const [path, item] of Object.entries(document.paths)) {
    for (const [method, operation] of Object.entries(item)) {
      // The format has no WebSockets.
      if (operation.responses["101"]) continue;
      const request = requestOf(document, path, method, operation, variables);
      const folder = folders.get(operation.tags[0]);
      folder.item.push({ name: operation.summary, id: operation.operationId, request, response: [] });
    }
  }
  const script = (listen, text) => ({
    listen,
    script: { type: "text/javascript", exec: text.trim().split("\n") },
  });
  return {
    info: {
      name: `${document.info.title} ${document.info.version}`,
      description: `Send "Log in" first.\n\n${document.info.description}`,
      schema: SCHEMA,
    },
    item: [...folders.values()].filter(({ item }) => item.length > 0),
    event: [script("prerequest", BEFORE), script("test", AFTER)],
    variable: [...variables].map(([key, value]) => ({ key, value, type: "string" })),
  };
}

function requestOf(document, path, method, operation, variables) {
  const parameters = operation.parameters ?? [];
  const where = (place) => parameters.filter((parameter) => parameter.in === place);
  const segments = path.split("/").filter(Boolean);
  const inPath = where("path").map(({ name, description, example }, at) => {
    // The first id of an address is that of the record that was created last.
    const kind = segments[segments.indexOf(`{${name}}`) - 1];
    const variable = `${kind}_id`;
    if (at > 0 || name !== "id") return { key: name, value: String(example), description };
    if (!variables.has(variable)) variables.set(variable, String(example));
    return { key: name, value: `{{${variable}}}`, description };
  });
  const query = where("query").map(({ name, description, example, required, schema }) => ({
    key: name,
    value: String(example ?? schema?.default ?? ""),
    description,
    disabled: !required,
  }));
  const raw = `{{base_url}}/${segments.map(colon).join("/")}`;
  const shown = query.filter(({ disabled }) => !disabled).map(({ key, value }) => `${key}=${value}`);
  const request = {
    method: method.toUpperCase(),
    description: operation.description,
    header: where("header").map((parameter) => headerOf(parameter)),
    url: {
      raw: shown.length > 0 ? `${raw}?${shown.join("&")}` : raw,
      host: ["{{base_url}}"],
      path: segments.map(colon),
      query,
      variable: inPath,
    },
  };
  const answer = operation.responses["200"]?.content ?? {};
  if (answer[STREAM]) {
    // A list answers with JSON, unless the stream alone is asked for.
    const isList = answer["application/json"] !== undefined;
    request.header.push({ key: "Accept", value: STREAM, disabled: isList });
  }
  const [[type, content] = []] = Object.entries(operation.requestBody?.content ?? {});
  if (type !== undefined) {
    request.header.push({ key: "Content-Type", value: type });
    request.body = {
      mode: "raw",
      raw: JSON.stringify(content.example, null, 2),
      options: { raw: { language: "json" } },
    };
  }
  return request;
}

function headerOf({ name, description, example, required }) {
  const isVersion = ["If-Match", "If-None-Match"].includes(name);
  const value = isVersion ? "{{etag}}" : String(example ?? "");
  return { key: name, value, description, disabled: !required };
}

const colon = (segment) => segment.replace(/^\{(.*)\}$/, ":$1");

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const document = JSON.parse(readFileSync(new URL("openapi.json", import.meta.url), "utf8"));
  const made = collection(document, process.argv[2] ?? "http://127.0.0.1:8080");
  console.log(JSON.stringify(made, null, 2));
}
