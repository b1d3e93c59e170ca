import type { FieldErrors } from '#core/api/field-errors.ts';
import { dnsSubdomainProblem } from '#core/api/names.ts';
import { VolumeAttachment, VolumeAttachmentSpec, type VolumeError } from '#core/api/schema/storage-v1.ts';
import { ageColumn, nameColumn } from './columns.ts';
import { allMetadata, resource } from './resource.ts';
import { same } from './rules/differences.ts';
import { FieldPath } from './rules/field-path.ts';
import { driverName } from './rules/sources.ts';
import { validateInlineVolumeSpec } from './rules/volume-spec.ts';

const maxMetadataBytes = 256 * 1024;
const maxMessageBytes = 1024;

function validateSource({ inlineVolumeSpec, persistentVolumeName }: VolumeAttachmentSpec['source'], field: FieldPath): void {
  const why = 'must specify exactly one of inlineVolumeSpec and persistentVolumeName';
  if (inlineVolumeSpec !== undefined && persistentVolumeName !== undefined) field.forbidden(why);
  else if (persistentVolumeName === '') field.at('persistentVolumeName').required('must specify non empty persistentVolumeName');
  else if (persistentVolumeName !== undefined) field.at('persistentVolumeName').check(persistentVolumeName, dnsSubdomainProblem(persistentVolumeName));
  else if (inlineVolumeSpec !== undefined) validateInlineVolumeSpec(inlineVolumeSpec, field.at('inlineVolumeSpec'));
  else field.required(why);
}

function validateError(error: VolumeError | undefined, field: FieldPath): void {
  if (error === undefined) return;
  if (Buffer.byteLength(error.message ?? '') > maxMessageBytes) field.at('message').tooLong(maxMessageBytes);
  field.at('errorCode').within(error.errorCode, 0, 2 ** 31 - 1);
}

function validateReport({ status }: VolumeAttachment, errors: FieldErrors): void {
  const field = FieldPath.root(errors).at('status');
  const entries = Object.entries(status.attachmentMetadata ?? {});
  const bytes = entries.reduce((sum, [key, value]) => sum + Buffer.byteLength(key) + Buffer.byteLength(value), 0);
  if (bytes > maxMetadataBytes) field.at('attachmentMetadata').tooLong(maxMetadataBytes);
  validateError(status.attachError, field.at('attachError'));
  validateError(status.detachError, field.at('detachError'));
}

export const volumeAttachments = resource<VolumeAttachment>({
  kind: VolumeAttachment,
  hasStatus: true,
  statusKeeps: allMetadata,
  allowsUnconditionalUpdate: false,

  validate({ spec }, errors) {
    const field = FieldPath.root(errors).at('spec');
    driverName(spec.attacher, field.at('attacher'));
    validateSource(spec.source, field.at('source'));
    field.at('nodeName').name(spec.nodeName, dnsSubdomainProblem);
  },
  validateUpdate({ spec }, old, errors) {
    if (!same(VolumeAttachmentSpec, old.spec, spec)) errors.invalid('spec', spec, 'field is immutable');
  },
  validateStatus: (attachment, _old, errors) => validateReport(attachment, errors),

  columns: [
    nameColumn,
    { name: 'Attacher', type: 'string', description: 'The driver that attaches.', cell: ({ spec }) => spec.attacher },
    { name: 'PV', type: 'string', description: 'The volume.', cell: ({ spec }) => spec.source.persistentVolumeName ?? '' },
    { name: 'Node', type: 'string', description: 'The node.', cell: ({ spec }) => spec.nodeName },
    { name: 'Attached', type: 'boolean', description: 'Whether the volume is attached.', cell: ({ status }) => status.attached },
    ageColumn,
  ],
});
