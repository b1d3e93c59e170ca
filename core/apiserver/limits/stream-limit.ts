import { tooMany, type Seat } from './priority-level.ts';

/** Bounds the watches and other streams that are open, of each user and of all together: a client that forgets to close them harms itself first. */
export class StreamLimit {
  private readonly perUser: number;
  private readonly total: number;
  private readonly open = new Map<string, number>();
  private all = 0;

  constructor(perUser: number, total: number) {
    this.perUser = perUser;
    this.total = total;
  }

  /** @throws {StatusError} TooManyRequests */
  enter(user: string): Seat {
    const mine = this.open.get(user) ?? 0;
    if (mine >= this.perUser) throw tooMany(`the user has ${mine} watches and streams open already`);
    if (this.all >= this.total) throw tooMany(`there are ${this.all} watches and streams open already`);
    this.open.set(user, mine + 1);
    this.all++;
    let left = false;
    return {
      leave: () => {
        if (left) return;
        left = true;
        this.all--;
        const rest = (this.open.get(user) ?? 1) - 1;
        if (rest === 0) this.open.delete(user);
        else this.open.set(user, rest);
      },
    };
  }
}
