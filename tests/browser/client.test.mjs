// The TypeScript client in a real browser: on a page of the server's own origin, and on one of
// another origin that the operator allows.

import assert from "node:assert/strict";
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { createServer } from "node:http";
import { after, before, test } from "node:test";
import { EMAIL, NAME, PASSWORD, start } from "../../openapi/server.mjs";
import { launch } from "./chromium.mjs";

const client = new URL("../../openapi/typescript/", import.meta.url);
const PAGE = `<!doctype html>
<script type="importmap">
  { "imports": {
    "almoner-client": "/panel/dist/index.js",
    "openapi-fetch": "/panel/node_modules/openapi-fetch/dist/index.mjs"
  } }
</script>`;

/** A frontend: its page, and the files of the client. */
async function panel(path) {
  if (path === "/panel/") return { contentType: "text/html", body: PAGE };
  const file = new URL(`.${path.slice("/panel".length)}`, client);
  return { contentType: "text/javascript", body: await readFile(file, "utf8") };
}

let server;
let other;
let browser;
before(async () => {
  other = createServer(async (request, response) => {
    // A browser asks for an icon, too.
    if (!request.url.startsWith("/panel/")) return response.writeHead(404).end();
    const { contentType, body } = await panel(request.url);
    return response.writeHead(200, { "Content-Type": contentType }).end(body);
  }).listen(0, "127.0.0.1");
  await once(other, "listening");
  const origin = `http://127.0.0.1:${other.address().port}`;
  server = await start({ ALMONER_CORS_ORIGINS: origin });
  browser = await launch();
});
after(async () => {
  await browser?.close();
  await server?.stop();
  other?.close();
});

/** What a frontend does in a day; runs in the page. */
async function work({ options, credentials }) {
  const { Almoner, Problem } = await import("almoner-client");
  const almoner = new Almoner(options);
  const before = await almoner.session();
  const { user } = await almoner.login(credentials);
  // A reload: the session is the browser's, the token must be found again.
  const again = new Almoner(options);
  const session = await again.session();
  const donor = await again.post("/api/v1/donors", { body: { kind: "person", name: "Ece Su" } });
  const path = { id: donor.id };
  const read = await again.get("/api/v1/donors/{id}", { path });
  const changed = await again.patch("/api/v1/donors/{id}", {
    path,
    from: read,
    body: { notes: "x".repeat(3000) },
  });
  let stale;
  try {
    await again.delete("/api/v1/donors/{id}", { path, from: read });
  } catch (error) {
    stale = error instanceof Problem && error.is("stale") && error.changedFields;
  }
  const known = await again.get("/api/v1/donors/{id}", { path, known: changed });
  const names = [];
  for await (const { name } of again.list("/api/v1/donors", { query: { limit: 1 } })) names.push(name);
  await again.delete("/api/v1/donors/{id}", { path, from: known });
  await again.logout();
  const afterwards = await again.session();
  return {
    before,
    user: user.name,
    same: session.user.id === user.id,
    version: changed.version,
    stale,
    isKnown: known === changed,
    names,
    afterwards,
  };
}

const credentials = { email: EMAIL, password: PASSWORD };
const DONE = {
  before: undefined,
  user: NAME,
  same: true,
  version: 2,
  stale: ["notes"],
  isKnown: true,
  names: ["Ece Su"],
  afterwards: undefined,
};

test("on a page of the server's own origin", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.route("**/panel/**", async (route) => {
    await route.fulfill(await panel(new URL(route.request().url()).pathname));
  });
  await page.goto(`${server.url}/panel/`);
  assert.deepEqual(await page.evaluate(work, { options: {}, credentials }), DONE);
  await context.close();
});

test("on a page of another origin that is allowed", async () => {
  const context = await browser.newContext();
  const page = await context.newPage();
  await page.goto(`http://127.0.0.1:${other.address().port}/panel/`);
  // Another port is another origin that shares its cookies: hide them, as another host would.
  await page.evaluate(() => Object.defineProperty(document, "cookie", { get: () => "" }));
  const options = { baseUrl: server.url };
  assert.deepEqual(await page.evaluate(work, { options, credentials }), DONE);
  await context.close();
});
