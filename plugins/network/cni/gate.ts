/** Work that may go on side by side, and work that must be alone. Who waits to be alone goes before those that come later. */
export class Gate {
  readonly #inside = new Set<Promise<unknown>>();
  #closed: Promise<unknown> = Promise.resolve();

  async together<T>(work: () => Promise<T>): Promise<T> {
    for (let closed; closed !== this.#closed;) {
      closed = this.#closed;
      await closed;
    }
    const running = work();
    const settled = running.catch(() => undefined);
    this.#inside.add(settled);
    void settled.then(() => this.#inside.delete(settled));
    return running;
  }

  alone<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#closed.then(() => Promise.all(this.#inside)).then(work);
    this.#closed = result.catch(() => undefined);
    return result;
  }
}
