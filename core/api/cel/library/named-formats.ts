import { fixed, patternFactor, traversal, traverses, type CostRule } from '#core/api/cel/cost-rules.ts';
import { global, member, type Overload } from '#core/api/cel/function.ts';
import { scaled, unknownSize } from '#core/api/cel/range.ts';
import { parseTimestamp, Timestamp } from '#core/api/cel/time.ts';
import { anyList, opaque, optionalOf, string } from '#core/api/cel/types.ts';
import { parseUri, UriError } from '#core/api/cel/uri.ts';
import { type Equatable, Opaque, Optional } from '#core/api/cel/values.ts';
import { dnsLabelProblem, dnsSubdomainProblem, labelValueProblem, qualifiedNameProblem } from '#core/api/names.ts';

/** The longest pattern that the estimate reckons with. */
const longestPattern = 128;

class NamedFormat extends Opaque {
  readonly typeName = 'kubernetes.NamedFormat';
  readonly name: string;
  /** For the cost: as long as a pattern for the same syntax would be. */
  readonly patternSize: number;
  readonly problem: (text: string) => string | undefined;

  constructor(name: string, patternSize: number, problem: (text: string) => string | undefined) {
    super();
    this.name = name;
    this.patternSize = patternSize;
    this.problem = problem;
  }

  same(other: Equatable): boolean {
    return other instanceof NamedFormat && other.name === this.name;
  }
}

function dns1035Problem(text: string): string | undefined {
  if (text.length > 63) return 'must be no more than 63 bytes';
  if (/^[a-z]([-a-z0-9]*[a-z0-9])?$/.test(text)) return undefined;
  return "a DNS-1035 label must consist of lower case alphanumeric characters or '-', start with an alphabetic character, and end with an alphanumeric character " +
    "(e.g. 'my-name',  or 'abc-123', regex used for validation is '[a-z]([-a-z0-9]*[a-z0-9])?')";
}

/** A prefix may end in a dash that generated letters will follow. */
const asPrefix = (problem: (text: string) => string | undefined) => (text: string): string | undefined => problem(text.length > 1 && text.endsWith('-') ? `${text.slice(0, -1)}a` : text);

function uriProblem(text: string): string | undefined {
  try {
    parseUri(text);
    return undefined;
  } catch (error) {
    if (error instanceof UriError) return error.message;
    throw error;
  }
}

const mustMatch = (pattern: RegExp, problem: string) => (text: string): string | undefined => (pattern.test(text) ? undefined : problem);
const isDate = (text: string): boolean => /^\d{4}-\d\d-\d\d$/.test(text) && parseTimestamp(`${text}T00:00:00Z`) instanceof Timestamp;
const isDateTime = (text: string): boolean => parseTimestamp(text.toUpperCase()) instanceof Timestamp;

const all: ReadonlyMap<string, NamedFormat> = new Map([
  ['dns1123Label', new NamedFormat('DNS1123Label', 30, dnsLabelProblem)],
  ['dns1123Subdomain', new NamedFormat('DNS1123Subdomain', 60, dnsSubdomainProblem)],
  ['dns1035Label', new NamedFormat('DNS1035Label', 30, dns1035Problem)],
  ['qualifiedName', new NamedFormat('QualifiedName', 60, qualifiedNameProblem)],
  ['dns1123LabelPrefix', new NamedFormat('DNS1123LabelPrefix', 30, asPrefix(dnsLabelProblem))],
  ['dns1123SubdomainPrefix', new NamedFormat('DNS1123SubdomainPrefix', 60, asPrefix(dnsSubdomainProblem))],
  ['dns1035LabelPrefix', new NamedFormat('DNS1035LabelPrefix', 30, asPrefix(dns1035Problem))],
  ['labelValue', new NamedFormat('LabelValue', 40, labelValueProblem)],
  ['uri', new NamedFormat('URI', 1000, uriProblem)],
  ['uuid', new NamedFormat('uuid', 66, mustMatch(/^[0-9a-f]{8}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{4}-?[0-9a-f]{12}$/i, 'does not match the UUID format'))],
  ['byte', new NamedFormat('byte', 74, mustMatch(/^(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/, 'invalid base64'))],
  ['date', new NamedFormat('date', 98, (text) => (isDate(text) ? undefined : 'invalid date'))],
  ['datetime', new NamedFormat('datetime', 98, (text) => (isDateTime(text) ? undefined : 'invalid datetime'))],
]);

const type = opaque('kubernetes.NamedFormat');

const validates: CostRule = {
  estimate: ({ sizes: [, text = unknownSize] }) => ({ cost: scaled(scaled(text, traversal), longestPattern * patternFactor) }),
  actual: (frame, [format, text]) => Math.ceil((frame.sizeOf(text) + 1) * traversal) * Math.ceil((format instanceof NamedFormat ? format.patternSize : 0) * patternFactor),
};

function validate(format: NamedFormat, text: string): Optional {
  const problem = format.problem(text);
  return problem === undefined ? Optional.none : new Optional([problem]);
}

export const namedFormats: readonly Overload[] = [
  global('format.named', [string], optionalOf(type), (name: string) => new Optional(all.get(name)), fixed(1)),
  ...[...all].map(([name, format]) => global(`format.${name}`, [], type, () => format)),
  member('validate', [type, string], optionalOf(anyList(string)), validate, validates),
  global('jsonpatch.escapeKey', [string], string, (key: string) => key.replaceAll('~', '~0').replaceAll('/', '~1'), traverses(0, 1, true)),
];
