import type { Json } from './json.ts';
import type { Path } from './links.ts';

/** What a method does, after its request was found to be right. */
export interface Effect {
  readonly target: Path;
  readonly targetId: string;
  /** Where the operation is kept, where that is not the target's scope. */
  readonly scope?: string;
  readonly operationType: string;
  /** At once; what it makes is seen from `visible` on. */
  begin?(visible: number): void;
  /** Half-way. */
  advance?(): void;
  /**
   * When the operation is done.
   * @throws {OperationError} what the operation then says
   */
  finish?(): void;
  /** Takes back what `begin` did, when the operation fails. */
  undo?(): void;
  /** How many times longer than others it takes. */
  readonly slowness?: number;
  readonly warnings?: readonly Json[];
}
