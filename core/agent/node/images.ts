import type { ContainerImage } from '#core/api/schema/core-v1/node.ts';
import type { RuntimeImage } from '#core/spi/container-runtime.ts';

const mostImages = 50;
const mostNames = 5;

/** The largest images, for the scheduler: where they are, pods start sooner. */
export function imagesOf(images: readonly RuntimeImage[]): ContainerImage[] {
  const named = images.filter(({ tags, digests }) => tags.length + digests.length > 0);
  return named.toSorted((a, b) => b.size - a.size || (a.id < b.id ? -1 : 1)).slice(0, mostImages)
    .map(({ digests, tags, size }) => ({ names: [...digests, ...tags].slice(0, mostNames), sizeBytes: size }));
}
