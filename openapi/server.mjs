// A server for the tests of the contract: the real binary, on a free port, with a SQLite file in a
// folder of its own that is removed afterwards.

import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";

export const EMAIL = "ayse@example.org";
export const NAME = "Ayşe Yılmaz";
export const PASSWORD = "seven quiet boats leave at dawn";

/**
 * Starts the binary of `ALMONER_BINARY` and makes the first account, as the README of the project
 * does. `settings` are environment variables. A mock has no accounts.
 */
export async function start(settings = {}, { isMock = false } = {}) {
  const binary = process.env.ALMONER_BINARY;
  if (!binary) throw new Error("ALMONER_BINARY must name the almoner binary");
  const folder = await mkdtemp(join(tmpdir(), "almoner-"));
  const listen = `127.0.0.1:${await freePort()}`;
  const env = {
    PATH: process.env.PATH,
    ALMONER_DATA_DIR: join(folder, "data"),
    ALMONER_LISTEN: listen,
    // Every test logs in, all from one address.
    ALMONER_LOGIN_ATTEMPTS_PER_ADDRESS: "1000",
    ALMONER_RATE_LIMIT_STRANGER_PER_MINUTE: "10000",
    ALMONER_RATE_LIMIT_USER_PER_MINUTE: "10000",
    ...settings,
  };
  const run = (args, stdio) => spawn(resolve(binary), args, { cwd: folder, env, stdio });

  const server = run(isMock ? ["serve", "--mock"] : [], ["ignore", "pipe", "pipe"]);
  let log = "";
  server.stderr.on("data", (bytes) => (log += bytes));
  const over = once(server, "exit").then(([code]) => code);
  const stop = async () => {
    server.kill("SIGTERM");
    await over;
    await rm(folder, { recursive: true, force: true });
  };
  const listening = (async () => {
    for await (const line of createInterface(server.stdout)) {
      if (line.includes("Ctrl+C")) return;
    }
    throw new Error(`the server did not start:\n${log}`);
  })();
  try {
    await listening;
    server.stdout.resume();
    if (isMock) return { url: `http://${listen}`, stop, log: () => log };
    const args = ["admin", "create", "--email", EMAIL, "--name", NAME, "--password-stdin"];
    const admin = run(args, ["pipe", "ignore", "inherit"]);
    admin.stdin.end(`${PASSWORD}\n`);
    const [code] = await once(admin, "exit");
    if (code !== 0) throw new Error(`the first account cannot be made: exit code ${code}`);
  } catch (error) {
    await stop();
    throw error;
  }
  return { url: `http://${listen}`, stop, log: () => log };
}

async function freePort() {
  const probe = createServer().listen(0, "127.0.0.1");
  await once(probe, "listening");
  const { port } = probe.address();
  probe.close();
  await once(probe, "close");
  return port;
}
