/** Where the session lives: the browser's own cookies, or a jar where there is no browser. */
export interface Cookies {
  /** The value of a cookie that pages can read. */
  get(name: string): string | undefined;
  /** Adds the cookies to a request. */
  send(request: Request): void;
  /** Keeps the cookies of an answer. */
  receive(response: Response): void;
}

/** The browser sends and keeps cookies itself; of those it shows, we read. */
export class BrowserCookies implements Cookies {
  get(name: string): string | undefined {
    // A worker has no document; it is told the token when it asks for the session.
    if (!("document" in globalThis)) return undefined;
    for (const pair of document.cookie.split("; ")) {
      if (pair.startsWith(`${name}=`)) return pair.slice(name.length + 1);
    }
    return undefined;
  }

  send(): void {}

  receive(): void {}
}

/**
 * The cookies of one server, for Node and the like. The API's cookies are for the whole server
 * (`Path=/`) and for it alone, so a name is enough.
 */
export class CookieJar implements Cookies {
  readonly #values = new Map<string, string>();

  get(name: string): string | undefined {
    return this.#values.get(name);
  }

  send(request: Request): void {
    if (this.#values.size === 0) return;
    const pairs = [...this.#values].map(([name, value]) => `${name}=${value}`);
    request.headers.set("Cookie", pairs.join("; "));
  }

  receive(response: Response): void {
    for (const cookie of response.headers.getSetCookie()) {
      const [pair = "", ...attributes] = cookie.split(";");
      const equals = pair.indexOf("=");
      if (equals < 1) continue;
      const name = pair.slice(0, equals).trim();
      if (attributes.some(isOver)) this.#values.delete(name);
      else this.#values.set(name, pair.slice(equals + 1).trim());
    }
  }
}

/** `Max-Age=0`, or an `Expires` in the past, takes a cookie back. */
function isOver(attribute: string): boolean {
  const [name = "", value = ""] = attribute.split("=");
  switch (name.trim().toLowerCase()) {
    case "max-age":
      return Number(value) <= 0;
    case "expires":
      return Date.parse(value) <= Date.now();
    default:
      return false;
  }
}

/** The cookies of where the program runs. */
export function cookiesHere(): Cookies {
  const isBrowser = "document" in globalThis || "WorkerGlobalScope" in globalThis;
  return isBrowser ? new BrowserCookies() : new CookieJar();
}
