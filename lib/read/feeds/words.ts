import type { PublicState } from "#lib/contracts/snapshot.ts";
import type { MaintenanceStatus } from "#lib/contracts/snapshot-maintenances.ts";
import type { Language } from "#lib/core/definitions.ts";

type IncidentStatus = "investigating" | "identified" | "monitoring" | "resolved" | "postmortem";

/** The words of feeds, badges, calendar and widget. */
export type FeedWords = {
  /** `{page}` */
  readonly feedTitle: string;
  readonly feedDescription: string;
  readonly calendarTitle: string;
  readonly maintenance: string;
  readonly planned: string;
  readonly states: Readonly<Record<PublicState, string>>;
  readonly statuses: Readonly<Record<IncidentStatus | MaintenanceStatus, string>>;
  readonly noData: string;
  readonly uptime: string;
  readonly budget: string;
  readonly allWell: string;
  readonly openPage: string;
};

const en: FeedWords = {
  feedTitle: "{page}: incidents and maintenance",
  feedDescription: "What went wrong, what is planned, and what was done about it",
  calendarTitle: "{page}: maintenance",
  maintenance: "Maintenance",
  planned: "Planned",
  states: {
    operational: "operational",
    degraded_performance: "degraded",
    partial_outage: "partial outage",
    major_outage: "major outage",
    under_maintenance: "maintenance",
    unknown: "monitoring delayed",
  },
  statuses: {
    investigating: "Investigating",
    identified: "Identified",
    monitoring: "Monitoring",
    resolved: "Resolved",
    postmortem: "Post-mortem",
    scheduled: "Scheduled",
    in_progress: "In progress",
    verifying: "Verifying",
    completed: "Completed",
    canceled: "Canceled",
  },
  noData: "no data",
  uptime: "uptime",
  budget: "error budget left",
  allWell: "All systems operational",
  openPage: "Open the status page",
};

const ko: FeedWords = {
  feedTitle: "{page}: 장애와 점검",
  feedDescription: "발생한 장애와 예정된 점검, 그리고 조치 내용",
  calendarTitle: "{page}: 점검",
  maintenance: "점검",
  planned: "예정",
  states: {
    operational: "정상",
    degraded_performance: "성능 저하",
    partial_outage: "부분 장애",
    major_outage: "전체 장애",
    under_maintenance: "점검 중",
    unknown: "모니터링 지연",
  },
  statuses: {
    investigating: "조사 중",
    identified: "원인 확인",
    monitoring: "경과 관찰 중",
    resolved: "해결됨",
    postmortem: "사후 분석",
    scheduled: "예정됨",
    in_progress: "진행 중",
    verifying: "확인 중",
    completed: "완료됨",
    canceled: "취소됨",
  },
  noData: "데이터 없음",
  uptime: "가동률",
  budget: "남은 오류 예산",
  allWell: "모든 서비스가 정상입니다",
  openPage: "상태 페이지 열기",
};

const ru: FeedWords = {
  feedTitle: "{page}: сбои и плановые работы",
  feedDescription: "Что случилось, что запланировано и что сделано",
  calendarTitle: "{page}: плановые работы",
  maintenance: "Плановые работы",
  planned: "Запланировано",
  states: {
    operational: "работает",
    degraded_performance: "работает с перебоями",
    partial_outage: "частично недоступен",
    major_outage: "недоступен",
    under_maintenance: "плановые работы",
    unknown: "мониторинг запаздывает",
  },
  statuses: {
    investigating: "Выясняем причину",
    identified: "Причина найдена",
    monitoring: "Наблюдаем",
    resolved: "Устранено",
    postmortem: "Разбор",
    scheduled: "Запланировано",
    in_progress: "Идут работы",
    verifying: "Проверяем",
    completed: "Завершено",
    canceled: "Отменено",
  },
  noData: "нет данных",
  uptime: "доступность",
  budget: "остаток бюджета ошибок",
  allWell: "Всё работает",
  openPage: "Открыть страницу состояния",
};

export const FEED_WORDS: Readonly<Record<Language, FeedWords>> = { en, ko, ru };
