import type { Status } from '#core/api/schema/meta.ts';

const success: Status = { metadata: {}, status: 'Success' };

/** How a program's end is told: clients take the exit code from the cause. @param code undefined when it is not the program that ended */
export function exitStatus(code: number | undefined): Status {
  if (code === undefined || code === 0) return success;
  return {
    metadata: {}, status: 'Failure', message: `command terminated with non-zero exit code: exit status ${code}`, reason: 'NonZeroExitCode',
    details: { causes: [{ reason: 'ExitCode', message: String(code) }] },
  };
}

/** @param doing what failed: `error executing command in container` */
export function failureStatus(doing: string, error: unknown): Status {
  const message = `${doing}: ${error instanceof Error ? error.message : String(error)}`;
  return {
    metadata: {}, status: 'Failure', message: `Internal error occurred: ${message}`, reason: 'InternalError', details: { causes: [{ message }] }, code: 500,
  };
}

/** The error channel before v4 has only words, and none for success. */
export const plainStatus = ({ status, message = '' }: Status): string => (status === 'Success' ? '' : message);
