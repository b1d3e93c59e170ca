/**
 * Lets those who change the same key take turns, so that none of them loses to another of this process.
 * The last of a line is kept only while somebody waits; the callers bound how many there are.
 */
export class Turns {
  private readonly lines = new Map<string, Promise<unknown>>();

  /** Runs `task` when all that came before it for this key are over, however they ended. */
  async take<T>(key: string, task: () => Promise<T>): Promise<T> {
    const before = this.lines.get(key);
    const mine = before === undefined ? task() : before.then(task, task);
    this.lines.set(key, mine);
    try {
      return await mine;
    } finally {
      if (this.lines.get(key) === mine) this.lines.delete(key);
    }
  }
}
