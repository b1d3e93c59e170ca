import { containerRuntimeConformance } from '#test/conformance/container-runtime.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { DockerNode } from '#test/fixtures/docker-node.ts';
import { requires, root } from '#test/fixtures/requires.ts';

describe('DockerRuntime', () => {
  before(requires(root, ...containers));

  containerRuntimeConformance('docker', async () => {
    const engine = await DockerNode.make();
    return {
      runtime: engine.runtime(), reopen: async () => engine.runtime(), neighbour: engine.runtime({ node: `${engine.node}-neighbour` }), image: engine.image,
      cleanup: () => engine.remove(),
    };
  });
});
