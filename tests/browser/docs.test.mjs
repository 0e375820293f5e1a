// The documentation at /docs in a real browser: under its own policy, without the network, with the
// session of whoever reads it.
//
// A picture of each page is left in the folder of ALMONER_PICTURES, target/browser otherwise.

import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { after, before, test } from "node:test";
import { EMAIL, PASSWORD, start } from "../../openapi/server.mjs";
import { launch } from "./chromium.mjs";

const pictures =
  process.env.ALMONER_PICTURES ?? fileURLToPath(new URL("../../target/browser", import.meta.url));

let server;
let browser;
let page;
/** What the browser complains about, and where else it goes: nothing, and nowhere. */
const complaints = [];
/** The answers of refusals are logged by the browser; these are wanted. */
const expectedStatuses = new Set();

before(async () => {
  mkdirSync(pictures, { recursive: true });
  server = await start();
  browser = await launch();
  page = await browser.newPage({ viewport: { width: 1280, height: 1400 } });
  await page.addInitScript(() => {
    addEventListener("securitypolicyviolation", (event) => {
      console.error(`policy: ${event.violatedDirective} refused ${event.blockedURI}`);
    });
  });
  page.on("pageerror", (error) => complaints.push(`script: ${error.message}`));
  page.on("requestfailed", (request) => complaints.push(`failed: ${request.url()}`));
  page.on("request", (request) => {
    const { origin, protocol } = new URL(request.url());
    if (origin !== server.url && protocol !== "data:") complaints.push(`away: ${request.url()}`);
  });
  page.on("console", (message) => {
    const status = /status of (\d{3})/.exec(message.text())?.[1];
    const isExpected = status !== undefined && expectedStatuses.has(Number(status));
    if (["error", "warning"].includes(message.type()) && !isExpected) {
      complaints.push(`console: ${message.text()}`);
    }
  });
});

after(async () => {
  await browser?.close();
  await server?.stop();
});

const picture = (name) => page.screenshot({ path: `${pictures}/${name}.png` });

/** Opens a group of operations, unless it is open. */
async function openTag(tag) {
  const head = page.locator(`#operations-tag-${tag}`);
  if ((await head.getAttribute("data-is-open")) !== "true") await head.click();
}

/** Opens an operation. */
async function open(tag, operationId) {
  await openTag(tag);
  const operation = page.locator(`#operations-${tag}-${operationId}`);
  await operation.locator(".opblock-summary-control").first().click();
  await operation.locator(".opblock-body").waitFor();
  return operation;
}

/** Opens an operation and presses "Try it out". */
async function tryOut(tag, operationId) {
  const operation = await open(tag, operationId);
  await operation.getByRole("button", { name: "Try it out" }).click();
  return operation;
}

/** Presses "Execute"; the request as the browser sent it, and the answer as it is shown. */
async function execute(operation, body) {
  if (body !== undefined) {
    await operation.locator(".body-param__text").fill(JSON.stringify(body, null, 2));
  }
  const sent = page.waitForRequest((request) => request.url().includes("/api/v1/"));
  await operation.getByRole("button", { name: "Execute", exact: true }).click();
  const request = await sent;
  const response = await request.response();
  const shown = operation.locator(".live-responses-table");
  await shown.locator(".response-col_status", { hasText: String(response.status()) }).waitFor();
  await shown.scrollIntoViewIfNeeded();
  return { request, response, headers: await request.allHeaders(), shown };
}

test("the page shows every operation of the contract", async () => {
  const answer = await page.goto(`${server.url}/docs`);
  const policy = answer.headers()["content-security-policy"];
  assert.match(policy, /script-src 'self';/);
  await page.locator(".opblock-tag").first().waitFor();
  assert.equal(await page.title(), "Almoner API");
  assert.match(await page.locator(".info").innerText(), /log in first/);
  await picture("docs");
  // The groups are closed at first.
  assert.equal(await page.locator(".opblock").count(), 0);
  const contract = await (await page.request.get(`${server.url}/api/openapi.json`)).json();
  const operations = Object.values(contract.paths).flatMap((item) => Object.keys(item));
  for (const { name } of contract.tags) await openTag(name);
  assert.equal(await page.locator(".opblock").count(), operations.length);
});

test("a group is found by a part of its name", async () => {
  const filter = page.locator(".operation-filter-input");
  await filter.fill("donat");
  await page.locator("#operations-tag-donors").waitFor({ state: "detached" });
  assert.ok(await page.locator("#operations-tag-donations").isVisible());
  await filter.fill("");
  await page.locator("#operations-tag-donors").waitFor();
});

test("somebody logs in there", async () => {
  const login = await tryOut("auth", "login");
  const { response } = await execute(login, { email: EMAIL, password: PASSWORD });
  assert.equal(response.status(), 200);
  const names = (await page.context().cookies()).map(({ name }) => name).sort();
  assert.deepEqual(names, ["almoner_csrf", "almoner_device", "almoner_session"]);
});

test("a write succeeds, with the CSRF token that the page sends by itself", async () => {
  const create = await tryOut("donors", "createDonor");
  // The example of the document, as it stands.
  const { response, headers, shown } = await execute(create);
  assert.equal(response.status(), 201);
  const cookies = await page.context().cookies();
  const token = cookies.find(({ name }) => name === "almoner_csrf").value;
  assert.equal(headers["x-csrf-token"], token);
  assert.equal(headers["idempotency-key"], undefined);
  assert.match(await shown.innerText(), /"version": 1/);
  await picture("docs-created");
});

test("a refusal is shown as it is documented", async () => {
  expectedStatuses.add(422);
  const create = page.locator("#operations-donors-createDonor");
  const { response, shown } = await execute(create, { kind: "person", name: "", email: "ahmet" });
  assert.equal(response.status(), 422);
  assert.equal(response.headers()["content-type"], "application/problem+json");
  const problem = await response.json();
  assert.equal(problem.code, "validation");
  const pointers = problem.errors.map(({ pointer }) => pointer);
  assert.deepEqual(pointers.sort(), ["/email", "/name"]);
  assert.match(await shown.innerText(), /"pointer": "\/email"/);
  const documented = create.locator(".responses-table:not(.live-responses-table)").last();
  assert.match(await documented.innerText(), /422/);
  await picture("docs-problem");
});

test("a list is asked for as it stands, without the examples of its parameters", async () => {
  const list = await tryOut("donors", "listDonors");
  const { request, response } = await execute(list);
  assert.equal(response.status(), 200);
  const sent = [...new URL(request.url()).searchParams.keys()].sort();
  assert.deepEqual(sent, ["limit", "sort"]);
  assert.equal((await response.json()).items.length, 1);
});

test("nothing that does not end is waited for", async () => {
  const list = page.locator("#operations-donors-listDonors");
  await list.locator(".opblock-body .content-type").first().selectOption("text/event-stream");
  const { request, response } = await execute(list);
  assert.equal((await request.allHeaders()).accept, "application/json");
  assert.equal(response.status(), 200);
  for (const [tag, operationId] of [
    ["events", "followEvents"],
    ["events", "openSocket"],
  ]) {
    const operation = await open(tag, operationId);
    assert.equal(await operation.getByRole("button", { name: "Try it out" }).count(), 0, operationId);
  }
});

test("every kind of problem has a page", async () => {
  const contract = await (await page.request.get(`${server.url}/api/openapi.json`)).json();
  const codes = contract.components.schemas.ProblemCode.enum;
  assert.ok(codes.length > 20);
  for (const code of codes) {
    const answer = await page.goto(`${server.url}/problems/${code}`);
    assert.equal(answer.status(), 200, code);
    assert.match(answer.headers()["content-type"], /^text\/html/);
    assert.equal(await page.locator("code").innerText(), code);
    assert.equal(await page.locator("h1").innerText(), await page.title());
  }
  await page.goto(`${server.url}/problems/stale`);
  await picture("problem");
});

test("the browser had nothing to complain about", () => {
  assert.deepEqual(complaints, []);
});

test("a breach of the policy would have been noticed", async () => {
  await page.goto(`${server.url}/docs`);
  const noticed = page.waitForEvent("console", (message) =>
    message.text().startsWith("policy: script-src"),
  );
  await page.evaluate(() => {
    document.head.append(Object.assign(document.createElement("script"), { text: "1" }));
  });
  await noticed;
});
