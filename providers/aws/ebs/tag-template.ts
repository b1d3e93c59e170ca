import { entryOf, invalid, quoted } from './names.ts';

/** What a template can name: `{{ .PVCName }}`. */
export type TemplateFields = Readonly<Record<string, string>>;

type Value = string | number | boolean;
interface Token {
  readonly kind: 'field' | 'word' | 'text' | 'number' | 'sign';
  readonly text: string;
}

const longest = 4096;
const deepest = 20;
const tokens = /\s*(?:(?<field>\.[A-Za-z_]\w*)|(?<word>[A-Za-z_]\w*)|(?<text>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?<number>-?\d{1,9})|(?<sign>[|()]))\s*/y;

/**
 * Fills in a tag's value as Go's `text/template` does, of which it knows pipelines of fields, strings, numbers and the functions below; no control structures.
 * @throws {ProviderError} Invalid, with the template
 */
export function fillTemplate(template: string, fields: TemplateFields): string {
  if (template.length > longest) throw invalid(`the template of a tag's value has at most ${longest} characters: ${quoted(template)}`);
  let result = '';
  let rest = 0;
  for (let start = template.indexOf('{{'); start >= 0; start = template.indexOf('{{', rest)) {
    const end = template.indexOf('}}', start + 2);
    if (end < 0) throw refusal(template, 'there is no }} for its {{');
    const action = template.slice(start + 2, end);
    const before = template.slice(rest, start);
    result += action.startsWith('- ') ? before.trimEnd() : before;
    result += String(new Pipeline(template, action.replace(/^-(?=\s)/, '').replace(/(?<=\s)-$/, ''), fields).value());
    rest = end + 2;
    if (action.endsWith(' -')) rest += /^\s*/.exec(template.slice(rest))?.[0].length ?? 0;
  }
  return result + template.slice(rest);
}

const refusal = (template: string, why: string): Error => invalid(`the template ${quoted(template)} cannot be filled in: ${why}`);

class Pipeline {
  readonly #template: string;
  readonly #fields: TemplateFields;
  readonly #tokens: Token[];
  #depth = 0;

  constructor(template: string, action: string, fields: TemplateFields) {
    this.#template = template;
    this.#fields = fields;
    this.#tokens = this.#scan(action.trim());
  }

  value(): Value {
    const value = this.#pipe();
    const [left] = this.#tokens;
    if (left !== undefined) throw this.#refuse(`${quoted(left.text)} is not expected there`);
    return value;
  }

  #scan(action: string): Token[] {
    const found: Token[] = [];
    tokens.lastIndex = 0;
    while (tokens.lastIndex < action.length) {
      const at = tokens.lastIndex;
      const groups = tokens.exec(action)?.groups;
      const [kind, text] = Object.entries(groups ?? {}).find(([, matched]) => matched !== undefined) ?? [];
      if (kind === undefined || text === undefined) throw this.#refuse(`what is ${quoted(action.slice(at))}?`);
      found.push({ kind: kind as Token['kind'], text });
    }
    return found;
  }

  #pipe(): Value {
    let value = this.#command([]);
    while (this.#tokens[0]?.text === '|' && this.#tokens[0].kind === 'sign') {
      this.#tokens.shift();
      value = this.#command([value]);
    }
    return value;
  }

  /** @param piped comes last among the arguments */
  #command(piped: readonly Value[]): Value {
    const [first] = this.#tokens;
    if (first?.kind !== 'word') {
      if (piped.length > 0) throw this.#refuse('after | comes a function');
      return this.#operand();
    }
    this.#tokens.shift();
    const args: Value[] = [];
    while (this.#tokens[0] !== undefined && !(this.#tokens[0].kind === 'sign' && this.#tokens[0].text !== '(')) args.push(this.#operand());
    return this.#call(first.text, [...args, ...piped]);
  }

  #operand(): Value {
    const token = this.#tokens.shift();
    if (token === undefined) throw this.#refuse('it ends too soon');
    if (token.kind === 'field') return this.#field(token.text.slice(1));
    if (token.kind === 'number') return Number(token.text);
    if (token.kind === 'text') return this.#text(token.text);
    if (token.text !== '(') throw this.#refuse(`${quoted(token.text)} is not expected there`);
    return this.#parenthesis();
  }

  #parenthesis(): Value {
    if (++this.#depth > deepest) throw this.#refuse(`its parentheses are more than ${deepest} deep`);
    const value = this.#pipe();
    this.#depth--;
    if (this.#tokens.shift()?.text !== ')') throw this.#refuse('there is no ) for its (');
    return value;
  }

  #field(name: string): string {
    const value = entryOf(this.#fields, name);
    if (value === undefined) throw this.#refuse(`there is no .${name}, only ${Object.keys(this.#fields).map((known) => `.${known}`).join(', ')}`);
    return value;
  }

  #text(literal: string): string {
    if (literal.startsWith('`')) return literal.slice(1, -1);
    try {
      return JSON.parse(literal) as string;
    } catch {
      throw this.#refuse(`${quoted(literal)} is no string`);
    }
  }

  #call(name: string, args: readonly Value[]): Value {
    const call = entryOf(functions, name);
    if (call === undefined) throw this.#refuse(`there is no function ${quoted(name)}, only ${Object.keys(functions).join(', ')}`);
    const kinds = args.map((arg) => typeof arg).join(' ');
    if (kinds !== call.kinds) throw this.#refuse(`the function ${name} takes ${call.kinds}, not ${kinds === '' ? 'nothing' : kinds}`);
    const value = call.run(...args);
    if (value === undefined) throw this.#refuse(`${name} ${args.map((arg) => JSON.stringify(arg)).join(' ')} has no result`);
    return value;
  }

  #refuse(why: string): Error {
    return refusal(this.#template, why);
  }
}

interface TemplateFunction {
  /** Of its arguments. */
  readonly kinds: string;
  run(...args: readonly Value[]): Value | undefined;
}

const text = (value: Value | undefined): string => String(value);

const functions: Readonly<Record<string, TemplateFunction>> = {
  field: { kinds: 'string number string', run: (delimiter, index, whole) => text(whole).split(text(delimiter))[Number(index)] },
  substring: { kinds: 'number number string', run: (start, end, whole) => substring(Number(start), Number(end), text(whole)) },
  toUpper: { kinds: 'string', run: (whole) => text(whole).toUpperCase() },
  toLower: { kinds: 'string', run: (whole) => text(whole).toLowerCase() },
  contains: { kinds: 'string string', run: (part, whole) => text(whole).includes(text(part)) },
  index: { kinds: 'string string', run: (part, whole) => text(whole).indexOf(text(part)) },
  lastIndex: { kinds: 'string string', run: (part, whole) => text(whole).lastIndexOf(text(part)) },
};

/** To the end of the text when `end` is below 0 or beyond it. */
function substring(start: number, end: number, whole: string): string | undefined {
  if (start < 0) return end < 0 || end > whole.length ? undefined : whole.slice(0, end);
  const until = end < 0 || end > whole.length ? whole.length : end;
  return start > until ? undefined : whole.slice(start, until);
}
