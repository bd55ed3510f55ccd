import { afterEach, beforeEach, expect, vi } from "vitest";

// An unexpected console.error or console.warn is a fault: the product logs through its logger only.
beforeEach(() => {
  vi.spyOn(console, "error");
  vi.spyOn(console, "warn");
});

afterEach(() => {
  expect(console.error, "console.error was called").not.toHaveBeenCalled();
  expect(console.warn, "console.warn was called").not.toHaveBeenCalled();
  vi.restoreAllMocks();
});
