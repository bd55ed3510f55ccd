/** What becomes of a page alert by itself. */
export type IncidentPolicy = {
  readonly onAlert: "none" | "draft" | "publish";
  /** Whether one location alone may publish, where no second one measures. */
  readonly singleLocation: "draft" | "publish";
};

export const DEFAULT_POLICY: IncidentPolicy = { onAlert: "draft", singleLocation: "draft" };
