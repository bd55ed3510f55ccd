import type { Scope } from "#lib/core/access/authorise.ts";
import { csvOf } from "#lib/core/csv.ts";
import { mayDo } from "#lib/read/require-session.ts";
import { adminView } from "./view.ts";

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

/** Whether the reader may see what a file holds. Sends those who are not signed in to the sign-in page. */
export const allowedFile = async (scope: Scope): Promise<boolean> => mayDo((await adminView()).session, scope);

export const noSuchFile = (): Response => new Response("there is no such file\n", { status: 404 });
