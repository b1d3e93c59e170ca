import { expect } from 'chai';

export interface KitOptions {
  /** Checks that these are known not to pass, by their titles, each with the reason. A title that no check has is an error. */
  readonly skip?: Readonly<Record<string, string>>;
}

/** The checks of a kit, each on a subject of its own, which `make` makes and `cleanup` takes away. */
export class Kit<T extends { cleanup(): Promise<void> }> {
  readonly #make: () => Promise<T>;
  readonly #skip: Readonly<Record<string, string>>;
  readonly #titles = new Set<string>();
  #subject: T | undefined;

  constructor(make: () => Promise<T>, { skip = {} }: KitOptions) {
    this.#make = make;
    this.#skip = skip;
  }

  /** That of the running check. */
  get subject(): T {
    if (this.#subject === undefined) throw new Error('no check is running');
    return this.#subject;
  }

  check(title: string, act: () => Promise<void>): void {
    this.#titles.add(title);
    const [make, reason] = [this.#make, this.#skip[title]];
    const run = async (): Promise<void> => {
      this.#subject = await make();
      try {
        await act();
      } finally {
        await this.#subject.cleanup();
      }
    };
    it(title, async function () {
      if (reason !== undefined) {
        this.test!.title += ` (skipped: ${reason})`;
        this.skip();
      }
      await run();
    });
  }

  /** The last of the checks. */
  expectAllSkipsKnown(): void {
    it('skips only checks that there are', () => {
      expect(Object.keys(this.#skip).filter((title) => !this.#titles.has(title))).to.deep.equal([]);
    });
  }
}
