import type { Db } from "#db/database.ts";
import type { EpochMs } from "#lib/core/units.ts";

/** An attempt that the receiver accepted. */
export type AcceptedAttempt = {
  readonly deliveryId: string;
  readonly endpointId: string;
  readonly number: number;
  readonly finishedAt: EpochMs;
  readonly httpStatus: number | null;
  readonly durationMs: number;
  readonly responseExcerpt: string | null;
  readonly requestHeaders: Readonly<Record<string, string>> | null;
  readonly requestBody: string | null;
};

/** A text may have been cut within a character, which JSON cannot carry into the database. */
const wellFormed = (text: string | null): string | null => (text === null ? null : text.toWellFormed());

/**
 * Completes the rows of many accepted attempts and marks their deliveries as delivered, whoever holds them now. Leaves
 * out those of endpoints with something to change: their ids are not in the answer. `isDelivered` false: it was finished.
 */
export const finishAccepted = async (
  db: Db,
  attempts: readonly AcceptedAttempt[],
): Promise<{ readonly id: string; readonly isDelivered: boolean }[]> => {
  const given = attempts.map((attempt) => ({
    id: attempt.deliveryId,
    endpoint_id: attempt.endpointId,
    number: attempt.number,
    at: new Date(attempt.finishedAt).toISOString(),
    http_status: attempt.httpStatus,
    duration_ms: Math.round(attempt.durationMs),
    response_excerpt: wellFormed(attempt.responseExcerpt),
    request_headers: attempt.requestHeaders,
    request_body: wellFormed(attempt.requestBody),
  }));
  const rows = await db<{ id: string; isDelivered: boolean }[]>`
    with healthy as (
      select g.* from jsonb_to_recordset(${JSON.stringify(given)}::text::jsonb) as g (
               id text, endpoint_id text, number int, at timestamptz, http_status int, duration_ms int,
               response_excerpt text, request_headers jsonb, request_body text)
        join endpoints e on e.id = g.endpoint_id
       where e.breaker is null and e.failing_since is null
    ), delivered as (
      update deliveries d set state = 'delivered', finished_at = h.at, leased_until = null, lease_token = null,
             last_error = null, updated_at = h.at
        from healthy h where d.id = h.id and d.state = 'pending'
      returning d.id
    ), logged as (
      update attempts a
         set finished_at = h.at, outcome = 'accepted', reason = null, http_status = h.http_status,
             duration_ms = h.duration_ms, response_excerpt = h.response_excerpt, request_headers = h.request_headers,
             request_body = h.request_body, updated_at = h.at
        from healthy h where a.delivery_id = h.id and a.number = h.number and a.finished_at is null
    )
    select h.id, exists (select 1 from delivered d where d.id = h.id) as "isDelivered" from healthy h`;
  return [...rows];
};
