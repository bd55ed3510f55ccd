import { execFile } from "node:child_process";
import { randomInt } from "node:crypto";
import { promisify } from "node:util";

const run = promisify(execFile);
const ip = async (...args: string[]): Promise<void> => void (await run("ip", args));

/** A network namespace of its own, joined to this machine by one cable. */
export type Network = {
  /** Runs a command inside: put it before the command's own words. */
  readonly through: readonly string[];
  /** This machine as seen from inside, for the server. */
  readonly serverAddress: string;
  /** Another address of this machine, for targets, reached by a route of its own. */
  readonly targetAddress: string;
  /** What to allow inside for both. */
  readonly allow: string;
  /** Pulls the cable or plugs it in: packets vanish, no RST is seen. */
  readonly setCable: (isIn: boolean) => Promise<void>;
  /** Breaks the way to the targets, or mends it; the server stays in reach. */
  readonly setTargetsReachable: (isReachable: boolean) => Promise<void>;
  readonly remove: () => Promise<void>;
};

/** Null where namespaces can be made; else why not, in a sentence. */
export const whyNoNamespaces = async (): Promise<string | null> => {
  const name = `nines-try-${randomInt(1_000_000)}`;
  try {
    await ip("netns", "add", name);
    await ip("netns", "del", name);
    return null;
  } catch (error) {
    return `network namespaces cannot be made here (root and iproute2 are needed): ${String((error as Error).message).split("\n")[0]}`;
  }
};

/** Makes a namespace with its cable. Needs root. */
export const createNetwork = async (): Promise<Network> => {
  const id = randomInt(1, 250);
  const name = `nines-${id}-${randomInt(100_000)}`;
  const [outside, inside] = [`nn${id}o`, `nn${id}i`];
  const [serverAddress, ownAddress, nobody] = [`10.213.${id}.1`, `10.213.${id}.2`, `10.213.${id}.6`];
  const targetAddress = `10.214.${id}.1`;
  const within = (...args: string[]): Promise<void> => ip("-n", name, ...args);
  const remove = async (): Promise<void> => {
    await ip("addr", "del", `${targetAddress}/32`, "dev", "lo").catch(() => undefined);
    await ip("link", "del", outside).catch(() => undefined);
    await ip("netns", "del", name).catch(() => undefined);
  };
  const routeTo = (gateway: string): Promise<void> => within("route", "replace", `${targetAddress}/32`, "via", gateway);
  try {
    await ip("netns", "add", name);
    await ip("link", "add", outside, "type", "veth", "peer", "name", inside, "netns", name);
    await ip("addr", "add", `${serverAddress}/29`, "dev", outside);
    await ip("link", "set", outside, "up");
    await ip("addr", "add", `${targetAddress}/32`, "dev", "lo");
    await within("addr", "add", `${ownAddress}/29`, "dev", inside);
    await within("link", "set", "lo", "up");
    await within("link", "set", inside, "up");
    // A neighbour that nobody is: what is sent there is gone.
    await within("neigh", "add", nobody, "lladdr", "02:00:00:00:00:99", "dev", inside, "nud", "permanent");
    await routeTo(serverAddress);
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    through: ["ip", "netns", "exec", name],
    serverAddress,
    targetAddress,
    allow: "10.208.0.0/12",
    setCable: async (isIn) => {
      await ip("link", "set", outside, isIn ? "up" : "down");
    },
    setTargetsReachable: (isReachable) => routeTo(isReachable ? serverAddress : nobody),
    remove,
  };
};
