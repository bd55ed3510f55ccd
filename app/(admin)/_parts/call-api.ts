/** A fault of one field, as problem details name it. */
export type FieldFault = { readonly field: string; readonly message: string };

export type Answer =
  | { readonly kind: "done"; readonly status: number; readonly body: unknown; readonly location: string | null }
  | {
      readonly kind: "refused";
      readonly status: number;
      readonly detail: string;
      readonly faults: readonly FieldFault[];
    }
  /** No answer came: nothing is known to have happened, and the same key makes a repetition safe. */
  | { readonly kind: "offline" };

export type Method = "GET" | "POST" | "PATCH" | "PUT" | "DELETE";

const refusalOf = (status: number, body: unknown): Answer => {
  const problem = (typeof body === "object" && body !== null ? body : {}) as {
    detail?: unknown;
    title?: unknown;
    errors?: readonly { field?: unknown; message?: unknown }[];
  };
  return {
    kind: "refused",
    status,
    detail: String(problem.detail ?? problem.title ?? status),
    faults: (problem.errors ?? []).map(({ field, message }) => ({
      field: String(field ?? ""),
      message: String(message ?? ""),
    })),
  };
};

/**
 * Calls an operation of `/v1` as the person who is signed in. `path` begins with `/v1/`. A POST with the same
 * `idempotencyKey` happens once, however often it is sent.
 */
export const callApi = async (
  method: Method,
  path: string,
  { body, idempotencyKey }: { readonly body?: unknown; readonly idempotencyKey?: string } = {},
): Promise<Answer> => {
  try {
    // eslint-disable-next-line no-restricted-syntax -- runs in the browser, which asks the server that it came from
    const answer = await fetch(`/admin/api${path}`, {
      method,
      headers: {
        accept: "application/json",
        ...(body === undefined ? {} : { "content-type": "application/json" }),
        ...(idempotencyKey === undefined ? {} : { "idempotency-key": idempotencyKey }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    const text = await answer.text();
    const parsed: unknown = text === "" ? null : JSON.parse(text);
    return answer.ok
      ? { kind: "done", status: answer.status, body: parsed, location: answer.headers.get("location") }
      : refusalOf(answer.status, parsed);
  } catch {
    return { kind: "offline" };
  }
};

/** A key under which a request happens once. `crypto.randomUUID` is missing where the page came over plain http. */
export const newKey = (): string =>
  [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, "0")).join("");

/** Whether the server answers at all, whatever it says. */
export const isReachable = async (): Promise<boolean> => (await callApi("GET", "/v1/meta")).kind !== "offline";

/** A document of the server that this page came from, as text; a refusal is its status. Null: no answer came. */
export const readText = async (path: string): Promise<string | null> => {
  try {
    // eslint-disable-next-line no-restricted-syntax -- runs in the browser, which asks the server that it came from
    const answer = await fetch(path);
    return answer.ok ? await answer.text() : `${answer.status}`;
  } catch {
    return null;
  }
};
