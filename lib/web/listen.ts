import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError } from "#lib/core/errors.ts";

/** Opens the port and returns its number. @throws AppError PORT_TAKEN, PERMISSION_DENIED, USAGE (no such address). */
export const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => {
      switch (error.code) {
        case "EADDRINUSE":
          reject(
            new AppError(
              "PORT_TAKEN",
              `port ${port} on ${host} is taken by another program. Stop it, or choose another port: PORT=${port + 1} npm start`,
              { cause: error },
            ),
          );
          return;
        case "EACCES":
          reject(
            new AppError(
              "PERMISSION_DENIED",
              `port ${port} needs more rights (ports below 1024 are the administrator's). Choose a higher one: PORT=3000 npm start`,
              { cause: error },
            ),
          );
          return;
        case "EADDRNOTAVAIL":
        case "ENOTFOUND":
          reject(
            new AppError(
              "USAGE",
              `HOST=${host} is no address of this machine. Use 127.0.0.1 for this machine only, or 0.0.0.0 for all its addresses`,
              { cause: error },
            ),
          );
          return;
        default:
          reject(error);
      }
    };
    server.once("error", onError);
    server.listen({ host, port, backlog: 1_024 }, () => {
      server.off("error", onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
