import { csvOf } from "#lib/core/csv.ts";

type Rows = readonly (readonly (string | number | null)[])[];

/** Rows as a file to keep; the first one names the columns. */
export const csvAnswer = (name: string, rows: Rows): Response =>
  new Response(csvOf(rows), {
    headers: {
      "content-type": "text/csv; charset=utf-8",
      "content-disposition": `attachment; filename="${name}"`,
      "cache-control": "private, no-store",
    },
  });

export const noSuchFile = (): Response => new Response("there is no such file\n", { status: 404 });
