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
    const step = <A extends unknown[], R>(name: string, act: (...args: A) => Promise<R>) => (...args: A): Promise<R> => this.#step(name, () => act(...args));
    this.files = {
      ensureFolder: step('ensureFolder', files.ensureFolder), makeFolder: step('makeFolder', files.makeFolder), writeNew: step('writeNew', files.writeNew),
      makeSparse: step('makeSparse', files.makeSparse), move: step('move', files.move), syncFolder: step('syncFolder', files.syncFolder),
      remove: step('remove', files.remove), list: step('list', files.list), entry: step('entry', files.entry), readText: step('readText', files.readText),
      realpath: step('realpath', files.realpath), space: step('space', files.space),
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
