/** Work that may go on side by side, and work that must be alone. Who waits to be alone goes before those that come later. */
export class Gate {
  readonly #inside = new Set<Promise<unknown>>();
  #closed: Promise<unknown> | undefined;

  async together<T>(work: () => Promise<T>): Promise<T> {
    while (this.#closed !== undefined) await this.#closed;
    const running = work();
    const settled = running.catch(() => undefined);
    this.#inside.add(settled);
    void settled.then(() => this.#inside.delete(settled));
    return running;
  }

  async alone<T>(work: () => Promise<T>): Promise<T> {
    const before = Promise.all([this.#closed, ...this.#inside]);
    const running = before.then(work);
    const closed = running.catch(() => undefined).then(() => {
      if (this.#closed === closed) this.#closed = undefined;
    });
    this.#closed = closed;
    return running;
  }
}
