// The client against the real server; what the network does to it is put between the two.

import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { Almoner, Problem, UnexpectedAnswer } from "almoner-client";
import { EMAIL, NAME, PASSWORD, start } from "../../server.mjs";

const DONOR = "/api/v1/donors/{id}";
const credentials = { email: EMAIL, password: PASSWORD };
let server;

before(async () => {
  server = await start();
});
after(() => server.stop());

/** A client that is logged in, and every request it sent, as it was sent. */
async function loggedIn(between = (request, send) => send(request), options = {}) {
  const sent = [];
  const almoner = new Almoner({
    baseUrl: server.url,
    fetch: (request) => {
      sent.push({ method: request.method, url: request.url, headers: new Headers(request.headers) });
      return between(request, (it) => fetch(it));
    },
    ...options,
  });
  await almoner.login(credentials);
  sent.length = 0;
  return { almoner, sent };
}

const person = (name) => ({ body: { kind: "person", name } });
const isPost = (request) => request.method === "POST" && request.url.endsWith("/donors");

test("a session begins, is asked for and ends", async () => {
  const almoner = new Almoner({ baseUrl: server.url });
  assert.equal(await almoner.session(), undefined);
  const { user } = await almoner.login(credentials);
  assert.equal(user.name, NAME);
  assert.equal((await almoner.session()).user.id, user.id);
  await almoner.logout();
  assert.equal(await almoner.session(), undefined);
});

test("two clients in one program are two users", async () => {
  const { almoner } = await loggedIn();
  const stranger = new Almoner({ baseUrl: server.url });
  await assert.rejects(stranger.list("/api/v1/donors").first(), { code: "unauthenticated" });
  assert.ok(await almoner.list("/api/v1/donors").first());
});

test("a wrong password is a problem that is told apart", async () => {
  const almoner = new Almoner({ baseUrl: server.url });
  await assert.rejects(almoner.login({ ...credentials, password: "not that" }), (problem) => {
    assert.ok(problem instanceof Problem && problem.is("invalid_credentials"));
    assert.equal(problem.status, 401);
    assert.match(problem.requestId, /^[0-9a-f-]{36}$/);
    return true;
  });
});

test("changes carry the CSRF token, reading does not", async () => {
  const { almoner, sent } = await loggedIn();
  await almoner.post("/api/v1/donors", person("Ahmet Işık"));
  await almoner.list("/api/v1/donors").first();
  const [write, read] = sent;
  const { csrf_token } = await almoner.session();
  assert.equal(write.headers.get("X-CSRF-Token"), csrf_token);
  assert.equal(read.headers.get("X-CSRF-Token"), null);
});

test("the CSRF token of the answer serves where the cookie cannot be read", async () => {
  // As on a page of another origin: the browser keeps the cookies to itself.
  const cookies = [];
  const almoner = new Almoner({
    baseUrl: server.url,
    fetch: async (request) => {
      if (cookies.length > 0) request.headers.set("Cookie", cookies.join("; "));
      const answer = await fetch(request);
      cookies.push(...answer.headers.getSetCookie().map((cookie) => cookie.split(";")[0]));
      const headers = new Headers(answer.headers);
      headers.delete("Set-Cookie");
      return new Response(answer.body, { status: answer.status, headers });
    },
  });
  await almoner.login(credentials);
  const donor = await almoner.post("/api/v1/donors", person("Zeynep Ak"));
  assert.equal(donor.version, 1);
});

test("an answer that is lost is asked for again and nothing is done twice", async () => {
  let lost = 0;
  const lose = async (request, send) => {
    const answer = await send(request);
    if (!isPost(request) || lost > 0) return answer;
    lost += 1;
    await answer.arrayBuffer();
    throw new TypeError("fetch failed");
  };
  const { almoner, sent } = await loggedIn(lose);
  const name = "Lost Once";
  const donor = await almoner.post("/api/v1/donors", person(name));
  const keys = sent.map(({ headers }) => headers.get("Idempotency-Key"));
  assert.equal(keys.length, 2);
  assert.ok(keys[0] && keys[0] === keys[1]);
  const found = await almoner.list("/api/v1/donors", { query: { q: name } }).first();
  assert.deepEqual(found.items.map(({ id }) => id), [donor.id]);
});

test("each request has a key of its own unless one is given", async () => {
  const { almoner, sent } = await loggedIn();
  await almoner.post("/api/v1/donors", person("One"));
  await almoner.post("/api/v1/donors", person("Two"));
  const first = await almoner.post("/api/v1/donors", { ...person("Three"), idempotencyKey: "3" });
  const again = await almoner.post("/api/v1/donors", { ...person("Three"), idempotencyKey: "3" });
  const keys = sent.map(({ headers }) => headers.get("Idempotency-Key"));
  assert.notEqual(keys[0], keys[1]);
  assert.deepEqual(keys.slice(2), ["3", "3"]);
  assert.equal(again.id, first.id);
  const other = almoner.post("/api/v1/donors", { ...person("Four"), idempotencyKey: "3" });
  await assert.rejects(other, { code: "idempotency_key_reused" });
});

test("a change that may have been made is not repeated", async () => {
  let patches = 0;
  const lose = async (request, send) => {
    const answer = await send(request);
    if (request.method !== "PATCH") return answer;
    patches += 1;
    await answer.arrayBuffer();
    throw new TypeError("fetch failed");
  };
  const { almoner } = await loggedIn(lose);
  const donor = await almoner.post("/api/v1/donors", person("Changed Once"));
  const path = { id: donor.id };
  const change = almoner.patch(DONOR, { path, from: donor, body: { notes: "x" } });
  await assert.rejects(change, TypeError);
  assert.equal(patches, 1);
  assert.equal((await almoner.get(DONOR, { path })).version, 2);
});

test("a quota that is spent is waited for", async () => {
  const busy = await start({ ALMONER_RATE_LIMIT_USER_PER_MINUTE: "60" });
  try {
    const statuses = [];
    const watched = async (request) => {
      const answer = await fetch(request);
      statuses.push(answer.status);
      return answer;
    };
    const almoner = new Almoner({ baseUrl: busy.url, fetch: watched });
    await almoner.login(credentials);
    for (let count = 0; count < 62; count += 1) await almoner.get("/api/v1/users/me");
    assert.ok(statuses.includes(429));

    const hasty = new Almoner({ baseUrl: busy.url, retry: { times: 0 } });
    await hasty.login(credentials);
    await assert.rejects(
      Promise.all(Array.from({ length: 70 }, () => hasty.get("/api/v1/users/me"))),
      (problem) => problem.is("rate_limited") && problem.retryAfter >= 1,
    );
  } finally {
    await busy.stop();
  }
});

test("a busy server is asked again, but not for ever and not against the user's will", async () => {
  const headers = { "Retry-After": "0", "Content-Type": "application/problem+json" };
  const body = JSON.stringify({
    type: "/problems/unavailable",
    title: "The server cannot work just now",
    status: 503,
    code: "unavailable",
  });
  let wait = "0";
  const away = async (request, send) =>
    request.url.endsWith("/me")
      ? new Response(body, { status: 503, headers: { ...headers, "Retry-After": wait } })
      : send(request);
  const { almoner, sent } = await loggedIn(away);
  await assert.rejects(almoner.get("/api/v1/users/me"), { code: "unavailable", retryAfter: 0 });
  assert.equal(sent.length, 3);

  wait = "3600";
  sent.length = 0;
  await assert.rejects(almoner.get("/api/v1/users/me"), { retryAfter: 3600 });
  assert.equal(sent.length, 1);

  wait = "20";
  const signal = AbortSignal.timeout(100);
  await assert.rejects(almoner.get("/api/v1/users/me", { signal }), { name: "TimeoutError" });
});

test("a record that has not changed comes back as it is", async () => {
  const { almoner } = await loggedIn();
  const { id } = await almoner.post("/api/v1/donors", person("Known"));
  const known = await almoner.get(DONOR, { path: { id } });
  assert.equal(await almoner.get(DONOR, { path: { id }, known }), known);
  const changed = await almoner.patch(DONOR, { path: { id }, from: known, body: { notes: "x" } });
  assert.deepEqual(await almoner.get(DONOR, { path: { id }, known }), changed);
});

test("a change is made from what was read, in a list too, and meets a faster one", async () => {
  const { almoner, sent } = await loggedIn();
  const made = await almoner.post("/api/v1/donors", person("Contested Record"));
  const path = { id: made.id };
  const page = await almoner.list("/api/v1/donors", { query: { q: "contested" } }).first();
  const [listed] = page.items;
  const changed = await almoner.patch(DONOR, { path, from: listed, body: { notes: "theirs" } });
  assert.equal(sent.at(-1).headers.get("If-Match"), '"1"');
  assert.equal(changed.version, 2);
  const late = almoner.patch(DONOR, { path, from: made, body: { address: "mine" } });
  await assert.rejects(late, (problem) => {
    assert.ok(problem.is("stale"));
    assert.equal(problem.currentVersion, 2);
    assert.deepEqual(problem.changedFields, ["notes"]);
    return true;
  });
  // A tag that was weakened on its way, too.
  await almoner.patch(DONOR, { path, from: 'W/"2"', body: { address: "mine" } });
  await assert.rejects(
    almoner.delete(DONOR, { path, from: { version: undefined } }),
    new TypeError("the record has no version"),
  );
  const now = await almoner.get(DONOR, { path });
  assert.equal(await almoner.delete(DONOR, { path, from: now }), undefined);
  const restored = await almoner.post("/api/v1/donors/{id}/restore", { path });
  assert.equal(restored.deleted_at, undefined);
});

test("every record of a list is met once, over all its pages", async () => {
  const { almoner, sent } = await loggedIn();
  const names = Array.from({ length: 7 }, (_, at) => `Paged Number${at}`);
  for (const name of names) await almoner.post("/api/v1/donors", person(name));
  sent.length = 0;
  const list = almoner.list("/api/v1/donors", {
    query: { q: "paged", sort: "name", limit: 3, count: "exact" },
  });
  const met = [];
  for await (const donor of list) met.push(donor.name);
  assert.deepEqual(met, names);
  assert.equal(sent.length, 3);

  sent.length = 0;
  for await (const donor of list) if (donor.name === names[1]) break;
  assert.equal(sent.length, 1, "pages nobody looks at are not read");

  const first = await list.first();
  assert.equal(first.total, 7);
  const second = await list.after(first.next_cursor);
  assert.deepEqual(second.items.map(({ name }) => name), names.slice(3, 6));
});

test("parameters with several values are written as the API reads them", async () => {
  const { almoner, sent } = await loggedIn();
  const group_by = ["month", "method"];
  const { items } = await almoner.get("/api/v1/donations/summary", { query: { group_by } });
  assert.deepEqual(items, []);
  assert.ok(sent[0].url.endsWith("?group_by=month,method"));
});

test("a parameter that is not known is a problem that names it", async () => {
  const { almoner } = await loggedIn();
  const list = almoner.list("/api/v1/donations", { query: { statsu: "completed" } });
  await assert.rejects(list.first(), (problem) => {
    assert.deepEqual([problem.code, problem.errors[0].parameter], ["bad_request", "statsu"]);
    return true;
  });
});

test("the same wrong fields are found by their pointers", async () => {
  const { almoner } = await loggedIn();
  const body = {
    amount: { amount: "12.345", currency: "TRY" },
    method: "cash",
    donated_on: "2026-02-30",
  };
  await assert.rejects(almoner.post("/api/v1/donations", { body }), (problem) => {
    assert.ok(problem.is("validation"));
    assert.equal(problem.at("/amount/amount")?.code, "amount");
    assert.equal(problem.at("/donated_on")?.code, "date");
    assert.equal(problem.at("/method"), undefined);
    return true;
  });
});

test("what answers in place of the API is not taken for it", async () => {
  const page = () => new Response("<h1>Bad gateway</h1>", { status: 502 });
  const almoner = new Almoner({ baseUrl: server.url, fetch: async () => page() });
  await assert.rejects(almoner.get("/api/v1/users/me"), (error) => {
    assert.ok(error instanceof UnexpectedAnswer);
    assert.equal(error.status, 502);
    return true;
  });
});
