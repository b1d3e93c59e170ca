import type { Files } from './files.ts';

/**
 * `fail`: that one step does nothing and throws. `die`: neither it nor any later one does anything, as after a crash.
 * `die after`: the step is done, but nobody learns it.
 */
export type Trouble = 'fail' | 'die' | 'die after';

/** The same files, with trouble at the step of this number, counted from 1. Steps that only look count too. */
export class FailingFiles {
  readonly files: Files;
  steps = 0;
  readonly names: string[] = [];
  readonly #at: number;
  readonly #trouble: Trouble;
  readonly #error: Error;

  constructor(files: Files, at: number, trouble: Trouble, error: Error = Object.assign(new Error('injected'), { code: 'EIO' })) {
    this.#at = at;
    this.#trouble = trouble;
    this.#error = error;
    this.files = {
      ensureFolder: (path) => this.#step('ensureFolder', () => files.ensureFolder(path)),
      makeFolder: (path) => this.#step('makeFolder', () => files.makeFolder(path)),
      writeNew: (path, text) => this.#step('writeNew', () => files.writeNew(path, text)),
      makeSparse: (path, bytes) => this.#step('makeSparse', () => files.makeSparse(path, bytes)),
      lengthen: (path, bytes) => this.#step('lengthen', () => files.lengthen(path, bytes)),
      move: (from, to) => this.#step('move', () => files.move(from, to)),
      syncFolder: (path) => this.#step('syncFolder', () => files.syncFolder(path)),
      remove: (path) => this.#step('remove', () => files.remove(path)),
      list: (path) => this.#step('list', () => files.list(path)),
      entry: (path) => this.#step('entry', () => files.entry(path)),
      readText: (path) => this.#step('readText', () => files.readText(path)),
      realpath: (path) => this.#step('realpath', () => files.realpath(path)),
      space: (path) => this.#step('space', () => files.space(path)),
    };
  }

  /** True when the trouble came. */
  get happened(): boolean {
    return this.steps >= this.#at;
  }

  async #step<R>(name: string, act: () => Promise<R>): Promise<R> {
    const number = ++this.steps;
    this.names.push(name);
    const isDead = this.#trouble !== 'fail' && number > this.#at;
    if (number !== this.#at && !isDead) return act();
    if (this.#trouble === 'die after' && number === this.#at) await act();
    throw this.#error;
  }
}
