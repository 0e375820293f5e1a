/** A typed client of the Almoner API. The README shows how it is used. */

export { Almoner, type Options } from "./client.js";
export type { components, paths } from "./generated/schema.js";
export { List } from "./list.js";
export type { Listener, Subscription } from "./live.js";
export {
  type FieldError,
  Problem,
  type ProblemCode,
  type ProblemOf,
  UnexpectedAnswer,
} from "./problem.js";
export { SocketFault } from "./socket.js";
export type {
  Change,
  ChangeListener,
  Person,
  Room,
  RoomListener,
  Said,
  Socket,
  SocketListener,
  WebSocketLike,
} from "./socket.js";
export type { Retry } from "./transport.js";
export type {
  Answer,
  Arguments,
  From,
  Input,
  Item,
  ListInput,
  ListPath,
  LiveInput,
  LiveItem,
  LivePath,
  Method,
  Page,
  Path,
  Schemas,
} from "./types.js";
