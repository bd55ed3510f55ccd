import { isTimeZone } from "#lib/core/calendar.ts";
import { loadSlo } from "#lib/read/slo/dashboard.ts";
import { loadLedger } from "#lib/read/slo/expectations.ts";
import { ledgerSpanOf, ledgerSpans } from "../../../../_parts/ledger-span.ts";
import { csvAnswer } from "../../../../_parts/red-csv.ts";
import { pageZone, signedInCookie } from "../../../../_parts/view.ts";

const HEAD = ["cause", "id", "name", "failed", "share_of_failures", "share_of_budget", "first", "last", "from", "to"];

/** Who spent the budget of a time, as a file. */
export const GET = async (request: Request, { params }: { params: Promise<{ id: string }> }): Promise<Response> => {
  const cookie = await signedInCookie();
  const { id } = await params;
  const found = await loadSlo(cookie, id);
  if (found === null) return new Response("no such SLO\n", { status: 404 });
  const search = new URL(request.url).searchParams;
  const [zone, spent] = [search.get("tz"), search.get("spent")];
  const spans = ledgerSpans(
    found.slo.evaluatedAt ?? found.slo.activeFrom,
    zone !== null && isTimeZone(zone) ? zone : pageZone(),
  );
  const { key: _key, ...span } = ledgerSpanOf(spent === null ? {} : { spent }, spans);
  const ledger = await loadLedger(cookie, id, span);
  const rows =
    ledger === null
      ? []
      : ledger.entries.map(({ cause, id: entry, name, bad, shareRatio, consumedRatio, firstAt, lastAt }) => [
          ...[cause, entry, name, bad, shareRatio, consumedRatio, firstAt, lastAt, ledger.from, ledger.to],
        ]);
  return csvAnswer(`${id}-ledger.csv`, [HEAD, ...rows]);
};
