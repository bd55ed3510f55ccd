import { send } from "./hostile/answers.ts";
import { CONNECTION, GOOD } from "./hostile/connection.ts";
import { CONTENT, REDIRECTS } from "./hostile/content.ts";
import { PROTOCOL } from "./hostile/protocol.ts";
import type { HostileServer } from "./hostile/server.ts";
import { TLS } from "./hostile/tls.ts";

export type { HostileServer, Listening } from "./hostile/server.ts";
export { listen, TEST_CA } from "./hostile/server.ts";

/** Targets that behave well in odd ways, badly, or with ill intent, each with the class that a run against it must have. */
export const HOSTILE_SERVERS: readonly HostileServer[] = [
  ...GOOD,
  ...CONNECTION,
  ...PROTOCOL.map(([name, answer]): HostileServer => ({ name, expected: "protocol_error", serve: send(answer) })),
  ...CONTENT,
  ...REDIRECTS,
  ...TLS,
];
