import { homedir } from 'node:os';
import { join } from 'node:path';
import type { Flag } from './flags.ts';

const units: Readonly<Record<string, number>> = { h: 3_600_000, m: 60_000, s: 1000 };

export const tokenFlags: readonly Flag[] = [
  { name: 'kubeconfig', placeholder: 'FILE', help: "the cluster; by default that of keelson up in the data directory", initial: '' },
  { name: 'data-dir', placeholder: 'DIR', help: 'the data directory of keelson up', initial: join(homedir(), '.keelson') },
  { name: 'ttl', placeholder: 'TIME', help: 'how long a new token is good, such as 30m; 0 for ever', initial: '24h', check: (value) => (durationOf(value) === undefined ? 'must be a time such as 24h, 30m or 90s, or 0' : undefined) },
  { name: 'description', placeholder: 'TEXT', help: 'what it is for', initial: '' },
  { name: 'print-join-command', placeholder: '', help: 'print the whole command with which a machine joins', initial: 'false', isSwitch: true },
];

/** Milliseconds; undefined for what is no time. */
export function durationOf(text: string): number | undefined {
  if (text === '0') return 0;
  const parts = [...text.matchAll(/(\d{1,6})([hms])/g)];
  return parts.length === 0 || parts.map(([whole]) => whole).join('') !== text ? undefined : parts.reduce((sum, [, count, unit = '']) => sum + Number(count) * (units[unit] ?? 0), 0);
}
