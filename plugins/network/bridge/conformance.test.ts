import { networkPluginConformance } from '#test/conformance/network-plugin.ts';
import { Namespaces } from '#test/fixtures/namespaces.ts';
import { temporaryFolder } from '#test/fixtures/temporary-folder.ts';
import { leftoversOf } from './test-leftovers.ts';
import { TestNode } from './test-node.ts';

const node = { nodeName: 'node', podCidrs: ['10.199.1.0/24', 'fd99:0:0:1::/64'], clusterCidrs: ['10.199.0.0/16', 'fd99::/48'] };

networkPluginConformance('bridge', async () => {
  const namespaces = new Namespaces();
  const [netns, folder] = [await namespaces.make('node'), await temporaryFolder()];
  let running = await TestNode.start(netns, { stateDir: folder.path, mode: 'none' });
  await running.configure(node);
  return {
    plugin: running,
    async restart() {
      await running.kill();
      running = await TestNode.start(netns, { stateDir: folder.path, mode: 'none' });
      await running.configure(node);
      return running;
    },
    leftovers: () => leftoversOf(namespaces, netns, folder.path),
    async cleanup() {
      await running.stop();
      await namespaces.clear();
      await folder.remove();
    },
  };
});
