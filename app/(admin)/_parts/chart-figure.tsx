import type { ReactNode } from "react";
import type { AdminView } from "./view.ts";

type Props = {
  readonly view: AdminView;
  readonly id: string;
  readonly title: string;
  readonly note?: string;
  /** Address of the same figures as a file. */
  readonly csv: string;
  /** What the table is compared with by the tests: attributes of `resource` and `figures`. */
  readonly source: Readonly<Record<string, string>>;
  /** The drawing. */
  readonly children: ReactNode;
  readonly columns: readonly string[];
  /** The same figures as the drawing, in words; the first of each row names it. */
  readonly rows: readonly (readonly string[])[];
};

/** A chart with its figures: a drawing, the table behind it, and the file. */
export const ChartFigure = ({ view, id, title, note, csv, source, children, columns, rows }: Props) => (
  <section aria-labelledby={id}>
    <div className="head">
      <h2 id={id}>{title}</h2>
      <a className="small" href={csv}>
        {view.words.frame.csv}
      </a>
    </div>
    {note === undefined ? null : <p className="small soft">{note}</p>}
    {children}
    <details>
      <summary>{view.words.frame.table}</summary>
      <div className="points" tabIndex={0} role="group" aria-label={title}>
        <table {...source}>
          <thead>
            <tr>
              {columns.map((column) => (
                <th scope="col" key={column}>
                  {column}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(([name = "", ...cells]) => (
              <tr key={name}>
                <th scope="row">{name}</th>
                {cells.map((cell, place) => (
                  <td className="number" key={columns[place + 1]}>
                    {cell}
                  </td>
                ))}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </details>
  </section>
);
