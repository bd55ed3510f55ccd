import type { AddressInfo, Socket } from "node:net";
import { connect, createServer } from "node:net";

/** What happens to bytes on their way, in one direction. */
export type Toxic =
  | { readonly kind: "none" }
  /** Each chunk waits this long. */
  | { readonly kind: "latency"; readonly ms: number }
  /** No faster than this. */
  | { readonly kind: "bandwidth"; readonly bytesPerSecond: number }
  /** Chunks arrive in pieces of this size. */
  | { readonly kind: "slice"; readonly bytes: number }
  /** Bytes vanish without a FIN: a half-open connection. */
  | { readonly kind: "blackhole" };

export type Direction = "up" | "down";

export type TcpProxy = {
  readonly port: number;
  readonly setToxic: (direction: Direction, toxic: Toxic) => void;
  /** The same in both directions. */
  readonly setBoth: (toxic: Toxic) => void;
  /** Accepts new connections and ends them at once. */
  readonly setClosing: (isClosing: boolean) => void;
  /** Share of new connections that are reset at once, 0..1, decided by the seeded source given at the start. */
  readonly setResetShare: (share: number) => void;
  /** Ends every open connection with a RST. */
  readonly resetAll: () => void;
  /** Clients that are connected. */
  readonly openConnections: () => number;
  /** When each connection came in, in epoch milliseconds. */
  readonly arrivals: () => readonly number[];
  readonly stop: () => Promise<void>;
};

/** Time that a chunk of this size needs under a toxic, in milliseconds. */
const delayFor = (toxic: Toxic, bytes: number): number => {
  switch (toxic.kind) {
    case "latency":
      return toxic.ms;
    case "bandwidth":
      return (bytes / toxic.bytesPerSecond) * 1_000;
    case "none":
    case "slice":
    case "blackhole":
      return 0;
  }
};

const slicesOf = (toxic: Toxic, chunk: Buffer): Buffer[] => {
  if (toxic.kind !== "slice") return [chunk];
  const parts: Buffer[] = [];
  for (let start = 0; start < chunk.length; start += toxic.bytes)
    parts.push(chunk.subarray(start, start + toxic.bytes));
  return parts;
};

/** Passes bytes on in order, under whatever toxic holds when they come. */
const pipe = (from: Socket, to: Socket, toxic: () => Toxic): void => {
  let queue = Promise.resolve();
  from.on("data", (chunk: Buffer) => {
    const now = toxic();
    if (now.kind === "blackhole") return;
    from.pause();
    queue = queue
      .then(
        () =>
          new Promise<void>((resolve) =>
            delayFor(now, chunk.length) === 0 ? resolve() : setTimeout(resolve, delayFor(now, chunk.length)),
          ),
      )
      .then(() => {
        for (const part of slicesOf(now, chunk)) if (!to.destroyed) to.write(part);
        from.resume();
      });
  });
  from.on("end", () => {
    if (toxic().kind !== "blackhole") void queue.then(() => to.end());
  });
  from.on("error", () => to.destroy());
  from.on("close", () => {
    if (toxic().kind !== "blackhole") to.destroy();
  });
};

/** A TCP proxy on loopback that can hurt the traffic between a process and `target`. */
export const startTcpProxy = async (
  target: { host: string; port: number },
  random: () => number,
): Promise<TcpProxy> => {
  const toxics: Record<Direction, Toxic> = { up: { kind: "none" }, down: { kind: "none" } };
  let resetShare = 0;
  let isClosing = false;
  const open = new Set<Socket>();
  const clients = new Set<Socket>();
  const arrivals: number[] = [];
  const server = createServer({ noDelay: true }, (client) => {
    arrivals.push(Date.now());
    if (isClosing) return void client.resume().end();
    if (random() < resetShare) return void client.resetAndDestroy();
    const upstream = connect({ ...target, noDelay: true });
    for (const socket of [client, upstream]) {
      open.add(socket);
      socket.on("close", () => open.delete(socket));
    }
    clients.add(client);
    client.on("close", () => clients.delete(client));
    pipe(client, upstream, () => toxics.up);
    pipe(upstream, client, () => toxics.down);
  });
  await new Promise<void>((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", resolve));
  return {
    port: (server.address() as AddressInfo).port,
    setToxic: (direction, toxic) => {
      toxics[direction] = toxic;
    },
    setBoth: (toxic) => {
      toxics.up = toxic;
      toxics.down = toxic;
    },
    setClosing: (next) => {
      isClosing = next;
    },
    setResetShare: (share) => {
      resetShare = share;
    },
    arrivals: () => arrivals,
    resetAll: () => {
      for (const socket of open) socket.resetAndDestroy();
    },
    openConnections: () => clients.size,
    stop: () =>
      new Promise((resolve) => {
        for (const socket of open) socket.destroy();
        server.close(() => resolve());
      }),
  };
};
