import type { Metadata } from "next";
import { notFound } from "next/navigation";
import type { AttemptResource, DeliveryDetailResource } from "#lib/contracts/deliveries.ts";
import { getDelivery } from "#lib/read/deliveries.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { getWebContext } from "#lib/read/web-context.ts";
import { Fill } from "../../../../../../_parts/fill.tsx";
import { StateMark } from "../../../../../../_parts/glyph.tsx";
import { fillText } from "../../../../../../_view/format.ts";
import type { Role } from "../../../../../../_view/state-looks.ts";
import { Action } from "../../../../../_parts/action.tsx";
import { Figure, resource } from "../../../../../_parts/figure.tsx";
import { DELIVERY_ROLES } from "../../../../../_parts/portal-words.ts";
import { tookText } from "../../../../../_parts/red-marks.ts";
import { Area, Facts, Given, ReadOnly, Refused, When } from "../../../../../_parts/settings-parts.tsx";
import { orNotFound } from "../../../../../_parts/settings-query.ts";
import type { AdminView, SearchParams } from "../../../../../_parts/view.ts";
import { adminView } from "../../../../../_parts/view.ts";

type Props = { params: Promise<{ id: string; deliveryId: string }>; searchParams: Promise<SearchParams> };

export const generateMetadata = async ({ params }: Props): Promise<Metadata> => ({
  title: (await params).deliveryId,
});

const OUTCOMES: Readonly<Record<NonNullable<AttemptResource["outcome"]>, Role>> = {
  accepted: "ok",
  try_later: "degraded",
  refused: "major",
};

const requestText = (view: AdminView, { number, request }: AttemptResource): string => {
  const { portal } = view.words;
  const head = Object.entries(request.headers ?? {}).map(([name, value]) => `${name}: ${value}`);
  const body = request.body ?? (number > 1 && request.headers !== null ? portal.sameBody : portal.noBody);
  return [...head, "", body].join("\n").trim();
};

/** One try: what was sent, what came back, and what was made of it. */
const Attempt = ({ view, attempt, at }: { view: AdminView; attempt: AttemptResource; at: string }) => {
  const { portal } = view.words;
  const { number, outcome, durationMs, httpStatus } = attempt;
  const status =
    httpStatus === null ? (
      portal.noAnswer
    ) : (
      <Figure kind="text" at="/httpStatus">
        {String(httpStatus)}
      </Figure>
    );
  const time = (
    <Figure kind="took" at="/durationMs">
      {tookText(durationMs, view.format)}
    </Figure>
  );
  const took = durationMs === null ? status : <Fill text={portal.took} status={status} time={time} />;
  const parts = [
    [portal.request, requestText(view, attempt)],
    [portal.response, attempt.response.excerpt ?? portal.noBody],
  ] as const;
  const name = fillText(portal.attempt, { number: String(number) });
  return (
    <section aria-labelledby={`attempt-${number}`} {...resource(at)}>
      <div className="head">
        <h2 id={`attempt-${number}`}>{name}</h2>
        <p>
          <StateMark
            role={outcome === null ? "none" : OUTCOMES[outcome]}
            word={portal.outcomes[outcome ?? "running"]}
          />{" "}
          <When view={view} at={attempt.startedAt} /> · {took}
        </p>
      </div>
      {attempt.reason === null ? null : (
        <p className="small" translate="no">
          {attempt.reason}
        </p>
      )}
      <div className="two sides">
        {parts.map(([title, text]) => (
          <div key={title} className="narrow">
            <h3>{title}</h3>
            <pre className="document" tabIndex={0} role="group" aria-label={`${name}, ${title}`}>
              <code>{text}</code>
            </pre>
          </div>
        ))}
      </div>
    </section>
  );
};

const DeliveryFacts = ({ view, delivery }: { view: AdminView; delivery: DeliveryDetailResource }) => {
  const { portal } = view.words;
  return (
    <Facts
      api={`/v1/deliveries/${delivery.id}`}
      facts={[
        [portal.event, <Given key="event">{delivery.eventId}</Given>],
        [portal.due, <When key="due" view={view} at={delivery.firstDueAt} />],
        [
          portal.attempts,
          <Figure key="attempts" kind="count" at="/attemptsMade">
            {view.format.integer(delivery.attemptsMade)}
          </Figure>,
        ],
        delivery.state === "pending"
          ? [portal.nextAttempt, <When key="next" view={view} at={delivery.nextAttemptAt} />]
          : [portal.finished, <When key="end" view={view} at={delivery.finishedAt} />],
        ...(delivery.lastError === null
          ? []
          : [[portal.error, <Given key="error">{delivery.lastError}</Given>] as const]),
      ]}
    />
  );
};

/** One delivery with the log of its attempts. */
const DeliveryPage = async ({ params, searchParams }: Props) => {
  const view = await adminView(await searchParams);
  const { portal } = view.words;
  const { id, deliveryId } = await params;
  if (!mayDo(view.session, "deliveries:read"))
    return <Refused view={view} title={portal.delivery} scope="deliveries:read" />;
  const delivery = await orNotFound(getDelivery(getWebContext().database, deliveryId));
  if (delivery.endpointId !== id) notFound();
  return (
    <Area
      view={view}
      title={delivery.eventType}
      section="webhooks"
      back={{ href: `/admin/webhooks/${id}`, name: fillText(portal.backTo, { name: id }) }}
    >
      <p className="inline">
        <StateMark role={DELIVERY_ROLES[delivery.state]} word={portal.deliveryStates[delivery.state]} />
        {delivery.isVerification ? portal.verification : null}
      </p>
      <ReadOnly view={view} scope="deliveries:write" />
      <div className="inline">
        <Action
          view={view}
          scope="deliveries:write"
          method="POST"
          path={`/v1/deliveries/${deliveryId}/replay`}
          fields={[]}
          submit={portal.replay}
        />
      </div>
      <DeliveryFacts view={view} delivery={delivery} />
      {delivery.attempts.length === 0 ? (
        <p className="list soft">{portal.noAttempts}</p>
      ) : (
        <p className="small list">
          <a href={`/admin/webhooks/${id}/deliveries/${deliveryId}/attempts.csv`}>{view.words.frame.csv}</a>
        </p>
      )}
      {delivery.attempts
        .map((attempt, place) => (
          <Attempt
            key={attempt.number}
            view={view}
            attempt={attempt}
            at={`/v1/deliveries/${delivery.id}#/attempts/${place}`}
          />
        ))
        .reverse()}
    </Area>
  );
};
export default DeliveryPage;
