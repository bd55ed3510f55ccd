/** Heads of columns; `number` stands at the end of its cells, `draw` is there for those who cannot see the drawing. */
export type Head = { readonly name: string; readonly kind?: "number" | "draw" };

export const RedHeads = ({ heads }: { heads: readonly Head[] }) => (
  <thead>
    <tr>
      {heads.map(({ name, kind }) => (
        <th scope="col" className={kind} key={`${kind ?? ""} ${name}`}>
          {kind === "draw" ? <span className="hidden">{name}</span> : name}
        </th>
      ))}
    </tr>
  </thead>
);
