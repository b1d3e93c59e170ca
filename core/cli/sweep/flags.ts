import { homedir } from 'node:os';
import { join } from 'node:path';
import { platformFlags, type Flag } from '#core/cli/flags.ts';
import { durationOf } from '#core/cli/token-flags.ts';

const isTime = (value: string): string | undefined => (durationOf(value) === undefined ? 'must be a time such as 24h, 30m or 90s, or 0' : undefined);

export const sweepFlags: readonly Flag[] = [
  { name: 'dry-run', placeholder: '', help: 'only list what there is', initial: 'false', isSwitch: true },
  { name: 'volumes', placeholder: '', help: 'delete stray volumes and snapshots too, with all that is in them', initial: 'false', isSwitch: true },
  { name: 'grace', placeholder: 'TIME', help: 'leave volumes and snapshots alone that are younger', initial: '10m', check: isTime },
  { name: 'cluster-gone', placeholder: '', help: 'the cluster is no more: everything that it made is a stray', initial: 'false', isSwitch: true },
  { name: 'cluster-id', placeholder: 'ID', help: 'by which the cluster marked what it made, where its providers were given none: the UID of its Namespace kube-system', initial: '' },
  { name: 'kubeconfig', placeholder: 'FILE', help: 'the cluster; by default that of keelson up in the data directory', initial: '' },
  { name: 'data-dir', placeholder: 'DIR', help: 'the data directory of keelson up', initial: join(homedir(), '.keelson') },
  ...platformFlags.filter(({ name }) => name === 'provider' || name === 'provider-config').map((flag) => (flag.name === 'provider' ? { ...flag, initial: '' } : flag)),
];
