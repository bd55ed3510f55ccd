import { existsSync } from "node:fs";
import { chmod, mkdir, mkdtemp, readFile, rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { brotliDecompress } from "node:zlib";

const decompress = promisify(brotliDecompress);
const BLOCK = 512;
const root = fileURLToPath(new URL("../..", import.meta.url));

/** The files of a tar archive. Enough for the plain archives in question: regular files with short names. */
const readTar = (archive: Buffer): { name: string; content: Buffer }[] => {
  const files: { name: string; content: Buffer }[] = [];
  const field = (at: number, length: number) => archive.toString("latin1", at, at + length).replace(/\0.*$/s, "");
  for (let at = 0; at + BLOCK <= archive.length; ) {
    const name = field(at, 100);
    if (name === "") break;
    const size = Number.parseInt(field(at + 124, 12), 8) || 0;
    const content = archive.subarray(at + BLOCK, at + BLOCK + size);
    if (field(at + 156, 1) === "0" && !name.includes("..") && !name.startsWith("/")) files.push({ name, content });
    at += BLOCK + Math.ceil(size / BLOCK) * BLOCK;
  }
  return files;
};

/** Finds fonts of the machine, of the package, and of a folder named by hand for scripts that neither has. */
const fontsConf = (folder: string, scratch: string, extra: string | undefined): string => `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <dir>${join(folder, "fonts")}</dir>
  ${extra === undefined ? "" : `<dir>${extra}</dir>`}
  <cachedir>${join(scratch, "font-cache")}</cachedir>
  <alias><family>system-ui</family><prefer><family>Open Sans</family></prefer></alias>
  <alias><family>sans-serif</family><prefer><family>Open Sans</family></prefer></alias>
</fontconfig>
`;

const packageFolder = (): string | null => {
  try {
    return dirname(dirname(createRequire(import.meta.url).resolve("@sparticuz/chromium")));
  } catch {
    return null;
  }
};

const unpackInto = async (bin: string, folder: string): Promise<void> => {
  await mkdir(dirname(folder), { recursive: true });
  const draft = await mkdtemp(`${folder}.draft-`);
  await writeFile(join(draft, "chromium"), await decompress(await readFile(join(bin, "chromium.br"))));
  for (const name of ["al2023.tar.br", "fonts.tar.br", "swiftshader.tar.br"]) {
    for (const file of readTar(await decompress(await readFile(join(bin, name))))) {
      await mkdir(dirname(join(draft, file.name)), { recursive: true });
      await writeFile(join(draft, file.name), file.content);
    }
  }
  await chmod(join(draft, "chromium"), 0o755);
  await chmod(draft, 0o755);
  // Another run may have been quicker: then its folder stays and ours goes.
  await rename(draft, folder).catch(async (error: NodeJS.ErrnoException) => {
    await rm(draft, { recursive: true, force: true });
    if (!existsSync(join(folder, "chromium"))) throw error;
  });
};

/**
 * The browser inside the npm package, unpacked once into node_modules/.cache with its libraries and a font.
 * Null where the package is missing or made for another machine (it holds an x64 Linux binary).
 * @param scratch a folder that this user may write to; the unpacked browser may belong to somebody else.
 */
export const unpackChromium = async (
  environment: NodeJS.ProcessEnv,
  scratch: string,
): Promise<{ executablePath: string; env: Record<string, string> } | null> => {
  const source = packageFolder();
  if (source === null || process.platform !== "linux" || process.arch !== "x64") return null;
  const { version } = JSON.parse(await readFile(join(source, "package.json"), "utf8")) as { version: string };
  const folder = join(root, "node_modules", ".cache", `nines-chromium-${version}`);
  if (!existsSync(join(folder, "chromium"))) await unpackInto(join(source, "bin"), folder);
  const fontsFile = join(scratch, "fonts.conf");
  await writeFile(fontsFile, fontsConf(folder, scratch, environment.NINES_TEST_FONTS));
  const libraries = [join(folder, "lib"), environment.LD_LIBRARY_PATH].filter((path) => path !== undefined);
  return {
    executablePath: join(folder, "chromium"),
    env: { LD_LIBRARY_PATH: libraries.join(":"), FONTCONFIG_FILE: fontsFile },
  };
};
