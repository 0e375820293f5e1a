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
}

/** A room that one is in. */
export interface Room {
  /** Tells the others something; lost while the connection is. */
  say(kind: string, data?: object): void;
  /** Leaves. */
  leave(): void;
}

/** Who is told of the connection. */
export interface SocketListener {
  /** False while the connection is lost and made anew, true when it stands again. */
  connected?(isConnected: boolean): void;
  /** The session is over. Everything on the socket has ended. */
  error?(reason: Error): void;
}

/** What is needed of a WebSocket. */
export type WebSocketLike = Pick<
  WebSocket,
  "onopen" | "onmessage" | "onclose" | "onerror" | "send" | "close"
>;

/** The server pings every 15 seconds, which no page can see; so pages ask. */
const PING_MS = 20_000;
const SILENCE_MS = 45_000;
const LONGEST_WAIT_MS = 30_000;
/** How long a subscription waits that the server is too busy for. */
const BUSY_MS = 5_000;

const query = createQuerySerializer<Record<string, string | number | boolean | readonly string[]>>({
  array: { style: "form", explode: false },
});

type Message = Schemas["SocketMessage"];
type Event = Schemas["SocketEvent"];

/** Something that is asked for again with each connection. */
interface Followed {
  /** What is asked for. */
  readonly wanted: { readonly list: string } | { readonly topics: readonly string[] };
  /** The id of the last event that was seen. */
  last: string | undefined;
  event(event: Event): void;
  connected(isConnected: boolean): void;
  error(reason: Error): void;
}

/** A room, and who is there. */
interface Joined {
  readonly listener: RoomListener;
  people: readonly Person[];
}

/**
 * A socket that connects again by itself, and goes on where it stopped. Made by
 * {@link Almoner.socket}.
 */
export class Socket {
  readonly #open: () => WebSocketLike;
  readonly #refusal: () => Promise<Error | undefined>;
  readonly #listener: SocketListener;
  readonly #followed = new Map<string, Followed>();
  readonly #rooms = new Map<string, Joined>();
  #socket: WebSocketLike | undefined;
  #isConnected = false;
  #isClosed = false;
  #failures = 0;
  #next = 0;
  #heard = 0;
  #ticks: ReturnType<typeof setInterval> | undefined;
  #again: ReturnType<typeof setTimeout> | undefined;

  /** `refusal` says why a connection that cannot be opened never can be, if so. */
  constructor(
    open: () => WebSocketLike,
    refusal: () => Promise<Error | undefined>,
    listener: SocketListener = {},
  ) {
    this.#open = open;
    this.#refusal = refusal;
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
    return this.#follow({
      wanted: { topics },
      last: undefined,
      event: (event) => {
        if (event.event === "change") listener.change(event.data as Change);
        if (event.event === "resync") listener.missed?.();
      },
      connected: () => undefined,
      error: (reason) => listener.error?.(reason),
    });
  }

  /** Goes into the room of a record, `donors:019a…`. */
  join(room: string, listener: RoomListener): Room {
    if (this.#rooms.has(room)) throw new TypeError(`${room} is joined already`);
    const joined: Joined = { listener, people: [] };
    this.#rooms.set(room, joined);
    this.#send({ type: "join", id: room, room });
    const isIn = (): boolean => this.#rooms.get(room) === joined;
    return {
      say: (kind, data) => {
        if (isIn()) this.#send({ type: "say", room, kind, ...(data === undefined ? {} : { data }) });
      },
      leave: () => {
        if (!isIn()) return;
        this.#rooms.delete(room);
        this.#send({ type: "leave", room });
      },
    };
  }

  /** Closes the connection; nothing follows. */
  close(): void {
    this.#isClosed = true;
    this.#stop();
    this.#socket?.close(1000);
    this.#connected(false);
  }

  #follow(followed: Followed): Subscription {
    const id = `s${(this.#next += 1)}`;
    this.#followed.set(id, followed);
    this.#begin(id, followed);
    return {
      close: () => {
        if (this.#followed.delete(id)) this.#send({ type: "unsubscribe", id });
      },
    };
  }

  #begin(id: string, { wanted, last }: Followed): void {
    const behind = last === undefined ? {} : { last_event_id: last };
    this.#send({ type: "subscribe", id, ...wanted, ...behind });
  }

  #send(message: object): void {
    if (this.#isConnected) this.#socket?.send(JSON.stringify(message));
  }

  #connect(): void {
    const socket = this.#open();
    this.#socket = socket;
    const isOurs = (): boolean => this.#socket === socket && !this.#isClosed;
    let wasOpen = false;
    socket.onopen = () => {
      if (!isOurs()) return;
      wasOpen = true;
      this.#heard = Date.now();
      this.#ticks = setInterval(() => this.#tick(socket), PING_MS);
      this.#connected(true);
      for (const [id, followed] of this.#followed) this.#begin(id, followed);
      for (const room of this.#rooms.keys()) this.#send({ type: "join", id: room, room });
    };
    socket.onmessage = ({ data }: { readonly data: string }) => {
      if (!isOurs()) return;
      this.#heard = Date.now();
      this.#failures = 0;
      this.#read(parse(data));
    };
    // Not every program tells of the end of what has failed.
    socket.onerror = () => {
      if (isOurs()) void this.#lost(!wasOpen);
    };
    socket.onclose = ({ code }) => {
      if (isOurs()) void this.#lost(!wasOpen || code === UNAUTHENTICATED);
    };
  }

  /** A connection that is dead may take minutes to say so. */
  #tick(socket: WebSocketLike): void {
    if (Date.now() - this.#heard < SILENCE_MS) return this.#send({ type: "ping" });
    socket.close();
    if (this.#socket === socket && !this.#isClosed) void this.#lost(false);
  }

  async #lost(isDoubtful: boolean): Promise<void> {
    this.#socket = undefined;
    this.#stop();
    this.#connected(false);
    const reason = isDoubtful ? await this.#refusal() : undefined;
    if (this.#isClosed) return;
    if (reason !== undefined) return this.#end(reason);
    const wait = Math.min(LONGEST_WAIT_MS, 250 * 2 ** this.#failures) * (0.5 + Math.random());
    this.#failures += 1;
    this.#again = setTimeout(() => this.#connect(), wait);
  }

  #end(reason: Error): void {
    this.#isClosed = true;
    const listeners = [...this.#followed.values()];
    const rooms = [...this.#rooms.values()];
    this.#followed.clear();
    this.#rooms.clear();
    for (const followed of listeners) followed.error(reason);
    for (const { listener } of rooms) listener.error?.(reason);
    this.#listener.error?.(reason);
  }

  #stop(): void {
    clearInterval(this.#ticks);
    clearTimeout(this.#again);
  }

  #connected(now: boolean): void {
    if (now === this.#isConnected) return;
    this.#isConnected = now;
    this.#listener.connected?.(now);
    if (now) return;
    for (const followed of this.#followed.values()) followed.connected(false);
  }

  #read(message: Message): void {
    switch (message.type) {
      case "subscribed":
        this.#followed.get(message.id)?.connected(true);
        break;
      case "event": {
        const followed = this.#followed.get(message.subscription);
        if (followed === undefined) break;
        if (message.id !== undefined) followed.last = message.id;
        followed.event(message);
        break;
      }
      case "joined":
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
        if (message.id !== undefined) this.#refused(message.id, new Problem(message.problem));
        break;
      case "unsubscribed":
      case "pong":
      case "end":
        break;
    }
  }

  #present(room: string, change: (people: readonly Person[]) => readonly Person[]): void {
    const joined = this.#rooms.get(room);
    if (joined === undefined) return;
    joined.people = change(joined.people);
    joined.listener.present(joined.people);
  }

  #refused(id: string, problem: Problem): void {
    const followed = this.#followed.get(id);
    const joined = this.#rooms.get(id);
    if (problem.is("rate_limited", "unavailable", "internal")) {
      setTimeout(() => {
        if (followed !== undefined && this.#followed.get(id) === followed) this.#begin(id, followed);
        if (joined !== undefined && this.#rooms.get(id) === joined) {
          this.#send({ type: "join", id, room: id });
        }
      }, BUSY_MS);
      return;
    }
    this.#followed.delete(id);
    this.#rooms.delete(id);
    followed?.error(problem);
    joined?.listener.error?.(problem);
  }
}

/** The close code of a session that is over. */
const UNAUTHENTICATED = 4401;

/** What the document promises is a message. */
const parse: (text: string) => Message = JSON.parse;

/** A list, as its listener is told of it. */
function list<T extends Identified>(address: string, listener: Listener<T>): Followed {
  let items: readonly T[] = [];
  let pending = items;
  return {
    wanted: { list: address },
    last: undefined,
    event: ({ event, id, data }) => {
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
