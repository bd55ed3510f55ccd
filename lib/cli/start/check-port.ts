import { createServer } from "node:net";
import { AppError } from "#lib/core/errors.ts";

/** Turns a failed `listen` into an error that names the cure. */
export const listenError = (error: NodeJS.ErrnoException, host: string, port: number): AppError => {
  if (error.code === "EADDRINUSE") {
    return new AppError(
      "PORT_TAKEN",
      `port ${port} on ${host} is in use. Stop the program that holds it, or choose another port: PORT=${port + 1} npm start`,
      { cause: error },
    );
  }
  if (error.code === "EACCES") {
    return new AppError(
      "PERMISSION_DENIED",
      `this user may not listen on port ${port}. Choose one above 1023: PORT=3000 npm start`,
      { cause: error },
    );
  }
  return new AppError("INVALID_REQUEST", `cannot listen on ${host}:${port}: ${error.message}. Check HOST and PORT.`, {
    cause: error,
  });
};

/** Finds out before anything else starts whether the web role can have its port. @throws AppError PORT_TAKEN, PERMISSION_DENIED */
export const checkPortIsFree = (host: string, port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", (error) => reject(listenError(error, host, port)));
    server.listen(port, host, () => server.close(() => resolve()));
  });
