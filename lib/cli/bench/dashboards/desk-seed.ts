import type { Database } from "#db/database.ts";
import {
  insertAdministration,
  insertDeliveries,
  insertDesk,
  insertStatements,
  insertSubscribers,
} from "#db/queries/bench-dashboards-desk.ts";
import type { SecretBox } from "#lib/commands/secret-box.ts";
import { subscriberAddressContext } from "#lib/commands/subscribers/keys.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { Past } from "./past.ts";

const DEADLINE_MS = 600_000;
/** Rows of the lists that grow with time, for each service. */
const EVENTS_A_SERVICE = 250;
const ENTRIES_A_SERVICE = 25;
const SUBSCRIBERS_A_SERVICE = 25;
const MONTHS = 60;

const monthsBefore = (now: EpochMs): string[] =>
  Array.from({ length: MONTHS }, (_, index) => {
    const at = new Date(now);
    return new Date(Date.UTC(at.getUTCFullYear(), at.getUTCMonth() - 1 - index, 1)).toISOString().slice(0, 7);
  });

/** A frozen statement of one service with the weight of a real one: a line a day. */
const statementDocument = (now: EpochMs): string => {
  const line = {
    sloId: "slo-0",
    objective: "99.9",
    attainment: "99.97",
    good: 86_380,
    total: 86_400,
    note: "x".repeat(200),
  };
  return JSON.stringify({
    id: "stm_1",
    state: "frozen",
    version: 1,
    replaces: null,
    period: {
      kind: "month",
      label: "2026-10",
      startsAt: "2026-10-01T00:00:00Z",
      endsAt: "2026-11-01T00:00:00Z",
      timeZone: "UTC",
    },
    serviceId: "service-0",
    inputsSha256: "0".repeat(64),
    issuedAt: new Date(now).toISOString(),
    author: "Ada",
    services: Array.from({ length: 31 }, () => ({ id: "service-0", lines: [line, line, line] })),
  });
};

/** What desk, portal and administration show. */
export const seedDesk = async (database: Database, { size, now, until }: Past, box: SecretBox): Promise<void> => {
  const options = { deadlineMs: DEADLINE_MS };
  const subscribers = Array.from({ length: size.services * SUBSCRIBERS_A_SERVICE }, (_, index) => {
    const id = `sub_${String(index).padStart(32, "0")}`;
    return { id, address: box.seal(`reader-${index}@example.org`, subscriberAddressContext(id)) };
  });
  await database.transaction((tx) => insertDesk(tx, until), options);
  await database.transaction((tx) => insertDeliveries(tx, { now, events: size.services * EVENTS_A_SERVICE }), options);
  await database.transaction(
    (tx) => insertAdministration(tx, { now, entries: size.services * ENTRIES_A_SERVICE }),
    options,
  );
  const statements = { document: statementDocument(now), periods: monthsBefore(now) };
  await database.transaction((tx) => insertStatements(tx, statements), options);
  await database.transaction((tx) => insertSubscribers(tx, subscribers, now), options);
};
