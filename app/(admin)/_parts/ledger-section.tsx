import type { SloWithReading } from "#lib/read/slo/dashboard.ts";
import type { LedgerResource } from "#lib/read/slo/expectations.ts";
import { fillText } from "../../_view/format.ts";
import { figure, resource } from "./figure.tsx";
import type { LedgerSpan } from "./ledger-span.ts";
import { countText, windowText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";

type Entry = LedgerResource["entries"][number];
type Props = {
  slo: SloWithReading;
  ledger: LedgerResource | null;
  span: LedgerSpan;
  spans: readonly LedgerSpan[];
  view: AdminView;
  today: string;
};

const DRAWN = 100;

/** "Rolling 28 days", or "July 2026". */
const spanText = ({ key }: LedgerSpan, slo: SloWithReading, view: AdminView): string =>
  key === null ? windowText(slo.definition.window, slo.evaluatedAt ?? slo.activeFrom, view) : view.format.month(key);

const Cause = ({ entry, view, today }: { entry: Entry; view: AdminView; today: string }) => {
  const { ledger } = view.words.sloPage;
  const { format } = view;
  const { cause, id, name, firstAt, lastAt } = entry;
  if (cause === "unattributed" || id === null)
    return (
      <>
        {ledger.unattributed}
        <br />
        <span className="soft">{format.plural(Math.ceil(entry.bad), ledger.singles)}</span>
      </>
    );
  const text = name ?? `${ledger[cause]} ${id}`;
  const when =
    firstAt === null || lastAt === null
      ? null
      : fillText(ledger.from, { from: format.when(firstAt, today), to: format.when(lastAt, today) });
  return (
    <>
      {cause === "incident" ? (
        <a className="quiet" href={`/admin/incidents/${id}`}>
          {text}
        </a>
      ) : (
        text
      )}
      <br />
      <span className="soft">
        {when}
        {entry.postmortemDue ? (
          <>
            {when === null ? null : " · "}
            <span className="degraded">{ledger.postmortemDue}</span>
          </>
        ) : null}
      </span>
    </>
  );
};

const shareText = (ratio: string | null, view: AdminView): string =>
  ratio === null ? "–" : view.format.percent(Number(ratio), 1);

type RowProps = { entry: Entry; at: number; name: string; view: AdminView; today: string };

const Row = ({ entry, at, name, view, today }: RowProps) => {
  const { ledger } = view.words.sloPage;
  const share = shareText(entry.consumedRatio, view);
  return (
    <tr>
      <th scope="row">
        <Cause entry={entry} view={view} today={today} />
      </th>
      <td className="number" {...figure("count", `/entries/${at}/bad`)}>
        {countText(entry.bad, view.format)}
      </td>
      <td className="draw">
        <svg className="share" viewBox={`0 0 ${DRAWN} 10`} preserveAspectRatio="none" aria-hidden="true">
          <rect
            className={entry.postmortemDue ? "over" : undefined}
            y="1"
            width={Math.min(DRAWN, Math.max(0, Math.round(Number(entry.consumedRatio ?? 0) * DRAWN * 10) / 10))}
            height="8"
          />
        </svg>
      </td>
      <td className="number">
        <span className="hidden">{fillText(ledger.shareOf, { share, span: name })}</span>
        <span aria-hidden="true" {...figure("share", `/entries/${at}/consumedRatio`)}>
          {share}
        </span>
      </td>
    </tr>
  );
};

const Spans = ({ slo, spans, span, view }: Omit<Props, "ledger" | "today">) => (
  <nav aria-label={view.words.sloPage.ledger.spans}>
    <ul className="spans">
      {spans.map((each) => (
        <li key={each.key ?? ""}>
          <a
            href={`/admin/slos/${slo.id}${each.key === null ? "" : `?spent=${each.key}`}#ledger`}
            aria-current={each.key === span.key ? "true" : undefined}
          >
            {spanText(each, slo, view)}
          </a>
        </li>
      ))}
    </ul>
  </nav>
);

/** The question that the API answers with this ledger. */
const ledgerPath = ({ sloId, from, to }: LedgerResource, { key }: LedgerSpan): string =>
  `/v1/slos/${sloId}/ledger${key === null ? "" : `?from=${from}&to=${to}`}`;

const LedgerTable = ({
  ledger,
  span,
  name,
  view,
  today,
}: {
  ledger: LedgerResource;
  span: LedgerSpan;
  name: string;
  view: AdminView;
  today: string;
}) => {
  const words = view.words.sloPage.ledger;
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={words.title} {...resource(ledgerPath(ledger, span))}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.cause}</th>
            <th scope="col" className="number">
              {words.failed}
            </th>
            <th scope="col" className="draw">
              <span className="hidden">{words.drawn}</span>
            </th>
            <th scope="col" className="number">
              {words.share}
            </th>
          </tr>
        </thead>
        <tbody>
          {ledger.entries
            .map((entry, at) => ({ entry, at }))
            .filter(({ entry }) => entry.bad > 0)
            .map(({ entry, at }) => (
              <Row key={`${entry.cause} ${entry.id}`} entry={entry} at={at} name={name} view={view} today={today} />
            ))}
        </tbody>
        <tfoot>
          <tr>
            <th scope="row">{words.used}</th>
            <td className="number" {...figure("count", "/bad")}>
              {countText(ledger.bad, view.format)}
            </td>
            <td className="draw" />
            <td className="number" {...figure("share", "/consumedRatio")}>
              {shareText(ledger.consumedRatio, view)}
            </td>
          </tr>
        </tfoot>
      </table>
    </div>
  );
};

/** Who spent the budget of a time: every failure belongs to one row. */
export const LedgerSection = ({ slo, ledger, span, spans, view, today }: Props) => {
  const words = view.words.sloPage.ledger;
  const csv = `/admin/slos/${slo.id}/ledger.csv?tz=${encodeURIComponent(view.timeZone)}${span.key === null ? "" : `&spent=${span.key}`}`;
  return (
    <section aria-labelledby="ledger">
      <div className="head">
        <h2 id="ledger">{words.title}</h2>
        <a href={csv}>{view.words.frame.csv}</a>
      </div>
      <Spans slo={slo} spans={spans} span={span} view={view} />
      {ledger === null || ledger.total === 0 ? (
        <p className="soft">{words.none}</p>
      ) : ledger.bad === 0 ? (
        <p className="soft">{words.clean}</p>
      ) : (
        <LedgerTable ledger={ledger} span={span} name={spanText(span, slo, view)} view={view} today={today} />
      )}
    </section>
  );
};
