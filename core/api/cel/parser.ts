import { qualifiedName, type Call, type Expr, type Literal, type MapEntry } from './ast.ts';
import { isKeyword } from './escape.ts';
import { SyntaxFailure } from './issue.ts';
import { Lexer, type Token } from './lexer.ts';
import { maxNesting, maxSourceLength } from './limits.ts';
import { bytesLiteral, doubleLiteral, intLiteral, stringLiteral, uintLiteral } from './literals.ts';
import { expandMacro } from './macros.ts';
import { bool, bytes, double, int, nullType, string, uint, type CelType } from './types.ts';

const relations: ReadonlySet<string> = new Set(['==', '!=', '<=', '>=', '<', '>', 'in']);
const sums: ReadonlySet<string> = new Set(['+', '-']);
const products: ReadonlySet<string> = new Set(['*', '/', '%']);
const startsExpression = "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";
const constants: ReadonlyMap<string, readonly [CelType, unknown]> = new Map([
  ['true', [bool, true]], ['false', [bool, false]], ['null', [nullType, null]],
]);

/** @throws {SyntaxFailure} at the first mistake. */
export function parse(source: string): Expr {
  let length = source.length;
  if (length > maxSourceLength) length = Array.from(source).length;
  if (length > maxSourceLength) throw new SyntaxFailure(`expression code point size exceeds limit: size: ${length}, limit ${maxSourceLength}`, 0);
  return new Parser(source).whole();
}

/** Recursive descent. The height of the tree is bounded as it grows, so that whoever walks it may recurse. */
class Parser {
  private readonly lexer: Lexer;
  private readonly heights = new Map<Expr, number>();
  private token: Token;
  private depth = 0;

  constructor(source: string) {
    this.lexer = new Lexer(source);
    this.token = this.lexer.next();
  }

  whole(): Expr {
    const expr = this.expression();
    if (this.token.kind !== 'end') throw this.unexpected('<EOF>', 'extraneous');
    return expr;
  }

  private unexpected(expected: string, problem: 'mismatched' | 'extraneous' = 'mismatched'): SyntaxFailure {
    return new SyntaxFailure(`Syntax error: ${problem} input '${this.token.text}' expecting ${expected}`, this.token.offset);
  }

  private advance(): Token {
    const { token } = this;
    this.token = this.lexer.next();
    return token;
  }

  private is(symbol: string): boolean {
    return this.token.text === symbol && this.token.kind === 'symbol';
  }

  private accept(symbol: string): Token | undefined {
    return this.is(symbol) ? this.advance() : undefined;
  }

  private expect(symbol: string): Token {
    return this.accept(symbol) ?? this.fail(this.unexpected(`'${symbol}'`));
  }

  private fail(error: SyntaxFailure): never {
    throw error;
  }

  private made<E extends Expr>(expr: E, ...parts: readonly Expr[]): E {
    let height = 0;
    for (const part of parts) height = Math.max(height, this.heights.get(part) ?? 0);
    if (++height > maxNesting) throw new SyntaxFailure(`expression recursion limit exceeded: ${maxNesting}`, expr.offset);
    this.heights.set(expr, height);
    return expr;
  }

  private call(name: string, offset: number, ...args: readonly Expr[]): Call {
    return this.made({ kind: 'call', name, target: undefined, args, offset }, ...args);
  }

  private nested<T>(parseInner: () => T): T {
    if (++this.depth > maxNesting) throw new SyntaxFailure(`expression recursion limit exceeded: ${maxNesting}`, this.token.offset);
    const inner = parseInner();
    this.depth--;
    return inner;
  }

  private expression(): Expr {
    return this.nested(() => {
      const condition = this.either();
      const question = this.accept('?');
      if (question === undefined) return condition;
      const truthy = this.either();
      this.expect(':');
      return this.call('_?_:_', question.offset, condition, truthy, this.expression());
    });
  }

  private either(): Expr {
    return this.chain('||', '_||_', () => this.chain('&&', '_&&_', () => this.relation()));
  }

  /** Long chains become balanced trees, which are not deep. */
  private chain(symbol: string, name: string, term: () => Expr): Expr {
    const terms = [term()];
    const offsets: number[] = [];
    while (this.is(symbol)) {
      offsets.push(this.advance().offset);
      terms.push(term());
    }
    const balanced = (from: number, to: number): Expr => {
      const only = terms[from];
      if (from === to && only !== undefined) return only;
      const middle = (from + to + 1) >> 1;
      return this.call(name, offsets[middle - 1] ?? 0, balanced(from, middle - 1), balanced(middle, to));
    };
    return balanced(0, terms.length - 1);
  }

  private relation(): Expr {
    return this.leftToRight(relations, (word) => (word === 'in' ? '@in' : `_${word}_`), () =>
      this.leftToRight(sums, (sign) => `_${sign}_`, () => this.leftToRight(products, (sign) => `_${sign}_`, () => this.unary())));
  }

  private leftToRight(operators: ReadonlySet<string>, name: (operator: string) => string, term: () => Expr): Expr {
    let left = term();
    while (operators.has(this.token.text) && (this.token.kind === 'symbol' || this.token.kind === 'ident')) {
      const operator = this.advance();
      left = this.call(name(operator.text), operator.offset, left, term());
    }
    return left;
  }

  private unary(): Expr {
    const sign = this.token;
    if (!this.is('!') && !this.is('-')) return this.member(this.primary());
    let count = 0;
    for (; this.is(sign.text); count++) this.advance();
    const number = sign.text === '-' && count === 1 ? this.negativeNumber(sign) : undefined;
    const operand = this.member(number ?? this.primary());
    if (number !== undefined || count % 2 === 0) return operand;
    return this.call(sign.text === '!' ? '!_' : '-_', sign.offset, operand);
  }

  private negativeNumber(sign: Token): Literal | undefined {
    if (this.token.kind !== 'int' && this.token.kind !== 'double') return undefined;
    const token = this.advance();
    return token.kind === 'int' ? this.literal(int, intLiteral(token, true), sign.offset) : this.literal(double, doubleLiteral(token, true), sign.offset);
  }

  private literal(type: CelType, value: unknown, offset: number): Literal {
    return this.made({ kind: 'literal', type, value, offset });
  }

  private member(start: Expr): Expr {
    let expr = start;
    for (;;) {
      if (this.is('.')) expr = this.selection(expr, this.advance().offset);
      else if (this.is('[')) expr = this.index(expr, this.advance().offset);
      else return this.message(expr);
    }
  }

  private selection(operand: Expr, offset: number): Expr {
    const optional = this.accept('?') !== undefined;
    const { text: field, kind } = this.token;
    if (kind !== 'ident' || constants.has(field) || field === 'in') throw this.unexpected('IDENTIFIER');
    this.advance();
    if (optional) return this.call('_?._', offset, operand, this.literal(string, field, offset));
    const open = this.accept('(');
    if (open === undefined) return this.made({ kind: 'select', operand, field, test: false, offset }, operand);
    const args = this.list(')');
    const macro = expandMacro(field, operand, args, open.offset);
    const call: Expr = macro ?? { kind: 'call', name: field, target: operand, args, offset: open.offset };
    return this.made(call, operand, ...args);
  }

  private index(operand: Expr, offset: number): Expr {
    const optional = this.accept('?') !== undefined;
    const key = this.expression();
    this.expect(']');
    return this.call(optional ? '_[?_]' : '_[_]', offset, operand, key);
  }

  private list(close: string): Expr[] {
    const items: Expr[] = [];
    if (this.accept(close) !== undefined) return items;
    do items.push(this.expression());
    while (this.accept(',') !== undefined);
    this.expect(close);
    return items;
  }

  private primary(): Expr {
    const { token } = this;
    switch (token.kind) {
      case 'int': return this.literal(int, intLiteral(this.advance(), false), token.offset);
      case 'uint': return this.literal(uint, uintLiteral(this.advance()), token.offset);
      case 'double': return this.literal(double, doubleLiteral(this.advance(), false), token.offset);
      case 'string': return this.literal(string, stringLiteral(this.advance()), token.offset);
      case 'bytes': return this.literal(bytes, bytesLiteral(this.advance()), token.offset);
      case 'ident': return this.word();
      case 'symbol': return this.bracketed();
      case 'end': throw this.unexpected(startsExpression);
    }
  }

  private bracketed(): Expr {
    const { offset } = this.token;
    if (this.accept('(') !== undefined) {
      const inner = this.expression();
      this.expect(')');
      return inner;
    }
    if (this.accept('[') !== undefined) return this.listLiteral(offset);
    if (this.accept('{') !== undefined) return this.mapLiteral(offset);
    // A leading dot asks for the root namespace, and there is no other here.
    if (this.accept('.') !== undefined && this.token.kind === 'ident') return this.word();
    throw this.unexpected(startsExpression);
  }

  private word(): Expr {
    const { text: name, offset } = this.advance();
    const constant = constants.get(name);
    if (constant !== undefined) return this.literal(...constant, offset);
    const open = this.accept('(');
    if (open !== undefined) {
      const args = this.list(')');
      const call: Expr = expandMacro(name, undefined, args, open.offset) ?? { kind: 'call', name, target: undefined, args, offset: open.offset };
      return this.made(call, ...args);
    }
    if (isKeyword(name)) throw new SyntaxFailure(`Syntax error: reserved identifier: ${name}`, offset);
    return this.made({ kind: 'ident', name, offset });
  }

  /** `a.Name{…}`, or what there is alone. */
  private message(expr: Expr): Expr {
    const name = this.is('{') ? qualifiedName(expr) : undefined;
    if (name === undefined) return expr;
    const { offset } = this.advance();
    const literal: Expr = this.made({ kind: 'message', name, offset });
    while (!this.is('}')) {
      this.accept('?');
      if (this.token.kind !== 'ident') throw this.unexpected("'}'");
      this.advance();
      this.expect(':');
      this.expression();
      if (this.accept(',') === undefined) break;
    }
    this.expect('}');
    return literal;
  }

  private listLiteral(offset: number): Expr {
    const items: Expr[] = [];
    const optional = new Set<number>();
    while (!this.is(']')) {
      if (this.accept('?') !== undefined) optional.add(items.length);
      items.push(this.expression());
      if (this.accept(',') === undefined) break;
    }
    this.expect(']');
    return this.made({ kind: 'list', items, optional, offset }, ...items);
  }

  private mapLiteral(offset: number): Expr {
    const entries: MapEntry[] = [];
    while (!this.is('}')) {
      const optional = this.accept('?') !== undefined;
      const key = this.expression();
      const colon = this.expect(':');
      entries.push({ key, value: this.expression(), optional, offset: colon.offset });
      if (this.accept(',') === undefined) break;
    }
    this.expect('}');
    return this.made({ kind: 'map', entries, offset }, ...entries.flatMap(({ key, value }) => [key, value]));
  }
}
