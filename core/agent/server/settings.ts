/** Limits of the agent's server. */
export interface ServerLimits {
  /** Logs that are read, commands, attachments and forwarding clients at a time; 1000 by default. */
  readonly sessions?: number;
  /** A stream on which nothing comes or goes is closed after so many milliseconds; 4 h by default. */
  readonly idleMs?: number;
  /** A client may take so long to open all the streams that it asked for, in milliseconds; 30 s by default. */
  readonly creationMs?: number;
}

export const limitsOf = ({ sessions = 1000, idleMs = 4 * 3600_000, creationMs = 30_000 }: ServerLimits): Required<ServerLimits> => ({ sessions, idleMs, creationMs });
