import type { ServerResponse } from "node:http";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import type { Clock } from "#lib/runtime/clock.ts";

/** A reader that leaves more than this unread is sent away; it may come back and catch up. */
const MOST_BUFFERED_BYTES = 65_536;
const MOST_PER_ADDRESS = 20;
const MOST_READERS = 10_000;
const HEARTBEAT_MS = 15_000;
/** How often readers of a page that is not for everybody are asked for their leave again. */
const CHECK_MS = 60_000;
const RETRY = "retry: 3000\n\n";
const HEARTBEAT = ": still here\n\n";

type Event = {
  readonly text: string;
  /** Only for readers of this service; null: for all. */
  readonly serviceId: string | null;
};
type Reader = {
  readonly res: Pick<ServerResponse, "write" | "end" | "destroy" | "once" | "writableLength">;
  readonly address: string;
  readonly serviceIds: ReadonlySet<string> | null;
  /** Whether it may still read: asked every minute, so that a session that ended ends what it opened. */
  readonly mayStay: () => Promise<boolean>;
};

export type PageStream = {
  /** Whether one more reader fits, in all and from one address. */
  readonly hasRoom: (address: string) => boolean;
  /**
   * Lets a reader in, whose head is written already. `lastVersion`: what it saw last; when the page has moved on since,
   * it is told at once.
   */
  readonly join: (reader: Reader, lastVersion: number | null) => void;
  /** States that changed are told at once, and that the data is newer. */
  readonly accept: (snapshot: Snapshot) => void;
  /** The page's bytes changed: readers fetch it anew. */
  readonly tellChanged: () => void;
  /** Heartbeats. Called about every second. */
  readonly tick: () => void;
  readonly close: () => void;
  readonly readers: () => number;
};

const eventText = (name: string, version: number, data: object): string =>
  `event: ${name}\nid: ${version}\ndata: ${JSON.stringify(data)}\n\n`;

const asOfEvent = ({ version, dataAsOf }: Snapshot): Event => ({
  text: eventText("as_of", version, { version, dataAsOf }),
  serviceId: null,
});

const changedEvent = ({ version, dataAsOf, overall }: Snapshot): Event => ({
  text: eventText("snapshot", version, { version, dataAsOf, overall }),
  serviceId: null,
});

/** One event for each service whose published state is another one than before. */
const serviceEvents = (before: Snapshot | null, { version, services }: Snapshot): Event[] => {
  if (before === null) return [];
  const states = new Map(before.services.map(({ id, published }) => [id, published]));
  return services.flatMap(({ id, name, published, updatedAt }) => {
    const previousState = states.get(id) ?? null;
    if (previousState === published) return [];
    const data = { id, name, state: published, previousState, since: updatedAt, version };
    return { text: eventText("service", version, data), serviceId: id };
  });
};

const isFor = ({ serviceIds }: Reader, { serviceId }: Event): boolean =>
  serviceIds === null || serviceId === null || serviceIds.has(serviceId);

/** Who reads, and how many of them from each address. */
const createReaders = () => {
  const all = new Set<Reader>();
  const perAddress = new Map<string, number>();
  return {
    all,
    hasRoom: (address: string): boolean => all.size < MOST_READERS && (perAddress.get(address) ?? 0) < MOST_PER_ADDRESS,
    add: (reader: Reader): void => {
      all.add(reader);
      perAddress.set(reader.address, (perAddress.get(reader.address) ?? 0) + 1);
    },
    remove: (reader: Reader): void => {
      if (!all.delete(reader)) return;
      const left = (perAddress.get(reader.address) ?? 1) - 1;
      if (left === 0) perAddress.delete(reader.address);
      else perAddress.set(reader.address, left);
    },
  };
};
type Readers = ReturnType<typeof createReaders>;

const letGo = (readers: Readers, reader: Reader): void => {
  readers.remove(reader);
  reader.res.end();
};

/** Ends the streams of who may not read any more. Who cannot be judged, because the database is away, stays. */
const checkAll = (readers: Readers): void => {
  for (const reader of readers.all)
    reader.mayStay().then(
      (may) => {
        if (!may) letGo(readers, reader);
      },
      () => undefined,
    );
};

/**
 * Server-sent events of one page. Readers share the text of an event, which is made once from the snapshot, so that a
 * thousand of them cost no query and next to no time.
 */
export const createPageStream = (clock: Clock): PageStream => {
  const readers = createReaders();
  let current: Snapshot | null = null;
  let beatAtMs = clock.monotonicMs();
  let checkedAtMs = beatAtMs;

  const write = (reader: Reader, text: string): void => {
    if (reader.res.writableLength > MOST_BUFFERED_BYTES) {
      readers.remove(reader);
      reader.res.destroy();
    } else reader.res.write(text);
  };
  const tell = (events: readonly Event[]): void => {
    for (const reader of readers.all) {
      const text = events.flatMap((event) => (isFor(reader, event) ? event.text : [])).join("");
      if (text !== "") write(reader, text);
    }
  };

  return {
    hasRoom: readers.hasRoom,
    join: (reader, lastVersion) => {
      readers.add(reader);
      reader.res.once("close", () => readers.remove(reader));
      const isBehind = lastVersion !== null && lastVersion !== current?.version;
      const first = current === null ? "" : (isBehind ? changedEvent(current) : asOfEvent(current)).text;
      write(reader, `${RETRY}${first}`);
    },
    accept: (snapshot) => {
      const before = current;
      current = snapshot;
      if (before?.version !== snapshot.version) tell([...serviceEvents(before, snapshot), asOfEvent(snapshot)]);
    },
    tellChanged: () => {
      if (current !== null) tell([changedEvent(current)]);
    },
    tick: () => {
      const now = clock.monotonicMs();
      if (now - checkedAtMs >= CHECK_MS) {
        checkedAtMs = now;
        checkAll(readers);
      }
      if (now - beatAtMs < HEARTBEAT_MS) return;
      beatAtMs = now;
      for (const reader of readers.all) write(reader, HEARTBEAT);
    },
    close: () => {
      for (const reader of [...readers.all]) letGo(readers, reader);
    },
    readers: () => readers.all.size,
  };
};
