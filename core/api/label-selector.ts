import { labelValueProblem, qualifiedNameProblem } from './names.ts';
import type { LabelSelector as LabelSelectorObject } from './schema/meta.ts';
import { StatusError } from './status-error.ts';

export type Labels = Readonly<Record<string, string>> | undefined;

type Operator = 'in' | 'notin' | 'exists' | '!' | 'gt' | 'lt';
interface Requirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: ReadonlySet<string>;
}

/** A parsed label selector. `!=` and `notin` also match objects that lack the label. */
export class LabelSelector {
  private readonly requirements: readonly Requirement[];

  private constructor(requirements: readonly Requirement[]) {
    this.requirements = requirements;
  }

  static readonly everything = new LabelSelector([]);

  /** @throws {StatusError} BadRequest when the text does not follow the grammar. */
  static parse(text: string | undefined): LabelSelector {
    if (text === undefined || text.trim() === '') return LabelSelector.everything;
    return new LabelSelector(new Parser(text).requirements());
  }

  /** From an object's `selector` field. @throws {StatusError} BadRequest for an unknown operator. */
  static of(selector: LabelSelectorObject | undefined): LabelSelector {
    const operators: Record<string, Operator> = { In: 'in', NotIn: 'notin', Exists: 'exists', DoesNotExist: '!' };
    const requirements: Requirement[] = Object.entries(selector?.matchLabels ?? {})
      .map(([key, value]) => ({ key, operator: 'in', values: new Set([value]) }));
    for (const { key, operator, values } of selector?.matchExpressions ?? []) {
      const known = operators[operator];
      if (known === undefined) throw StatusError.badRequest(`"${operator}" is not a valid label selector operator`);
      requirements.push({ key, operator: known, values: new Set(values) });
    }
    return new LabelSelector(requirements);
  }

  get empty(): boolean {
    return this.requirements.length === 0;
  }

  matches(labels: Labels): boolean {
    return this.requirements.every((requirement) => holds(requirement, labels));
  }
}

function holds({ key, operator, values }: Requirement, labels: Labels): boolean {
  const present = labels !== undefined && Object.hasOwn(labels, key);
  const value = present ? labels[key] ?? '' : '';
  switch (operator) {
    case 'exists': return present;
    case '!': return !present;
    case 'in': return present && values.has(value);
    case 'notin': return !present || !values.has(value);
    case 'gt':
    case 'lt': {
      if (!present || !/^[+-]?\d+$/.test(value)) return false;
      const [bound = ''] = values;
      return operator === 'gt' ? BigInt(value) > BigInt(bound) : BigInt(value) < BigInt(bound);
    }
  }
}

const token = /\s*((?:not)?in(?=[\s(,]|$)|==|!=|=|!|,|\(|\)|>|<|[^\s,()=!<>]+)/y;

const symbol = /^[,()=!<>]/;

/** Reads each character once, so that a hostile selector costs no more than its length. */
class Parser {
  private readonly text: string;
  private at = 0;
  private next: string | undefined;

  constructor(text: string) {
    this.text = text;
    this.advance();
  }

  requirements(): Requirement[] {
    const found: Requirement[] = [];
    this.expectKey("!, identifier, or 'end of string'");
    for (;;) {
      found.push(this.requirement());
      if (this.next === undefined) return found;
      if (this.next !== ',') throw unexpected(this.next, "',' or 'end of string'");
      this.advance();
      this.expectKey("identifier after ','");
    }
  }

  private requirement(): Requirement {
    const negated = this.next === '!';
    if (negated) this.advance();
    const key = this.take();
    if (key === undefined || symbol.test(key)) throw misplaced(key, 'identifier');
    const problem = qualifiedNameProblem(key);
    if (problem !== undefined) throw unparsable(`<nil>: Invalid value: "${key}": ${problem}`);
    if (negated) return { key, operator: '!', values: new Set() };
    const operator = this.next;
    if (operator === undefined || operator === ',') return { key, operator: 'exists', values: new Set() };
    this.advance();
    switch (operator) {
      case '=':
      case '==': return { key, operator: 'in', values: new Set([this.value(key)]) };
      case '!=': return { key, operator: 'notin', values: new Set([this.value(key)]) };
      case '>':
      case '<': return { key, operator: operator === '>' ? 'gt' : 'lt', values: new Set([this.integer(key)]) };
      case 'in':
      case 'notin': return { key, operator, values: this.valueSet(key) };
      default: throw misplaced(operator, 'in, notin, =, ==, !=, gt, lt');
    }
  }

  private value(key: string): string {
    if (this.next === undefined || this.next === ',' || this.next === ')') return '';
    const value = this.take() ?? '';
    if (symbol.test(value)) throw misplaced(value, 'identifier');
    const problem = labelValueProblem(value);
    if (problem !== undefined) throw unparsable(`values[0][${key}]: Invalid value: "${value}": ${problem}`);
    return value;
  }

  private integer(key: string): string {
    const value = this.value(key);
    if (!/^[+-]?\d+$/.test(value)) throw unparsable(`values[0][${key}]: Invalid value: "${value}": for 'Gt', 'Lt' operators, the value must be an integer`);
    return value;
  }

  private valueSet(key: string): Set<string> {
    this.expect('(', "'('");
    const values = new Set<string>();
    for (;;) {
      values.add(this.value(key));
      if (this.next === ')') break;
      this.expect(',', "',' or ')'");
    }
    this.advance();
    return values;
  }

  private expect(wanted: string, described: string): void {
    if (this.next !== wanted) throw misplaced(this.next, described);
    this.advance();
  }

  private expectKey(described: string): void {
    const { next } = this;
    if (next !== '!' && (next === undefined || symbol.test(next))) throw unexpected(next, described);
  }

  private take(): string | undefined {
    const { next } = this;
    this.advance();
    return next;
  }

  private advance(): void {
    token.lastIndex = this.at;
    const match = token.exec(this.text);
    this.next = match?.[1];
    if (match) this.at = token.lastIndex;
  }
}

/** Between requirements. */
const unexpected = (found: string | undefined, described: string): StatusError => StatusError.badRequest(`found '${found ?? ''}', expected: ${described}`);

/** Inside a requirement. */
const misplaced = (found: string | undefined, described: string): StatusError => unparsable(`found '${found ?? ''}', expected: ${described}`);

const unparsable = (what: string): StatusError => StatusError.badRequest(`unable to parse requirement: ${what}`);
