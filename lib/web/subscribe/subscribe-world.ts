import type { SubscriberWorld } from "#lib/commands/subscribers/sign-up.ts";
import { admitClient, type SignUp, signUp } from "#lib/commands/subscribers/sign-up.ts";
import type { Snapshot } from "#lib/contracts/snapshot.ts";
import { statuspageId } from "#lib/contracts/statuspage-id.ts";
import { AppError } from "#lib/core/errors.ts";
import { STRANGER } from "#lib/core/subscribers/reach.ts";
import { judgeUrl } from "#lib/egress/judge-url.ts";
import type { ApiContext } from "../api/types.ts";
import type { Exchange } from "../http/exchange.ts";
import { isNearCaller } from "../http/near-caller.ts";
import { clientAddressOf } from "../http/rate-caller.ts";
import { isSameOrigin } from "../http/same-origin.ts";
import type { Site } from "../site.ts";
import type { SiteDesk } from "../site-desk.ts";

/** The world of the pages of subscribers. */
export type SubscribeContext = {
  readonly desk: Pick<SiteDesk, "pageId" | "isPublic">;
  readonly api: ApiContext;
  readonly site: Site;
  readonly snapshot: () => Snapshot | null;
  readonly trustedHops: number;
  /** Address of this server when the page has none configured. */
  readonly baseUrl: () => string;
};

/** Runs a use case of subscribers in a transaction. */
export const inTransaction = <T>(
  context: SubscribeContext,
  work: (world: SubscriberWorld) => Promise<T>,
): Promise<T> => {
  const { database, clock, randomBytes, secretBox } = context.api;
  return database.transaction((tx) => work({ tx, now: clock.now(), randomBytes, secretBox, judgeUrl }));
};

/** Every answer to a sign-up takes at least this long, so that its time tells nothing of what was found. */
const FLOOR_MS = 120;

/** Thrown when a network signs up too often. */
const TOO_OFTEN = "too many sign-ups from this network; try again in an hour";

/** At a page for everybody: whoever is neither in our network nor free of a page that sends them here. */
const makerOf = ({ desk, trustedHops }: SubscribeContext, { req }: Exchange): "public" | typeof STRANGER =>
  desk.isPublic() && !(isNearCaller(req, trustedHops) && isSameOrigin(req.headers)) ? STRANGER : "public";

/**
 * Signs up within the limits, in the same time for a known and an unknown address.
 * @throws AppError RATE_LIMITED, INVALID_REQUEST
 */
export const signUpSlowly = async (context: SubscribeContext, exchange: Exchange, wanted: Omit<SignUp, "pageId">) => {
  const { clock } = context.api;
  const asked = { ...wanted, pageId: context.desk.pageId };
  const startedMs = clock.monotonicMs();
  try {
    const client = clientAddressOf(exchange.req, context.trustedHops);
    if (!(await inTransaction(context, (world) => admitClient(world, client)))) {
      throw new AppError("RATE_LIMITED", TOO_OFTEN);
    }
    return await inTransaction(context, (world) => signUp(world, asked, makerOf(context, exchange)));
  } finally {
    const leftMs = FLOOR_MS - (clock.monotonicMs() - startedMs);
    if (leftMs > 0) await clock.sleep(leftMs, new AbortController().signal);
  }
};

/** Services by the ids of the Statuspage API, groups as all their services. Null: one of them is not known. */
export const servicesOfComponents = (snapshot: Snapshot | null, ids: readonly string[]): readonly string[] | null => {
  const found = ids.map((id) =>
    (snapshot?.services ?? []).filter(
      (one) =>
        one.id === id ||
        statuspageId("component", one.id) === id ||
        (one.groupId !== null && statuspageId("group", one.groupId) === id),
    ),
  );
  return found.some((some) => some.length === 0) ? null : [...new Set(found.flat().map(({ id }) => id))];
};

/** An incident by its id or that of the Statuspage API; null: it is not known. */
export const incidentOfPublicId = (snapshot: Snapshot | null, id: string): string | null =>
  snapshot?.incidents.find((one) => one.id === id || statuspageId("incident", one.id) === id)?.id ?? null;
