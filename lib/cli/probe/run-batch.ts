import { createInterface } from "node:readline";
import type { Readable, Writable } from "node:stream";
import { Transform } from "node:stream";
import { StringDecoder } from "node:string_decoder";
import type { HttpDeps } from "#probes/checks/http.ts";
import { checkHttp } from "#probes/checks/http.ts";
import { readCaFile } from "./read-ca-file.ts";
import { readLine } from "./read-request.ts";
import { resultLine, unreadableLine } from "./result-line.ts";

const MAX_CONCURRENT = 200;

type BatchArgs = {
  readonly stdin: Readable;
  readonly stdout: Writable;
  readonly deps: HttpDeps;
};

/** A file of authorities is read once, however many lines name it. */
const createCaReader = () => {
  const read = new Map<string, string>();
  return (path: string): string => {
    const text = read.get(path) ?? readCaFile(path);
    read.set(path, text);
    return text;
  };
};

const ESCAPES: Readonly<Record<string, string>> = { "\u2028": "\\u2028", "\u2029": "\\u2029" };

/**
 * The input with U+2028 and U+2029 as JSON escapes. JSON allows both inside texts, but readline would end the line
 * there.
 */
const escapeSeparators = (): Transform => {
  const decoder = new StringDecoder("utf8");
  const escape = (text: string): string => text.replaceAll(/[\u2028\u2029]/g, (separator) => ESCAPES[separator] ?? "");
  return new Transform({
    transform: (chunk: Buffer, _encoding, done) => done(null, escape(decoder.write(chunk))),
    flush: (done) => done(null, escape(decoder.end())),
  });
};

/**
 * Reads one request a line and prints one result a line as soon as it is known, in any order, at most 200 at once.
 * Lines are answered before the input ends. Resolves when all are.
 */
export const runBatch = async ({ stdin, stdout, deps }: BatchArgs): Promise<void> => {
  const readCa = createCaReader();
  const running = new Set<Promise<void>>();
  const print = (line: Record<string, unknown>) => stdout.write(`${JSON.stringify(line)}\n`);
  const answer = async (text: string): Promise<void> => {
    const request = readLine(text, readCa);
    if (request.kind === "unreadable") {
      print(unreadableLine(request.id, request.reason));
      return;
    }
    const { outcome } = await checkHttp(request.target, deps);
    print(resultLine(request.id, outcome));
  };
  const input = stdin.pipe(escapeSeparators());
  const lines = createInterface({ input, crlfDelay: Number.POSITIVE_INFINITY });
  const stopReading = () => {
    stdin.unpipe(input);
    stdin.pause();
    lines.close();
  };
  deps.signal.addEventListener("abort", stopReading, { once: true });
  for await (const text of lines) {
    if (text.trim() === "") continue;
    const work = answer(text).finally(() => running.delete(work));
    running.add(work);
    if (running.size >= MAX_CONCURRENT) await Promise.race(running);
  }
  deps.signal.removeEventListener("abort", stopReading);
  await Promise.all(running);
};
