import type { Language } from "../definitions.ts";

/** What the page says of itself when work begins and ends by the clock, in the first language of the page. */
export const AUTO_TEXTS: Readonly<Record<Language, Readonly<Record<"in_progress" | "completed", string>>>> = {
  en: {
    in_progress: "The scheduled maintenance is in progress.",
    completed: "The scheduled maintenance has been completed.",
  },
  ko: { in_progress: "예정된 점검을 진행하고 있습니다.", completed: "예정된 점검을 마쳤습니다." },
  ru: { in_progress: "Плановые работы идут.", completed: "Плановые работы завершены." },
};
