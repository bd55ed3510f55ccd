import { escapeHtml } from "#lib/core/escape-html.ts";
import type { StatementLanguage, StatementWords } from "./statement-words.ts";
import { STATEMENT_WORDS } from "./statement-words.ts";
import type { StatementLine, StatementResource, StatementService } from "./statements.ts";
import { decimalText } from "./values.ts";

const escape = (text: string | number): string => escapeHtml(String(text));

/** The one style of the document: whoever serves it lets nothing else through. */
export const STATEMENT_STYLE =
  "body{font:14px/1.5 system-ui,sans-serif;color:#111;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}" +
  "h1{font-size:1.6rem;margin:0}h2{font-size:1.2rem;margin:2rem 0 .5rem}h3{font-size:1rem;margin:1rem 0 .25rem}" +
  "table{border-collapse:collapse;width:100%}th,td{text-align:left;padding:.3rem .6rem;border-bottom:1px solid #ccc;" +
  "vertical-align:top}td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.note{border:2px solid #111;" +
  "padding:.5rem 1rem;margin:1rem 0}code{font-size:.85em;overflow-wrap:anywhere}ul{margin:.25rem 0;padding-left:1.2rem}" +
  "@media print{body{margin:0;max-width:none}tr,li{break-inside:avoid}}";

/** "0.998765432" as "99.8765432 %", digit by digit. */
const percentText = (ratio: string | null, words: StatementWords): string => {
  if (ratio === null) return words.noData;
  const [whole = "0", decimals = ""] = ratio.split(".");
  const digits = `${whole}${decimals.padEnd(2, "0")}`;
  const point = whole.length + 2;
  const percent = `${digits.slice(0, point).replace(/^0+(?=\d)/, "")}.${digits.slice(point)}`;
  return `${percent.replace(/\.?0*$/, "") || "0"} %`;
};

const HOUR_SECONDS = 3_600;
const durationText = (seconds: number): string => {
  const [hours, minutes] = [Math.floor(seconds / HOUR_SECONDS), Math.floor((seconds % HOUR_SECONDS) / 60)];
  return hours > 0 ? `${hours} h ${minutes} min` : `${minutes} min`;
};

/** An instant on the wall clock of the zone, to the minute: "2026-10-01 00:00". */
const clockOf = (timeZone: string): ((instant: string) => string) => {
  const format = new Intl.DateTimeFormat("sv-SE", { timeZone, dateStyle: "short", timeStyle: "short" });
  return (instant) => format.format(new Date(instant));
};

const cells = (tag: "th" | "td", values: readonly (readonly [string | number, "n"?])[]): string =>
  values.map(([text, kind]) => `<${tag}${kind === "n" ? ' class="n"' : ""}>${escape(text)}</${tag}>`).join("");

const BILLIONTHS = 1_000_000_000;

/** Parts of slices as slices, to the billionth. */
const countText = ({ unit }: StatementLine, count: number): string =>
  unit === "slice_billionths" ? (decimalText(count / BILLIONTHS) ?? "0") : String(count);

const lineRow = (line: StatementLine, words: StatementWords): string => {
  const { figures, raw } = line;
  const met = figures.isMet === null ? words.noData : figures.isMet ? words.yes : words.no;
  return `<tr>${cells("td", [
    [line.sloId],
    [`${line.objective} %`, "n"],
    [percentText(figures.attainedRatio, words), "n"],
    [met],
    [countText(line, figures.bad), "n"],
    [countText(line, figures.total), "n"],
    [durationText(line.downtimeSeconds), "n"],
    [percentText(raw.attainedRatio, words), "n"],
  ])}</tr>`;
};

const listOf = (items: readonly string[], words: StatementWords): string =>
  items.length === 0 ? `<p>${words.none}</p>` : `<ul>${items.map((item) => `<li>${escape(item)}</li>`).join("")}</ul>`;

type Clock = ReturnType<typeof clockOf>;

const serviceSection = ({ name, lines, incidents }: StatementService, words: StatementWords, clock: Clock): string => {
  const head = cells("th", [
    [words.slo],
    [words.objective, "n"],
    [words.attained, "n"],
    [words.met],
    [words.bad, "n"],
    [words.total, "n"],
    [words.downtime, "n"],
    [words.asMeasured, "n"],
  ]);
  const told = incidents.map(
    ({ name: title, startedAt, resolvedAt }) =>
      `${clock(startedAt)} \u2013 ${resolvedAt === null ? "\u2026" : clock(resolvedAt)}: ${title}`,
  );
  return (
    `<section><h2>${escape(name)}</h2><table><thead><tr>${head}</tr></thead>` +
    `<tbody>${lines.map((line) => lineRow(line, words)).join("")}</tbody></table>` +
    `<h3>${words.incidents}</h3>${listOf(told, words)}</section>`
  );
};

const headOf = (statement: StatementResource, words: StatementWords, clock: Clock): string => {
  const { pageName, period, state, replaces, issuedAt, id, version } = statement;
  const issued =
    issuedAt === null
      ? `<p class="note">${words.provisional}</p>`
      : `<p>${words.issued}: ${escape(clock(issuedAt))}, <code>${escape(id ?? "")}</code>, v${version}</p>`;
  const restated = replaces === null ? "" : `<p class="note">${words.replaces} <code>${escape(replaces)}</code>.</p>`;
  return (
    `<h1>${escape(pageName)}</h1><p>${words.title} <strong>${escape(period.label)}</strong> (${escape(state)})</p>` +
    `<p>${words.period}: ${escape(clock(period.startsAt))} \u2013 ${escape(clock(period.endsAt))}, ${escape(period.timeZone)}</p>` +
    issued +
    restated
  );
};

/** A statement as one printable HTML document that loads nothing and runs nothing; every text in it is escaped. */
export const statementHtml = (statement: StatementResource, language: StatementLanguage = "en"): string => {
  const words = STATEMENT_WORDS[language];
  const clock = clockOf(statement.period.timeZone);
  const exclusions = statement.exclusions.map(
    (one) =>
      `${clock(one.startsAt)} \u2013 ${clock(one.endsAt)} ${one.kind} (${one.state}), ${one.author}` +
      `${one.approvedBy === null ? "" : ` + ${one.approvedBy}`}: ${one.reason}`,
  );
  const changes = statement.changes.map(({ what, change, text }) => `${what} ${change}: ${text}`);
  const title = `${statement.pageName}: ${words.title} ${statement.period.label}`;
  return (
    `<!DOCTYPE html><html lang="${language}"><head><meta charset="utf-8"><title>${escape(title)}</title>` +
    `<meta name="viewport" content="width=device-width"><style>${STATEMENT_STYLE}</style></head><body>` +
    headOf(statement, words, clock) +
    statement.services.map((service) => serviceSection(service, words, clock)).join("") +
    `<h2>${words.exclusions}</h2>${listOf(exclusions, words)}` +
    (statement.replaces === null ? "" : `<h2>${words.changes}</h2>${listOf(changes, words)}`) +
    `<p>${words.inputs}: <code>${statement.inputsSha256}</code></p></body></html>\n`
  );
};
