import { SyntaxFailure } from './issue.ts';

export type TokenKind = 'ident' | 'int' | 'uint' | 'double' | 'string' | 'bytes' | 'symbol' | 'end';

export interface Token {
  readonly kind: TokenKind;
  readonly text: string;
  readonly offset: number;
}

const symbols = ['==', '!=', '<=', '>=', '&&', '||', '[', ']', '{', '}', '(', ')', '.', ',', '-', '!', '?', ':', '+', '*', '/', '%', '<', '>'];
const space = /(?:[\t\n\f\r ]|\/\/[^\n]*)*/y;
const word = /[A-Za-z_][A-Za-z0-9_]*/y;
const double = /(?:\d+\.\d+(?:[eE][+-]?\d+)?|\d+[eE][+-]?\d+|\.\d+(?:[eE][+-]?\d+)?)/y;
const integer = /(?:0x[0-9a-fA-F]+|\d+)[uU]?/y;
const prefix = /(?:[bB][rR]?|[rR])?(?:'''|"""|'|")/y;

/** Cuts a source into tokens, one at a time, in linear time. */
export class Lexer {
  private readonly source: string;
  private at = 0;

  constructor(source: string) {
    this.source = source;
  }

  /** @throws {SyntaxFailure} for what is no token. */
  next(): Token {
    this.at += this.match(space)?.length ?? 0;
    const offset = this.at;
    if (offset >= this.source.length) return { kind: 'end', text: '<EOF>', offset };
    return this.stringToken(offset) ?? this.numberToken(offset) ?? this.plainToken(offset);
  }

  private match(pattern: RegExp): string | undefined {
    pattern.lastIndex = this.at;
    return pattern.exec(this.source)?.[0];
  }

  private take(kind: TokenKind, text: string, offset: number): Token {
    this.at = offset + text.length;
    return { kind, text, offset };
  }

  private plainToken(offset: number): Token {
    const name = this.match(word);
    if (name !== undefined) return this.take('ident', name, offset);
    const symbol = symbols.find((candidate) => this.source.startsWith(candidate, offset));
    if (symbol !== undefined) return this.take('symbol', symbol, offset);
    throw new SyntaxFailure(`Syntax error: token recognition error at: '${String.fromCodePoint(this.source.codePointAt(offset) ?? 0)}'`, offset);
  }

  private numberToken(offset: number): Token | undefined {
    const real = this.match(double);
    if (real !== undefined) return this.take('double', real, offset);
    const whole = this.match(integer);
    return whole === undefined ? undefined : this.take(/u$/i.test(whole) ? 'uint' : 'int', whole, offset);
  }

  private stringToken(offset: number): Token | undefined {
    const head = this.match(prefix);
    if (head === undefined) return undefined;
    const quote = head.replace(/^[bBrR]+/, '');
    const raw = /r/i.test(head);
    const end = this.closing(offset + head.length, quote, raw);
    if (end === undefined) {
      throw new SyntaxFailure(`Syntax error: token recognition error at: '${this.source.slice(offset, offset + 40).split('\n', 1)[0] ?? ''}'`, offset);
    }
    return this.take(/^b/i.test(head) ? 'bytes' : 'string', this.source.slice(offset, end + quote.length), offset);
  }

  /** Where the closing quote is. In raw strings a backslash is a character like others. */
  private closing(from: number, quote: string, raw: boolean): number | undefined {
    const { source } = this;
    for (let i = from; i < source.length; i++) {
      const char = source[i];
      if (char === '\\' && !raw) i++;
      else if ((char === '\n' || char === '\r') && quote.length === 1) return undefined;
      else if (char === quote[0] && source.startsWith(quote, i)) return i;
    }
    return undefined;
  }
}
