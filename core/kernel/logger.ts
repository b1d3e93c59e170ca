import { token } from './token.ts';

export const logLevels = ['error', 'warn', 'info', 'debug'] as const;
export type LogLevel = (typeof logLevels)[number];
export type LogFormat = 'text' | 'json';
export type LogFields = Readonly<Record<string, unknown>>;

/** Structured log. Pass errors as the field `error`: message, cause and stack are kept. */
export interface Logger {
  error(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  debug(message: string, fields?: LogFields): void;
  /** A logger that adds these fields to each line. */
  with(fields: LogFields): Logger;
}
export const Logger = token<Logger>('Logger');

export interface LoggerOptions {
  level: LogLevel;
  format: LogFormat;
  write: (line: string) => void;
  now?: () => number;
}

export function createLogger(options: LoggerOptions, bound: LogFields = {}): Logger {
  const threshold = logLevels.indexOf(options.level);
  const line = options.format === 'json' ? jsonLine : textLine;
  const log = (level: LogLevel) => (message: string, fields: LogFields = {}): void => {
    if (logLevels.indexOf(level) > threshold) return;
    options.write(line(new Date((options.now ?? Date.now)()).toISOString(), level, message, { ...bound, ...fields }));
  };
  return {
    error: log('error'), warn: log('warn'), info: log('info'), debug: log('debug'),
    with: (fields) => createLogger(options, { ...bound, ...fields }),
  };
}

export const silentLogger: Logger = createLogger({ level: 'error', format: 'text', write: () => undefined });

function jsonLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  return JSON.stringify({ time, level, message, ...fields }, (_key, value: unknown) => {
    if (value instanceof Error) return { message: value.message, stack: value.stack, ...(value.cause === undefined ? {} : { cause: value.cause }) };
    return typeof value === 'bigint' ? value.toString() : value;
  });
}

function textLine(time: string, level: LogLevel, message: string, fields: LogFields): string {
  const { error, ...rest } = fields;
  const pairs = Object.entries(rest).map(([key, value]) => ` ${key}=${typeof value === 'string' && /^[\w./:@-]+$/.test(value) ? value : plain(value)}`);
  const trouble = error === undefined ? '' : `: ${error instanceof Error ? explain(error, level === 'error') : plain(error)}`;
  return `${time} ${level.toUpperCase().padEnd(5)} ${message}${trouble}${pairs.join('')}`;
}

const plain = (value: unknown): string => (typeof value === 'bigint' ? value.toString() : JSON.stringify(value) ?? 'undefined');

/** An error with its causes, on one line; for faults of ours also the stack of the innermost, where the trouble began. */
export function explain(error: Error, withStack: boolean): string {
  const messages: string[] = [];
  let current: unknown = error;
  let stack: string | undefined;
  for (let depth = 0; current instanceof Error && depth < 5; depth++) {
    messages.push(current.message);
    stack = current.stack;
    current = current.cause;
  }
  return `${messages.join(': ')}${stack === undefined || !withStack ? '' : `\n${stack.split('\n').slice(1, 6).join('\n')}`}`;
}
