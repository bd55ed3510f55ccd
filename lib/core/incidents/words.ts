import type { Impact } from "../status/severity.ts";

/** Words of incidents that open and close by themselves, in every language of the page. */

export type IncidentLanguage = "en" | "ko" | "ru";
export type AutomaticText = { readonly name: string; readonly body: string };

const KINDS: Readonly<Record<IncidentLanguage, Readonly<Record<Impact, string>>>> = {
  en: { none: "notice", minor: "degraded performance", major: "partial outage", critical: "major outage" },
  ko: { none: "공지", minor: "성능 저하", major: "일부 장애", critical: "전체 장애" },
  ru: { none: "уведомление", minor: "замедление работы", major: "частичный сбой", critical: "полный сбой" },
};

/** The name of an incident that nobody named. */
export const incidentName = (services: string, impact: Impact, language: IncidentLanguage = "en"): string =>
  `${services}: ${KINDS[language][impact]}`;

const OPENED: Readonly<Record<IncidentLanguage, (service: string) => string>> = {
  en: (service) => `Our monitoring sees failures of ${service}. We are looking into it.`,
  ko: (service) => `모니터링에서 ${service}의 장애를 감지하여 확인하고 있습니다.`,
  ru: (service) => `Мониторинг видит сбои в работе ${service}. Мы разбираемся.`,
};
const RECOVERED: Readonly<Record<IncidentLanguage, string>> = {
  en: "Our monitoring shows that everything works again.",
  ko: "모니터링 결과 모든 기능이 다시 정상적으로 작동합니다.",
  ru: "По данным мониторинга, всё снова работает.",
};

/** Name and first message of an incident that an alert opened. */
export const openedText = (service: string, impact: Impact, language: IncidentLanguage): AutomaticText => ({
  name: incidentName(service, impact, language),
  body: OPENED[language](service),
});

/** The last message of an incident that ended with its alerts. */
export const recoveredText = (language: IncidentLanguage): string => RECOVERED[language];
