import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { AppError } from "#lib/core/errors.ts";

/** What a failed `listen` means, with the cure: AppError PORT_TAKEN, PERMISSION_DENIED, USAGE; anything else as it is. */
export const listenError = (error: NodeJS.ErrnoException, host: string, port: number): Error => {
  switch (error.code) {
    case "EADDRINUSE":
      return new AppError(
        "PORT_TAKEN",
        `port ${port} on ${host} is in use. Stop the program that holds it, or choose another port: PORT=${port + 1} npm start`,
        { cause: error },
      );
    case "EACCES":
      return new AppError(
        "PERMISSION_DENIED",
        `port ${port} needs more rights (ports below 1024 are the administrator's). Choose a higher one: PORT=3000 npm start`,
        { cause: error },
      );
    case "EADDRNOTAVAIL":
    case "ENOTFOUND":
      return new AppError(
        "USAGE",
        `HOST=${host} is no address of this machine. Use 127.0.0.1 for this machine only, or 0.0.0.0 for all its addresses`,
        { cause: error },
      );
    default:
      return error;
  }
};

/** Opens the port and returns its number. @throws AppError PORT_TAKEN, PERMISSION_DENIED, USAGE (no such address). */
export const listen = (server: Server, host: string, port: number): Promise<number> =>
  new Promise((resolve, reject) => {
    const onError = (error: NodeJS.ErrnoException): void => reject(listenError(error, host, port));
    server.once("error", onError);
    server.listen({ host, port, backlog: 1_024 }, () => {
      server.off("error", onError);
      resolve((server.address() as AddressInfo).port);
    });
  });
