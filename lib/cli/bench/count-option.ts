import { AppError } from "#lib/core/errors.ts";

/** A whole number of the command line, from 1 on. @throws AppError USAGE */
export const countOption = (
  name: string,
  text: string | undefined,
  { fallback, most = 1_000_000 }: { readonly fallback: number; readonly most?: number },
): number => {
  const count = Number(text ?? fallback);
  if (Number.isInteger(count) && count > 0 && count <= most) return count;
  throw new AppError("USAGE", `--${name} must be a whole number from 1 to ${most.toLocaleString("en")}`);
};
