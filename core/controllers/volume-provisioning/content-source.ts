import { Quantity } from '#core/api/quantity.ts';
import { PersistentVolumeClaim } from '#core/api/schema/core-v1/persistent-volume-claim.ts';
import { PersistentVolume } from '#core/api/schema/core-v1/persistent-volume.ts';
import { keyOf, type Reader } from '#core/client/client.ts';
import { capacityOf, isDeleting, requestOf } from '#core/controllers/storage/claims.ts';
import { live } from '#core/controllers/storage/live.ts';
import { isBoundTo, isReady, VolumeSnapshot, VolumeSnapshotContent } from '#core/controllers/storage/snapshots.ts';
import { ProviderError } from '#core/spi/errors.ts';
import { canSnapshot, type CreateVolumeRequest, type VolumeDriver } from '#core/spi/volume-driver.ts';

type Source = NonNullable<CreateVolumeRequest['source']>;

const allowModeChange = 'snapshot.storage.kubernetes.io/allow-volume-mode-change';

const sourceOf = ({ spec }: PersistentVolumeClaim): PersistentVolumeClaim['spec']['dataSourceRef'] => spec.dataSourceRef ?? spec.dataSource;
const isOfSnapshot = (source: ReturnType<typeof sourceOf>): boolean => source?.kind === VolumeSnapshot.kind && source.apiGroup === VolumeSnapshot.group;
const isOfClaim = (source: ReturnType<typeof sourceOf>): boolean => source?.kind === PersistentVolumeClaim.kind && (source.apiGroup ?? '') === '';

/** The claim's volume is to be filled from a kind of object that only a populator knows, which makes it too. */
export function isForPopulator(claim: PersistentVolumeClaim): boolean {
  const source = sourceOf(claim);
  return source !== undefined && !isOfSnapshot(source) && !isOfClaim(source);
}

const invalid = (message: string): ProviderError => new ProviderError('Invalid', message);
/** Something must happen first. */
const waits = (message: string): ProviderError => new ProviderError('Unavailable', message);
const answersTo = (driver: VolumeDriver, name: string | undefined): boolean => name === driver.name || driver.aliases?.includes(name ?? '') === true;
const modeOf = ({ spec }: PersistentVolumeClaim | PersistentVolume): string => spec.volumeMode ?? 'Filesystem';

/**
 * Finds what a claim's volume is to be filled from, each time anew: what was noted on the claim is its author's to write, and the snapshots of others are not theirs.
 * @throws {ProviderError} Invalid, Unavailable
 */
export class ContentSources {
  readonly #reader: Reader;

  constructor(reader: Reader) {
    this.#reader = reader;
  }

  async of(claim: PersistentVolumeClaim, driver: VolumeDriver, signal: AbortSignal): Promise<Source | undefined> {
    const source = sourceOf(claim);
    if (source === undefined || isForPopulator(claim)) return undefined;
    if (!canSnapshot(driver)) throw invalid(`driver ${driver.name} cannot fill a new volume from ${source.kind} "${source.name}"`);
    const namespace = claim.spec.dataSourceRef?.namespace ?? '';
    if (namespace !== '' && namespace !== claim.metadata.namespace) throw invalid(`${source.kind} "${source.name}" is in namespace "${namespace}", and volumes are filled only from the namespace of their claim`);
    return isOfSnapshot(source) ? this.#ofSnapshot(claim, source.name, driver, signal) : this.#ofClaim(claim, source.name, driver, signal);
  }

  async #ofSnapshot(claim: PersistentVolumeClaim, name: string, driver: VolumeDriver, signal: AbortSignal): Promise<Source> {
    const { namespace = '' } = claim.metadata;
    const snapshot = await live(this.#reader, VolumeSnapshot, { namespace, name }, signal);
    if (snapshot === undefined) throw waits(`error getting snapshot ${name} from api server: volumesnapshots.snapshot.storage.k8s.io "${name}" not found`);
    if (isDeleting(snapshot)) throw waits(`snapshot ${name} is currently being deleted`);
    const bound = snapshot.status?.boundVolumeSnapshotContentName;
    const content = bound === undefined ? undefined : await live(this.#reader, VolumeSnapshotContent, { name: bound }, signal);
    const handle = content?.status?.snapshotHandle;
    if (content === undefined || handle === undefined || !isReady(snapshot)) throw waits(`snapshot ${name} is not Ready`);
    if (!isBoundTo(content, snapshot)) throw waits(`snapshot ${name} is not bound`);
    checkSnapshot(claim, snapshot, content, driver);
    return { kind: 'snapshot', id: handle };
  }

  async #ofClaim(claim: PersistentVolumeClaim, name: string, driver: VolumeDriver, signal: AbortSignal): Promise<Source> {
    const { namespace = '' } = claim.metadata;
    const from = await live(this.#reader, PersistentVolumeClaim, { namespace, name }, signal);
    if (from === undefined) throw waits(`error getting PVC ${name} (namespace "${namespace}") from api server: persistentvolumeclaims "${name}" not found`);
    if (isDeleting(from)) throw waits(`the PVC DataSource ${name} is currently being deleted`);
    const volume = from.status.phase === 'Bound' ? await live(this.#reader, PersistentVolume, { name: from.spec.volumeName ?? '' }, signal) : undefined;
    if (volume === undefined || volume.spec.claimRef?.uid !== from.metadata.uid) throw waits(`the PVC DataSource ${name} is not bound`);
    checkVolume(claim, name, volume, driver);
    return { kind: 'volume', id: volume.spec.csi?.volumeHandle ?? '' };
  }
}

function checkSnapshot(claim: PersistentVolumeClaim, { metadata: { name }, status }: VolumeSnapshot, { metadata, spec }: VolumeSnapshotContent, driver: VolumeDriver): void {
  if (!answersTo(driver, spec.driver)) throw invalid(`snapshot ${name} is of driver ${spec.driver}, and the volume is to be of ${driver.name}`);
  const isSameMode = (spec.sourceVolumeMode ?? modeOf(claim)) === modeOf(claim);
  if (!isSameMode && metadata.annotations?.[allowModeChange] !== 'true') {
    throw invalid(`requested volume ${keyOf(claim)} modifies the mode of the source volume but does not have permission to do so: ${allowModeChange} annotation is not present on snapshotcontent ${metadata.name}`);
  }
  const [wanted, least] = [requestOf(claim), Quantity.parse(status?.restoreSize ?? '0').value()];
  if (wanted < least) throw invalid(`requested volume size ${wanted} is less than the size ${least} for the source snapshot ${name}`);
}

function checkVolume(claim: PersistentVolumeClaim, name: string, volume: PersistentVolume, driver: VolumeDriver): void {
  const from = volume.spec.csi?.driver;
  if (!answersTo(driver, from)) throw invalid(`the source volume of PVC ${name} is of driver ${from ?? 'none'}, and the volume is to be of ${driver.name}`);
  if (modeOf(volume) !== modeOf(claim)) throw invalid('the source PVC and destination PVCs must have the same volume mode for cloning');
  const [wanted, least] = [requestOf(claim), capacityOf(volume)];
  if (wanted < least) throw invalid(`error, new PVC request must be greater than or equal in size to the specified PVC data source, requested ${wanted} but source is ${least}`);
}
