import type { SloDefinition } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { SloWithReading } from "#lib/read/slo/dashboard.ts";
import type { SloVersionRow } from "#lib/read/slo/expectations.ts";
import { fillText } from "../../_view/format.ts";
import { windowText } from "./slo-words.ts";
import type { AdminView } from "./view.ts";
import { iso } from "./view.ts";

type Props = { slo: SloWithReading; versions: readonly SloVersionRow[]; view: AdminView; today: string };

/** What counts as good, in one or two sentences. */
const goodText = ({ sli }: SloDefinition, { words, format }: AdminView): string => {
  const { good, sliced, slicedShare } = words.sloPage.definition;
  const base = sli.kind === "timeslice" || sli.kind === "ratio_timeslices" ? sli.base : sli;
  const first = fillText(good[base.kind], {
    threshold: base.kind === "latency" ? format.response(base.thresholdMs) : "",
    part: base.kind === "component" ? base.part : "",
  });
  if (sli.kind === "timeslice")
    return `${first} ${fillText(sliced, { slice: format.span(sli.sliceMs), target: format.percentText(sli.target) })}`;
  if (sli.kind === "ratio_timeslices") return `${first} ${fillText(slicedShare, { slice: format.span(sli.sliceMs) })}`;
  return first;
};

const PARTS = ["sli", "probes", "burnRateAlerts", "document", "budgetPolicy", "exclusions"] as const;
const NAMED: ReadonlySet<string> = new Set([...PARTS, "id", "objective", "window"]);

const differs = (a: unknown, b: unknown): boolean => JSON.stringify(a) !== JSON.stringify(b);

/** What an edit changed: objective and window with both values, the rest by name. */
const changesOf = (now: SloVersionRow, before: SloVersionRow, view: AdminView): string => {
  const { definition: words } = view.words.sloPage;
  const [a, b] = [before.definition, now.definition];
  const name = ({ window }: SloDefinition, at: EpochMs): string => windowText(window, at, view);
  const percent = ({ objective }: SloDefinition): string => view.format.percentText(objective);
  const others = [...new Set([...Object.keys(a), ...Object.keys(b)])].filter((key) => !NAMED.has(key));
  const valueOf = (definition: SloDefinition, key: string): unknown => (definition as Record<string, unknown>)[key];
  const changes = [
    ...(a.objective === b.objective ? [] : [fillText(words.objective, { from: percent(a), to: percent(b) })]),
    ...(differs(a.window, b.window)
      ? [fillText(words.window, { from: name(a, before.activeFrom), to: name(b, now.activeFrom) })]
      : []),
    ...PARTS.filter((part) => differs(a[part], b[part])).map((part) => words.parts[part]),
    ...(others.some((key) => differs(valueOf(a, key), valueOf(b, key))) ? [words.parts.other] : []),
  ];
  return changes.length === 0 ? "–" : view.format.list(changes);
};

const History = ({ versions, view, today }: Omit<Props, "slo">) => {
  const words = view.words.sloPage.definition;
  const { format } = view;
  return (
    <div className="scroll" tabIndex={0} role="group" aria-label={words.earlier}>
      <table>
        <thead>
          <tr>
            <th scope="col">{words.number}</th>
            <th scope="col">{words.from}</th>
            <th scope="col">{words.changed}</th>
          </tr>
        </thead>
        <tbody>
          {versions.map((row, index) => {
            const before = versions[index + 1];
            const from = format.when(iso(row.activeFrom), today);
            const to = row.activeUntil === null ? null : format.when(iso(row.activeUntil), today);
            return (
              <tr key={row.version}>
                <th scope="row">{format.integer(row.version)}</th>
                <td>
                  <time dateTime={iso(row.activeFrom)}>
                    {to === null
                      ? fillText(view.words.slos.standing.since, { time: from })
                      : fillText(words.span, { from, to })}
                  </time>
                </td>
                <td translate="no">
                  {before === undefined ? (row.version === 1 ? words.first : "–") : changesOf(row, before, view)}
                </td>
              </tr>
            );
          })}
        </tbody>
      </table>
    </div>
  );
};

/** What is counted, since when, and what stood there before. */
export const DefinitionSection = ({ slo, versions, view, today }: Props) => {
  const words = view.words.sloPage.definition;
  const { format } = view;
  const { probes } = slo.definition;
  return (
    <section aria-labelledby="definition">
      <div className="head">
        <h2 id="definition">{words.title}</h2>
      </div>
      <div className="prose">
        <p>
          {goodText(slo.definition, view)}{" "}
          {probes.length === 0
            ? null
            : fillText(words.counted, {
                probes: fillText(format.plural(probes.length, words.probes), { names: format.list(probes) }),
              })}
        </p>
        <p className="soft">
          {fillText(words.version, {
            version: format.integer(slo.version),
            time: format.when(iso(slo.activeFrom), today),
          })}
        </p>
      </div>
      {versions.length < 2 ? null : (
        <details>
          <summary>{words.earlier}</summary>
          <History versions={versions} view={view} today={today} />
        </details>
      )}
    </section>
  );
};
