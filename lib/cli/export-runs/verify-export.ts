import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readRunDigests } from "#db/queries/run-digests.ts";
import type { CommandContext, ExitCode } from "#lib/cli/command.ts";
import { withDatabase } from "#lib/cli/open-database.ts";
import { AppError } from "#lib/core/errors.ts";
import { findBrokenLink } from "./digests.ts";

const NEWLINE = 10;
const HEAD_BYTES = 4_096;
const DAY = /"scheduledAt":"(\d{4}-\d{2}-\d{2})T/;

type FileFacts = { readonly runs: number; readonly sha256: string; readonly day: string | null };

/** Digest and number of lines of a file, which is read once and never held. */
const readFacts = async (file: string): Promise<FileFacts> => {
  const hash = createHash("sha256");
  let runs = 0;
  let head = "";
  try {
    for await (const chunk of createReadStream(file) as AsyncIterable<Buffer>) {
      hash.update(chunk);
      if (head.length < HEAD_BYTES) head += chunk.toString("utf8", 0, HEAD_BYTES);
      for (const byte of chunk) if (byte === NEWLINE) runs += 1;
    }
  } catch (error) {
    throw new AppError(
      "NOT_FOUND",
      `${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  return { runs, sha256: hash.digest("hex"), day: DAY.exec(head)?.[1] ?? null };
};

/** `verify --export`: whether files are, byte for byte, days as they were sealed, and whether the chain of digests holds. */
export const verifyExport = async (
  context: CommandContext,
  files: readonly string[],
  isJson: boolean,
): Promise<ExitCode> => {
  const digests = await withDatabase(context, (database) => database.read(readRunDigests));
  const broken = findBrokenLink(digests);
  const answers: { file: string; ok: boolean; day: string | null; runs: number; sha256: string; why: string | null }[] =
    [];
  for (const file of files) {
    const facts = await readFacts(file);
    const sealed = digests.filter((digest) => digest.day === facts.day);
    const isSealed = sealed.some((digest) => digest.sha256 === facts.sha256 && digest.runs === facts.runs);
    const none = facts.day === null ? "the file holds no run" : `${facts.day} was never sealed`;
    const why = isSealed ? null : sealed.length === 0 ? none : "these are not the runs that were sealed";
    answers.push({ file, ok: isSealed, ...facts, why });
  }
  const ok = broken === null && answers.every((answer) => answer.ok);
  if (isJson) {
    context.stdout.write(`${JSON.stringify({ ok, brokenAt: broken?.day ?? null, files: answers })}\n`);
    return ok ? 0 : 1;
  }
  for (const { file, day, runs, sha256, why } of answers) {
    context.stdout.write(`${file}: ${why ?? `${day} as it was sealed`}, ${runs} runs, sha256 ${sha256}\n`);
  }
  const chain =
    broken === null
      ? `${digests.length} ${digests.length === 1 ? "digest" : "digests"}, the chain holds`
      : `the chain is broken at ${broken.day}`;
  context.stdout.write(`${chain}\n`);
  return ok ? 0 : 1;
};
