import { ComponentStatus } from '#core/api/schema/core-v1/component-status.ts';
import { nameColumn } from './columns.ts';
import { resource } from './resource.ts';

const healthy = ({ conditions = [] }: ComponentStatus) => conditions.find(({ type }) => type === 'Healthy');
const words: Readonly<Record<string, string>> = { True: 'Healthy', False: 'Unhealthy' };

export const componentStatuses = resource<ComponentStatus>({
  kind: ComponentStatus,
  shortNames: ['cs'],
  isObserved: true,
  verbs: ['get', 'list'],
  hasStatus: false,
  allowsUnconditionalUpdate: false,
  deprecation: 'v1 ComponentStatus is deprecated in v1.19+',

  columns: [
    nameColumn,
    { name: 'Status', type: 'string', description: 'Whether the component is well.', cell: (component) => words[healthy(component)?.status ?? ''] ?? 'Unknown' },
    { name: 'Message', type: 'string', description: 'What its health check said.', cell: (component) => healthy(component)?.message ?? '' },
    { name: 'Error', type: 'string', description: 'Why it is not well.', cell: (component) => healthy(component)?.error ?? '' },
  ],
});
