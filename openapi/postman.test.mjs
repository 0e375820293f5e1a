// The Postman collection is made of the whole document, and somebody walks along it as Postman does:
// with its variables and scripts, and a jar of cookies.
//
//   ALMONER_BINARY=… node --test openapi/postman.test.mjs

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { after, before, test } from "node:test";
import { runInNewContext } from "node:vm";
import { collection } from "./postman.mjs";
import { EMAIL, PASSWORD, start } from "./server.mjs";

const document = JSON.parse(readFileSync(new URL("openapi.json", import.meta.url), "utf8"));
let server;
let made;
let variables;
const jar = new Map();

before(async () => {
  server = await start();
  made = collection(document, server.url);
  variables = new Map(made.variable.map(({ key, value }) => [key, value]));
});
after(() => server?.stop());

const requests = () => made.item.flatMap((folder) => folder.item);

/** Puts variables in, as often as they hold others. */
function filled(text) {
  const next = text.replaceAll(/\{\{(\w+)\}\}/g, (_, name) => {
    assert.ok(variables.has(name), `there is no variable ${name}`);
    return variables.get(name);
  });
  return next === text ? text : filled(next);
}

function run(listen, pm) {
  const { script } = made.event.find((event) => event.listen === listen);
  const collectionVariables = {
    get: (name) => variables.get(name),
    set: (name, value) => variables.set(name, value),
  };
  runInNewContext(script.exec.join("\n"), { pm: { collectionVariables, ...pm } });
}

/** Sends the request of an operation, with another body if need be. */
async function send(operationId, body) {
  const { request } = requests().find(({ id }) => id === operationId);
  const headers = new Map(
    request.header.filter((one) => !one.disabled).map(({ key, value }) => [key, value]),
  );
  const upsert = ({ key, value }) => headers.set(key, value);
  run("prerequest", { request: { method: request.method, headers: { upsert } } });
  const path = request.url.path.map((segment) => {
    const variable = request.url.variable.find(({ key }) => `:${key}` === segment);
    return variable ? filled(variable.value) : segment;
  });
  headers.set("Cookie", [...jar].map(([name, value]) => `${name}=${value}`).join("; "));
  const answer = await fetch(`${filled(request.url.host[0])}/${path.join("/")}`, {
    method: request.method,
    headers: [...headers].map(([name, value]) => [name, filled(value)]),
    body: body ? JSON.stringify(body) : request.body && filled(request.body.raw),
  });
  for (const cookie of answer.headers.getSetCookie()) {
    const [, name, value] = /^([^=]*)=([^;]*)/.exec(cookie);
    jar.set(name, value);
  }
  const text = await answer.text();
  run("test", { response: { headers: answer.headers, json: () => JSON.parse(text) } });
  return { status: answer.status, text };
}

test("every operation but the socket is there, once", () => {
  const operations = Object.values(document.paths).flatMap((item) => Object.values(item));
  const expected = operations.filter((one) => !one.responses["101"]).map((one) => one.operationId);
  assert.deepEqual(
    requests()
      .map(({ id }) => id)
      .sort(),
    expected.sort(),
  );
  assert.equal(expected.length, operations.length - 1);
});

test("every variable that is used is declared, and every address is a whole one", () => {
  for (const { request } of requests()) {
    filled(JSON.stringify(request).replaceAll('\\"', '"'));
    assert.ok(!request.url.raw.includes("{id}"), request.url.raw);
    for (const { key, value } of request.url.variable) assert.notEqual(value, "undefined", key);
  }
});

test("whoever has logged in creates, reads, changes and deletes a record", async () => {
  const refused = await send("createDonor");
  assert.equal(refused.status, 401, "nobody is logged in yet");
  const login = await send("login", { email: EMAIL, password: PASSWORD });
  assert.equal(login.status, 200, login.text);
  // The examples of the document, as they stand.
  for (const [operationId, status] of [
    ["createDonor", 201],
    ["getDonor", 200],
    ["updateDonor", 200],
    ["listDonors", 200],
    ["deleteDonor", 204],
    ["restoreDonor", 200],
    ["logout", 204],
  ]) {
    const answer = await send(operationId);
    assert.equal(answer.status, status, `${operationId}: ${answer.text}`);
  }
});
