/** @type {import("next").NextConfig} */
const config = {
  reactStrictMode: true,
  poweredByHeader: false,
  // The server in front of Next compresses: the public pages once, the others as they pass.
  compress: false,
  images: { unoptimized: true },
  // Types are checked by `npm run verify`; a build on a user's machine must not depend on the compiler.
  typescript: { ignoreBuildErrors: true },
  // Metadata stands in the head of every answer. Streamed metadata would need a script to move it there.
  htmlLimitedBots: /.*/,
  serverExternalPackages: ["postgres", "pino", "prom-client"],
};

export default config;
