import createClient from "openapi-fetch";

import { cookiesHere } from "./cookies.js";
import { REPEATABLE } from "./generated/operations.js";
import { List } from "./list.js";
import { type Listener, type Subscription, follow } from "./live.js";
import { type SessionState, Socket, type SocketListener, type WebSocketLike } from "./socket.js";
import { Problem, UnexpectedAnswer, isProblem } from "./problem.js";
import { type Retry, Transport, retryAfter } from "./transport.js";
import type {
  Answer,
  Arguments,
  From,
  Item,
  ListArguments,
  ListPath,
  LiveInput,
  LiveItem,
  LivePath,
  Method,
  Page,
  Path,
  Schemas,
} from "./types.js";

/** How the client is made. */
export interface Options {
  /** Origin of the server, `https://almoner.example.org`; in a browser, the page's own if absent. */
  baseUrl?: string;
  /** Twice and 30 seconds unless it is said otherwise; `{ times: 0 }` never repeats. */
  retry?: Partial<Retry>;
  /** Another `fetch`, for tests or a proxy. */
  fetch?: (request: Request) => Promise<Response>;
  /** Another `WebSocket`, where there is none; `headers` are what a browser would send by itself. */
  webSocket?: (url: string, protocol: string, headers: Record<string, string>) => WebSocketLike;
}

const LOGIN = "/api/v1/auth/login";
const SESSION = "/api/v1/auth/session";
const LOGOUT = "/api/v1/auth/logout";
const SOCKET = "/api/v1/socket";
/** The words of the socket. */
const PROTOCOL = "almoner.v1";
/** How long the session is asked for when a socket cannot be opened. */
const SESSION_MS = 10_000;

/**
 * The API of one server, as one user. Sends the session and its CSRF token, an `Idempotency-Key`
 * with what can be repeated, the version a change was made from; throws a {@link Problem} when the
 * server refuses.
 */
export class Almoner {
  readonly #api: ReturnType<typeof createClient<LoosePaths>>;
  readonly #transport: Transport;
  readonly #baseUrl: string;
  readonly #webSocket: NonNullable<Options["webSocket"]>;
  /** The versions of what was read. */
  readonly #etags = new WeakMap<object, string>();

  constructor(options: Options = {}) {
    const { fetch = (request: Request) => globalThis.fetch(request) } = options;
    const retry = { times: 2, longestWait: 30, ...options.retry };
    this.#baseUrl = options.baseUrl ?? "";
    this.#webSocket = options.webSocket ?? webSocketHere;
    this.#transport = new Transport(fetch, cookiesHere(), retry);
    this.#api = createClient<LoosePaths>({
      baseUrl: options.baseUrl ?? "",
      credentials: "include",
      fetch: (request) => this.#transport.send(request),
      // `group_by=month,method`: the API refuses a parameter that stands twice.
      querySerializer: { array: { style: "form", explode: false } },
    });
  }

  /** Begins a session. */
  login(credentials: Schemas["Login"]): Promise<Schemas["CurrentSession"]> {
    return this.post(LOGIN, { body: credentials });
  }

  /** Who is logged in; none when nobody is. What a frontend asks when it starts. */
  async session(): Promise<Schemas["CurrentSession"] | undefined> {
    try {
      return await this.get(SESSION);
    } catch (error) {
      if (error instanceof Problem && error.is("unauthenticated")) return undefined;
      throw error;
    }
  }

  /** Ends the session. */
  logout(): Promise<void> {
    return this.post(LOGOUT);
  }

  /** Reads. With `known`, that object comes back when the server has nothing newer. */
  get<P extends Path<"get">>(path: P, ...input: Arguments<"get", P>): Promise<Answer<"get", P>> {
    return this.#send("get", path, input);
  }

  /** Creates or acts; safe against being done twice. */
  post<P extends Path<"post">>(
    path: P,
    ...input: Arguments<"post", P>
  ): Promise<Answer<"post", P>> {
    return this.#send("post", path, input);
  }

  /** Changes the fields that are in the body; `null` empties one. */
  patch<P extends Path<"patch">>(
    path: P,
    ...input: Arguments<"patch", P>
  ): Promise<Answer<"patch", P>> {
    return this.#send("patch", path, input);
  }

  /** Replaces. */
  put<P extends Path<"put">>(path: P, ...input: Arguments<"put", P>): Promise<Answer<"put", P>> {
    return this.#send("put", path, input);
  }

  /** Deletes, into the trash where there is one. */
  delete<P extends Path<"delete">>(
    path: P,
    ...input: Arguments<"delete", P>
  ): Promise<Answer<"delete", P>> {
    return this.#send("delete", path, input);
  }

  /**
   * A list, to be walked through: `for await (const donor of almoner.list("/api/v1/donors"))`.
   * Pages are read when they are needed.
   */
  list<P extends ListPath>(path: P, ...input: ListArguments<P>): List<Item<P>> {
    const [given] = input as [RawInput?];
    return new List((cursor) => {
      const query = cursor === undefined ? { ...given?.query } : { ...given?.query, cursor };
      return this.#send<Page<Item<P>>>("get", path, [{ ...given, query }]);
    });
  }

  /**
   * A list that stays up to date: `listener` gets the whole first page, again after every change of
   * it. A lost connection is made again and goes on where it stopped.
   */
  subscribe<P extends LivePath>(
    path: P,
    listener: Listener<LiveItem<P>>,
    input?: LiveInput<P>,
  ): Subscription {
    const [given] = [input] as [RawInput?];
    const isFinal = (error: Error): boolean =>
      error instanceof Problem && !error.is("rate_limited", "unavailable", "internal");
    return follow(
      async (last, signal) => {
        const { data, error, response } = await this.#api.request("get", path, {
          params: { query: given?.query ?? {} },
          headers: {
            Accept: "text/event-stream",
            ...(last === undefined ? {} : { "Last-Event-ID": last }),
          },
          parseAs: "stream",
          signal,
        });
        if (isProblem(error)) throw new Problem(error, retryAfter(response));
        if (!response.ok || !(data instanceof ReadableStream)) {
          throw new UnexpectedAnswer(response.status, response.url);
        }
        return data;
      },
      isFinal,
      listener,
    );
  }

  /**
   * A connection for what goes two ways: lists and changes as {@link subscribe} has them, and the rooms
   * of records. A lost connection is made again; everything on it goes on where it stopped.
   */
  socket(listener?: SocketListener): Socket {
    const here = this.#baseUrl === "" ? globalThis.location.origin : this.#baseUrl;
    const url = new URL(SOCKET, here);
    const { origin } = url;
    url.protocol = url.protocol.replace("http", "ws");
    const open = (): WebSocketLike => {
      const cookie = this.#transport.cookieFor(origin);
      const headers = cookie === undefined ? {} : { Cookie: cookie, Origin: origin };
      return this.#webSocket(url.href, PROTOCOL, headers);
    };
    // A page is never told why a socket cannot be opened.
    const session = async (): Promise<SessionState> => {
      try {
        await this.get(SESSION, { signal: AbortSignal.timeout(SESSION_MS) });
        return true;
      } catch (error) {
        return error instanceof Problem && error.is("unauthenticated") && error;
      }
    };
    return new Socket(open, session, listener);
  }

  /**
   * The one place where types end: what goes in and comes out was worked out from the document by
   * the methods above.
   */
  async #send<T>(method: Method, path: string, [input]: readonly (RawInput | undefined)[]): Promise<T> {
    const { body, signal } = input ?? {};
    const { data, error, response } = await this.#api.request(method, path, {
      params: { path: input?.path ?? {}, query: input?.query ?? {} },
      headers: this.#headers(method, path, input ?? {}),
      ...(body === undefined ? {} : { body }),
      ...(signal === undefined ? {} : { signal }),
    });
    if (response.status === 304 && input?.known !== undefined) return input.known as T;
    if (!response.ok) {
      if (isProblem(error)) throw new Problem(error, retryAfter(response));
      throw new UnexpectedAnswer(response.status, response.url);
    }
    this.#remember(path, data, response);
    return data as T;
  }

  #headers(method: Method, path: string, input: RawInput): Record<string, string> {
    const headers: Record<string, string> = { Accept: "application/json" };
    if (method === "patch") headers["Content-Type"] = "application/merge-patch+json";
    if (method === "post" && REPEATABLE.has(path)) {
      headers["Idempotency-Key"] = input.idempotencyKey ?? crypto.randomUUID();
    }
    if (input.from !== undefined) headers["If-Match"] = this.#etag(input.from);
    if (input.known !== undefined) headers["If-None-Match"] = this.#etag(input.known);
    return headers;
  }

  #etag(from: From): string {
    // A proxy that compresses may have weakened the tag; it names the same version, shown the same way.
    if (typeof from === "string") return from.replace(/^W\//, "");
    const etag = this.#etags.get(from);
    if (etag !== undefined) return etag;
    if (from.version === undefined) throw new TypeError("the record has no version");
    return `"${from.version}"`;
  }

  #remember(path: string, data: object | undefined, response: Response): void {
    const etag = response.headers.get("ETag");
    if (data !== undefined && etag !== null) this.#etags.set(data, this.#etag(etag));
    if (data !== undefined && "csrf_token" in data && typeof data.csrf_token === "string") {
      this.#transport.csrfToken = data.csrf_token;
    }
    if (path === LOGOUT) this.#transport.csrfToken = undefined;
  }
}

/** A browser sends the session and the origin itself; other programs take headers. */
function webSocketHere(url: string, protocol: string, headers: Record<string, string>): WebSocketLike {
  const isBrowser = Object.keys(headers).length === 0;
  const options = (isBrowser ? protocol : { protocols: [protocol], headers }) as string;
  return new WebSocket(url, options);
}

/** The input of any operation. */
interface RawInput {
  path?: Record<string, string>;
  query?: Record<string, string | number | boolean | readonly string[]>;
  body?: object;
  from?: From;
  known?: { readonly version?: number };
  idempotencyKey?: string;
  signal?: AbortSignal;
}

/** Any operation, as openapi-fetch is told of it. */
type LoosePaths = Record<string, Record<Method, LooseOperation>>;

interface LooseOperation {
  parameters: {
    path?: Record<string, string>;
    query?: Record<string, string | number | boolean | readonly string[]>;
  };
  requestBody?: { content: { "application/json": object } };
  responses: {
    200: { headers: object; content: { "application/json": object } };
    400: { headers: object; content: { "application/problem+json": object } };
  };
}
