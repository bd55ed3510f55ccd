// A thread that judges large answers one after the other, so that the thread of the schedule keeps its beat.
import { setPriority } from "node:os";
import { parentPort } from "node:worker_threads";
import { judgeHere } from "./judge.ts";
import type { JudgeReply, JudgeRequest } from "./messages.ts";

const NICENESS = 10;

/** Judging may wait, starting probes may not. On Linux this holds for the thread alone; elsewhere for the whole process. */
const stepBack = (): void => {
  if (process.platform !== "linux") return;
  try {
    setPriority(NICENESS);
  } catch {
    // Only a help on a machine with few cores.
  }
};

const replyTo = ({ id, job }: JudgeRequest): JudgeReply => {
  try {
    return { id, judgement: judgeHere(job) };
  } catch (error) {
    return { id, fault: error instanceof Error ? error.message : String(error) };
  }
};

stepBack();
parentPort?.on("message", (request: JudgeRequest) => parentPort?.postMessage(replyTo(request)));
