// Lists that are followed, against the real server; what the network does is put between the two.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Almoner, Problem } from "almoner-client";
import { EMAIL, PASSWORD, start } from "../../server.mjs";

let server;

before(async () => {
  server = await start();
});
after(() => server.stop());

/** A client that is logged in, and every request for a stream, as it was sent. */
async function loggedIn(between = (request, send) => send(request)) {
  const streams = [];
  const almoner = new Almoner({
    baseUrl: server.url,
    fetch: (request) => {
      if (request.headers.get("Accept") === "text/event-stream") {
        streams.push(request.headers.get("Last-Event-ID"));
        return between(request, (it) => fetch(it));
      }
      return fetch(request);
    },
  });
  await almoner.login({ email: EMAIL, password: PASSWORD });
  return { almoner, streams };
}

/** Everything a listener is told, and a way to wait for it. */
function listener() {
  const told = { lists: [], errors: [], connections: [] };
  const waiting = new Set();
  const check = () => waiting.forEach((look) => look());
  return {
    told,
    next: (items) => (told.lists.push(items), check()),
    error: (error) => (told.errors.push(error), check()),
    connected: (is) => (told.connections.push(is), check()),
    until: (isSo) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`never: ${isSo}`)), 20_000);
        const look = () => {
          if (!isSo(told)) return;
          clearTimeout(timer);
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      }),
  };
}

const names = ({ lists }) => (lists.at(-1) ?? []).map((donor) => donor.name).join();
const person = (name) => ({ body: { kind: "person", name } });

test("a list stays up to date", async () => {
  const { almoner } = await loggedIn();
  const first = await almoner.post("/api/v1/donors", person("Live B"));
  const heard = listener();
  const subscription = almoner.subscribe("/api/v1/donors", heard, {
    query: { q: "live", sort: "name" },
  });
  await heard.until((told) => names(told) === "Live B");
  const second = await almoner.post("/api/v1/donors", person("Live A"));
  await heard.until((told) => names(told) === "Live A,Live B");
  const path = { id: first.id };
  await almoner.patch("/api/v1/donors/{id}", { path, from: first, body: { name: "Live 0" } });
  await heard.until((told) => names(told) === "Live 0,Live A");
  await almoner.delete("/api/v1/donors/{id}", { path: { id: second.id }, from: second });
  await heard.until((told) => names(told) === "Live 0");
  const page = await almoner.list("/api/v1/donors", { query: { q: "live", sort: "name" } }).first();
  assert.deepEqual(heard.told.lists.at(-1), page.items);
  subscription.close();
  assert.deepEqual(heard.told.connections, [true]);
  assert.deepEqual(heard.told.errors, []);
});

test("a lost connection is made again, and goes on where it stopped", async () => {
  let cut;
  const { almoner, streams } = await loggedIn(async (request, send) => {
    const ended = new AbortController();
    cut = () => ended.abort();
    return send(new Request(request, { signal: AbortSignal.any([request.signal, ended.signal]) }));
  });
  const heard = listener();
  const subscription = almoner.subscribe("/api/v1/donors", heard, { query: { q: "cut" } });
  await heard.until(({ lists }) => lists.length === 1);
  for (const number of [1, 2, 3]) {
    cut();
    await almoner.post("/api/v1/donors", person(`Cut ${number}`));
    await heard.until((told) => told.lists.at(-1).length === number);
  }
  assert.equal(names(heard.told), "Cut 3,Cut 2,Cut 1");
  subscription.close();
  assert.equal(streams.length, 4);
  assert.equal(streams[0], null);
  assert.match(streams[3], /^\d+-[0-9a-f]{8}$/);
  assert.ok(heard.told.connections.includes(false));
});

test("who may not follow is told so, and so is whose session ends", async () => {
  const stranger = new Almoner({ baseUrl: server.url });
  const refused = listener();
  stranger.subscribe("/api/v1/donors", refused);
  await refused.until(({ errors }) => errors.length === 1);
  assert.ok(refused.told.errors[0] instanceof Problem);
  assert.equal(refused.told.errors[0].code, "unauthenticated");

  const { almoner } = await loggedIn();
  const heard = listener();
  almoner.subscribe("/api/v1/donations", heard);
  await heard.until(({ lists }) => lists.length === 1);
  await almoner.logout();
  await heard.until(({ errors }) => errors.length === 1);
  assert.equal(heard.told.errors[0].code, "unauthenticated");
  assert.deepEqual(heard.told.connections, [true, false]);
});
