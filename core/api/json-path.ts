import { isObject, own } from './value.ts';

/** From each value to those that one step leads to. */
type Step = (value: unknown, root: unknown) => readonly unknown[];

/** More results than anybody reads; recursive descent could find very many. */
const maxResults = 10_000;
const maxLength = 4096;

/**
 * A path in kubectl's dialect of JSONPath, without the braces: `.status.conditions[?(@.type=="Ready")].status`, `.a[0]`, `[-1]`, `[1:3]`,
 * `[*]`, `.a\.b`, `..name`. What stands in quotes is a path as well: `['a.b']` is `.a.b`, and `['a\.b']` is one name.
 * Compiled once; what is missing in a value leads nowhere.
 */
export class JsonPath {
  readonly text: string;
  private readonly steps: readonly Step[];

  private constructor(text: string, steps: readonly Step[]) {
    this.text = text;
    this.steps = steps;
  }

  /** @throws {RangeError} with what is wrong */
  static parse(text: string): JsonPath {
    if (text.length > maxLength) throw new RangeError(`the path is longer than ${maxLength} characters`);
    return new JsonPath(text, new PathParser(text).path());
  }

  /** All values at the path, in their order. */
  find(value: unknown): readonly unknown[] {
    return follow(this.steps, value, value);
  }
}

function follow(steps: readonly Step[], value: unknown, root: unknown): readonly unknown[] {
  let values: readonly unknown[] = [value];
  for (const step of steps) {
    const next: unknown[] = [];
    for (const each of values) {
      for (const found of step(each, root)) if (next.length < maxResults) next.push(found);
    }
    values = next;
  }
  return values;
}

const field = (name: string): Step => (value) => {
  const found = isObject(value) ? own(value, name) : undefined;
  return found === undefined ? [] : [found];
};

const itemsOf = (value: unknown): readonly unknown[] => (Array.isArray(value) ? value : []);

const everything: Step = (value) => (isObject(value) ? Object.values(value) : itemsOf(value));

function descend(value: unknown): readonly unknown[] {
  const found: unknown[] = [];
  const visit = (each: unknown): void => {
    if (found.length >= maxResults) return;
    found.push(each);
    for (const part of everything(each, undefined)) visit(part);
  };
  visit(value);
  return found;
}

const within = (steps: readonly Step[]): Step => (value, root) => follow(steps, value, root);

function slice(from: number | undefined, to: number | undefined, by: number): Step {
  return (value) => itemsOf(value).slice(from, to).filter((_, i) => i % by === 0);
}

function index(at: number): Step {
  return (value) => {
    const items = itemsOf(value);
    return at < items.length && -at <= items.length ? [items.at(at)] : [];
  };
}

type Operand = (value: unknown, root: unknown) => unknown;
type Comparison = (a: unknown, b: unknown) => boolean;

const comparable = (a: unknown, b: unknown): a is string => typeof a === typeof b && (typeof a === 'number' || typeof a === 'string');
const comparisons: Readonly<Record<string, Comparison>> = {
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '<': (a, b) => comparable(a, b) && a < (b as string),
  '<=': (a, b) => comparable(a, b) && a <= (b as string),
  '>': (a, b) => comparable(a, b) && a > (b as string),
  '>=': (a, b) => comparable(a, b) && a >= (b as string),
};

const filter = (holds: (item: unknown, root: unknown) => boolean): Step => (value, root) => itemsOf(value).filter((item) => holds(item, root));

class PathParser {
  private readonly text: string;
  private at = 0;

  constructor(text: string) {
    this.text = text;
  }

  path(): readonly Step[] {
    if (this.text[0] === '$' || this.text[0] === '@') this.at++;
    const steps: Step[] = [];
    while (this.at < this.text.length) steps.push(...this.step());
    return steps;
  }

  private step(): readonly Step[] {
    const start = this.text[this.at];
    if (start === '[') return [this.brackets()];
    if (start === ' ') return this.blank();
    if (start !== '.') throw new RangeError(`unexpected ${JSON.stringify(start)} at character ${this.at} of ${JSON.stringify(this.text)}`);
    this.at++;
    if (this.text[this.at] !== '.') return this.fields();
    this.at++;
    return [descend, ...this.fields()];
  }

  /** Blanks between steps mean nothing. */
  private blank(): readonly Step[] {
    this.at++;
    return [];
  }

  /** A name up to the next step; nothing when there is none, as in `.` and `.['a']`. */
  private fields(): readonly Step[] {
    let name = '';
    while (this.at < this.text.length && !/[ .[\]{}]/.test(this.text.charAt(this.at))) {
      if (this.text[this.at] === '\\') this.at++;
      name += this.text.charAt(this.at++);
    }
    return name === '' ? [] : [name === '*' ? everything : field(name)];
  }

  private brackets(): Step {
    const inside = this.inside();
    if (inside === '*') return everything;
    const condition = /^\?\(([^]*)\)$/.exec(inside);
    if (condition) return this.condition(condition[1]?.trim() ?? '');
    const parts = inside.match(/'[^']*'|"[^"]*"|[^,]+/g) ?? [];
    const steps = parts.map((part) => this.element(part.trim()));
    if (steps.length === 0) throw new RangeError(`empty brackets in ${JSON.stringify(this.text)}`);
    return (value, root) => steps.flatMap((step) => step(value, root));
  }

  /** What stands between this bracket and the one that closes it. */
  private inside(): string {
    const start = this.at + 1;
    let depth = 0;
    let quote = '';
    for (; this.at < this.text.length; this.at++) {
      const character = this.text.charAt(this.at);
      if (quote !== '') quote = character === quote ? '' : quote;
      else if (character === "'" || character === '"') quote = character;
      else if (character === '[') depth++;
      else if (character === ']' && --depth === 0) return this.text.slice(start, this.at++);
    }
    throw new RangeError(`a bracket is not closed in ${JSON.stringify(this.text)}`);
  }

  private element(part: string): Step {
    const quoted = /^(['"])([^]*)\1$/.exec(part);
    if (quoted) return within(new PathParser(`.${quoted[2] ?? ''}`).path());
    if (/^-?\d{1,9}$/.test(part)) return index(Number(part));
    const range = /^(-?\d{0,9}):(-?\d{0,9})(?::(\d{0,9}))?$/.exec(part);
    if (!range) throw new RangeError(`invalid array index ${JSON.stringify(part)} in ${JSON.stringify(this.text)}`);
    const [, from, to, by] = range.map((bound) => (bound === undefined || bound === '' ? undefined : Number(bound)));
    return slice(from, to, Math.max(1, by ?? 1));
  }

  private condition(text: string): Step {
    const [, left = text, operator, right = ''] = /^((?:'[^']*'|"[^"]*"|[^!<>='"])+)([!<>=]+)([^]+)$/.exec(text) ?? [];
    if (operator === undefined) {
      const present = this.operand(left);
      return filter((item, root) => present(item, root) !== undefined);
    }
    const compare = Object.hasOwn(comparisons, operator) ? comparisons[operator] : undefined;
    if (!compare) throw new RangeError(`unrecognized filter operator ${operator} in ${JSON.stringify(this.text)}`);
    const [a, b] = [this.operand(left.trim()), this.operand(right.trim())];
    return filter((item, root) => {
      const [one, other] = [a(item, root), b(item, root)];
      return one !== undefined && other !== undefined && compare(one, other);
    });
  }

  private operand(text: string): Operand {
    const quoted = /^(['"])([^]*)\1$/.exec(text);
    if (quoted) return () => quoted[2] ?? '';
    if (/^-?\d+(\.\d+)?$/.test(text)) return () => Number(text);
    if (text === 'true' || text === 'false') return () => text === 'true';
    if (!/^[@$.]/.test(text)) throw new RangeError(`unexpected ${JSON.stringify(text)} in a filter of ${JSON.stringify(this.text)}`);
    const steps = new PathParser(text).path();
    return (value, root) => follow(steps, text.startsWith('$') ? root : value, root)[0];
  }
}
