import { afterEach, expect, test } from "vitest";
import { createFakeClock } from "#test/support/fake-clock.ts";
import { watchAnswers } from "./watch-answers.ts";

let stopping: AbortController;
afterEach(() => stopping.abort());

const watched = () => {
  stopping = new AbortController();
  const clock = createFakeClock(0);
  let hung = 0;
  let asked = 0;
  let isAnswering = true;
  const watch = watchAnswers({
    clock,
    signal: stopping.signal,
    onHung: () => (hung += 1),
    ask: () => {
      asked += 1;
      if (isAnswering) watch.heard();
    },
  });
  return {
    hung: () => hung,
    asked: () => asked,
    pass: (seconds: number) => clock.advance(seconds * 1_000),
    answer: (value: boolean) => {
      isAnswering = value;
    },
  };
};

test("a process that answers is left alone", async () => {
  const process = watched();
  await process.pass(3_600);
  expect(process.asked()).toBeGreaterThan(700);
  expect(process.hung()).toBe(0);
});

test("one that is stopped for a minute, as in a frozen leader, is left alone", async () => {
  const process = watched();
  for (let pause = 0; pause < 5; pause += 1) {
    await process.pass(30);
    process.answer(false);
    await process.pass(60);
    process.answer(true);
  }
  await process.pass(30);
  expect(process.hung()).toBe(0);
});

test("one that does not answer for a minute and a half is told of, once", async () => {
  const process = watched();
  await process.pass(30);
  process.answer(false);
  await process.pass(85);
  expect(process.hung()).toBe(0);
  await process.pass(15);
  expect(process.hung()).toBe(1);
  await process.pass(600);
  expect(process.hung()).toBe(1);
});

test("nothing is asked after the end of the process", async () => {
  const process = watched();
  await process.pass(10);
  stopping.abort();
  const before = process.asked();
  await process.pass(600);
  expect(process.asked()).toBe(before);
});
