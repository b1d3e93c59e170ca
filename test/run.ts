import { appendFile, chmod, glob, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startEngine } from './run-docker.ts';
import { killGroups, runGroup } from './run-group.ts';
import { installWhatIsMissing } from './run-install.ts';
import { clearLeftovers } from './run-leftovers.ts';
import type { TestReport } from './run-reporter.ts';

/** What `npm test` runs, in this order. Each step runs although one before it failed. */
interface Step {
  readonly name: string;
  /** A program and its arguments, or the test files that mocha runs. */
  readonly command?: readonly [string, ...string[]];
  readonly tests?: readonly string[];
  readonly except?: readonly string[];
  /** Runs beside the steps of the other lane in the same stage: it waits for engines, kernels and time-outs more than it works. */
  readonly aside?: true;
  readonly stage: number;
  readonly deadlineMs: number;
}

interface Outcome {
  readonly step: string;
  readonly durationMs: number;
  readonly report: TestReport;
  /** Why the step failed, besides its failed tests. */
  readonly troubles: readonly string[];
}

const minute = 60_000;
/** They change the computer's own network and compare it before and after, so there is one of them at a time. */
const onThisComputer = ['test/e2e/{agent,cloud-*,ha,machines,pod-*}.test.ts'];
const steps: readonly Step[] = [
  { name: 'typecheck', stage: 1, command: ['tsc', '--project', '.'], deadlineMs: 5 * minute },
  { name: 'lint', stage: 2, command: ['oxlint'], deadlineMs: 5 * minute },
  { name: 'unit', stage: 3, tests: ['{core,examples}/**/*.test.ts', 'test/*.test.ts', 'test/{conformance,emulators,fixtures}/**/*.test.ts'], deadlineMs: 15 * minute },
  { name: 'integration', stage: 3, tests: ['test/integration/**/*.test.ts'], deadlineMs: 15 * minute },
  { name: 'clouds', stage: 3, tests: ['providers/{aws,gcp}/**/*.test.ts'], deadlineMs: 15 * minute },
  { name: 'plugins', stage: 3, aside: true, tests: ['{plugins,providers/local}/**/*.test.ts', 'test/cloud-machines/**/*.test.ts'], deadlineMs: 15 * minute },
  { name: 'e2e', stage: 4, tests: ['test/e2e/**/*.test.ts'], except: onThisComputer, deadlineMs: 20 * minute },
  { name: 'nodes', stage: 4, aside: true, tests: onThisComputer, deadlineMs: 20 * minute },
];
const nothing: TestReport = { passed: 0, failed: 0, failures: [], skipped: [], leftOpen: [] };
const inCi = process.env['CI'] === 'true';

for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) {
  process.on(signal, () => {
    killGroups();
    process.exit(130);
  });
}
process.exit(await main(process.argv.slice(2)));

async function main([name, ...mochaArgs]: readonly string[]): Promise<number> {
  const chosen = steps.filter((step) => name === undefined || (name === 'check' ? step.command : step.name === name));
  if (chosen.length === 0) {
    process.stderr.write(`there is no step "${name}"; say check, ${steps.map((step) => step.name).join(', ')}, or nothing for all\n`);
    return 2;
  }
  const outcomes: Outcome[] = [];
  const lacking = inCi && chosen.some(({ tests }) => tests) ? await installWhatIsMissing() : undefined;
  if (lacking !== undefined) outcomes.push({ step: 'install', durationMs: 0, report: nothing, troubles: [lacking] });
  const engine = inCi && chosen.some(({ tests }) => tests) ? await startEngine() : undefined;
  if (engine?.problem !== undefined) process.env['KEELSON_NO_DOCKER'] = engine.problem;
  try {
    outcomes.push(...await runAll(chosen, mochaArgs));
  } finally {
    await engine?.stop();
  }
  return summarize(outcomes, chosen.some(({ tests }) => tests));
}

async function runAll(chosen: readonly Step[], mochaArgs: readonly string[]): Promise<readonly Outcome[]> {
  const outcomes: Outcome[] = [];
  for (const stage of new Set(chosen.map((step) => step.stage))) {
    const [aside, others] = [true, undefined].map((lane) => chosen.filter((step) => step.stage === stage && step.aside === lane));
    outcomes.push(...await runStage(others ?? [], aside ?? [], mochaArgs));
  }
  return outcomes;
}

/** Both lanes at once, each in its order. What those aside say comes at the end. */
async function runStage(steps: readonly Step[], aside: readonly Step[], mochaArgs: readonly string[]): Promise<readonly Outcome[]> {
  const dir = await mkdtemp(join(tmpdir(), 'keelson-beside-'));
  const file = steps.length === 0 ? undefined : join(dir, 'output');
  const inTurn = async (some: readonly Step[], output?: string): Promise<Outcome[]> => {
    const outcomes: Outcome[] = [];
    for (const step of some) outcomes.push(await run(step, mochaArgs, output));
    return outcomes;
  };
  try {
    const outcomes = await Promise.all([inTurn(steps), inTurn(aside, file)]);
    if (file !== undefined) process.stdout.write(await readFile(file, 'utf8').catch(() => ''));
    return outcomes.flat();
  } finally {
    await rm(dir, { recursive: true });
  }
}

/** @param file where its output goes, instead of to this process's */
async function run(step: Step, mochaArgs: readonly string[], file?: string): Promise<Outcome> {
  if (file === undefined) process.stdout.write(`\n> ${step.name}\n`);
  else await appendFile(file, `\n> ${step.name}\n`);
  const begin = performance.now();
  const done = step.command ? await runProgram(step.command, step.deadlineMs) : await runTests(step, mochaArgs, file);
  return { step: step.name, durationMs: performance.now() - begin, ...done };
}

async function runProgram([program, ...args]: readonly [string, ...string[]], deadlineMs: number): Promise<Pick<Outcome, 'report' | 'troubles'>> {
  const { exitCode, late } = await runGroup(program, args, {}, deadlineMs);
  return { report: nothing, troubles: late ? ['it took too long'] : exitCode === 0 ? [] : [`${program} ended with ${exitCode}`] };
}

async function runTests({ tests = [], except = [], deadlineMs }: Step, mochaArgs: readonly string[], output?: string): Promise<Pick<Outcome, 'report' | 'troubles'>> {
  const files = mochaArgs.some((arg) => arg.endsWith('.ts')) ? [] : await filesOf(tests, except);
  if (files.length === 0 && mochaArgs.length === 0) return { report: nothing, troubles: ['it has no tests'] };
  const dir = await mkdtemp(join(tmpdir(), 'keelson-run-'));
  // Some tests run programs as another user.
  await chmod(dir, 0o711);
  const reportPath = join(dir, 'report.json');
  const env = { TMPDIR: dir, KEELSON_TEST_REPORT: reportPath, NODE_OPTIONS: `${process.env['NODE_OPTIONS'] ?? ''} --disable-warning=ExperimentalWarning` };
  const { late } = await runGroup('mocha', ['--forbid-only', '--reporter', 'test/run-reporter.ts', ...mochaArgs, ...files], env, deadlineMs, output);
  const report = await readFile(reportPath, 'utf8').then((text) => JSON.parse(text) as TestReport, () => undefined);
  const leftovers = await clearLeftovers(dir);
  const troubles = [
    ...(late ? ['it took too long'] : report === undefined ? ['mocha ended before its tests did'] : []),
    ...(leftovers.length === 0 ? [] : [`tests left behind ${leftovers.join(', ')}`]),
    ...troublesOf(report ?? nothing),
  ];
  return { report: report ?? nothing, troubles };
}

async function filesOf(patterns: readonly string[], except: readonly string[]): Promise<string[]> {
  const files: string[] = [];
  for await (const file of glob(patterns, { exclude: except })) files.push(file);
  return files.toSorted();
}

function troublesOf({ leftOpen, skipped }: TestReport): string[] {
  const unexplained = skipped.filter(({ reason }) => reason === undefined);
  return [
    ...(leftOpen.length === 0 ? [] : [`a test left something open: ${leftOpen.join(', ')}`]),
    ...unexplained.map(({ test }) => `skipped without a reason: ${test}`),
  ];
}

/** Prints how it went and returns the exit code. The last line is for machines; failures come just before it, because long outputs are often cut at their beginning. */
function summarize(outcomes: readonly Outcome[], testsWanted: boolean): number {
  const total = (count: (outcome: Outcome) => number): number => outcomes.reduce((sum, outcome) => sum + count(outcome), 0);
  const passed = total(({ report }) => report.passed);
  const skipped = outcomes.flatMap(({ report }) => report.skipped);
  // A step that failed otherwise than by its tests counts as one failure, so that the last line never looks better than it is.
  const failed = total(({ report, troubles }) => report.failed + (troubles.length > 0 ? 1 : 0));
  const lines = outcomes.flatMap(({ step, durationMs, report, troubles }) => [
    `${step.padEnd(12)} ${troubles.length + report.failed === 0 ? 'ok    ' : 'FAILED'} ${(durationMs / 1000).toFixed(1).padStart(7)} s`,
    ...troubles.map((trouble) => `  ${trouble}`),
  ]);
  const skips = skipped.map(({ test, reason }) => `  ${test}: ${reason ?? 'no reason given'}`);
  process.stdout.write(`\n${lines.join('\n')}\n${skips.length === 0 ? '' : `\nskipped:\n${skips.join('\n')}\n`}`);
  for (const { report, step } of outcomes) {
    for (const { test, error } of report.failures) process.stdout.write(`\nfailed in ${step}: ${test}\n${error.replaceAll(/^/gm, '  ')}\n`);
  }
  if (testsWanted) process.stdout.write(`\n${passed} passed, ${failed} failed, ${skipped.length} skipped\n`);
  return failed > 0 || (testsWanted && passed === 0) ? 1 : 0;
}
