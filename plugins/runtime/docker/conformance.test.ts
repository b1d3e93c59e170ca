import { containerRuntimeConformance } from '#test/conformance/container-runtime.ts';
import { containers } from '#test/fixtures/busybox-image.ts';
import { DockerNode } from '#test/fixtures/docker-node.ts';
import { Namespaces, namespaceTools } from '#test/fixtures/namespaces.ts';
import { requires, root } from '#test/fixtures/requires.ts';

describe('DockerRuntime', () => {
  before(requires(root, ...containers, ...namespaceTools));

  containerRuntimeConformance('docker', async () => {
    const [engine, namespaces] = [await DockerNode.make(), new Namespaces()];
    const nodeNetns = await namespaces.make('node');
    const runtime = () => engine.runtime({ nodeNetwork: nodeNetns });
    return {
      runtime: runtime(), reopen: async () => runtime(), neighbour: engine.runtime({ node: `${engine.node}-neighbour` }), image: engine.image, nodeNetns,
      cleanup: async () => {
        await engine.remove();
        await namespaces.clear();
      },
    };
  });
});
