/** What a resumed thread is worth to the provider's cache, before anything is sent. */

/** What a resumed thread will send, compared with what it last sent. */
export interface ResumeReport {
  /** The next prompt begins with the last one, byte for byte, for the same model. */
  readonly exact: boolean;
  /** What drifted; empty when exact. */
  readonly cause: string;
  /** Tokens of the last prompt that the provider's cache will not give back for it. */
  readonly lostTokens: number;
}
