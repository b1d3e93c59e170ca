import { isObject } from '#core/api/value.ts';

/** One module's settings as YAML reads them, checked as they are taken. Every failure is a RangeError that names the setting. */
export class Section {
  readonly #name: string;
  readonly #values: Readonly<Record<string, unknown>>;

  /** @throws {RangeError} when there is a setting of another name */
  constructor(name: string, values: Readonly<Record<string, unknown>>, known: readonly string[]) {
    this.#name = name;
    this.#values = values;
    const unknown = Object.keys(values).find((key) => !known.includes(key));
    if (unknown !== undefined) throw new RangeError(`the ${name} provider has no setting ${JSON.stringify(unknown)}; it has ${known.join(', ')}`);
  }

  text(key: string): string | undefined {
    const value = this.#value(key);
    if (value === undefined || (typeof value === 'string' && value !== '')) return value;
    // YAML reads project numbers and dates as something else than text.
    if (typeof value === 'number') return String(value);
    throw this.#wrong(key, 'a text', value);
  }

  texts(key: string): readonly string[] {
    const value = this.#value(key) ?? [];
    const list = typeof value === 'string' ? [value] : value;
    if (Array.isArray(list) && list.every((one): one is string => typeof one === 'string' && one !== '')) return list;
    throw this.#wrong(key, 'a text or a list of them', value);
  }

  truth(key: string, byDefault: boolean): boolean {
    const value = this.#value(key) ?? byDefault;
    if (typeof value === 'boolean') return value;
    throw this.#wrong(key, 'true or false', value);
  }

  count(key: string): number | undefined {
    const value = this.#value(key);
    if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)) return value;
    throw this.#wrong(key, 'a whole number, not below 0', value);
  }

  map(key: string): Readonly<Record<string, string>> {
    const value = this.#value(key) ?? {};
    if (!isObject(value)) throw this.#wrong(key, 'a map of texts', value);
    return Object.fromEntries(Object.entries(value).map(([name, one]) => {
      if (typeof one !== 'string' && typeof one !== 'number') throw this.#wrong(`${key}.${name}`, 'a text', one);
      return [name, String(one)];
    }));
  }

  #value(key: string): unknown {
    return this.#values[key] ?? undefined;
  }

  #wrong(key: string, wanted: string, value: unknown): RangeError {
    return new RangeError(`${this.#name}.${key} must be ${wanted}, not ${JSON.stringify(value)}`);
  }
}
