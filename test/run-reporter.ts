import { writeFileSync } from 'node:fs';
import { inspect } from 'node:util';
import Mocha from 'mocha';

/** What one run of mocha says about itself, in the file that `KEELSON_TEST_REPORT` names. */
export interface TestReport {
  readonly passed: number;
  readonly failed: number;
  readonly failures: readonly { readonly test: string; readonly error: string }[];
  readonly skipped: readonly { readonly test: string; readonly reason: string | undefined }[];
  /** What kept the process alive after the last test; empty when it could end. */
  readonly leftOpen: readonly string[];
}

/** How long the process may take to end by itself after the last test. */
const graceMs = 5000;

const shownLength = 2000;

/** Mocha's spec output, a report for `run.ts`, and an end to processes in which a test left something open. */
class RunReporter extends Mocha.reporters.Spec {
  constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
    super(runner, options);
    const skipped: { test: string; reason: string | undefined }[] = [];
    const failures: { test: string; error: string }[] = [];
    runner.on('fail', (test, error: unknown) => failures.push({ test: test.fullTitle(), error: told(error) }));
    runner.on('pending', (test) => skipped.push(withReason(test)));
    runner.on('end', () => {
      const report: TestReport = { passed: this.stats.passes, failed: failures.length, failures, skipped, leftOpen: [] };
      write(report);
      setTimeout(() => {
        const leftOpen = process.getActiveResourcesInfo();
        write({ ...report, leftOpen });
        process.stderr.write(`A test left something open: ${leftOpen.join(', ')}\n`);
        process.exit(1);
      }, graceMs).unref();
    });
  }
}

/** Tests that skip themselves write the reason after their title; see `fixtures/requires.ts`. */
function withReason(test: Mocha.Test): { test: string; reason: string | undefined } {
  const match = /^(.*) \(skipped: (.*)\)$/s.exec(test.fullTitle());
  return { test: match?.[1] ?? test.fullTitle(), reason: match?.[2] };
}

/** The error with its stack, and with the difference that chai leaves to reporters. */
function told(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { actual, expected } = error as { actual?: unknown; expected?: unknown };
  const text = error.stack ?? `${error.name}: ${error.message}`;
  if (actual === undefined && expected === undefined) return text;
  return `${text}\nactual: ${shown(actual)}\nexpected: ${shown(expected)}`;
}

function shown(value: unknown): string {
  const text = typeof value === 'string' ? value : inspect(value, { depth: 8 });
  return text.length > shownLength ? `${text.slice(0, shownLength)}... (${text.length} characters)` : text;
}

function write(report: TestReport): void {
  const path = process.env['KEELSON_TEST_REPORT'];
  if (path !== undefined) writeFileSync(path, JSON.stringify(report));
}

// Mocha loads reporters by require, and takes what CommonJS would have exported.
export { RunReporter as 'module.exports' };
