import type { ExclusionRow } from "#lib/read/slo-expectations.ts";
import type { Format } from "../../_view/format.ts";
import { iso } from "./view.ts";

type Props = { exclusions: readonly ExclusionRow[]; format: Format; today: string };

const KINDS: Readonly<Record<ExclusionRow["kind"], string>> = {
  announced: "Announced",
  emergency: "Emergency",
  retroactive: "Retroactive",
  false_positive: "False positive",
  probe_fault: "Probe fault",
};

const scopeWords = ({ scope }: ExclusionRow): string => {
  if ("sloId" in scope) return "this SLO";
  return "serviceId" in scope ? "the service" : `probe ${scope.probeId}`;
};

const answerableWords = (row: ExclusionRow): string => {
  if (row.approvedBy !== null) return `${row.author}, approved by ${row.approvedBy}`;
  return row.kind === "retroactive" ? `${row.author}, waits for approval` : row.author;
};

const Row = ({ row, format, today }: { row: ExclusionRow } & Omit<Props, "exclusions">) => (
  <tr>
    <th scope="row">{KINDS[row.kind]}</th>
    <td>
      <time dateTime={iso(row.startsAt)}>{format.when(iso(row.startsAt), today)}</time>
    </td>
    <td>{format.span(row.endsAt - row.startsAt)}</td>
    <td>{scopeWords(row)}</td>
    <td>{row.reason}</td>
    <td>{answerableWords(row)}</td>
  </tr>
);

/** The exclusions that matter to the window, with who answers for each. */
export const ExclusionSection = ({ exclusions, format, today }: Props) =>
  exclusions.length === 0 ? null : (
    <section aria-labelledby="exclusions">
      <div className="head">
        <h2 id="exclusions">Exclusions</h2>
        <p className="soft">within the window, or to come</p>
      </div>
      <div className="scroll" tabIndex={0} role="group" aria-label="Exclusions">
        <table>
          <thead>
            <tr>
              <th scope="col">Kind</th>
              <th scope="col">From</th>
              <th scope="col">For</th>
              <th scope="col">About</th>
              <th scope="col">Reason</th>
              <th scope="col">By</th>
            </tr>
          </thead>
          <tbody>
            {exclusions.map((row) => (
              <Row key={row.id} row={row} format={format} today={today} />
            ))}
          </tbody>
        </table>
      </div>
    </section>
  );
