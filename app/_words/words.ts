import type { IncidentImpact, IncidentStatus, PublicState } from "#lib/contracts/snapshot.ts";
import type { MaintenanceStatus } from "#lib/contracts/snapshot-maintenances.ts";

/** One text for each plural category that the language has; `{count}` stands for the number. */
export type Plural = Partial<Record<"zero" | "one" | "two" | "few" | "many", string>> & { readonly other: string };

/** States that are not good: each has a sentence of its own in the page's heading. */
export type TroubleState = Exclude<PublicState, "operational">;

/**
 * Every word of the public page in one language. Texts are data, not functions, so that a translation is one file of
 * plain sentences: `{name}` is filled by the page. Names of services come as `{subject}`, which is built from
 * `subject` first, so that a language may add a noun that carries its endings.
 */
export type Words = {
  /** BCP 47 tag for Intl: decides numbers, dates, lists and plurals. */
  readonly locale: string;
  /** Stands after the page's name. */
  readonly status: string;
  readonly skip: string;
  readonly languages: string;
  readonly percent: string;
  readonly milliseconds: string;
  readonly seconds: string;

  readonly states: Record<PublicState, string>;
  /** A service that has never been measured. */
  readonly waiting: string;
  /** Names of the states in the key of the day bars and in the table of days. */
  readonly dayStates: Record<PublicState, string>;
  readonly incidentStates: Record<IncidentStatus, string>;

  readonly heading: {
    readonly working: string;
    readonly noServices: string;
    readonly waiting: string;
    readonly allUnknown: string;
  };
  /** `{names}` joined by Intl, for up to three services; the count for more. */
  readonly subject: { readonly names: Plural; readonly count: Plural };
  readonly trouble: Record<TroubleState, Plural>;
  readonly workingOnIt: string;
  readonly everythingElse: string;
  readonly openIncidents: Plural;
  readonly noOpenIncidents: string;
  readonly noServicesText: string;
  readonly waitingText: string;
  readonly allUnknownText: string;

  readonly dataAsOf: string;
  readonly stale: { readonly title: string; readonly text: string };
  readonly demo: { readonly title: string; readonly text: string; readonly how: string };

  readonly openSince: string;
  readonly services: string;
  readonly otherServices: string;
  /** `{days}` is a span such as "90 days". */
  readonly daysTodayAtEnd: string;
  readonly howDaysAreDrawn: string;

  readonly note: {
    readonly seeIncident: string;
    readonly why: string;
    readonly failedChecks: string;
    /** As `failedChecks`, for services that also promise to be quick. */
    readonly slowChecks: string;
    readonly unknownSince: string;
    readonly behindMaintenance: string;
    readonly waiting: string;
    readonly burning: string;
  };
  readonly sli: { readonly availability: string; readonly latency: string };
  readonly slo: {
    /** Stand where a length of time would: "over the calendar month". */
    readonly calendar: Readonly<Record<"day" | "week" | "month" | "quarter" | "year", string>>;
    readonly attained: string;
    readonly attainedWithin: string;
    readonly left: string;
    readonly leftUnderOne: string;
    readonly missed: string;
    readonly noData: string;
    readonly none: string;
  };
  readonly response: { readonly label: string; readonly noAnswer: string };
  readonly days: {
    readonly summary: string;
    readonly allOperational: string;
    readonly allUnknown: string;
    readonly otherwise: string;
    readonly today: string;
    /** By state: how many days had it as their worst. `{dates}` follows for one to three days. */
    readonly counts: Record<TroubleState, Plural>;
  };
  readonly past: { readonly title: string; readonly none: string; readonly lasted: string };
  readonly footer: {
    readonly times: string;
    readonly measuredBy: string;
    readonly more: string;
    readonly openApi: string;
  };

  /** Addresses of the other pages and of feeds. */
  readonly links: {
    readonly incidents: string;
    readonly maintenance: string;
    readonly history: string;
    readonly allMaintenance: string;
    readonly fullHistory: string;
    /** `{ways}` is a list of links. */
    readonly updatesBy: string;
    readonly subscription: string;
    readonly calendar: string;
  };
  /** What the page's script offers; without it none of this is shown. */
  readonly tools: {
    readonly label: string;
    readonly filter: string;
    readonly nothingFound: string;
    readonly theme: string;
    readonly themes: { readonly system: string; readonly light: string; readonly dark: string };
    readonly localTimes: string;
  };
  readonly incident: {
    readonly title: string;
    readonly text: string;
    readonly none: string;
    readonly open: string;
    readonly past: string;
    /** Above a list of months. */
    readonly older: string;
    readonly range: string;
    readonly lasted: string;
    readonly lasting: string;
    readonly affected: string;
    readonly firstUpdate: string;
    readonly firstUpdateAfter: string;
    readonly cost: string;
    readonly costOf: string;
    /** `{period}` is a month such as "July 2026". */
    readonly usedOfPeriod: string;
    readonly usedOfWindow: string;
    readonly impactTitle: string;
    readonly impactFrom: string;
    readonly impactService: string;
    readonly impactState: string;
    readonly updates: string;
    readonly postmortem: string;
    readonly published: string;
    readonly earlier: string;
    readonly later: string;
  };
  readonly maintenance: {
    readonly title: string;
    readonly text: string;
    readonly active: string;
    readonly planned: string;
    readonly past: string;
    readonly nonePlanned: string;
    readonly nonePast: string;
    readonly range: string;
    readonly nowUntil: string;
    readonly affects: string;
    readonly recurs: string;
    readonly statuses: Record<MaintenanceStatus, string>;
    readonly impacts: Record<IncidentImpact, string>;
  };
  readonly history: {
    readonly title: string;
    readonly text: string;
    readonly counts: Readonly<Record<"incidents" | "maintenances" | "troubledDays", Plural>>;
    readonly quiet: string;
    readonly earlier: string;
    readonly later: string;
    readonly servicesTitle: string;
    readonly noDays: string;
  };
  readonly notFound: { readonly title: string; readonly text: string; readonly home: string };

  readonly service: {
    readonly since: string;
    readonly whyTitle: string;
    readonly whyNumbers: string;
    readonly whySlow: string;
    readonly whyNone: string;
    readonly dissent: Plural;
    readonly noDataFrom: string;
    readonly published: string;
    readonly rule: string;
    readonly decidedBy: string;
    readonly decidedByWith: string;
    readonly coverage: string;
    readonly adjusted: string;
    readonly byIncident: string;
    readonly byMaintenance: string;
    /** `{names}` are incidents, each with its share. */
    readonly spentBy: string;
    readonly more: string;
    readonly objectives: string;
    readonly noObjectives: string;
    readonly daysTitle: string;
    readonly daysTable: string;
    readonly date: string;
    readonly worst: string;
    readonly timeInStates: string;
    readonly responseTitle: string;
    readonly responseCaption: string;
    readonly responseTable: string;
    readonly responseNone: string;
    readonly responseChart: string;
    readonly from: string;
    readonly mean: string;
    readonly incidents: string;
    readonly noIncidents: string;
    readonly column: {
      readonly objective: string;
      readonly measures: string;
      readonly window: string;
      readonly attained: string;
      readonly budgetLeft: string;
      readonly failed: string;
      readonly coverage: string;
      readonly burning: string;
    };
    readonly failedOf: string;
    readonly met: string;
    readonly missed: string;
    readonly burning: string;
    readonly notBurning: string;
  };
};
