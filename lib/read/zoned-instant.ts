const UTC_NAMES = new Set(["UTC", "Etc/UTC", "Etc/UCT", "Zulu", "Etc/Zulu"]);
const formats = new Map<string, Intl.DateTimeFormat>();

const formatOf = (timeZone: string): Intl.DateTimeFormat => {
  let format = formats.get(timeZone);
  if (format === undefined) {
    format = new Intl.DateTimeFormat("en-US", { timeZone, timeZoneName: "longOffset", year: "numeric" });
    formats.set(timeZone, format);
  }
  return format;
};

/** "+09:00" for an instant in a zone; seconds of historical offsets are left out. */
const offsetOf = (atMs: number, timeZone: string): string => {
  const name =
    formatOf(timeZone)
      .formatToParts(atMs)
      .find(({ type }) => type === "timeZoneName")?.value ?? "GMT";
  const match = /^GMT([+-]\d\d:\d\d)/.exec(name);
  return match?.[1] ?? "+00:00";
};

/** Milliseconds and offset of the page's zone: `2019-06-24T06:07:14.473-07:00`, or `…Z` when the zone is UTC. */
export const zonedInstant = (iso: string, timeZone: string): string => {
  const atMs = Date.parse(iso);
  if (UTC_NAMES.has(timeZone)) return new Date(atMs).toISOString();
  const offset = offsetOf(atMs, timeZone);
  const [hours = "0", minutes = "0"] = offset.slice(1).split(":");
  const shiftMs = (Number(hours) * 60 + Number(minutes)) * 60_000 * (offset.startsWith("-") ? -1 : 1);
  return `${new Date(atMs + shiftMs).toISOString().slice(0, -1)}${offset}`;
};
