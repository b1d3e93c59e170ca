import { StatusError } from './status-error.ts';

interface Term {
  readonly field: string;
  readonly value: string;
  readonly equal: boolean;
}

/** A parsed field selector: `field=value`, `==` and `!=`, joined by commas, with backslash escapes. */
export class FieldSelector {
  readonly terms: readonly Term[];

  private constructor(terms: readonly Term[]) {
    this.terms = terms;
  }

  static readonly everything = new FieldSelector([]);

  /** @throws {StatusError} BadRequest when a term has no operator. */
  static parse(text: string | undefined): FieldSelector {
    if (text === undefined || text === '') return FieldSelector.everything;
    const terms: Term[] = [];
    for (const part of splitUnescaped(text)) {
      if (part === '') continue;
      const match = /^([^=!]*)(!=|==|=)([\s\S]*)$/.exec(part);
      if (!match) throw StatusError.badRequest(`invalid selector: '${text.slice(0, 128)}'; can't understand '${part.slice(0, 128)}'`);
      const [, field = '', operator, value = ''] = match;
      terms.push({ field, value: value.replace(/\\([\\,=])/g, '$1'), equal: operator !== '!=' });
    }
    return new FieldSelector(terms);
  }

  get empty(): boolean {
    return this.terms.length === 0;
  }

  /** The value that `field` must have, when the selector pins it. */
  required(field: string): string | undefined {
    return this.terms.find((term) => term.equal && term.field === field)?.value;
  }

  /** @param read returns the field's value, '' when it is not set */
  matches(read: (field: string) => string): boolean {
    return this.terms.every((term) => (read(term.field) === term.value) === term.equal);
  }
}

function splitUnescaped(text: string): string[] {
  const parts: string[] = [];
  let start = 0;
  for (let i = 0; i < text.length; i++) {
    if (text[i] === '\\') i++;
    else if (text[i] === ',') {
      parts.push(text.slice(start, i));
      start = i + 1;
    }
  }
  parts.push(text.slice(start));
  return parts;
}
