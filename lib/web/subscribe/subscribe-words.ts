import type { Language } from "#lib/core/definitions.ts";
import type { SubscriberChannel, SubscriberKind } from "#lib/core/subscribers/words.ts";

/** What the pages of subscribers say. */
export type SubscribeWords = {
  readonly title: string;
  readonly intro: string;
  readonly how: string;
  readonly channels: Readonly<Record<SubscriberChannel, string>>;
  readonly address: string;
  readonly addressHint: string;
  readonly noMail: string;
  readonly what: string;
  readonly kinds: Readonly<Record<SubscriberKind, string>>;
  readonly services: string;
  readonly allServices: string;
  readonly often: string;
  readonly each: string;
  readonly daily: string;
  readonly language: string;
  readonly subscribe: string;
  readonly leaveEmpty: string;
  readonly asked: { readonly title: string; readonly text: string };
  readonly confirm: { readonly title: string; readonly text: string; readonly button: string };
  readonly confirmed: { readonly title: string; readonly text: string };
  readonly manage: { readonly title: string; readonly save: string; readonly saved: string; readonly secret: string };
  readonly leave: { readonly title: string; readonly text: string; readonly button: string };
  readonly left: { readonly title: string; readonly text: string };
  readonly over: { readonly title: string; readonly text: string };
  readonly wrong: { readonly title: string; readonly often: string };
  readonly feeds: string;
  readonly home: string;
};

const CHANNELS = { slack: "Slack", discord: "Discord", teams: "Microsoft Teams", webhook: "Webhook" } as const;

const en: SubscribeWords = {
  title: "Subscribe to updates",
  intro: "We tell you when something breaks, when it is mended, and before planned work.",
  how: "How should we reach you?",
  channels: { ...CHANNELS, email: "Mail" },
  address: "Mail address or URL",
  addressHint: "For Slack, Discord and Teams the address of an incoming webhook.",
  noMail: "Mail is not available on this page.",
  what: "What should we tell you about?",
  kinds: { incidents: "Incidents", maintenance: "Planned maintenance", states: "Every change of a service's state" },
  services: "Which services?",
  allServices: "None ticked means all of them.",
  often: "How often?",
  each: "At once, each update",
  daily: "One summary a day, at 08:00 by the page's clock",
  language: "Language",
  subscribe: "Subscribe",
  leaveEmpty: "Leave this empty",
  asked: {
    title: "Nearly there",
    text: "If the address is right, a message is on its way to it. It has a link to confirm the subscription; until then nothing more is sent.",
  },
  confirm: {
    title: "Confirm the subscription",
    text: "Press the button to get the news of this page.",
    button: "Confirm",
  },
  confirmed: {
    title: "You are subscribed",
    text: "Every message has a link to change what you are told, or to end it.",
  },
  manage: {
    title: "Your subscription",
    save: "Save",
    saved: "Saved.",
    secret: "Key that the webhook's messages are signed with",
  },
  leave: {
    title: "Unsubscribe",
    text: "You will get no more messages, and we delete your address.",
    button: "Unsubscribe",
  },
  left: { title: "You are unsubscribed", text: "Your address was deleted." },
  over: { title: "This link is not valid any more", text: "Subscribe again, or take the link of the newest message." },
  wrong: { title: "That did not work", often: "Too many requests from your network. Please try again in an hour." },
  feeds: "Or read the feed",
  home: "Back to the status page",
};

const ko: SubscribeWords = {
  title: "소식 구독하기",
  intro: "장애가 생기거나 해결되었을 때, 그리고 예정된 점검 전에 알려 드립니다.",
  how: "어떻게 알려 드릴까요?",
  channels: { ...CHANNELS, email: "이메일" },
  address: "이메일 주소 또는 URL",
  addressHint: "Slack, Discord, Teams는 수신 웹훅 주소를 입력하세요.",
  noMail: "이 페이지에서는 이메일 구독을 사용할 수 없습니다.",
  what: "어떤 소식을 받으시겠어요?",
  kinds: { incidents: "장애", maintenance: "예정된 점검", states: "서비스 상태의 모든 변화" },
  services: "어떤 서비스인가요?",
  allServices: "선택하지 않으면 모든 서비스입니다.",
  often: "얼마나 자주 받으시겠어요?",
  each: "업데이트마다 바로",
  daily: "하루 한 번 요약 (페이지 시간대 기준 08:00)",
  language: "언어",
  subscribe: "구독",
  leaveEmpty: "비워 두세요",
  asked: {
    title: "거의 다 됐습니다",
    text: "주소가 맞다면 메시지가 곧 도착합니다. 메시지에 있는 링크로 구독을 확인해 주세요. 확인하기 전에는 더 이상 아무것도 보내지 않습니다.",
  },
  confirm: { title: "구독 확인", text: "버튼을 누르면 이 페이지의 소식을 받게 됩니다.", button: "확인" },
  confirmed: { title: "구독이 시작되었습니다", text: "모든 메시지에 설정을 바꾸거나 해지하는 링크가 있습니다." },
  manage: { title: "내 구독", save: "저장", saved: "저장했습니다.", secret: "웹훅 메시지에 서명하는 키" },
  leave: { title: "구독 해지", text: "더 이상 메시지를 보내지 않으며 주소를 삭제합니다.", button: "구독 해지" },
  left: { title: "구독이 해지되었습니다", text: "주소를 삭제했습니다." },
  over: { title: "더 이상 유효하지 않은 링크입니다", text: "다시 구독하거나 가장 최근 메시지의 링크를 사용하세요." },
  wrong: { title: "처리하지 못했습니다", often: "요청이 너무 많습니다. 한 시간 뒤에 다시 시도해 주세요." },
  feeds: "또는 피드로 읽기",
  home: "상태 페이지로 돌아가기",
};

const ru: SubscribeWords = {
  title: "Подписаться на новости",
  intro: "Сообщим, когда что-то сломается, когда это починят и перед плановыми работами.",
  how: "Как вам сообщать?",
  channels: { ...CHANNELS, email: "Почта" },
  address: "Адрес почты или URL",
  addressHint: "Для Slack, Discord и Teams укажите адрес входящего вебхука.",
  noMail: "Подписка по почте на этой странице недоступна.",
  what: "О чём сообщать?",
  kinds: { incidents: "Сбои", maintenance: "Плановые работы", states: "Каждое изменение состояния сервиса" },
  services: "О каких сервисах?",
  allServices: "Если ничего не отмечено, обо всех.",
  often: "Как часто?",
  each: "Сразу, о каждом обновлении",
  daily: "Одна сводка в день, в 08:00 по часовому поясу страницы",
  language: "Язык",
  subscribe: "Подписаться",
  leaveEmpty: "Оставьте это поле пустым",
  asked: {
    title: "Почти готово",
    text: "Если адрес верный, на него уже идёт сообщение. В нём есть ссылка для подтверждения подписки; до этого больше ничего не придёт.",
  },
  confirm: {
    title: "Подтвердите подписку",
    text: "Нажмите кнопку, чтобы получать новости этой страницы.",
    button: "Подтвердить",
  },
  confirmed: {
    title: "Вы подписаны",
    text: "В каждом сообщении есть ссылка, чтобы изменить подписку или отказаться от неё.",
  },
  manage: { title: "Ваша подписка", save: "Сохранить", saved: "Сохранено.", secret: "Ключ подписи сообщений вебхука" },
  leave: { title: "Отписаться", text: "Сообщений больше не будет, а ваш адрес мы удалим.", button: "Отписаться" },
  left: { title: "Вы отписаны", text: "Ваш адрес удалён." },
  over: { title: "Ссылка больше не действует", text: "Подпишитесь снова или возьмите ссылку из последнего сообщения." },
  wrong: { title: "Не получилось", often: "Слишком много запросов из вашей сети. Попробуйте через час." },
  feeds: "Или читайте ленту",
  home: "На страницу состояния",
};

export const SUBSCRIBE_WORDS: Readonly<Record<Language, SubscribeWords>> = { en, ko, ru };
