/** One thing that a feed tells of. Instants are ISO 8601. */
export type FeedItem = {
  /** A tag URI; stays the same for ever. */
  readonly id: string;
  readonly url: string;
  readonly title: string;
  readonly html: string;
  readonly publishedAt: string;
  /** Moves with every change. */
  readonly updatedAt: string;
  readonly tags: readonly string[];
  /** Of planned work: when it is to end. */
  readonly maintenanceEndsAt: string | null;
};

export type Feed = {
  readonly id: string;
  readonly title: string;
  readonly description: string;
  readonly author: string;
  readonly language: string;
  readonly homeUrl: string;
  readonly selfUrl: string;
  readonly updatedAt: string;
  /** Newest first. */
  readonly items: readonly FeedItem[];
};
