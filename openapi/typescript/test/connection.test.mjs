// What the socket does when the connection or the server fails, with a WebSocket and a clock of the test.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Almoner, SocketFault } from "almoner-client";

const LONGEST_WAIT = 30_000;
const ROOM = "donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";

const tooMany = { type: "/problems/rate_limited", title: "Too many", status: 429, code: "rate_limited" };

const isAsking = ({ type }) => type === "subscribe" || type === "join";

class FakeSocket {
  sent = [];
  isClosed = false;
  send(text) {
    this.sent.push(JSON.parse(text));
  }
  close() {
    this.isClosed = true;
  }
  tell(message) {
    this.onmessage({ data: JSON.stringify(message) });
  }
  /** What was asked for, without the pings. */
  asked() {
    return this.sent.filter(isAsking);
  }
}

/** A client whose waits are all of the middle length, and everything it does. */
function begin(t, fetch = fine) {
  t.mock.timers.enable({ apis: ["setTimeout", "setInterval", "Date"] });
  t.mock.method(Math, "random", () => 0.5);
  const sockets = [];
  const webSocket = () => {
    const socket = new FakeSocket();
    sockets.push(socket);
    return socket;
  };
  const almoner = new Almoner({ baseUrl: "http://localhost", webSocket, fetch, retry: { times: 0 } });
  return {
    almoner,
    sockets,
    /** Time goes by, in steps that let what was promised happen. */
    pass: async (ms, step = 100) => {
      for (let passed = 0; passed < ms; passed += step) {
        t.mock.timers.tick(Math.min(step, ms - passed));
        await settled();
      }
    },
  };
}

const fine = async () => Response.json({ csrf_token: "token" });

const settled = async () => {
  for (let turn = 0; turn < 10; turn += 1) await new Promise((resolve) => setImmediate(resolve));
};

/** Everything that is told, in its order. */
function listener() {
  const told = [];
  const names = ["next", "present", "change", "connected", "error", "ended", "fault"];
  const heard = names.map((name) => [name, (value) => told.push([name, value])]);
  return { told, of: (name) => told.filter(([it]) => it === name).map(([, it]) => it), ...Object.fromEntries(heard) };
}

test("what is asked for while the connection is announced is asked for once", (t) => {
  const { almoner, sockets } = begin(t);
  const list = listener();
  const socket = almoner.socket({
    connected: (isConnected) => {
      if (!isConnected) return;
      socket.subscribe("/api/v1/donors", list);
      socket.join(ROOM, listener());
    },
  });
  sockets[0].onopen();
  assert.deepEqual(sockets[0].asked().map(({ type }) => type), ["subscribe", "join"]);
  const [{ id }] = sockets[0].asked();
  sockets[0].tell({ type: "subscribed", id });
  const problem = { type: "/problems/x", title: "In use", status: 409, code: "subscription_in_use" };
  sockets[0].tell({ type: "error", id, problem });
  sockets[0].tell({ type: "event", subscription: id, event: "snapshot", id: "1-00000000", data: { items: [] } });
  assert.deepEqual(list.told, [["connected", true], ["next", []]]);
});

test("what waits for a busy server is asked for once by the next connection", async (t) => {
  const { almoner, sockets, pass } = begin(t);
  const socket = almoner.socket();
  socket.subscribe("/api/v1/donors", listener());
  sockets[0].onopen();
  const [{ id }] = sockets[0].asked();
  sockets[0].tell({ type: "error", id, problem: tooMany, retry_after: 5 });
  sockets[0].onclose({ code: 1001 });
  await pass(1000);
  sockets[1].onopen();
  await pass(15_000);
  assert.equal(sockets[1].asked().length, 1);
});

test("a connection that does not stand is made again ever more slowly", async (t) => {
  const { almoner, sockets, pass } = begin(t);
  almoner.socket().changes(["donors"], listener());
  const cut = () => {
    const last = sockets.at(-1);
    last.onopen();
    last.tell({ type: "subscribed", id: last.asked()[0].id });
    last.onclose({ code: 1006 });
  };
  for (let failure = 0; failure < 8; failure += 1) {
    cut();
    await settled();
    const wait = Math.min(LONGEST_WAIT, 250 * 2 ** failure);
    await pass(wait - 50, 50);
    assert.equal(sockets.length, failure + 1);
    await pass(50);
    assert.equal(sockets.length, failure + 2);
  }
  // One that stood for half a minute has not failed.
  const last = sockets.at(-1);
  last.onopen();
  for (let second = 0; second < 31; second += 1) {
    await pass(1000, 1000);
    last.tell({ type: "pong" });
  }
  const before = sockets.length;
  last.onclose({ code: 1006 });
  await pass(250, 50);
  assert.equal(sockets.length, before + 1);
});

test("who misuses the socket is told so, and comes back after the longest wait", async (t) => {
  for (const code of [1002, 1003, 1007, 1008, 1009]) {
    const { almoner, sockets, pass } = begin(t);
    const connection = listener();
    almoner.socket(connection);
    sockets[0].onopen();
    sockets[0].tell({ type: "end", code: "flood" });
    sockets[0].onclose({ code });
    await pass(LONGEST_WAIT - 100, 1000);
    assert.equal(sockets.length, 1);
    assert.deepEqual(connection.of("ended"), ["flood"]);
    const [fault, ...others] = connection.of("fault");
    assert.ok(fault instanceof SocketFault);
    assert.deepEqual([fault.code, fault.closeCode, others.length], ["misused", code, 0]);
    await pass(100);
    assert.equal(sockets.length, 2);
    assert.deepEqual(connection.of("error"), []);
    t.mock.reset();
    t.mock.timers.reset();
  }
});

test("who was silent has done nothing wrong", async (t) => {
  const { almoner, sockets, pass } = begin(t);
  const connection = listener();
  almoner.socket(connection);
  sockets[0].onopen();
  sockets[0].tell({ type: "end", code: "silent" });
  sockets[0].onclose({ code: 1008 });
  await pass(300);
  assert.equal(sockets.length, 2);
  assert.deepEqual([connection.of("ended"), connection.of("fault")], [["silent"], []]);
});

test("many lists are asked for at the pace of the server", async (t) => {
  const { almoner, sockets, pass } = begin(t);
  const socket = almoner.socket();
  const all = Array.from({ length: 150 }, () => socket.changes(["donors"], listener()));
  const room = socket.join(ROOM, listener());
  sockets[0].onopen();
  assert.equal(sockets[0].sent.length, 100);
  // What nobody wants any more when its turn comes is never asked for.
  all.at(-1).close();
  room.say("typing");
  await pass(2000);
  assert.ok(sockets[0].sent.length >= 118 && sockets[0].sent.length <= 121, sockets[0].sent.length);
  await pass(5000);
  assert.equal(sockets[0].asked().length, 150);
  assert.equal(new Set(sockets[0].asked().map(({ id }) => id)).size, 150);
  assert.ok(sockets[0].sent.every(isAsking));
  // The end of what was asked for is told, in its order.
  await pass(1000);
  all[0].close();
  room.say("typing");
  assert.deepEqual(sockets[0].sent.slice(-2).map(({ type }) => type), ["unsubscribe", "say"]);
});

test("what the server is too busy for is asked for ever more rarely", async (t) => {
  const { almoner, sockets, pass } = begin(t);
  const socket = almoner.socket();
  const [list, room] = [listener(), listener()];
  socket.subscribe("/api/v1/donors", list);
  socket.join(ROOM, room);
  sockets[0].onopen();
  const [{ id }, { id: joining }] = sockets[0].asked();
  // Five seconds, doubled each time, and a quarter more.
  for (const [refusal, wait] of [6250, 12_500, 25_000].entries()) {
    for (const it of [id, joining]) sockets[0].tell({ type: "error", id: it, problem: tooMany, retry_after: 5 });
    for (let rest = wait - 50; rest > 0; rest -= 5000) {
      await pass(Math.min(5000, rest), 50);
      sockets[0].tell({ type: "pong" });
    }
    assert.equal(sockets[0].asked().length, 2 * (refusal + 1));
    await pass(50, 50);
    assert.equal(sockets[0].asked().length, 2 * (refusal + 2));
    assert.deepEqual(list.of("connected"), Array(refusal + 1).fill(false));
    assert.deepEqual(room.of("connected"), Array(refusal + 1).fill(false));
  }
  sockets[0].tell({ type: "subscribed", id });
  assert.equal(list.of("connected").at(-1), true);
  assert.deepEqual(list.of("error"), []);
});

test("a refusal that waiting does not help is final", async (t) => {
  const { almoner, sockets, pass } = begin(t);
  const socket = almoner.socket();
  const [list, room] = [listener(), listener()];
  socket.subscribe("/api/v1/donors", list);
  socket.join(ROOM, room);
  sockets[0].onopen();
  for (const { id } of sockets[0].asked()) {
    const problem = { type: "/problems/x", title: "No", status: 503, code: "unavailable" };
    sockets[0].tell({ type: "error", id, problem });
  }
  await pass(15_000);
  sockets[0].onclose({ code: 1001 });
  await pass(1000);
  sockets[1].onopen();
  assert.equal(sockets[0].asked().length, 2);
  assert.equal(sockets[1].asked().length, 0);
  assert.deepEqual([list, room].map((it) => it.of("error").map(({ code }) => code)), [["unavailable"], ["unavailable"]]);
});

test("a page whose timers are late keeps its connection, and one that is dead is left", async (t) => {
  const { almoner, sockets, pass } = begin(t);
  const socket = almoner.socket();
  sockets[0].onopen();
  // A hidden page: timers are a minute late, and nothing comes in between.
  for (let minute = 1; minute < 5; minute += 1) {
    t.mock.timers.setTime(Date.now() + 60_000);
    await pass(20_000, 20_000);
    assert.ok(!sockets[0].isClosed);
    assert.equal(sockets[0].sent.at(-1).type, "ping");
    sockets[0].tell({ type: "pong" });
  }
  await pass(45_000, 1000);
  assert.ok(sockets[0].isClosed);
  assert.equal(sockets.length, 2);
  socket.close();
});

test("whoever cannot open a socket, though the session is fine, is told so", async (t) => {
  const { almoner, sockets, pass } = begin(t);
  const connection = listener();
  const socket = almoner.socket(connection);
  for (let opening = 1; opening <= 3; opening += 1) {
    assert.deepEqual(connection.of("fault"), []);
    sockets.at(-1).onclose({ code: 1006 });
    await settled();
    if (opening < 3) await pass(1000);
    assert.equal(sockets.length, Math.min(3, opening + 1));
  }
  assert.deepEqual(connection.of("fault").map(({ code }) => code), ["cannot_open"]);
  await pass(LONGEST_WAIT - 100, 1000);
  assert.equal(sockets.length, 3);
  await pass(100);
  assert.equal(sockets.length, 4);
  sockets[3].onclose({ code: 1006 });
  await settled();
  assert.equal(connection.of("fault").length, 1);
  assert.deepEqual(connection.of("error"), []);
  socket.close();
});

test("a server that is not there is no fault of the socket, and is asked for ten seconds", async (t) => {
  const limits = [];
  t.mock.method(AbortSignal, "timeout", (ms) => {
    limits.push(ms);
    return AbortSignal.abort();
  });
  const { almoner, sockets, pass } = begin(t, async (request) => {
    request.signal.throwIfAborted();
    return fine();
  });
  const connection = listener();
  const socket = almoner.socket(connection);
  for (let opening = 0; opening < 4; opening += 1) {
    sockets.at(-1).onclose({ code: 1006 });
    await settled();
    await pass(2000);
  }
  assert.equal(sockets.length, 5);
  assert.deepEqual(limits, [10_000, 10_000, 10_000, 10_000]);
  assert.deepEqual(connection.told, []);
  socket.close();
});
