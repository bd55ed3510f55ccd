import { ERROR_CATALOGUE } from "#lib/core/errors.ts";

/** docs/errors.md: every code of the catalogue and what it means. */
export const errorReference = (): string => {
  const rows = Object.entries(ERROR_CATALOGUE).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
  return `# Errors

Every error of Nines carries one of these codes: on the terminal in front of the message, in the log as \`code\`, in the API as \`code\` of the problem document. This page is written by \`npm run docs\`.

| code | means |
|---|---|
${rows.join("\n")}
`;
};
