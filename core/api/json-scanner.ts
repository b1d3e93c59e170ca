import { pathText } from './value.ts';

const maxDuplicates = 100;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** All but quotes, backslashes and control characters. */
const plain = /[ !#-[\]-\uffff]*/y;
const escape = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const space = /[ \t\n\r]*/y;

export interface JsonProblem {
  /** Counted in UTF-16 units. */
  readonly offset: number;
  readonly problem: string;
}

class Failure extends Error implements JsonProblem {
  readonly offset: number;
  readonly problem: string;

  constructor(offset: number, problem: string) {
    super(problem);
    this.offset = offset;
    this.problem = problem;
  }
}

/** Reads JSON token by token, to tell where it is malformed and which keys an object repeats. It recurses: check the depth first. */
export class JsonScanner {
  readonly duplicates: string[] = [];
  private readonly text: string;
  private readonly path: (string | number)[] = [];
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  /** @returns what is wrong, or nothing. */
  scan(): JsonProblem | undefined {
    try {
      this.value();
      if (this.at < this.text.length) this.fail('expected the end of the text');
      return undefined;
    } catch (error) {
      if (error instanceof Failure) return error;
      throw error;
    }
  }

  private value(): void {
    this.match(space);
    const next = this.text[this.at];
    if (next === '{') this.object();
    else if (next === '[') this.array();
    else if (next === '"') this.string();
    else if (!this.word('true') && !this.word('false') && !this.word('null') && !this.match(number)) this.fail('expected a value');
    this.match(space);
  }

  private object(): void {
    const keys = new Set<string>();
    this.at++;
    this.match(space);
    if (this.take('}')) return;
    do {
      this.match(space);
      const key = this.key();
      this.path.push(key);
      if (keys.has(key)) this.duplicate();
      keys.add(key);
      this.match(space);
      if (!this.take(':')) this.fail("expected ':' after a key");
      this.value();
      this.path.pop();
    } while (this.take(','));
    if (!this.take('}')) this.fail("expected ',' or '}'");
  }

  private array(): void {
    this.at++;
    this.match(space);
    if (this.take(']')) return;
    let index = 0;
    do {
      this.path.push(index++);
      this.value();
      this.path.pop();
    } while (this.take(','));
    if (!this.take(']')) this.fail("expected ',' or ']'");
  }

  private key(): string {
    const start = this.at;
    if (this.text[start] !== '"') this.fail('expected a key in double quotes');
    this.string();
    return JSON.parse(this.text.slice(start, this.at)) as string;
  }

  private string(): void {
    this.at++;
    do this.match(plain); while (this.match(escape));
    if (this.take('"')) return;
    if (this.at >= this.text.length) this.fail('expected the end of a string');
    this.fail(this.text[this.at] === '\\' ? 'expected a known escape' : 'expected control characters in strings to be escaped');
  }

  private duplicate(): void {
    const text = pathText(this.path);
    if (this.duplicates.length < maxDuplicates && !this.duplicates.includes(text)) this.duplicates.push(text);
  }

  private take(symbol: string): boolean {
    if (this.text[this.at] !== symbol) return false;
    this.at++;
    return true;
  }

  private word(text: string): boolean {
    if (!this.text.startsWith(text, this.at)) return false;
    this.at += text.length;
    return true;
  }

  private match(pattern: RegExp): boolean {
    pattern.lastIndex = this.at;
    if (!pattern.test(this.text)) return false;
    this.at = pattern.lastIndex;
    return true;
  }

  private fail(expected: string): never {
    const found = this.text[this.at];
    throw new Failure(this.at, found === undefined ? `${expected}, but the text ends` : `${expected}, found ${JSON.stringify(found)}`);
  }
}
