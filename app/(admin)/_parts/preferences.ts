/** Cookies that hold how a reader wants to see the dashboards. They decide nothing else. */
export const PREFERENCES = {
  language: "nines_language",
  timeZone: "nines_time_zone",
  theme: "nines_theme",
} as const;
export type Preference = keyof typeof PREFERENCES;
