import { once } from "node:events";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

export type RangeQuestion = {
  readonly query: string;
  /** Seconds since the epoch. */
  readonly start: number;
  readonly end: number;
  readonly step: number;
  readonly authorization: string | undefined;
};

/** The value at an instant in seconds, as text; null: no sample. */
export type ValueAt = (query: string, at: number) => string | null;

export type FakePrometheus = {
  readonly url: string;
  readonly questions: RangeQuestion[];
  /** Answers this way from now on. */
  answerWith: (answer: (question: RangeQuestion, response: ServerResponse) => void) => void;
  readonly close: () => Promise<void>;
};

/** The answer of a server that has one series with these values. */
export const matrixOf = (question: RangeQuestion, valueAt: ValueAt, series = 1): string => {
  const values: [number, string][] = [];
  for (let at = question.start; at <= question.end; at += question.step) {
    const value = valueAt(question.query, at);
    if (value !== null) values.push([at, value]);
  }
  const result =
    values.length === 0 ? [] : Array.from({ length: series }, (_, i) => ({ metric: { i: `${i}` }, values }));
  return JSON.stringify({ status: "success", data: { resultType: "matrix", result } });
};

/** A server with `/api/v1/query_range` on 127.0.0.1. */
export const startFakePrometheus = async (valueAt: ValueAt): Promise<FakePrometheus> => {
  const questions: RangeQuestion[] = [];
  let answer = (question: RangeQuestion, response: ServerResponse): void => {
    response.setHeader("content-type", "application/json").end(matrixOf(question, valueAt));
  };
  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await text(request));
    const number = (name: string): number => Number(form.get(name));
    const question = {
      query: form.get("query") ?? "",
      start: number("start"),
      end: number("end"),
      step: number("step"),
      authorization: request.headers.authorization,
    };
    questions.push(question);
    answer(question, response);
  };
  const server = createServer((request, response) => void handle(request, response));
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    questions,
    answerWith: (next) => {
      answer = next;
    },
    close: async () => {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };
};
