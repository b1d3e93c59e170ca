import type { Family } from './family.ts';

export const instances: Family = { service: 'instances', collection: 'instances', parameter: 'instance', scope: 'zones', kind: 'compute#instance', noun: 'instance', aggregated: ['zones'] };
