export type ParamValue = string | number | boolean | Params | readonly (string | number | boolean | Params)[];

/** What a call said, already checked against the table of its action. */
export class Params {
  readonly #values: ReadonlyMap<string, ParamValue>;

  constructor(values: ReadonlyMap<string, ParamValue>) {
    this.#values = values;
  }

  has(name: string): boolean {
    return this.#values.has(name);
  }

  names(): string[] {
    return [...this.#values.keys()];
  }

  text(name: string): string | undefined {
    const value = this.#values.get(name);
    return typeof value === 'string' ? value : undefined;
  }

  /** For what the table says is required. */
  need(name: string): string {
    const value = this.text(name);
    if (value === undefined) throw new Error(`the table of parameters does not require the text ${name}`);
    return value;
  }

  number(name: string): number | undefined {
    const value = this.#values.get(name);
    return typeof value === 'number' ? value : undefined;
  }

  flag(name: string): boolean | undefined {
    const value = this.#values.get(name);
    return typeof value === 'boolean' ? value : undefined;
  }

  texts(name: string): string[] {
    return this.#list(name).filter((entry) => typeof entry === 'string');
  }

  struct(name: string): Params | undefined {
    const value = this.#values.get(name);
    return value instanceof Params ? value : undefined;
  }

  structs(name: string): Params[] {
    return this.#list(name).filter((entry) => entry instanceof Params);
  }

  /** Equal calls have equal texts. */
  fingerprint(except: readonly string[] = []): string {
    return JSON.stringify(this.toJSON(except));
  }

  toJSON(except: readonly string[] = []): unknown {
    return [...this.#values].filter(([name]) => !except.includes(name)).sort(([a], [b]) => (a < b ? -1 : 1));
  }

  #list(name: string): readonly (string | number | boolean | Params)[] {
    const value = this.#values.get(name);
    return Array.isArray(value) ? value as readonly (string | number | boolean | Params)[] : [];
  }
}
