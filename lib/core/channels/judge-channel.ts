import type { AttemptOutcome } from "../delivery/judge-answer.ts";
import type { ChannelAnswer } from "./channel.ts";

/**
 * What an answer of a hosted service means. 2xx is accepted. 408, 425, 429 and 5xx are tried again: the service is busy
 * or away. 404 and 410 say that the address is gone for good. Every other answer refuses this message: it would be
 * refused again, so it ends as dead and a person is told.
 */
export const judgeChannelAnswer = ({ status, retryAfterMs }: ChannelAnswer): AttemptOutcome => {
  if (status >= 200 && status <= 299) return { kind: "accepted" };
  const reason = `the service answered ${status}`;
  if (status === 408 || status === 425 || status === 429 || status >= 500 || status < 200) {
    return { kind: "try_later", reason, retryAfterMs };
  }
  if (status >= 300 && status <= 399) {
    return { kind: "try_later", reason: `${reason}; redirects are not followed`, retryAfterMs };
  }
  if (status === 404 || status === 410) return { kind: "refused", reason: `${reason}: the address is gone` };
  // Credentials are mended by people, often within the hour: the message waits for that.
  if (status === 401 || status === 403) return { kind: "try_later", reason: `${reason}: check its key`, retryAfterMs };
  return { kind: "undeliverable", reason: `${reason}: this message is not taken` };
};
