import { tooMany } from './priority-level.ts';

/** What the body of one request has taken so far. */
export interface BodyShare {
  /** @throws {StatusError} TooManyRequests */
  readonly take: (bytes: number) => void;
  /** Gives everything back; may be called more than once. */
  readonly end: () => void;
}

/**
 * Bounds the memory of bodies that are being received or worked on. They are read before their requests take a seat, so that those who
 * send slowly keep nobody from being served; this keeps them from filling the memory instead. No user may have more than half of it.
 */
export class BodyBudget {
  private readonly bytes: number;
  private readonly users = new Map<string, number>();
  private taken = 0;

  constructor(bytes: number) {
    this.bytes = bytes;
  }

  for(user: string): BodyShare {
    let mine = 0;
    return {
      take: (bytes) => {
        const users = this.users.get(user) ?? 0;
        if (this.taken + bytes > this.bytes || users + bytes > this.bytes / 2) throw tooMany('too many bytes of request bodies are being worked on');
        this.taken += bytes;
        this.users.set(user, users + bytes);
        mine += bytes;
      },
      end: () => {
        if (mine === 0) return;
        this.taken -= mine;
        const rest = (this.users.get(user) ?? 0) - mine;
        if (rest <= 0) this.users.delete(user);
        else this.users.set(user, rest);
        mine = 0;
      },
    };
  }
}
