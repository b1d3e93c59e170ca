import type { Cluster } from '#core/scheduler/model/cluster.ts';
import { highestScore, type ScorePlugin } from '#core/scheduler/plugin.ts';

const mebibyte = 2 ** 20;
/** Images smaller than this together do not count; above the other, for each container, they count fully. */
const little = 23 * mebibyte;
const muchPerContainer = 1000 * mebibyte;

/** Nodes that have the pod's images already, unless few of them do: or everything would go to those. */
export const imageLocality = (cluster: Cluster): ScorePlugin => ({
  name: 'ImageLocality',
  weight: 1,
  score({ pod: { spec } }, nodes) {
    const containers = [...(spec.initContainers ?? []), ...spec.containers];
    const images = containers.flatMap(({ image }) => (image === undefined ? [] : [withTag(image)]));
    const shares = images.map((image) => cluster.nodesWithImage(image) / Math.max(1, cluster.nodes.length));
    if (shares.every((share) => share === 0)) return undefined;
    const much = muchPerContainer * containers.length;
    return nodes.map((node) => {
      let sum = 0;
      for (const [i, image] of images.entries()) sum += Math.floor((node.images.get(image) ?? 0) * (shares[i] ?? 0));
      return Math.floor((highestScore * (Math.min(Math.max(sum, little), much) - little)) / (much - little));
    });
  },
});

/** As nodes list images: with a tag or digest. */
export const withTag = (image: string): string => (image.lastIndexOf(':') <= image.lastIndexOf('/') ? `${image}:latest` : image);
