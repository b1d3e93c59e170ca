import { aws } from './clouds/aws.ts';
import { gcp } from './clouds/gcp.ts';
import { nodes } from './clouds/nodes.ts';
import { services } from './clouds/services.ts';
import { volumes } from './clouds/volumes.ts';

/**
 * Calls of the platforms' APIs, counted at the emulators with the vendors' rate limits. Time is the emulators': it passes only when somebody waits.
 * `as they come` is the same driver with calls that are sent again when they were refused, and that keep to no budget.
 */
export async function clouds(): Promise<void> {
  for (const cloud of [aws, gcp]) {
    await volumes(cloud, [1, 100, 1_000]);
    await services(cloud);
    await nodes(cloud);
  }
}
