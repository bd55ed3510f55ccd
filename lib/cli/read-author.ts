import type { CommandContext } from "#lib/cli/command.ts";

/** Who answers for a correction made from a terminal: --author, or the user of the system. Two persons have two names. */
export const readAuthor = ({ env }: CommandContext, author: string | undefined): string =>
  `cli:${author?.trim() || env.USER || env.LOGNAME || "unnamed"}`;
