import type { z } from "zod";
import type { Tx } from "#db/database.ts";
import type { ConfigFile } from "#lib/commands/config/plan-file.ts";
import type { RunProbeNow } from "#lib/commands/run-probe-now.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import type { Operation } from "#lib/contracts/operations/operation.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Principal } from "#lib/core/access/authorise.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Viewer } from "#lib/read/probes.ts";
import type { Database, Session } from "#lib/read/web-context.ts";
import type { Clock } from "#lib/runtime/clock.ts";
import type { EventStream } from "../event-stream.ts";
import type { Exchange } from "../http/exchange.ts";
import type { RandomBytes } from "../http/request-ids.ts";
import type { AnswerFile } from "../http/send-file.ts";
import type { ApiGate } from "./gate.ts";

export type ApiContext = {
  readonly database: Database;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly version: string;
  readonly snapshot: () => Snapshot | null;
  readonly findSession: (token: string) => Promise<Session | null>;
  /** Seals and opens what stands in the database as a secret. */
  readonly secretBox: SecretBox;
  /** What stands before every operation: networks, limits, versions. */
  readonly gate: ApiGate;
  /** Who follows what happens. */
  readonly live: EventStream;
  /** Runs a probe for somebody who waits; left out, nobody can ask for that here. */
  readonly runProbe?: RunProbeNow | undefined;
  /** The configuration file of this instance; left out, there is none here. */
  readonly configFile?: ConfigFile | undefined;
  /** The machine behind a JWT of an issuer that the configuration names. */
  readonly findMachine?: (token: string) => Promise<Principal | null>;
  /** Set by the way in of the dashboards: a person who is signed in asks, and not whoever the request names. */
  readonly asUser?: { readonly principal: Principal; readonly token: string };
};

/** The names between braces in a path. */
type ParamNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | ParamNames<Rest>
  : never;

/** A request after everything that the table asks of it was checked. */
export type ApiRequest<O extends Operation> = {
  readonly principal: Principal;
  /** Of operations that tell more to some. */
  readonly viewer: Viewer;
  readonly params: Readonly<Record<ParamNames<O["path"]>, string>>;
  /** The Accept header. */
  readonly accept: string;
  readonly query: z.output<O["query"]>;
  readonly body: O extends { readonly body: infer Body extends z.ZodType } ? z.output<Body> : undefined;
};

type ReadAnswer = {
  readonly body: unknown;
  readonly lastModifiedMs?: number;
  /** Sent in place of `body`: the same resource in another format. */
  readonly file?: AnswerFile;
  /** Writes the answer itself, and settles when it is over. Returns the status. */
  readonly stream?: (exchange: Exchange) => Promise<number>;
  /** Flat pairs. */
  readonly headers?: readonly string[];
};
/** `location`: the path of what was made, for 201 and 202. */
export type WriteAnswer = {
  readonly body: unknown;
  readonly location?: string;
  /** Flat pairs. */
  readonly headers?: readonly string[];
};

/** The world of a write: everything in `tx` commits together with the stored answer, or not at all. */
export type WriteContext = {
  readonly tx: Tx;
  readonly now: EpochMs;
  readonly randomBytes: RandomBytes;
  readonly secretBox: SecretBox;
  /** As the audit log names who asks. */
  readonly actor: string;
};

export type HandlerOf<O extends Operation> = O["method"] extends "GET"
  ? (context: ApiContext, request: ApiRequest<O>) => Promise<ReadAnswer>
  : O extends { readonly worksOutside: true }
    ? (context: ApiContext, request: ApiRequest<O>) => Promise<WriteAnswer>
    : (context: WriteContext, request: ApiRequest<O>) => Promise<WriteAnswer>;

/** One handler for each operation of a table, typed by it. */
export type HandlersOf<Table extends readonly Operation[]> = {
  readonly [O in Table[number] as O["operationId"]]: HandlerOf<O>;
};

/** Handlers as the pipeline calls them, after it has parsed what they take. */
export type AnyRequest = {
  readonly principal: Principal;
  readonly viewer: Viewer;
  readonly params: Readonly<Record<string, string>>;
  readonly accept: string;
  readonly query: unknown;
  readonly body: unknown;
};
export type AnyRead = (context: ApiContext, request: AnyRequest) => Promise<ReadAnswer>;
export type AnyOutside = (context: ApiContext, request: AnyRequest) => Promise<WriteAnswer>;
export type AnyWrite = (context: WriteContext, request: AnyRequest) => Promise<WriteAnswer>;
