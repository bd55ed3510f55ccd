import { describe, expect, test } from "vitest";
import { createGate } from "./gate.ts";

describe("spare places", () => {
  test("are given while half of the places of the host and half of all are free", () => {
    const gate = createGate({ maxTotal: 6, maxPerKey: 4 });
    const leave = gate.enterSpare("a", null);
    expect(gate.enterSpare("a", null)).toBeTypeOf("function");
    expect(gate.enterSpare("a", null)).toBeNull();
    expect(gate.enterSpare("b", null)).toBeTypeOf("function");
    expect(gate.enterSpare("c", null)).toBeNull();
    leave?.();
    expect(gate.active()).toBe(2);
    expect(gate.enterSpare("c", null)).toBeTypeOf("function");
  });

  test("are asked for when a host is full, once each, and what leaves makes room at once", () => {
    const gate = createGate({ maxTotal: 100, maxPerKey: 2 });
    const asked: string[] = [];
    const other = gate.enterSpare("b", () => asked.push("b"));
    const leave = gate.enterSpare("a", () => asked.push("a"));
    const started: number[] = [];
    for (const number of [1, 2, 3]) gate.enter("a", () => started.push(number) > 0);
    expect(started).toEqual([1]);
    expect(asked).toEqual(["a"]);
    leave?.();
    expect(started).toEqual([1, 2]);
    gate.leave("a");
    expect(started).toEqual([1, 2, 3]);
    other?.();
    gate.leave("a");
    gate.leave("a");
    expect(gate.active()).toBe(0);
  });

  test("of any host are asked for when all places are taken", () => {
    const gate = createGate({ maxTotal: 2, maxPerKey: 8 });
    let isAsked = false;
    const leave = gate.enterSpare("a", () => {
      isAsked = true;
    });
    const started: string[] = [];
    gate.enter("b", () => started.push("b") > 0);
    gate.enter("c", () => started.push("c") > 0);
    expect([started, isAsked]).toEqual([["b"], true]);
    leave?.();
    expect(started).toEqual(["b", "c"]);
  });
});
