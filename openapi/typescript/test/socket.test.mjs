// The socket, against the real server.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Almoner, Problem } from "almoner-client";
import { EMAIL, NAME, PASSWORD, start } from "../../server.mjs";

let server;

before(async () => {
  server = await start();
});
after(() => server.stop());

/** A client that is logged in, and the sockets it opened. */
async function loggedIn() {
  const sockets = [];
  const almoner = new Almoner({
    baseUrl: server.url,
    webSocket: (url, protocol, headers) => {
      const socket = new WebSocket(url, { protocols: [protocol], headers });
      sockets.push(socket);
      return socket;
    },
  });
  await almoner.login({ email: EMAIL, password: PASSWORD });
  return { almoner, sockets };
}

/** Everything a listener is told, by the name of what told it, and a way to wait for it. */
function listener(...names) {
  const told = {};
  const waiting = new Set();
  const heard = { told };
  for (const name of [...names, "error", "connected"]) {
    told[name] = [];
    heard[name] = (value) => {
      told[name].push(value);
      waiting.forEach((look) => look());
    };
  }
  heard.until = (isSo) =>
    new Promise((resolve, reject) => {
      const timer = setTimeout(
        () => reject(new Error(`never: ${isSo} ${JSON.stringify(told)}`)),
        20_000,
      );
      const look = () => {
        if (!isSo(told)) return;
        clearTimeout(timer);
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });
  return heard;
}

const names = ({ next }) => (next.at(-1) ?? []).map((donor) => donor.name).join();
const people = ({ present }) => (present.at(-1) ?? []).map((person) => person.name).join();
const person = (name) => ({ body: { kind: "person", name } });

test("lists and changes stay up to date, also when the connection is lost", async () => {
  const { almoner, sockets } = await loggedIn();
  const connection = listener();
  const socket = almoner.socket(connection);
  const list = listener("next");
  const changes = listener("change");
  const subscription = socket.subscribe("/api/v1/donors", list, {
    query: { q: "socket", sort: "name" },
  });
  socket.changes(["donors"], changes);
  await list.until(({ next }) => next.length === 1);
  const first = await almoner.post("/api/v1/donors", person("Socket B"));
  await list.until((told) => names(told) === "Socket B");
  await changes.until(({ change }) => change.some(({ id }) => id === first.id));

  sockets.at(-1).close();
  await connection.until(({ connected }) => connected.includes(false));
  await almoner.post("/api/v1/donors", person("Socket A"));
  await list.until((told) => names(told) === "Socket A,Socket B");
  await changes.until(({ change }) => change.length === 2);
  assert.equal(sockets.length, 2);
  assert.deepEqual(connection.told.connected, [true, false, true]);
  assert.deepEqual(list.told.connected, [true, false, true]);

  subscription.close();
  await almoner.post("/api/v1/donors", person("Socket 0"));
  await changes.until(({ change }) => change.length === 3);
  assert.equal(names(list.told), "Socket A,Socket B");
  socket.close();
});

test("those in a room see and hear one another", async () => {
  const { almoner } = await loggedIn();
  const donor = await almoner.post("/api/v1/donors", person("Room"));
  const room = `donors:${donor.id}`;
  const body = { name: "Viewer", email: "viewer@example.org", role: "viewer", password: PASSWORD };
  await almoner.post("/api/v1/users", { body });
  const viewer = new Almoner({ baseUrl: server.url });
  await viewer.login({ email: body.email, password: PASSWORD });

  const [one, other] = [almoner.socket(), viewer.socket()];
  const here = listener("present", "said");
  const there = listener("present", "said");
  const at = one.join(room, here);
  assert.throws(() => one.join(room, here), TypeError);
  await here.until((told) => people(told) === NAME);
  const from = other.join(room, there);
  await here.until((told) => people(told) === `${NAME},Viewer`);
  await there.until(({ present }) => present.length > 0);
  from.say("typing", { field: "notes" });
  await here.until(({ said }) => said.length === 1);
  const { from: speaker, kind, data } = here.told.said[0];
  assert.deepEqual([speaker.name, kind, data], ["Viewer", "typing", { field: "notes" }]);
  from.leave();
  await here.until((told) => people(told) === NAME);
  at.say("typing");
  await almoner.delete("/api/v1/donors/{id}", { path: { id: donor.id }, from: donor });
  const path = { id: donor.id };
  await almoner.delete("/api/v1/donors/{id}", { path, query: { purge: true }, from: '"2"' });
  await here.until(({ error }) => error.length === 1);
  assert.equal(there.told.said.length, 0);
  one.close();
  other.close();
});

test("who may not is told so, and so is whose session ends", async () => {
  const stranger = new Almoner({ baseUrl: server.url });
  const refused = listener();
  stranger.socket(refused);
  await refused.until(({ error }) => error.length === 1);
  assert.ok(refused.told.error[0] instanceof Problem);
  assert.equal(refused.told.error[0].code, "unauthenticated");

  const { almoner } = await loggedIn();
  const connection = listener();
  const socket = almoner.socket(connection);
  const list = listener("next");
  socket.subscribe("/api/v1/donations", list);
  const nowhere = listener("present");
  socket.join("donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11", nowhere);
  await list.until(({ next }) => next.length === 1);
  await nowhere.until(({ error }) => error.length === 1);
  assert.equal(nowhere.told.error[0].code, "not_found");
  await almoner.logout();
  await list.until(({ error }) => error.length === 1);
  await connection.until(({ error }) => error.length === 1);
  assert.equal(list.told.error[0].code, "unauthenticated");
});
