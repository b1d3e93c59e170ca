import { qualifiedNameProblem } from '#core/api/names.ts';
import { CSINode, CSINodeDriver } from '#core/api/schema/storage-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { resource } from './resource.ts';
import { same } from './rules/differences.ts';
import { FieldPath } from './rules/field-path.ts';
import { driverName } from './rules/sources.ts';

const maxNodeIdBytes = 256;

function validateDriver({ name, nodeID, allocatable, topologyKeys = [] }: CSINodeDriver, field: FieldPath): void {
  driverName(name, field.at('name'));
  if (nodeID === '') field.at('nodeID').required();
  else if (Buffer.byteLength(nodeID) > maxNodeIdBytes) field.at('nodeID').invalid(nodeID, `must be ${maxNodeIdBytes} characters or less`);
  field.at('allocatable', 'count').notNegative(allocatable?.count);
  const keys = new Set<string>();
  for (const [i, key] of topologyKeys.entries()) {
    const at = field.at('topologyKeys', i);
    at.name(key, qualifiedNameProblem);
    if (keys.has(key)) at.duplicate(key);
    keys.add(key);
  }
}

export const csiNodes = resource<CSINode>({
  kind: CSINode,
  hasStatus: false,
  allowsUnconditionalUpdate: false,

  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec', 'drivers');
    const names = new Set<string>();
    for (const [i, driver] of spec.drivers.entries()) {
      validateDriver(driver, field.at(i));
      if (names.has(driver.name)) field.at(i, 'name').duplicate(driver.name);
      names.add(driver.name);
    }
  },
  /** A driver may come and go, but what it once said of itself stays until it goes. */
  validateUpdate({ spec }, { spec: old }, errors) {
    const earlier = new Map(old.drivers.map((driver) => [driver.name, driver]));
    for (const driver of spec.drivers) {
      const before = earlier.get(driver.name);
      if (before !== undefined && !same(CSINodeDriver, before, driver)) errors.invalid('spec.drivers', driver, 'field is immutable');
    }
  },

  columns: [
    nameColumn,
    { name: 'Drivers', type: 'integer', description: 'Number of CSI drivers on the node.', cell: ({ spec }) => spec.drivers.length },
    ageColumn,
  ],
});
