import { ClusterTrustBundle } from '#core/api/schema/certificates-v1.ts';
import type { Pod } from '#core/api/schema/core-v1/pod.ts';
import type { ClusterTrustBundleProjection, ProjectedVolumeSource, ServiceAccountTokenProjection, VolumeProjection } from '#core/api/schema/core-v1/volumes.ts';
import { StatusError } from '#core/api/status-error.ts';
import type { ApiObjects } from '#core/agent/volumes/api-objects.ts';
import { unsupported } from '#core/agent/volumes/failures.ts';
import type { FileContent } from '#core/agent/volumes/files/atomic-writer.ts';
import { downwardFiles } from '#core/agent/volumes/files/downward-files.ts';
import { configMapFiles, defaultFileMode, secretFiles, type FilesRequest } from '#core/agent/volumes/files/sources.ts';
import type { Allocatable } from '#core/agent/volumes/pod-facts.ts';
import type { PreparedVolume } from '#core/agent/volumes/pod-volumes.ts';
import type { ServiceAccountTokens } from '#core/agent/volumes/service-account-tokens.ts';
import type { VolumeOf, VolumePlugin } from '#core/agent/volumes/volume-plugin.ts';
import type { FileVolumes } from './file-volumes.ts';

export interface ProjectedParts {
  readonly volumes: FileVolumes;
  readonly objects: ApiObjects;
  readonly tokens: ServiceAccountTokens;
  readonly allocatable: () => Allocatable;
}

type Files = ReadonlyMap<string, FileContent>;
const tokenMode = 0o600;

/** Several sources in one folder; of two files with one name the later source's counts. */
export class ProjectedVolume implements VolumePlugin<'projected'> {
  readonly source = 'projected';
  readonly refreshed = true;
  readonly #parts: ProjectedParts;

  constructor(parts: ProjectedParts) {
    this.#parts = parts;
  }

  async setUp({ pod, name, source, isRunning }: VolumeOf<ProjectedVolumeSource>, signal: AbortSignal): Promise<PreparedVolume> {
    const { sources = [], defaultMode = defaultFileMode } = source;
    const files = new Map<string, FileContent>();
    for (const part of sources) for (const [path, content] of await this.#files(part, { pod, defaultMode, isRunning }, signal)) files.set(path, content);
    return this.#parts.volumes.write(pod, 'projected', name, { files, medium: 'memory' }, signal);
  }

  async #files(part: VolumeProjection, request: FilesRequest, signal: AbortSignal): Promise<Files> {
    const { objects, allocatable } = this.#parts;
    if (part.secret !== undefined) return secretFiles(objects, part.secret, request, signal);
    if (part.configMap !== undefined) return configMapFiles(objects, part.configMap, request, signal);
    if (part.downwardAPI !== undefined) return downwardFiles(request.pod, part.downwardAPI.items, request.defaultMode, allocatable());
    if (part.serviceAccountToken !== undefined) return this.#token(part.serviceAccountToken, request, signal);
    if (part.clusterTrustBundle !== undefined) return this.#bundle(part.clusterTrustBundle, request, signal);
    if (part.podCertificate !== undefined) throw unsupported('podCertificate sources of projected volumes are not supported on this node');
    return new Map();
  }

  async #token({ path, audience = '', expirationSeconds }: ServiceAccountTokenProjection, { pod, defaultMode }: FilesRequest, signal: AbortSignal): Promise<Files> {
    const { token } = await this.#parts.tokens.get(pod, { audience, ...(expirationSeconds === undefined ? {} : { expirationSeconds }) }, signal);
    const user = soleUser(pod);
    // Only who is known to need it may read it; a group gets its right from fsGroup.
    const isNarrow = user !== undefined || pod.spec.securityContext?.fsGroup !== undefined;
    return new Map([[path, { data: Buffer.from(token), mode: isNarrow ? tokenMode : defaultMode, ...(user === undefined ? {} : { user }) }]]);
  }

  async #bundle({ path, name, signerName, optional = false }: ClusterTrustBundleProjection, { defaultMode, isRunning }: FilesRequest, signal: AbortSignal): Promise<Files> {
    const { objects } = this.#parts;
    if (name === undefined) throw unsupported(`clusterTrustBundle sources by signerName (${signerName ?? ''}) are not supported on this node, only by name`);
    try {
      const { spec } = await (isRunning ? objects.recent(ClusterTrustBundle, { name }, signal) : objects.fresh(ClusterTrustBundle, { name }, signal));
      return new Map([[path, { data: Buffer.from(spec.trustBundle), mode: defaultMode }]]);
    } catch (error) {
      if (optional && StatusError.is(error, 'NotFound')) return new Map([[path, { data: Buffer.alloc(0), mode: defaultMode }]]);
      throw error;
    }
  }
}

/** The user as whom all containers run, if it is the same. */
function soleUser({ spec }: Pod): number | undefined {
  const containers = [...spec.containers, ...(spec.initContainers ?? []), ...(spec.ephemeralContainers ?? [])];
  const users = new Set(containers.map(({ securityContext }) => securityContext?.runAsUser ?? spec.securityContext?.runAsUser));
  const [user] = users;
  return users.size === 1 ? user : undefined;
}
