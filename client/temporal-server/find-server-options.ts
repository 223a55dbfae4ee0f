export interface FindServerOptions {
  readonly environment: NodeJS.ProcessEnv;
  /** Hears what takes time. */
  readonly say: (text: string) => void;
  /** Where releases are downloaded from; another one in tests. */
  readonly releasesUrl?: string;
}
