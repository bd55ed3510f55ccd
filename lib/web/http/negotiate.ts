export const CODINGS = ["br", "gzip", "identity"] as const;
export type Coding = (typeof CODINGS)[number];

type Weighted = { readonly name: string; readonly q: number };

/** Reads a header such as `gzip;q=0.5, br`. Members that cannot be read are left out; q outside 0..1 counts as 0. */
const parseWeighted = (header: string): readonly Weighted[] => {
  const members: Weighted[] = [];
  for (const part of header.split(",", 64)) {
    const [rawName = "", ...parameters] = part.split(";");
    const name = rawName.trim().toLowerCase();
    if (name === "") continue;
    const weight = parameters
      .map((parameter) => /^\s*q\s*=\s*(.*?)\s*$/i.exec(parameter)?.[1])
      .find((text) => text !== undefined);
    const q = weight === undefined ? 1 : /^(0(\.\d{0,3})?|1(\.0{0,3})?)$/.test(weight) ? Number(weight) : 0;
    members.push({ name, q });
  }
  return members;
};

/** The coding to answer with (RFC 9110, 12.5.3): the greatest q wins, ties go to the smaller bytes. Identity when nothing fits. */
export const codingFor = (header: string | undefined): Coding => {
  if (header === undefined) return "identity";
  const members = parseWeighted(header);
  const weightOf = (coding: Coding): number => {
    const named = members.find(({ name }) => name === coding || (coding === "gzip" && name === "x-gzip"));
    if (named !== undefined) return named.q;
    const wildcard = members.find(({ name }) => name === "*");
    // An unlisted identity is acceptable, but only when nothing that was asked for is.
    return wildcard !== undefined ? wildcard.q : coding === "identity" ? 0.0001 : 0;
  };
  let best: Coding = "identity";
  let bestWeight = 0;
  for (const coding of CODINGS) {
    const weight = weightOf(coding);
    if (weight > bestWeight) {
      best = coding;
      bestWeight = weight;
    }
  }
  return best;
};

/** Whether an Accept header takes one of these media types (RFC 9110, 12.5.1); without the header anything is taken. */
export const isAcceptable = (header: string | undefined, types: readonly string[]): boolean => {
  if (header === undefined || header.trim() === "") return true;
  const members = parseWeighted(header);
  const weightOf = (type: string): number => {
    const ranges = [type, `${type.split("/", 1)[0] ?? ""}/*`, "*/*"];
    const named = ranges.flatMap((range) => members.filter(({ name }) => name === range))[0];
    return named?.q ?? 0;
  };
  return types.some((type) => weightOf(type) > 0);
};

/** OpenMetrics when it is named and no less welcome than the older text, which everybody else gets. */
export const metricsFormatFor = (accept: string | undefined): "text" | "openmetrics" => {
  const weightOf = (name: string, members: readonly Weighted[]): number =>
    Math.max(0, ...members.filter((member) => member.name === name).map(({ q }) => q));
  const members = accept === undefined ? [] : parseWeighted(accept);
  const weight = weightOf("application/openmetrics-text", members);
  return weight > 0 && weight >= weightOf("text/plain", members) ? "openmetrics" : "text";
};

/** The first of `offered` that an Accept-Language header prefers ("ko-KR" asks for "ko"); the first offered one otherwise. */
export const languageFor = <L extends string>(header: string | undefined, offered: readonly [L, ...L[]]): L => {
  let best: L = offered[0];
  let bestQ = 0;
  for (const { name, q } of header === undefined ? [] : parseWeighted(header)) {
    const language = offered.find((candidate) => name === candidate || name.startsWith(`${candidate}-`));
    if (language !== undefined && q > bestQ) {
      best = language;
      bestQ = q;
    }
  }
  return best;
};

/** Remembers answers for header texts, because clients send the same few; bounded, so that odd headers cannot fill memory. */
export const remember = <T>(
  compute: (header: string | undefined) => T,
  maxEntries = 512,
): ((header: string | undefined) => T) => {
  const known = new Map<string | undefined, T>();
  return (header) => {
    const found = known.get(header);
    if (found !== undefined) return found;
    const answer = compute(header);
    if (known.size >= maxEntries) known.clear();
    if (header === undefined || header.length <= 512) known.set(header, answer);
    return answer;
  };
};

/** Whether an If-None-Match header names the entity tag (weak comparison). */
export const matchesEtag = (header: string, etag: string): boolean => {
  if (header === etag || header.trim() === "*") return true;
  if (!header.includes(etag.slice(etag.indexOf('"')))) return false;
  return header.split(",").some((member) => member.trim().replace(/^W\//, "") === etag.replace(/^W\//, ""));
};
