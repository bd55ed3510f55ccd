import { createServer } from "node:net";
import { listenError } from "#lib/web/listen.ts";

/** Finds out before anything else starts whether the web role can have its port. @throws AppError PORT_TAKEN, PERMISSION_DENIED, USAGE */
export const checkPortIsFree = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => reject(listenError(error, host, port)));
    server.listen(port, host, () => server.close(() => resolve()));
  });
