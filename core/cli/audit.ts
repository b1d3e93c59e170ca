import { readFile } from 'node:fs/promises';
import { FileSink } from '#core/apiserver/audit/file-sink.ts';
import { AuditPolicy } from '#core/apiserver/audit/policy.ts';
import type { Logger } from '#core/kernel/logger.ts';
import { UsageError } from './failure.ts';
import { valueOf, type FlagValues } from './flags.ts';

export interface Audit {
  readonly policy: AuditPolicy;
  readonly sink: FileSink;
}

/** What `--audit-policy-file` and `--audit-log-path` ask for. @throws {Error} for a policy that cannot be read or used */
export async function auditOf(values: FlagValues, logger: Logger): Promise<Audit | undefined> {
  const [file, path] = [valueOf(values, 'audit-policy-file'), valueOf(values, 'audit-log-path')];
  if (file === '' && path === '') return undefined;
  if (file === '' || path === '') throw new UsageError('--audit-policy-file and --audit-log-path go together: what is logged, and where');
  try {
    const { parse } = await import('yaml');
    const policy = new AuditPolicy(parse(await readFile(file, 'utf8')));
    return { policy, sink: new FileSink({ path, logger: logger.with({ component: 'audit' }) }) };
  } catch (error) {
    throw new Error(`the audit policy ${file} cannot be used: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
  }
}
