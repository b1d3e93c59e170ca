import type { CallBudgets } from '#core/spi/platform-calls.ts';

/**
 * 1,500 calls a minute for each group of methods and project, full again when the next minute begins: so no sixty seconds may see more. A tenth is left to
 * others. https://docs.cloud.google.com/compute/api-quota
 */
const perMinute = 1_500 * 0.9;
const burst = 150;

/** By the names that `SdkGcpApi` gives to calls. */
export const gcpBudgets: CallBudgets = ({ name }) => {
  const group = groupOf(name.slice(name.lastIndexOf('.') + 1), name);
  return { group, burst, perSecond: (perMinute - burst) / 60 };
};

function groupOf(verb: string, name: string): string {
  if (/Operations\.(get|wait)$/.test(name)) return 'operation reads';
  if (/^(list|aggregatedList|listInstances)$/.test(verb)) return 'lists';
  return /^(get|getFromFamily|getHealth)$/.test(verb) ? 'reads' : 'changes';
}
