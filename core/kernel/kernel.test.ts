import { expect } from 'chai';
import { startInOrder, type Component } from './lifecycle.ts';
import { createLogger, type LogFormat, type LogLevel } from './logger.ts';

describe('startInOrder', () => {
  const signal = new AbortController().signal;
  const recorded = (log: string[], name: string, trouble: { start?: Error; stop?: Error; hangs?: boolean } = {}): Component => ({
    name,
    async start() {
      log.push(`+${name}`);
      if (trouble.start) throw trouble.start;
    },
    async stop() {
      log.push(`-${name}`);
      if (trouble.stop) throw trouble.stop;
      if (trouble.hangs) await new Promise(() => undefined);
    },
  });

  it('starts in the order of the list and stops in reverse, once', async () => {
    const log: string[] = [];
    const stop = await startInOrder([recorded(log, 'a'), recorded(log, 'b')], { signal });
    await Promise.all([stop(), stop()]);
    expect(log).to.deep.equal(['+a', '+b', '-b', '-a']);
  });

  it('stops what was started when one fails, and says which', async () => {
    const log: string[] = [];
    const cause = new Error('no disk');
    const error: unknown = await startInOrder([recorded(log, 'a'), recorded(log, 'b', { start: cause }), recorded(log, 'c')], { signal }).catch((thrown: unknown) => thrown);
    expect(error).to.include({ message: 'b did not start', cause });
    expect(log).to.deep.equal(['+a', '+b', '-b', '-a']);
  });

  it('stops everything although some fail or hang, and tells of all of them', async () => {
    const log: string[] = [];
    const stop = await startInOrder([recorded(log, 'a'), recorded(log, 'b', { hangs: true }), recorded(log, 'c', { stop: new Error('stuck') })], { signal, stopTimeoutMs: 50 });
    const error: unknown = await stop().catch((thrown: unknown) => thrown);
    expect(error).to.be.instanceOf(AggregateError);
    expect((error as AggregateError).errors.map(String)).to.deep.equal(['Error: stuck', 'Error: b did not stop in time']);
    expect(log).to.deep.equal(['+a', '+b', '+c', '-c', '-b', '-a']);
  });
});

describe('createLogger', () => {
  const written = (level: LogLevel, format: LogFormat, log: (logger: ReturnType<typeof createLogger>) => void): string[] => {
    const lines: string[] = [];
    log(createLogger({ level, format, write: (line) => lines.push(line), now: () => 0 }));
    return lines;
  };

  it('writes what is at least as important as its level, with the fields bound to it', () => {
    const lines = written('info', 'text', (logger) => {
      logger.debug('no');
      logger.with({ component: 'x' }).info('yes', { key: 'a b', count: 3n });
    });
    expect(lines).to.deep.equal(['1970-01-01T00:00:00.000Z INFO  yes component=x key="a b" count=3']);
  });

  it('keeps the causes of an error, and the stack where the fault is ours', () => {
    const error = new Error('outer', { cause: new Error('inner') });
    const [warned = '', failed = ''] = written('info', 'text', (logger) => {
      logger.warn('careful', { error });
      logger.error('broken', { error });
    });
    expect(warned).to.equal('1970-01-01T00:00:00.000Z WARN  careful: outer: inner');
    expect(failed).to.match(/broken: outer: inner\n {4}at /);
  });

  it('writes JSON that can be read again, errors and big numbers included', () => {
    const [line = ''] = written('info', 'json', (logger) => logger.error('broken', { error: new Error('outer', { cause: new Error('inner') }), bytes: 2n ** 60n }));
    const parsed = JSON.parse(line) as { level: string; error: { message: string; cause: { message: string } }; bytes: string };
    expect([parsed.level, parsed.error.message, parsed.error.cause.message, parsed.bytes]).to.deep.equal(['error', 'outer', 'inner', '1152921504606846976']);
  });
});
