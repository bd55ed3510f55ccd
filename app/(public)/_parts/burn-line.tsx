import type { SnapshotService } from "#lib/contracts/snapshot.ts";
import { Fill } from "../../_parts/fill.tsx";
import { worstBurn } from "../../_view/slo-line.ts";
import { Instant } from "./instant.tsx";
import type { View } from "./view.ts";

/** One calm line in ordinary text: how fast the error budget burns, and since when. */
export const BurnLine = ({ service, view }: { service: SnapshotService; view: View }) => {
  const burn = worstBurn(service);
  if (burn === null) return null;
  const { format } = view;
  return (
    <Fill
      text={format.words.note.burning}
      rate={format.rate(burn.burnRate)}
      time={<Instant at={burn.since} view={view} />}
    />
  );
};
