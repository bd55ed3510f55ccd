import { spawn } from "node:child_process";
import type { Socket } from "node:net";
import { connect } from "node:net";

/** A process that listens, takes no connection and is stopped: once its queue is full, SYN packets get no answer. */
export const openBlackHole = async (): Promise<{ readonly port: number; readonly close: () => void }> => {
  const code = `const s=require("net").createServer().listen({port:0,host:"127.0.0.1",backlog:1},()=>process.stdout.write(String(s.address().port)))`;
  const child = spawn(process.execPath, ["-e", code], { stdio: ["ignore", "pipe", "inherit"] });
  const port = await new Promise<number>((resolve) => child.stdout?.once("data", (text) => resolve(Number(text))));
  child.kill("SIGSTOP");
  const fillers: Socket[] = [];
  for (let i = 0; i < 8; i += 1) fillers.push(connect({ port, host: "127.0.0.1" }).on("error", () => undefined));
  const close = (): void => {
    for (const filler of fillers) filler.destroy();
    child.kill("SIGKILL");
  };
  // The queue is full once a connection stays unanswered while the others stand.
  const deadline = performance.now() + 5_000;
  while (fillers.filter(({ connecting }) => !connecting).length < 2 && performance.now() < deadline) {
    await new Promise((resolve) => setImmediate(resolve));
  }
  return { port, close };
};
