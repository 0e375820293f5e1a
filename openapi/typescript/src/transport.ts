import type { Cookies } from "./cookies.js";

/** How often and how long a request is repeated that the server was too busy for. */
export interface Retry {
  /** Repetitions of one request; 0 for none. */
  times: number;
  /** Seconds: a longer `Retry-After` is not waited for. */
  longestWait: number;
}

/** Methods that change nothing, and need no CSRF token. */
const SAFE = new Set(["GET", "HEAD", "OPTIONS"]);

/** The readable cookie; with the prefix when the server's public address is https. */
const CSRF_COOKIES = ["__Host-almoner_csrf", "almoner_csrf"];

/**
 * Sends requests with the session and its CSRF token, and repeats what can be repeated safely: after
 * 429 anything, because it was not done; after 503 or a lost connection what reads, or has an
 * `Idempotency-Key`, because it may have been done.
 */
export class Transport {
  readonly #fetch: (request: Request) => Promise<Response>;
  readonly #cookies: Cookies;
  readonly #retry: Retry;
  /** What the last login or session said, where the cookie cannot be read. */
  csrfToken: string | undefined;

  constructor(fetch: (request: Request) => Promise<Response>, cookies: Cookies, retry: Retry) {
    this.#fetch = fetch;
    this.#cookies = cookies;
    this.#retry = retry;
  }

  async send(request: Request): Promise<Response> {
    for (let repetition = 0; ; repetition += 1) {
      const isLast = repetition >= this.#retry.times;
      // A request can be sent once; its copy, headers and body, again.
      const attempt = isLast ? request : request.clone();
      this.#identify(attempt);
      const response = await this.#attempt(attempt, isLast || !isRepeatable(request));
      if (response !== undefined) this.#cookies.receive(response);
      const wait = response === undefined ? undefined : retryAfter(response);
      const seconds = wait ?? 2 ** repetition / 2;
      const isBusy =
        response === undefined ||
        response.status === 429 ||
        (response.status === 503 && isRepeatable(request));
      if (response !== undefined && (!isBusy || isLast || seconds > this.#retry.longestWait)) {
        return response;
      }
      await sleep(seconds, request.signal);
    }
  }

  /** The cookies of the session, where they are not the browser's business. */
  cookieFor(url: string): string | undefined {
    const request = new Request(url);
    this.#cookies.send(request);
    return request.headers.get("Cookie") ?? undefined;
  }

  /** None when the connection was lost and the request may be repeated. */
  async #attempt(request: Request, isLast: boolean): Promise<Response | undefined> {
    try {
      return await this.#fetch(request);
    } catch (error) {
      if (isLast || request.signal.aborted || !(error instanceof TypeError)) throw error;
      return undefined;
    }
  }

  #identify(request: Request): void {
    this.#cookies.send(request);
    if (SAFE.has(request.method)) return;
    // The cookie first: a login in another tab changes it, and not what we remember.
    const readable = CSRF_COOKIES.map((name) => this.#cookies.get(name));
    const token = readable.find((value) => value !== undefined) ?? this.csrfToken;
    if (token !== undefined) request.headers.set("X-CSRF-Token", token);
  }
}

function isRepeatable(request: Request): boolean {
  return SAFE.has(request.method) || request.headers.has("Idempotency-Key");
}

/** Seconds, from either form of `Retry-After`. */
export function retryAfter(response: Response): number | undefined {
  const value = response.headers.get("Retry-After");
  if (value === null) return undefined;
  const seconds = /^\d+$/.test(value) ? Number(value) : (Date.parse(value) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? undefined : Math.max(0, seconds);
}

/** Waits, unless the request is ended meanwhile: then that is thrown. */
async function sleep(seconds: number, signal: AbortSignal): Promise<void> {
  if (!signal.aborted) {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(done, seconds * 1000);
      function done(): void {
        clearTimeout(timer);
        signal.removeEventListener("abort", done);
        resolve();
      }
      signal.addEventListener("abort", done);
    });
  }
  signal.throwIfAborted();
}
