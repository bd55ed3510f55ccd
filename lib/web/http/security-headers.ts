/** Sent with every answer. The pairs are flat (name, value, name, value) because that is the cheapest form for Node. */
export const COMMON_HEADERS: readonly string[] = [
  "X-Content-Type-Options",
  "nosniff",
  "Referrer-Policy",
  "same-origin",
  "Cross-Origin-Opener-Policy",
  "same-origin",
  "Permissions-Policy",
  "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
];

/** Public pages run no script and load nothing from elsewhere. */
export const PUBLIC_CONTENT_POLICY =
  "default-src 'none'; style-src 'self'; img-src 'self' data:; script-src 'self'; connect-src 'self'; " +
  "base-uri 'none'; form-action 'self'; frame-ancestors 'none'";

/** Data (JSON, text) is never a document. */
export const DATA_CONTENT_POLICY = "default-src 'none'; frame-ancestors 'none'";

/**
 * Admin pages are Next applications: their scripts carry the nonce of the request. Style attributes are allowed
 * because charts place their parts with them. `isProduction` false adds what hot reloading needs.
 */
export const adminContentPolicy = (nonce: string, isProduction: boolean): string =>
  [
    "default-src 'none'",
    `script-src 'self' 'nonce-${nonce}' 'strict-dynamic'${isProduction ? "" : " 'unsafe-eval'"}`,
    isProduction ? `style-src 'self' 'nonce-${nonce}'` : "style-src 'self' 'unsafe-inline'",
    "style-src-attr 'unsafe-inline'",
    "img-src 'self' data:",
    "font-src 'self'",
    isProduction ? "connect-src 'self'" : "connect-src 'self' ws: wss:",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
