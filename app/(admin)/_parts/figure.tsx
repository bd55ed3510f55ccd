import type { ReactNode } from "react";

/**
 * How a figure is written from the value of the API. The browser tests have one writer for each kind, ask the API for
 * what a mark names, and compare; a page that shows a number without a mark fails.
 */
export type FigureKind =
  | "count"
  | "length"
  | "share"
  | "finerShare"
  | "budget"
  | "percent"
  | "attained"
  | "attainedRaw"
  | "allowance"
  | "rate"
  | "limit"
  | "exhausted"
  | "span"
  | "spent"
  | "left"
  | "took"
  | "chance"
  | "after"
  | "text"
  | "duration"
  | "both";

/** Whole tables: all cells but the first of each row. */
export type TableKind = "rate" | "errors" | "durations" | "heat" | "phases" | "days";

/** `data-api`: where the figures below come from; a JSON pointer after `#` goes before theirs. */
export const resource = (path: string) => ({ "data-api": path });

/** `data-figure`: kind and JSON pointer of one figure within the nearest resource. */
export const figure = (kind: FigureKind, pointer: string) => ({ "data-figure": `${kind} ${pointer}` });

/** `data-table`: the same of a table. */
export const tableFigures = (kind: TableKind, pointer: string) => ({ "data-table": `${kind} ${pointer}` });

export const Figure = ({ kind, at, children }: { kind: FigureKind; at: string; children: ReactNode }) => (
  <span {...figure(kind, at)}>{children}</span>
);

/** A figure as a part of a text (`Fill`). */
export const figureOf = (kind: FigureKind, at: string, text: string): ReactNode => (
  <Figure kind={kind} at={at}>
    {text}
  </Figure>
);
