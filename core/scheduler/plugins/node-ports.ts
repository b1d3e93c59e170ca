import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import { collide, hostPortsOf } from '#core/scheduler/model/host-ports.ts';
import { unschedulable, type FilterPlugin } from '#core/scheduler/plugin.ts';

const taken = unschedulable("node(s) didn't have free ports for the requested pod ports");

/** Ports of the node that only one pod can have. */
export const nodePorts: FilterPlugin = {
  name: 'NodePorts',
  wakes: [
    { on: ['node/add'] },
    { on: ['pod/delete'], helps: ({ ports }, { object }) => hostPortsOf(object as Pod).some((freed) => ports.some((wanted) => collide(freed, wanted))) },
  ],
  filter({ ports }) {
    if (ports.length === 0) return undefined;
    return {
      check(node) {
        if (node.podsWithPorts === 0) return undefined;
        for (const other of node.pods.values()) {
          if (other.ports.some((used) => ports.some((wanted) => collide(used, wanted)))) return taken;
        }
        return undefined;
      },
    };
  },
};
