import { ProviderError } from '#core/spi/errors.ts';
import type { KeyWrite } from '#core/spi/key-value-store.ts';

/** Characters of one value; far above what the API server lets through. */
const maxValue = 32 << 20;

/** Refuses what a store could not give back as it was: a lone surrogate has no UTF-8 form. */
export function checkWrite({ key, value }: KeyWrite): void {
  if (!key.isWellFormed() || value?.isWellFormed() === false) {
    throw new ProviderError('Invalid', `cannot store ${JSON.stringify(key)}: its key or value is not well-formed Unicode`);
  }
  if (value !== undefined && value.length > maxValue) {
    throw new ProviderError('Invalid', `cannot store ${JSON.stringify(key)}: its value has ${value.length} characters, the limit is ${maxValue}`);
  }
}
