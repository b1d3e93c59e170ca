/** What the user typed cannot be done. The message is a whole sentence with the offending word; a cause is for programmers only. */
export class UsageError extends Error {}

/** What went wrong, from the outside in, on one line and without stacks. */
export function explainFailure(error: unknown): string {
  const sentences: string[] = [];
  for (let current = error, depth = 0; current !== undefined && depth < 6; depth++) {
    const sentence = plainSentence(current);
    if (!sentences.includes(sentence)) sentences.push(sentence);
    current = current instanceof Error && !(current instanceof UsageError) ? current.cause : undefined;
  }
  return sentences.join(': ');
}

/** Where it happened, when it is a mistake in the program and not in what was asked of it. */
export function stackOfBug(error: unknown): string | undefined {
  let innermost = error;
  while (innermost instanceof Error && innermost.cause !== undefined) innermost = innermost.cause;
  return innermost instanceof TypeError || innermost instanceof ReferenceError ? innermost.stack : undefined;
}

function plainSentence(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { code, syscall } = error as NodeJS.ErrnoException;
  const { address, port } = error as { address?: string; port?: number };
  if (syscall === 'listen' && code === 'EADDRINUSE') return `port ${port} on ${address} is in use; stop what uses it, or choose another with --port (0 takes any free one)`;
  if (syscall === 'listen' && code === 'EACCES') return `port ${port} may not be opened by this user; choose one above 1023 with --port`;
  if (code === 'EADDRNOTAVAIL' || (code === 'ENOTFOUND' && syscall === 'getaddrinfo')) return `this machine has no address ${address ?? (error as { hostname?: string }).hostname}; choose another with --host`;
  if (error instanceof AggregateError) return [error.message, ...error.errors.map((each) => explainFailure(each))].join('; ');
  return error.message;
}
