import type { CustomResourceColumnDefinition, CustomResourceDefinitionVersion } from '#core/api/schema/apiextensions-v1.ts';
import { JsonPath } from '#core/api/json-path.ts';
import { humanDuration } from '#core/registry/age.ts';
import { nameColumn } from '#core/registry/columns.ts';
import type { Column } from '#core/registry/resource.ts';
import type { CustomObject } from './version-schema.ts';

const created = {
  name: 'Age', type: 'date', description: 'When the object was created: the server\'s time, and not necessarily in the order of creation.', jsonPath: '.metadata.creationTimestamp',
};

/** What `kubectl get` shows of a version: the name, and then what its author asked for, by default the age. */
export function customColumns({ additionalPrinterColumns: asked = [] }: CustomResourceDefinitionVersion): readonly Column<CustomObject>[] {
  const columns = asked.length === 0 ? [created] : asked;
  return [nameColumn, ...columns.flatMap(toColumn)];
}

type ColumnType = Column<CustomObject>['type'];
const types: ReadonlySet<string> = new Set<ColumnType>(['string', 'integer', 'number', 'boolean', 'date']);
const isColumnType = (type: string): type is ColumnType => types.has(type);

/** None for a path that no server would have accepted. */
function toColumn({ name, type, format = '', description = '', jsonPath, priority = 0 }: CustomResourceColumnDefinition): Column<CustomObject>[] {
  if (!isColumnType(type)) return [];
  const path = parsed(jsonPath);
  return path === undefined ? [] : [{
    name, type, format, priority: priority === 0 ? 0 : 1,
    description: description === '' ? `Custom resource definition column (in JSONPath format): ${jsonPath}` : description,
    cell: (object, now) => cellOf(type, path.find(object)[0], now),
  }];
}

function parsed(text: string): JsonPath | undefined {
  try {
    return JsonPath.parse(text);
  } catch (error) {
    if (error instanceof RangeError) return undefined;
    throw error;
  }
}

/** Empty for what is not there, and for what is of another type than the column. */
function cellOf(type: ColumnType, value: unknown, now: number): string | number | boolean | null {
  if (value === undefined || value === null) return null;
  switch (type) {
    case 'integer': return typeof value === 'number' ? Math.trunc(value) : null;
    case 'number': return typeof value === 'number' ? value : null;
    case 'boolean': return typeof value === 'boolean' ? value : null;
    case 'date': return typeof value === 'string' ? ageOf(value, now) : null;
    case 'string': return typeof value === 'string' ? value : JSON.stringify(value);
  }
}

function ageOf(timestamp: string, now: number): string {
  const time = /^\d{4}-\d{2}-\d{2}T/.test(timestamp) ? Date.parse(timestamp) : NaN;
  return Number.isNaN(time) ? '<invalid>' : humanDuration(now - time);
}
