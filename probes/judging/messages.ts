import type { Judgement } from "#lib/core/assertions.ts";
import type { JudgeJob } from "./judge.ts";

/** To the thread that judges. */
export type JudgeRequest = { readonly id: number; readonly job: JudgeJob };

/** From it: the judgement, or what went wrong in our own code. */
export type JudgeReply =
  | { readonly id: number; readonly judgement: Judgement }
  | { readonly id: number; readonly fault: string };
