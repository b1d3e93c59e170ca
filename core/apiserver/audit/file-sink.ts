import { createWriteStream, renameSync, rmSync, statSync, type WriteStream } from 'node:fs';
import type { Component } from '#core/kernel/lifecycle.ts';
import type { Logger } from '#core/kernel/logger.ts';
import type { AuditSink } from './audit-log.ts';

export interface FileSinkOptions {
  /** `-` is standard output. */
  readonly path: string;
  /** Bytes after which a file is put aside as `<path>.1`, and so on. Default 100 MiB. */
  readonly maxBytes?: number;
  /** Files put aside that are kept. Default 10. */
  readonly keep?: number;
  readonly logger: Logger;
}

/** Lines that wait for a slow disk; more are dropped, and that is said. */
const maxWaitingBytes = 32 * 1024 * 1024;

/** Appends lines to a file that others may read, and turns it over when it is full. */
export class FileSink implements AuditSink, Component {
  readonly name = 'audit-log';
  private readonly options: FileSinkOptions;
  private stream: NodeJS.WritableStream & Pick<WriteStream, 'writableLength'> | undefined;
  private written = 0;
  private dropped = 0;

  constructor(options: FileSinkOptions) {
    this.options = options;
  }

  async start(): Promise<void> {
    if (this.options.path === '-') this.stream = process.stdout;
    else this.open();
  }

  async stop(): Promise<void> {
    const { stream } = this;
    this.stream = undefined;
    if (stream === undefined || stream === process.stdout) return;
    await new Promise<void>((resolve) => {
      stream.end(resolve);
    });
  }

  write(line: string): void {
    const { stream } = this;
    if (stream === undefined) return;
    if (stream.writableLength > maxWaitingBytes) {
      if (this.dropped++ % 10_000 === 0) this.options.logger.error('audit lines are lost: the log cannot keep up', { path: this.options.path, lost: this.dropped });
      return;
    }
    stream.write(line);
    this.written += Buffer.byteLength(line);
    if (this.options.path !== '-' && this.written >= (this.options.maxBytes ?? 100 * 1024 * 1024)) this.turnOver();
  }

  private open(): void {
    const { path, logger } = this.options;
    this.written = statSync(path, { throwIfNoEntry: false })?.size ?? 0;
    const stream = createWriteStream(path, { flags: 'a', mode: 0o600 });
    stream.on('error', (error) => logger.error('the audit log cannot be written', { path, error }));
    this.stream = stream;
  }

  private turnOver(): void {
    const { path, keep = 10 } = this.options;
    this.stream?.end();
    rmSync(`${path}.${keep}`, { force: true });
    for (let i = keep - 1; i >= 0; i--) {
      const from = i === 0 ? path : `${path}.${i}`;
      if (statSync(from, { throwIfNoEntry: false })) renameSync(from, `${path}.${i + 1}`);
    }
    this.open();
  }
}
