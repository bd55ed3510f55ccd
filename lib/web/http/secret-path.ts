/** Addresses that let their bearer in: what follows these parts of a path is a secret. */
const SECRET_TAIL = /(\/+api\/+push|\/+ping|\/+subscribe\/+confirm|\/+subscription|\/+unsubscribe)\/.*$/is;

/** A path as logs and answers may repeat it. */
export const withoutTokens = (path: string): string => path.replace(SECRET_TAIL, "$1/[hidden]");
