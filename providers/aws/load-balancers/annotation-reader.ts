import { ProviderError } from '#core/spi/errors.ts';
import { annotationPrefix } from './annotations.ts';

/** Reads the annotations of one service. What is wrong with one is said with its name and value. */
export class AnnotationReader {
  readonly #annotations: Readonly<Record<string, string>>;

  constructor(annotations: Readonly<Record<string, string>>) {
    this.#annotations = annotations;
  }

  /** Trimmed; undefined when it is absent or empty. @param name what follows the prefix */
  text(name: string): string | undefined {
    const key = `${annotationPrefix}${name}`;
    const value = Object.hasOwn(this.#annotations, key) ? this.#annotations[key]?.trim() : undefined;
    return value === '' ? undefined : value;
  }

  truth(name: string): boolean | undefined {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return undefined;
    if (text !== 'true' && text !== 'false') throw this.wrong(name, 'is neither true nor false');
    return text === 'true';
  }

  /** One of `allowed`, whatever its case. */
  choice<T extends string>(name: string, allowed: readonly T[]): T | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const found = allowed.find((one) => one.toLowerCase() === text.toLowerCase());
    if (found === undefined) throw this.wrong(name, `is none of ${allowed.join(', ')}`);
    return found;
  }

  count(name: string, least: number, most: number): number | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const number = /^\d{1,6}$/.test(text) ? Number(text) : Number.NaN;
    if (!(number >= least && number <= most)) throw this.wrong(name, `is no whole number from ${least} to ${most}`);
    return number;
  }

  /** What stands between commas. @param form each part's, which `what` describes */
  list(name: string, form: RegExp = /^[^\s]/, what = 'is a list with something empty in it'): readonly string[] {
    const text = this.text(name);
    if (text === undefined) return [];
    const parts = text.split(',').map((part) => part.trim()).filter((part) => part !== '');
    if (parts.length === 0 || parts.some((part) => !form.test(part))) throw this.wrong(name, what);
    if (new Set(parts).size < parts.length) throw this.wrong(name, 'names something twice');
    return parts;
  }

  /** `key=value` between commas. */
  map(name: string): ReadonlyMap<string, string> {
    const pairs = this.list(name).map((part) => {
      const at = part.indexOf('=');
      if (at < 1) throw this.wrong(name, 'is no list of key=value');
      return [part.slice(0, at).trim(), part.slice(at + 1).trim()] as const;
    });
    if (new Set(pairs.map(([key]) => key)).size < pairs.length) throw this.wrong(name, 'has a key twice');
    return new Map(pairs);
  }

  /** What follows `beginning` in the names of those that begin so. */
  endings(beginning: string): readonly string[] {
    const whole = `${annotationPrefix}${beginning}`;
    return Object.keys(this.#annotations).filter((key) => key.startsWith(whole) && key.length > whole.length).map((key) => key.slice(whole.length)).toSorted();
  }

  wrong(name: string, problem: string): ProviderError {
    return new ProviderError('Invalid', `the annotation ${annotationPrefix}${name}: ${JSON.stringify(this.text(name) ?? '')} ${problem}`);
  }
}
