import { ProviderError } from '#core/spi/errors.ts';
import { classify, errorCode, messageOf } from '#plugins/volumes/block-device/block-device.module.ts';

/** As `classify`, for the making of something of which nothing is left any more. */
export function classifyUndone(error: unknown, doing: string): unknown {
  if (!['ENOSPC', 'EDQUOT', 'EFBIG'].includes(errorCode(error) ?? '')) return classify(error, doing);
  return new ProviderError('Exhausted', `no room on the disk for ${doing}: ${messageOf(error)}`, { cause: error });
}
