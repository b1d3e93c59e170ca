import type { Finding } from './findings.ts';

/** There is no old value to compare with. */
export const uncorrelated: unique symbol = Symbol('uncorrelated');

/** Where one validation stands, and what it has found. */
export class Visit {
  findings: Finding[] = [];
  /** Checks that were passed: of several alternatives that fail, the one with the most is reported. */
  matches = 0;
  private steps = 0;
  private readonly path: (string | number)[] = [];

  /** Goes one level down, to a field or an item. */
  enter(step: string | number): void {
    this.path.push(step);
  }

  leave(): void {
    this.path.pop();
  }

  get atRoot(): boolean {
    return this.path.length === 0;
  }

  /** `spec.ports[0].name`; '' for the value itself. */
  get name(): string {
    return nameOf(this.path);
  }

  add(finding: Finding): void {
    if (this.findings.length < maxFindings) this.findings.push(finding);
  }

  /** Counts the work done. @throws {TooMuchWork} */
  step(): void {
    if (++this.steps > maxSteps) throw new TooMuchWork(`validation takes more than ${maxSteps} steps`);
  }

  /** What `check` finds by itself, kept apart from the rest. */
  apart(check: () => void): { readonly findings: Finding[]; readonly matches: number } {
    const { findings, matches } = this;
    this.findings = [];
    this.matches = 0;
    check();
    const result = { findings: this.findings, matches: this.matches };
    this.findings = findings;
    this.matches = matches;
    return result;
  }

  take({ findings, matches }: { readonly findings: readonly Finding[]; readonly matches: number }): void {
    for (const finding of findings) this.add(finding);
    this.matches += matches;
  }
}

/** The schema and the value together would take too long. */
export class TooMuchWork extends Error {}

const maxFindings = 100;
const maxSteps = 5_000_000;

export function nameOf(path: readonly (string | number)[]): string {
  let text = '';
  for (const step of path) text += typeof step === 'number' ? `[${step}]` : text === '' ? step : `.${step}`;
  return text;
}

/** @param old what stood in the value's place before an update, or `uncorrelated` */
export type Check = (value: unknown, visit: Visit, old: unknown) => void;
