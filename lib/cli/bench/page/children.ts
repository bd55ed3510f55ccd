import type { ChildProcess } from "node:child_process";
import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { AppError } from "#lib/core/errors.ts";
import { fetchOnce } from "../fetch-once.ts";
import type { FromBenchServer, PlainAnswer, ToBenchServer } from "./server.ts";

/** A server in a process of its own. */
export type BenchServer = { readonly port: number; readonly cpuUs: () => Promise<number>; readonly stop: () => void };

const next = <K extends FromBenchServer["kind"]>(
  child: ChildProcess,
  kind: K,
): Promise<Extract<FromBenchServer, { kind: K }>> =>
  new Promise((resolve, reject) => {
    const onMessage = (message: FromBenchServer): void => {
      if (message.kind !== kind) return;
      child.off("exit", onExit);
      child.off("message", onMessage);
      resolve(message as Extract<FromBenchServer, { kind: K }>);
    };
    const onExit = (): void => reject(new AppError("ROLE_CRASHED", "a server of the bench ended"));
    child.on("message", onMessage);
    child.once("exit", onExit);
  });

/** Starts the real web role or a plain server, as the settings say, and waits for its port. */
export const startBenchServer = async (settings: ToBenchServer): Promise<BenchServer> => {
  const child = fork(fileURLToPath(new URL("./server.ts", import.meta.url)), {
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  child.send(settings);
  const { port } = await next(child, "listening");
  const cpuUs = async (): Promise<number> => {
    child.send({ kind: "cpu" } satisfies ToBenchServer);
    return (await next(child, "cpu")).us;
  };
  return { port, cpuUs, stop: () => child.kill() };
};

/** What a plain server has to send: the very bytes and heads that another one answers to these paths. */
export const recordAnswers = async (
  port: number,
  paths: readonly string[],
  headers: readonly string[],
): Promise<PlainAnswer[]> => {
  const answers: PlainAnswer[] = [];
  for (const path of paths) {
    const { status, headers: pairs, body } = await fetchOnce({ port, path, headers });
    answers.push({ path, status, headers: pairs, bodyBase64: body.toString("base64") });
  }
  return answers;
};
