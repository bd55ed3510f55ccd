/** Every variable of ours that something reads; README's table lists them. */
export const ENVIRONMENT_NAMES: readonly string[] = [
  "NINES_API_ALLOW",
  "NINES_API_DENY",
  "NINES_CONFIG",
  "NINES_CORS_ORIGINS",
  "NINES_DATA_DIR",
  "NINES_RATE_LIMIT",
  "NINES_SECRET_KEY",
  "NINES_SECRET_KEY_OLD",
  "NINES_TRUSTED_HOPS",
];
