import type { Config } from "#lib/core/definitions.ts";
import type { EpochMs } from "#lib/core/units.ts";
import type { ConfigWarning } from "./config-error.ts";

/** A warning for each SLO whose day of review is over, in UTC. Apart from the other checks, because those know no clock. */
export const findOverdueReviews = ({ services }: Pick<Config, "services">, now: EpochMs): ConfigWarning[] => {
  const today = new Date(now).toISOString().slice(0, 10);
  return services.flatMap((service, s) =>
    service.slos.flatMap(({ id, document }, o): ConfigWarning[] => {
      const reviewDate = document?.reviewDate ?? null;
      if (reviewDate === null || reviewDate >= today) return [];
      const message = `the SLO ${id} was due for review on ${reviewDate}`;
      return [{ path: `services[${s}].slos[${o}].document.review_date`, kind: "review", message }];
    }),
  );
};
