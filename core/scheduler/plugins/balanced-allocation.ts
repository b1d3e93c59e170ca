import { highestScore, type ScorePlugin } from '#core/scheduler/plugin.ts';

/** Prefers nodes whose processors and memory would be in use to a similar share, so that neither is left over. */
export const balancedAllocation: ScorePlugin = {
  name: 'NodeResourcesBalancedAllocation',
  weight: 1,
  score({ requests: { total } }, nodes) {
    if (total.cpu === 0 && total.memory === 0) return undefined;
    return nodes.map(({ allocatable, requested }) => {
      if (allocatable.cpu === 0 || allocatable.memory === 0) return highestScore;
      const cpu = Math.min(1, (requested.cpu + total.cpu) / allocatable.cpu);
      const memory = Math.min(1, (requested.memory + total.memory) / allocatable.memory);
      // The standard deviation of two shares is half their difference.
      return Math.floor((1 - Math.abs(cpu - memory) / 2) * highestScore);
    });
  },
};
