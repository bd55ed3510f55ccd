import { text } from "node:stream/consumers";
import { parseArgs } from "node:util";
import { z } from "zod";
import type { Command, ExitCode } from "#lib/cli/command.ts";
import { checkAllowEntry } from "#lib/config/scalars.ts";
import type { AllowList } from "#lib/egress/allow-list.ts";
import { judgeJourney } from "#lib/egress/judge-journey.ts";

const USAGE = "nines egress-check [--allow CIDR-or-name]… < requests.json";

const Hop = z.looseObject({ url: z.string(), resolves: z.array(z.string()).optional() });
const Request = Hop.extend({ redirects: z.array(Hop).optional() });

type Answer = { url: unknown; verdict: string; stage: string; reason: string };

const answerOne = (input: unknown, allow: AllowList): Answer => {
  const request = Request.safeParse(input);
  if (request.success) return { url: request.data.url, ...judgeJourney(request.data, allow) };
  const [issue] = request.error.issues;
  const url = typeof input === "object" && input !== null && "url" in input ? input.url : null;
  return { url, verdict: "deny", stage: "parse", reason: `${issue?.path.join(".") || "entry"} is not valid` };
};

const readRequests = (input: string): readonly unknown[] => {
  let parsed: unknown;
  try {
    parsed = JSON.parse(input);
  } catch {
    throw new RangeError("standard input is not JSON");
  }
  if (!Array.isArray(parsed)) throw new RangeError('a JSON array is due, such as [{"url":"https://example.com/"}]');
  return parsed;
};

export const command: Command = {
  summary: "tell which requests the address policy refuses, and why; connects to nothing",
  usage: `Usage: ${USAGE}

Reads a JSON array of {url, resolves?, redirects?: [{url, resolves?}]} and prints an array of {url, verdict, stage,
reason}. Nothing is looked up: a name without "resolves" is judged by its name alone. redirects[0] repeats the first
request; the later ones are the hops.`,
  run: async ({ args, stdin, stdout, stderr }): Promise<ExitCode> => {
    try {
      const { values } = parseArgs({
        args: [...args],
        options: { allow: { type: "string", multiple: true }, json: { type: "boolean" } },
      });
      const allow = values.allow ?? [];
      for (const entry of allow) {
        const complaint = checkAllowEntry(entry);
        if (complaint !== null) throw new RangeError(`--allow ${complaint.message}`);
      }
      const answers = readRequests(await text(stdin)).map((request) => answerOne(request, allow));
      stdout.write(`${JSON.stringify(answers)}\n`);
      return 0;
    } catch (error) {
      if (!(error instanceof RangeError || error instanceof TypeError)) throw error;
      stderr.write(`egress-check: ${error.message}\nusage: ${USAGE}\n`);
      return 2;
    }
  },
};
