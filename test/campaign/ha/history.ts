/** A state of one key: its version and value. */
export interface Seen {
  readonly revision: number;
  readonly value: string;
}

/** One request of one client, with the moments of its beginning and its end in milliseconds. */
export interface Operation {
  readonly client: string;
  readonly server: number;
  readonly verb: 'create' | 'update' | 'delete' | 'get' | 'list';
  /** '' for a list. */
  readonly key: string;
  readonly begun: number;
  readonly ended: number;
  /** `refused` is certain not to have happened, of `unknown` nothing is certain. */
  readonly outcome: 'done' | 'refused' | 'unknown';
  /** Why it was refused, as in `Status.reason`. */
  readonly reason?: string;
  /** What it wrote; no two writes have the same. */
  readonly value?: string;
  /** The version that it was conditional on. */
  readonly base?: number;
  /** The version that the answer named: of the object, or of the list. */
  readonly revision?: number;
  /** What a deletion says was deleted. */
  readonly uid?: string;
  /** What a list showed. */
  readonly items?: ReadonlyMap<string, Seen>;
  /** Which part of the list was asked for; all of it and the newest by default. */
  readonly page?: Page;
}

export interface Page {
  /** Names after this one; '' for all. */
  readonly after: string;
  /** The last name that was shown, when there are more. */
  readonly upTo: string | undefined;
  /** The version that it has to be of: that of the first page, or one that was named. Undefined when the newest is to be shown. */
  readonly at: number | undefined;
}

export interface Watched {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly key: string;
  readonly revision: number;
  readonly value: string;
  readonly at: number;
}

/** What one watcher received after `from`, through whatever servers, until it was told to list anew. */
export interface Segment {
  readonly watcher: string;
  readonly from: number;
  readonly events: Watched[];
}

/** What really happened to a key, as etcd tells it. `value` is undefined for its deletion; `uid` is of the object that was written or deleted. */
export interface Truth {
  readonly key: string;
  readonly revision: number;
  readonly value: string | undefined;
  readonly uid: string;
}

/** For how long a server ran the controllers, in milliseconds since the epoch. */
export interface Term {
  readonly server: number;
  readonly from: number;
  readonly to: number;
}

/** From when on no version before `revision` need be readable any more. */
export interface Compaction {
  readonly at: number;
  readonly revision: number;
}

export interface History {
  readonly operations: readonly Operation[];
  readonly segments: readonly Segment[];
  /** In order. */
  readonly truth: readonly Truth[];
  readonly terms: readonly Term[];
  readonly compactions: readonly Compaction[];
}
