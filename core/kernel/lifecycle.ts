import { token } from './token.ts';

/** Something that runs: started in the order of the list, stopped in reverse. */
export interface Component {
  readonly name: string;
  /** Resolves when the component serves. It may not wait for components later in the list. */
  start(signal: AbortSignal): Promise<void>;
  /** Resolves when nothing of it is left running; called once, also after a failed start. */
  stop(): Promise<void>;
}
export const Component = token<Component>('Component');

/**
 * Starts components in order; when one fails, those already started are stopped and the failure is thrown.
 * Returns a function that stops all in reverse. Each gets `stopTimeoutMs` at most; what fails is collected, never skipped over.
 */
export async function startInOrder(components: readonly Component[], options: { signal: AbortSignal; stopTimeoutMs?: number }): Promise<() => Promise<void>> {
  const started: Component[] = [];
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> => (stopping ??= stopInReverse(started, options.stopTimeoutMs ?? 4000));
  for (const component of components) {
    started.push(component);
    try {
      options.signal.throwIfAborted();
      await component.start(options.signal);
    } catch (error) {
      await stop().catch(() => undefined);
      throw new Error(`${component.name} did not start`, { cause: error });
    }
  }
  return stop;
}

async function stopInReverse(started: readonly Component[], timeoutMs: number): Promise<void> {
  const failures: unknown[] = [];
  const deadline = Date.now() + timeoutMs;
  for (const component of started.toReversed()) {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_resolve, reject) => {
      timer = setTimeout(() => reject(new Error(`${component.name} did not stop in time`)), Math.max(100, deadline - Date.now()));
    });
    try {
      await Promise.race([component.stop(), late]);
    } catch (error) {
      failures.push(error);
    } finally {
      clearTimeout(timer);
    }
  }
  if (failures.length > 0) throw new AggregateError(failures, 'not everything stopped cleanly');
}
