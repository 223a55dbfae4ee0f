/** Bounds of the talk with a Temporal server: what each limits, its unit in the name, and the reason. */
export const limits = {
  /** First contact with a Temporal server that is said to be there. */
  connectSeconds: 10,
  /** A search attribute or a namespace appears in the server's parts a moment after it was added, one after the other. */
  knownSeconds: 30,
} as const;
