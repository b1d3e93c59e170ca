import { StatusError } from '#core/api/status-error.ts';
import { has, pathsOf, type FieldSet } from './field-set.ts';
import type { Manager } from './managers.ts';
import { pathText, type Path } from './path-element.ts';

/** Thrown when a configuration sets fields that others own to other values. */
export class FieldConflicts extends Error {
  readonly conflicts: readonly Conflict[];

  constructor(conflicts: readonly Conflict[]) {
    super(`${conflicts.length} fields are owned by others`);
    this.conflicts = conflicts;
  }

  /** The conflicts on other fields than these. */
  besides(set: FieldSet): FieldConflicts {
    return new FieldConflicts(this.conflicts.filter(({ path }) => !has(set, path)));
  }
}

export interface Conflict {
  readonly manager: Manager;
  readonly path: Path;
}

/** @param sets the owned fields that would change, in the order of the managers' keys */
export const conflictsOn = (sets: readonly (readonly [Manager, FieldSet])[]): FieldConflicts =>
  new FieldConflicts(sets.flatMap(([manager, set]) => pathsOf(set).map((path) => ({ manager, path }))));

function described({ name, operation, apiVersion, subresource }: Manager): string {
  const who = subresource === '' ? JSON.stringify(name) : `${JSON.stringify(name)} with subresource ${JSON.stringify(subresource)}`;
  return operation === 'Update' ? `${who} using ${apiVersion}` : who;
}

/** What a client is told: 409 with a cause for each field. */
export function conflictError({ conflicts }: FieldConflicts): StatusError {
  const causes = conflicts.map(({ manager, path }) => ({ reason: 'FieldManagerConflict', message: `conflict with ${described(manager)}`, field: pathText(path) }));
  const [only] = conflicts;
  if (conflicts.length === 1 && only) {
    return new StatusError('Conflict', `Apply failed with 1 conflict: conflict with ${described(only.manager)}: ${pathText(only.path)}`, { causes });
  }
  const lines: string[] = [];
  let last: Manager | undefined;
  for (const { manager, path } of conflicts) {
    if (manager !== last) lines.push(`conflicts with ${described(manager)}:`);
    last = manager;
    lines.push(`- ${pathText(path)}`);
  }
  return new StatusError('Conflict', `Apply failed with ${conflicts.length} conflicts: ${lines.join('\n')}`, { causes });
}
