import type { Language } from "../definitions.ts";

const STATES = {
  operational: ["operational", "정상", "работает"],
  degraded_performance: ["degraded", "성능 저하", "работает с перебоями"],
  partial_outage: ["partly down", "부분 장애", "частично недоступен"],
  major_outage: ["down", "심각한 장애", "недоступен"],
  under_maintenance: ["under maintenance", "점검 중", "на обслуживании"],
  unknown: ["unknown", "알 수 없음", "неизвестно"],
  investigating: ["Investigating", "조사 중", "Изучаем"],
  identified: ["Identified", "원인 확인", "Причина найдена"],
  monitoring: ["Monitoring", "지켜보는 중", "Наблюдаем"],
  resolved: ["Resolved", "해결됨", "Решено"],
  postmortem: ["Post-mortem", "사후 분석", "Разбор"],
  reopened: ["Reopened", "다시 열림", "Открыт снова"],
  scheduled: ["Scheduled", "예정됨", "Запланировано"],
  started: ["Started", "시작됨", "Началось"],
  updated: ["Updated", "변경됨", "Изменено"],
  completed: ["Completed", "완료됨", "Завершено"],
  reminder: ["Reminder", "알림", "Напоминание"],
  canceled: ["Canceled", "취소됨", "Отменено"],
  none: ["none", "없음", "нет"],
  minor: ["minor", "경미", "небольшое"],
  major: ["major", "중대", "заметное"],
  critical: ["critical", "심각", "критическое"],
} as const;

const TEXTS = {
  impact: ["Impact", "영향", "Влияние"],
  services: ["Services", "서비스", "Сервисы"],
  from: ["From", "시작", "Начало"],
  until: ["Until", "종료", "Окончание"],
  statusPage: ["Status page", "상태 페이지", "Страница состояния"],
  maintenance: ["Maintenance", "점검", "Обслуживание"],
  isNow: ["{name} is now {state}.", "{name}: 현재 상태는 {state}입니다.", "{name}: сейчас {state}."],
  confirmTitle: [
    "Confirm your subscription to {page}",
    "{page} 구독을 확인해 주세요",
    "Подтвердите подписку на {page}",
  ],
  confirmText: [
    "Somebody, hopefully you, asked {page} to send its news here. Open the link and press the button to agree. It is good for 24 hours. If it was not you, do nothing: nothing more will be sent.",
    "{page}의 소식을 이 주소로 받겠다는 요청이 있었습니다. 링크를 열고 버튼을 누르면 구독이 시작됩니다. 링크는 24시간 동안 유효합니다. 요청하지 않으셨다면 아무것도 하지 않으셔도 되며, 더 이상 메시지를 보내지 않습니다.",
    "Кто-то, надеемся вы, попросил {page} присылать сюда новости. Откройте ссылку и нажмите кнопку, чтобы согласиться. Она действует 24 часа. Если это были не вы, ничего не делайте: больше ничего не придёт.",
  ],
  confirmLink: ["Confirm the subscription", "구독 확인", "Подтвердить подписку"],
  knownTitle: ["You are subscribed to {page} already", "이미 {page}를 구독 중입니다", "Вы уже подписаны на {page}"],
  knownText: [
    "Somebody, perhaps you, asked to subscribe this address again. It is subscribed; nothing was changed. The link below changes what you are told.",
    "이 주소로 다시 구독 요청이 있었습니다. 이미 구독 중이며 변경된 것은 없습니다. 아래 링크에서 받을 소식을 바꿀 수 있습니다.",
    "Кто-то, возможно вы, снова попросил подписать этот адрес. Он подписан, ничего не изменилось. По ссылке ниже можно выбрать, о чём сообщать.",
  ],
  digestTitle: ["{page}: the last day", "{page}: 지난 하루", "{page}: за последние сутки"],
  manage: ["Change what you are told", "받을 소식 바꾸기", "Изменить подписку"],
  unsubscribe: ["Unsubscribe", "구독 해지", "Отписаться"],
} as const;

const AT: Readonly<Record<Language, 0 | 1 | 2>> = { en: 0, ko: 1, ru: 2 };

/** A state, a status or an impact in words; one that is not known stands as it is. */
export const stateWord = (language: Language, state: string): string =>
  Object.hasOwn(STATES, state) ? STATES[state as keyof typeof STATES][AT[language]] : state.replaceAll("_", " ");

/** A sentence of ours; `{name}` is replaced by the value given for it. */
export const say = (
  language: Language,
  key: keyof typeof TEXTS,
  values: Readonly<Record<string, string>> = {},
): string => TEXTS[key][AT[language]].replaceAll(/\{(\w+)\}/g, (whole, name: string) => values[name] ?? whole);
