import { fixed, traverses } from '#core/api/cel/cost-rules.ts';
import { global, member, type Overload } from '#core/api/cel/function.ts';
import { bool, int, opaque, string } from '#core/api/cel/types.ts';
import { type Equatable, Failure, maxUint, normalInt, Opaque } from '#core/api/cel/values.ts';

const syntax = /^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(?:-([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?(?:\+([0-9A-Za-z-]+(?:\.[0-9A-Za-z-]+)*))?$/;

/** A version as semver.org has it. Build metadata makes no difference. */
class Semver extends Opaque {
  readonly typeName = 'kubernetes.Semver';
  readonly numbers: readonly bigint[];
  readonly release: readonly string[];

  constructor(numbers: readonly bigint[], release: readonly string[]) {
    super();
    this.numbers = numbers;
    this.release = release;
  }

  compare(other: Semver): number {
    for (const [i, number] of this.numbers.entries()) {
      const against = other.numbers[i] ?? 0n;
      if (number !== against) return number < against ? -1 : 1;
    }
    if (this.release.length === 0 || other.release.length === 0) return Math.sign(other.release.length - this.release.length);
    for (const [i, part] of this.release.entries()) {
      const order = i >= other.release.length ? 1 : compareParts(part, other.release[i] ?? '');
      if (order !== 0) return order;
    }
    return this.release.length < other.release.length ? -1 : 0;
  }

  same(other: Equatable): boolean {
    return other instanceof Semver && this.compare(other) === 0;
  }
}

const isNumeric = (part: string): boolean => /^\d+$/.test(part);

function compareParts(a: string, b: string): number {
  if (a === b) return 0;
  if (isNumeric(a) !== isNumeric(b)) return isNumeric(a) ? -1 : 1;
  if (isNumeric(a)) return BigInt(a) < BigInt(b) ? -1 : 1;
  return a < b ? -1 : 1;
}

/** Takes `v1.2` as `1.2.0` and drops leading zeros. */
function normalized(text: string): string | undefined {
  const [major = '', minor, ...tail] = text.replace(/^v/, '').split('.');
  const parts = [major, minor, tail.length === 0 ? undefined : tail.join('.')].filter((part) => part !== undefined)
    .map((part) => (part.length > 1 ? part.replace(/^0+(?=\d)/, '') : part));
  if (parts.length < 3 && /[+-]/.test(parts.at(-1) ?? '')) return undefined;
  while (parts.length < 3) parts.push('0');
  return parts.join('.');
}

function problem(text: string): string {
  const parts = text.split(/[-+]/, 1)[0]?.split('.') ?? [];
  if (text === '') return 'Version string empty';
  if (parts.length !== 3) return 'No Major.Minor.Patch elements found';
  const padded = parts.find((part) => /^0\d/.test(part));
  return padded === undefined ? `Invalid character(s) found in version "${text}"` : `Major number must not contain leading zeroes "${padded}"`;
}

function parsed(text: string, normalize: boolean): Semver | Failure {
  const source = normalize ? normalized(text) : text;
  if (source === undefined) return new Failure('short version cannot contain PreRelease/Build meta data');
  const match = source.length <= 1024 ? syntax.exec(source) : null;
  if (match === null) return new Failure(problem(source));
  const numbers = match.slice(1, 4).map(BigInt);
  const release = match[4]?.split('.') ?? [];
  const padded = release.find((part) => /^0\d+$/.test(part));
  if (padded !== undefined) return new Failure(`Numeric PreRelease version must not contain leading zeroes "${padded}"`);
  return numbers.some((number) => number > maxUint) ? new Failure(problem(source)) : new Semver(numbers, release);
}

const type = opaque('kubernetes.Semver');
const one = fixed(1);
const part = (name: string, index: number): Overload =>
  member(name, [type], int, ({ numbers }: Semver) => normalInt(BigInt.asIntN(64, numbers[index] ?? 0n)), one);

export const semvers: readonly Overload[] = [
  global('semver', [string], type, (text: string) => parsed(text, false), traverses(0)),
  global('semver', [string, bool], type, parsed, traverses(0)),
  global('isSemver', [string], bool, (text: string) => parsed(text, false) instanceof Semver, traverses(0)),
  global('isSemver', [string, bool], bool, (text: string, normalize: boolean) => parsed(text, normalize) instanceof Semver, traverses(0)),
  member('isLessThan', [type, type], bool, (a: Semver, b: Semver) => a.compare(b) < 0, one),
  member('isGreaterThan', [type, type], bool, (a: Semver, b: Semver) => a.compare(b) > 0, one),
  member('compareTo', [type, type], int, (a: Semver, b: Semver) => a.compare(b), one),
  part('major', 0), part('minor', 1), part('patch', 2),
];
