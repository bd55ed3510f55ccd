export type MeasuredServiceState =
  | "operational"
  | "degraded_performance"
  | "partial_outage"
  | "major_outage"
  | "unknown";
export type PublicServiceState = MeasuredServiceState | "under_maintenance";
export type Impact = "none" | "minor" | "major" | "critical";

/**
 * From best to worst. Not knowing is worse than knowing that all is well, and better than knowing that it is not.
 */
export const STATES_BY_SEVERITY = [
  "operational",
  "under_maintenance",
  "unknown",
  "degraded_performance",
  "partial_outage",
  "major_outage",
] as const satisfies readonly PublicServiceState[];

const SEVERITY = new Map<PublicServiceState, number>(STATES_BY_SEVERITY.map((state, rank) => [state, rank]));

/** Higher is worse. */
export const severityOf = (state: PublicServiceState): number => SEVERITY.get(state) as number;

const worse = <State extends PublicServiceState>(a: State, b: State): State => (severityOf(b) > severityOf(a) ? b : a);

/** The worst of several states; null of none. */
export const worstState = (states: readonly PublicServiceState[]): PublicServiceState | null =>
  states.reduce<PublicServiceState | null>((worst, state) => (worst === null ? state : worse(worst, state)), null);

/** The state that an incident of this impact gives to its services. */
const stateOfImpact = (impact: Impact): MeasuredServiceState => {
  switch (impact) {
    case "none":
      return "operational";
    case "minor":
      return "degraded_performance";
    case "major":
      return "partial_outage";
    case "critical":
      return "major_outage";
  }
};

/** What customers are shown: the worst of what was measured and of the open incidents' impacts. */
export const publishedState = (measured: MeasuredServiceState, impacts: readonly Impact[]): MeasuredServiceState =>
  impacts.map(stateOfImpact).reduce(worse, measured);
