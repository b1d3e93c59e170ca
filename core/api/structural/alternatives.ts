import type { JSONSchemaProps } from '#core/api/schema/json-schema-v1.ts';
import { invalid, type Finding } from './findings.ts';
import type { Check, Visit } from './visit.ts';

interface Outcome {
  readonly findings: readonly Finding[];
  readonly matches: number;
}

/** `anyOf`, `oneOf`, `allOf` and `not`; undefined when the schema has none. Parts of them are not forgiven as a whole, only by field. */
export function compileAlternatives(schema: JSONSchemaProps, compile: (schema: JSONSchemaProps) => Check): Check | undefined {
  const any = (schema.anyOf ?? []).map(compile);
  const one = (schema.oneOf ?? []).map(compile);
  const all = (schema.allOf ?? []).map(compile);
  const none = schema.not && compile(schema.not);
  if (any.length + one.length + all.length === 0 && none === undefined) return undefined;
  return (value, visit, old) => {
    const attempt = (check: Check): Outcome => visit.apart(() => check(value, visit, old));
    if (any.length > 0) checkAny(any, visit, attempt);
    if (one.length > 0) checkOne(one, visit, attempt);
    if (all.length > 0) checkAll(all, visit, attempt);
    if (none && attempt(none).findings.length === 0) wrong(visit, 'must not validate the schema (not)');
  };
}

/** These are not said of a field. */
const wrong = (visit: Visit, detail: string): void => visit.add(invalid('', '', `${JSON.stringify(visit.name)} ${detail}`));

function checkAny(checks: readonly Check[], visit: Visit, attempt: (check: Check) => Outcome): void {
  const failures: Outcome[] = [];
  for (const check of checks) {
    const outcome = attempt(check);
    if (outcome.findings.length === 0) return visit.take(outcome);
    failures.push(outcome);
  }
  wrong(visit, 'must validate at least one schema (anyOf)');
  takeBest(failures, visit);
}

function checkOne(checks: readonly Check[], visit: Visit, attempt: (check: Check) => Outcome): void {
  const outcomes = checks.map(attempt);
  const passed = outcomes.filter(({ findings }) => findings.length === 0);
  const [first] = passed;
  if (first && passed.length === 1) return visit.take(first);
  wrong(visit, `must validate one and only one schema (oneOf). ${passed.length === 0 ? 'Found none valid' : `Found ${passed.length} valid alternatives`}`);
  if (passed.length === 0) takeBest(outcomes, visit);
}

function checkAll(checks: readonly Check[], visit: Visit, attempt: (check: Check) => Outcome): void {
  let passed = 0;
  for (const check of checks) {
    const outcome = attempt(check);
    if (outcome.findings.length === 0) passed++;
    visit.take(outcome);
  }
  if (passed < checks.length) wrong(visit, `must validate all the schemas (allOf)${passed === 0 ? '. None validated' : ''}`);
}

/** Of alternatives that all fail, the one that came closest says why. */
function takeBest(failures: readonly Outcome[], visit: Visit): void {
  const [first, ...others] = failures;
  if (first) visit.take(others.reduce((best, outcome) => (outcome.matches > best.matches ? outcome : best), first));
}
