import type { EpochMs } from "#lib/core/units.ts";
import { epochMs } from "#lib/core/units.ts";
import type { ProbeQuestion } from "#lib/read/probe-dashboard.ts";
import { DEFAULT_RED_RANGE, isRedRange } from "#lib/read/red-range.ts";
import { addressOf } from "./red-marks.ts";
import type { SearchParams } from "./view.ts";
import { iso } from "./view.ts";

const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d{1,3})?)?Z$/;
const PLAIN_ID = /^[a-z0-9][a-z0-9-]{0,62}$/;
const CURSOR = /^[A-Za-z0-9_-]{1,512}$/;

const textAt = (search: SearchParams, name: string, form: RegExp): string | undefined => {
  const value = search[name];
  return typeof value === "string" && form.test(value) ? value : undefined;
};

const instantAt = (search: SearchParams): EpochMs | null => {
  const at = Date.parse(textAt(search, "until", INSTANT) ?? "");
  return Number.isNaN(at) ? null : epochMs(at);
};

/** What the address of a probe's dashboard asks for; what cannot be read is as if it were left out. */
export const probeQuestionOf = (probeId: string, search: SearchParams): ProbeQuestion => {
  const range = typeof search.range === "string" ? search.range : undefined;
  return {
    probeId,
    range: isRedRange(range) ? range : DEFAULT_RED_RANGE,
    location: textAt(search, "location", PLAIN_ID) ?? null,
    until: instantAt(search),
    after: textAt(search, "after", CURSOR),
    before: textAt(search, "before", CURSOR),
  };
};

/** The question that the API answers with a page of these runs. */
export const runsPath = ({ probeId, location, until, after, before }: ProbeQuestion, limit: number): string => {
  const to = until === null ? null : iso(until);
  return addressOf("/v1/runs", { probe: probeId, location, to, after, before, limit: String(limit) });
};

/** The address of the same question with some of it changed; `file` is one of the files beside the page. */
export const probeAddress = (
  question: ProbeQuestion,
  changes: Partial<ProbeQuestion> & { readonly tz?: string; readonly file?: string } = {},
): string => {
  const { probeId, range, location, until, after, before, tz, file } = { ...question, ...changes };
  const path = `/admin/probes/${probeId}${file === undefined ? "" : `/${file}`}`;
  return addressOf(path, { range, location, until: until === null ? null : iso(until), after, before, tz });
};
