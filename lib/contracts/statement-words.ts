/** The words of a printed statement. */
export type StatementWords = {
  readonly title: string;
  readonly provisional: string;
  readonly issued: string;
  readonly replaces: string;
  readonly period: string;
  readonly slo: string;
  readonly objective: string;
  readonly attained: string;
  readonly asMeasured: string;
  readonly met: string;
  readonly yes: string;
  readonly no: string;
  readonly noData: string;
  readonly bad: string;
  readonly total: string;
  readonly downtime: string;
  readonly incidents: string;
  readonly exclusions: string;
  readonly changes: string;
  readonly none: string;
  readonly inputs: string;
};

const en: StatementWords = {
  title: "Service level statement",
  provisional: "Provisional: the period is not over, and nothing here is final.",
  issued: "Issued",
  replaces: "This is a restatement and replaces",
  period: "Period",
  slo: "Objective of service",
  objective: "Objective",
  attained: "Attained",
  asMeasured: "As measured",
  met: "Met",
  yes: "yes",
  no: "no",
  noData: "no data",
  bad: "Bad",
  total: "Total",
  downtime: "Downtime",
  incidents: "Incidents",
  exclusions: "Exclusions",
  changes: "What changed",
  none: "None.",
  inputs: "SHA-256 of the inputs",
};

const ko: StatementWords = {
  title: "서비스 수준 보고서",
  provisional: "잠정: 기간이 끝나지 않았으며 수치는 확정되지 않았습니다.",
  issued: "발행",
  replaces: "정정 보고서이며 다음을 대체합니다:",
  period: "기간",
  slo: "서비스 목표",
  objective: "목표",
  attained: "달성",
  asMeasured: "측정값",
  met: "충족",
  yes: "예",
  no: "아니요",
  noData: "데이터 없음",
  bad: "실패",
  total: "전체",
  downtime: "중단 시간",
  incidents: "장애",
  exclusions: "제외 구간",
  changes: "변경 사항",
  none: "없음.",
  inputs: "입력값의 SHA-256",
};

const ru: StatementWords = {
  title: "Отчёт об уровне обслуживания",
  provisional: "Предварительно: период не завершён, данные не окончательны.",
  issued: "Выпущен",
  replaces: "Это исправленный отчёт, он заменяет",
  period: "Период",
  slo: "Целевой показатель",
  objective: "Цель",
  attained: "Достигнуто",
  asMeasured: "По измерениям",
  met: "Выполнено",
  yes: "да",
  no: "нет",
  noData: "нет данных",
  bad: "Неудачно",
  total: "Всего",
  downtime: "Простой",
  incidents: "Инциденты",
  exclusions: "Исключения",
  changes: "Что изменилось",
  none: "Нет.",
  inputs: "SHA-256 исходных данных",
};

export const STATEMENT_LANGUAGES = ["en", "ko", "ru"] as const;
export type StatementLanguage = (typeof STATEMENT_LANGUAGES)[number];
export const STATEMENT_WORDS: Readonly<Record<StatementLanguage, StatementWords>> = { en, ko, ru };
