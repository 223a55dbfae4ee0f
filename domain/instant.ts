/** A moment, as ISO 8601 in UTC: `2026-11-24T09:30:00.000Z`. */
export type Instant = string;
