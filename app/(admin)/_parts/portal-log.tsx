import { DELIVERY_STATES } from "#lib/contracts/deliveries.ts";
import type { DeliveryResource } from "#lib/contracts/events.ts";
import type { Listed } from "#lib/read/pagination.ts";
import { StateMark } from "../../_parts/glyph.tsx";
import { Figure } from "./figure.tsx";
import { DELIVERY_ROLES } from "./portal-words.ts";
import { Given, Pager, Rows, When } from "./settings-parts.tsx";
import type { AdminView } from "./view.ts";

type LogProps = {
  readonly view: AdminView;
  readonly endpointId: string;
  readonly page: Listed<DeliveryResource>;
  readonly filters: Readonly<Record<string, string>>;
};

/** Deliveries to one endpoint, with the state as a filter in the address. */
export const DeliveryLog = ({ view, endpointId, page, filters }: LogProps) => {
  const { portal, settings } = view.words;
  const path = `/admin/webhooks/${endpointId}`;
  return (
    <section aria-labelledby="log">
      <div className="head">
        <h2 id="log">{portal.log}</h2>
        {page.data.length === 0 ? null : (
          <a
            className="small"
            href={`${path}/deliveries.csv${filters.state === undefined ? "" : `?state=${filters.state}`}`}
          >
            {view.words.frame.csv}
          </a>
        )}
      </div>
      <form className="filters" action={path}>
        <label>
          {portal.state}
          <select name="state" defaultValue={filters.state ?? ""}>
            <option value="">{portal.anyState}</option>
            {DELIVERY_STATES.map((state) => (
              <option key={state} value={state}>
                {portal.deliveryStates[state]}
              </option>
            ))}
          </select>
        </label>
        <button type="submit">{settings.filter}</button>
      </form>
      <Rows
        label={portal.log}
        empty={portal.noDeliveries}
        columns={[portal.event, portal.state, portal.due, portal.attempts, portal.finished, portal.error]}
        rows={page.data.map((one) => ({
          key: one.id,
          api: `/v1/deliveries/${one.id}`,
          cells: [
            <a key="event" href={`${path}/deliveries/${one.id}`}>
              {one.eventType}
            </a>,
            <StateMark key="state" role={DELIVERY_ROLES[one.state]} word={portal.deliveryStates[one.state]} />,
            <When key="due" view={view} at={one.firstDueAt} />,
            <Figure key="attempts" kind="count" at="/attemptsMade">
              {view.format.integer(one.attemptsMade)}
            </Figure>,
            <When key="end" view={view} at={one.finishedAt} />,
            <Given key="error">{one.lastError ?? "–"}</Given>,
          ],
        }))}
      />
      <Pager view={view} path={path} filters={filters} pagination={page.pagination} />
    </section>
  );
};
