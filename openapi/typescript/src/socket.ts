/** One connection for what goes two ways: lists that stay up to date, changes by topic, rooms. */

import { createQuerySerializer } from "openapi-fetch";

import { type Identified, type Listener, type LiveEvent, type Subscription, applied } from "./live.js";
import { Problem } from "./problem.js";
import type { LiveInput, LiveItem, LivePath, Schemas } from "./types.js";

/** A user, as those in the same room see them. */
export type Person = Readonly<Schemas["SocketUser"]>;

/** That a record was changed: without what it is. */
export interface Change {
  readonly topic: string;
  readonly id: string;
  readonly action: string;
  readonly version: number;
  readonly at: string;
}

/** Who is told of changes. */
export interface ChangeListener {
  /** Something was changed. */
  change(change: Change): void;
  /** Changes were missed: read again what you show. */
  missed?(): void;
  /** The server refuses to go on. Nothing follows. */
  error?(reason: Error): void;
  /** False while nothing comes: the connection is lost, or the server too busy; true when it does again. */
  connected?(isConnected: boolean): void;
}

/** What somebody says in a room. */
export interface Said {
  readonly from: Person;
  readonly kind: string;
  readonly data?: object;
}

/** Who is told of a room. */
export interface RoomListener {
  /** Who is there now, oneself among them: a new array each time. */
  present(people: readonly Person[]): void;
  /** Somebody else says something, which is kept nowhere. */
  said?(said: Said): void;
  /** The record may not be read, or not any more. Nothing follows. */
  error?(reason: Error): void;
  /** False while one is not in it: the connection is lost, or the server too busy; true when one is again. */
  connected?(isConnected: boolean): void;
}

/** A room that one is in. */
export interface Room {
  /** Tells the others something; lost while the connection is, and when much more is said than 10 a second. */
  say(kind: string, data?: object): void;
  /** Leaves. */
  leave(): void;
}

/** Who is told of the connection. */
export interface SocketListener {
  /** False while the connection is lost and made anew, true when it stands again. */
  connected?(isConnected: boolean): void;
  /** The server ends this connection and says why: `stopping`, `flood`. Unless `error` follows, another is made. */
  ended?(code: string): void;
  /** What waiting hardly mends; told once for each time, and tried again at the longest intervals. */
  fault?(reason: SocketFault): void;
  /** The session is over. Everything on the socket has ended. */
  error?(reason: Error): void;
}

/** Something is wrong with the program, or with what is between it and the server. */
export class SocketFault extends Error {
  override readonly name = "SocketFault";
  /**
   * `cannot_open`: the session is fine, but no socket opens: the origin is not allowed, or a proxy lets no
   * WebSocket through. `misused`: the server closed it for what was sent.
   */
  readonly code: "cannot_open" | "misused";
  /** With the code `misused`: the close code, such as 1008. */
  readonly closeCode: number | undefined;

  constructor(closeCode?: number) {
    super(
      closeCode === undefined
        ? "the socket cannot be opened, though the session is fine"
        : `the server closed the socket for what was sent: ${closeCode}`,
    );
    this.code = closeCode === undefined ? "cannot_open" : "misused";
    this.closeCode = closeCode;
  }
}

/** What is known of the session: true when it is fine, false when nobody could be asked, or why it is over. */
export type SessionState = boolean | Error;

/** What is needed of a WebSocket. */
export type WebSocketLike = Pick<
  WebSocket,
  "onopen" | "onmessage" | "onclose" | "onerror" | "send" | "close"
>;

/** The server pings every 15 seconds, which no page can see; so pages ask, and are answered before they ask again. */
const PING_MS = 20_000;
const LONGEST_WAIT_MS = 30_000;
/** A connection that stood for so long was none that failed. */
const STANDING_MS = 30_000;
/** Failed openings in a row before somebody is told. */
const OPENINGS = 3;
/** What is refused for a time is asked for again after so long at most, unless the server says longer. */
const LONGEST_RETRY_MS = 300_000;
/** Messages at once, and then each second: the server takes 120 and 20. */
const BURST = 100;
const PER_SECOND = 10;

const query = createQuerySerializer<Record<string, string | number | boolean | readonly string[]>>({
  array: { style: "form", explode: false },
});

/** `retry_after` are seconds, where waiting helps. */
type Message =
  | Exclude<Schemas["SocketMessage"], Schemas["SocketError"]>
  | (Schemas["SocketError"] & { readonly retry_after?: number });
type Event = Schemas["SocketEvent"];

/** Something that is asked for again with each connection. */
interface Wanted {
  /** How often it was refused for a time, one after the other. */
  refusals: number;
  /** The message that asks for it. */
  request(id: string): object;
  connected(isConnected: boolean): void;
  error(reason: Error): void;
}

/** A list, or topics. */
interface Followed extends Wanted {
  event(event: Event): void;
}

/** A room, and who is there. */
interface Joined extends Wanted {
  readonly id: string;
  readonly listener: RoomListener;
  people: readonly Person[];
}

/** One connection, and what ends with it. */
class Connection {
  readonly socket: WebSocketLike;
  isOpen = false;
  /** True while a ping is not answered. */
  isAsked = false;
  /** Why it ends, once the server has said so. */
  ending: string | undefined;
  /** What was asked for on it, by id: true when that has been sent. */
  readonly asked = new Map<string, boolean>();
  readonly #timers = new Set<ReturnType<typeof setTimeout>>();
  readonly #waiting: (() => object | undefined)[] = [];
  #allowance = BURST;
  #counted = Date.now();

  constructor(socket: WebSocketLike) {
    this.socket = socket;
  }

  /** Calls later, unless the connection is over by then. */
  after(ms: number, call: () => void): void {
    const timer = setTimeout(() => {
      this.#timers.delete(timer);
      call();
    }, ms);
    this.#timers.add(timer);
  }

  stop(): void {
    for (const timer of this.#timers) clearTimeout(timer);
    this.#timers.clear();
    this.#waiting.length = 0;
  }

  /** Sends at its turn, in order; nothing, if by then there is nothing to say. */
  send(message: () => object | undefined): void {
    this.#waiting.push(message);
    if (this.#waiting.length === 1) this.#flush();
  }

  /** Sends now, or not at all. */
  sendNow(message: object): void {
    if (this.#waiting.length === 0 && this.#allowed() >= 1) this.send(() => message);
  }

  #allowed(): number {
    const now = Date.now();
    const passed = Math.max(0, now - this.#counted) / 1000;
    this.#allowance = Math.min(BURST, this.#allowance + passed * PER_SECOND);
    this.#counted = now;
    return this.#allowance;
  }

  #flush(): void {
    while (this.#waiting.length > 0 && this.#allowed() >= 1) {
      const message = this.#waiting.shift()?.();
      if (message === undefined) continue;
      this.#allowance -= 1;
      this.socket.send(JSON.stringify(message));
    }
    if (this.#waiting.length > 0) this.after(1000 / PER_SECOND, () => this.#flush());
  }
}

/**
 * A socket that connects again by itself, and goes on where it stopped. Made by
 * {@link Almoner.socket}.
 */
export class Socket {
  readonly #open: () => WebSocketLike;
  readonly #session: () => Promise<SessionState>;
  readonly #listener: SocketListener;
  readonly #followed = new Map<string, Followed>();
  /** By name. */
  readonly #rooms = new Map<string, Joined>();
  #connection: Connection | undefined;
  #isConnected = false;
  #isClosed = false;
  #failures = 0;
  /** Openings that failed in a row, while the session was fine. */
  #refusals = 0;
  #next = 0;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** `session` is asked when a connection cannot be opened: nobody is told why. */
  constructor(
    open: () => WebSocketLike,
    session: () => Promise<SessionState>,
    listener: SocketListener = {},
  ) {
    this.#open = open;
    this.#session = session;
    this.#listener = listener;
    this.#connect();
  }

  /** A list that stays up to date, as {@link Almoner.subscribe} tells of it. */
  subscribe<P extends LivePath>(
    path: P,
    listener: Listener<LiveItem<P>>,
    input?: LiveInput<P>,
  ): Subscription {
    const given = (input as { query?: Parameters<typeof query>[0] } | undefined)?.query;
    const search = given === undefined ? "" : query(given);
    return this.#follow(list(search === "" ? path : `${path}?${search}`, listener));
  }

  /** Changes of kinds of records, without what they are. */
  changes(topics: readonly string[], listener: ChangeListener): Subscription {
    let last: string | undefined;
    return this.#follow({
      refusals: 0,
      request: (id) => subscribe(id, { topics }, last),
      event: (event) => {
        last = event.id ?? last;
        if (event.event === "change") listener.change(event.data as Change);
        if (event.event === "resync") listener.missed?.();
      },
      connected: (isConnected) => listener.connected?.(isConnected),
      error: (reason) => listener.error?.(reason),
    });
  }

  /** Goes into the room of a record, `donors:019a…`. */
  join(room: string, listener: RoomListener): Room {
    if (this.#rooms.has(room)) throw new TypeError(`${room} is joined already`);
    const id = this.#newId();
    const joined: Joined = {
      id,
      listener,
      people: [],
      refusals: 0,
      request: () => ({ type: "join", id, room }),
      connected: (isConnected) => listener.connected?.(isConnected),
      error: (reason) => listener.error?.(reason),
    };
    this.#rooms.set(room, joined);
    this.#ask(id, joined);
    const isIn = (): boolean => this.#rooms.get(room) === joined;
    return {
      say: (kind, data) => {
        const message = { type: "say", room, kind, ...(data === undefined ? {} : { data }) };
        if (isIn() && this.#isConnected) this.#connection?.sendNow(message);
      },
      leave: () => {
        if (!isIn()) return;
        this.#rooms.delete(room);
        this.#forget(id, { type: "leave", room });
      },
    };
  }

  /** Closes the connection; nothing follows. */
  close(): void {
    this.#isClosed = true;
    clearTimeout(this.#again);
    this.#connection?.stop();
    this.#connection?.socket.close(1000);
    this.#disconnected();
  }

  #newId(): string {
    return `s${(this.#next += 1)}`;
  }

  #follow(followed: Followed): Subscription {
    const id = this.#newId();
    this.#followed.set(id, followed);
    this.#ask(id, followed);
    return {
      close: () => {
        if (this.#followed.delete(id)) this.#forget(id, { type: "unsubscribe", id });
      },
    };
  }

  /** What is wanted now, by id. */
  #wanted(): Map<string, Wanted> {
    const rooms = [...this.#rooms.values()].map((joined): [string, Wanted] => [joined.id, joined]);
    return new Map<string, Wanted>([...this.#followed, ...rooms]);
  }

  #isWanted(id: string): boolean {
    return this.#followed.has(id) || [...this.#rooms.values()].some((joined) => joined.id === id);
  }

  /** Asks, once on each connection. */
  #ask(id: string, wanted: Wanted): void {
    const connection = this.#connection;
    if (!this.#isConnected || connection === undefined || connection.asked.has(id)) return;
    connection.asked.set(id, false);
    connection.send(() => {
      if (!this.#isWanted(id)) return undefined;
      connection.asked.set(id, true);
      return wanted.request(id);
    });
  }

  /** Tells the server that something is wanted no more, if it knows of it. */
  #forget(id: string, message: object): void {
    if (this.#isConnected && this.#connection?.asked.get(id)) this.#connection.send(() => message);
    this.#connection?.asked.delete(id);
  }

  #connect(): void {
    const socket = this.#open();
    const connection = new Connection(socket);
    this.#connection = connection;
    const isOurs = (): boolean => this.#connection === connection && !this.#isClosed;
    socket.onopen = () => {
      if (!isOurs()) return;
      connection.isOpen = true;
      this.#refusals = 0;
      connection.after(PING_MS, () => this.#ping(connection));
      connection.after(STANDING_MS, () => {
        this.#failures = 0;
      });
      // Whoever is told may ask for more.
      this.#isConnected = true;
      for (const [id, wanted] of this.#wanted()) this.#ask(id, wanted);
      this.#listener.connected?.(true);
    };
    socket.onmessage = ({ data }: { readonly data: string }) => {
      if (!isOurs()) return;
      connection.isAsked = false;
      this.#read(connection, parse(data));
    };
    // Not every program tells of the end of what has failed.
    socket.onerror = () => {
      if (isOurs()) void this.#lost(connection);
    };
    socket.onclose = ({ code }) => {
      if (isOurs()) void this.#lost(connection, code);
    };
  }

  /**
   * A connection that is dead may take minutes to say so. The clock is no proof: a hidden page's timers
   * are late.
   */
  #ping(connection: Connection): void {
    if (connection.isAsked) {
      connection.socket.close();
      if (this.#connection === connection && !this.#isClosed) void this.#lost(connection);
      return;
    }
    connection.isAsked = true;
    connection.socket.send(JSON.stringify({ type: "ping" }));
    connection.after(PING_MS, () => this.#ping(connection));
  }

  async #lost(connection: Connection, code?: number): Promise<void> {
    this.#connection = undefined;
    connection.stop();
    this.#disconnected();
    const session = !connection.isOpen || code === UNAUTHENTICATED ? await this.#session() : true;
    if (this.#isClosed) return;
    if (session instanceof Error) return this.#end(session);
    if (!connection.isOpen) this.#refusals = session ? this.#refusals + 1 : 0;
    // A program that was asleep is silent, and does nothing wrong.
    const isMisused = code !== undefined && MISUSED.has(code) && connection.ending !== "silent";
    const isFault = isMisused || this.#refusals >= OPENINGS;
    const longest = isFault ? LONGEST_WAIT_MS : 250 * 2 ** this.#failures;
    this.#failures += 1;
    const wait = Math.min(LONGEST_WAIT_MS, longest) * (0.5 + Math.random());
    this.#again = setTimeout(() => this.#connect(), wait);
    if (isMisused) this.#listener.fault?.(new SocketFault(code));
    else if (this.#refusals === OPENINGS) this.#listener.fault?.(new SocketFault());
  }

  #end(reason: Error): void {
    this.#isClosed = true;
    const all = this.#wanted();
    this.#followed.clear();
    this.#rooms.clear();
    for (const wanted of all.values()) wanted.error(reason);
    this.#listener.error?.(reason);
  }

  #disconnected(): void {
    if (!this.#isConnected) return;
    this.#isConnected = false;
    this.#listener.connected?.(false);
    for (const wanted of this.#wanted().values()) wanted.connected(false);
  }

  #read(connection: Connection, message: Message): void {
    switch (message.type) {
      case "subscribed":
        begun(this.#followed.get(message.id));
        break;
      case "event": {
        const followed = this.#followed.get(message.subscription);
        if (followed === undefined) break;
        followed.event(message);
        break;
      }
      case "joined":
        begun(this.#rooms.get(message.room));
        this.#present(message.room, () => message.present);
        break;
      case "presence": {
        const { user, state } = message;
        this.#present(message.room, (people) => {
          const others = people.filter(({ id }) => id !== user.id);
          return state === "joined" ? [...others, user] : others;
        });
        break;
      }
      case "said":
        this.#rooms.get(message.room)?.listener.said?.(message);
        break;
      case "left": {
        const joined = this.#rooms.get(message.room);
        if (message.code === undefined || joined === undefined) break;
        this.#rooms.delete(message.room);
        joined.listener.error?.(new Error(`${message.room} is left: ${message.code}`));
        break;
      }
      case "error":
        if (message.id !== undefined) {
          this.#refused(connection, message.id, new Problem(message.problem, message.retry_after));
        }
        break;
      case "end":
        connection.ending = message.code;
        this.#listener.ended?.(message.code);
        break;
      case "unsubscribed":
      case "pong":
        break;
    }
  }

  #present(room: string, change: (people: readonly Person[]) => readonly Person[]): void {
    const joined = this.#rooms.get(room);
    if (joined === undefined) return;
    joined.people = change(joined.people);
    joined.listener.present(joined.people);
  }

  #refused(connection: Connection, id: string, problem: Problem): void {
    const wanted = this.#wanted().get(id);
    // What is in use already goes on.
    if (wanted === undefined || problem.code === "subscription_in_use") return;
    const { retryAfter } = problem;
    if (retryAfter === undefined) {
      connection.asked.delete(id);
      this.#followed.delete(id);
      for (const [room, joined] of this.#rooms) if (joined === wanted) this.#rooms.delete(room);
      return wanted.error(problem);
    }
    connection.asked.set(id, false);
    const least = Math.max(1, retryAfter) * 1000;
    const wait = Math.max(least, Math.min(LONGEST_RETRY_MS, least * 2 ** wanted.refusals));
    wanted.refusals += 1;
    connection.after(wait * (1 + Math.random() / 2), () => {
      connection.asked.delete(id);
      if (this.#isWanted(id)) this.#ask(id, wanted);
    });
    wanted.connected(false);
  }
}

/** The close codes of what was sent and should not have been. */
const MISUSED: ReadonlySet<number> = new Set([1002, 1003, 1007, 1008, 1009]);

/** The close code of a session that is over. */
const UNAUTHENTICATED = 4401;

/** What the document promises is a message. */
const parse: (text: string) => Message = JSON.parse;

/** The message that follows something, behind the last event that was seen. */
function subscribe(id: string, what: object, last: string | undefined): object {
  return { type: "subscribe", id, ...what, ...(last === undefined ? {} : { last_event_id: last }) };
}

function begun(wanted: Wanted | undefined): void {
  if (wanted === undefined) return;
  wanted.refusals = 0;
  wanted.connected(true);
}

/** A list, as its listener is told of it. */
function list<T extends Identified>(address: string, listener: Listener<T>): Followed {
  let items: readonly T[] = [];
  let pending = items;
  let last: string | undefined;
  return {
    refusals: 0,
    request: (id) => subscribe(id, { list: address }, last),
    event: ({ event, id, data }) => {
      last = id ?? last;
      const read = liveEvent<T>(event, data);
      if (read !== undefined) pending = applied(pending, read);
      // Events up to the next id belong together.
      if (id !== undefined && pending !== items) {
        items = pending;
        listener.next(items);
      }
    },
    connected: (isConnected) => {
      // Whoever is cut off between two events gets both again.
      if (!isConnected) pending = items;
      listener.connected?.(isConnected);
    },
    error: (reason) => listener.error?.(reason),
  };
}

function liveEvent<T>(name: Event["event"], data: object): LiveEvent<T> | undefined {
  switch (name) {
    case "snapshot":
    case "keep":
    case "remove":
    case "upsert":
      return { name, ...data } as LiveEvent<T>;
    default:
      return undefined;
  }
}
