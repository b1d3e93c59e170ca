import { selectors } from './bombs.ts';
import type { Choices } from './choices.ts';

const queries: readonly string[] = [
  'dryRun=All', 'dryRun=x', 'fieldValidation=Strict', 'fieldValidation=Warn', 'fieldValidation=Ignore', 'fieldValidation=x', 'fieldManager=fuzz', `fieldManager=${'x'.repeat(200)}`, 'fieldManager=%00', 'force=true', 'force=x', 'pretty=true',
  'limit=3', 'limit=-1', 'limit=99999999999999999999', 'limit=1&continue=eyJ9', 'continue=eyJ2IjoxLCJydiI6NSwiYWZ0ZXIiOiJhIn0', 'continue=eyJ2IjoxLCJydiI6OTk5OTk5OTksImFmdGVyIjoiIn0', 'resourceVersion=0', 'resourceVersion=5', 'resourceVersion=99999999999999', 'resourceVersion=x', 'resourceVersion=-1',
  'resourceVersion=5&resourceVersionMatch=Exact', 'resourceVersion=5&resourceVersionMatch=NotOlderThan', 'resourceVersionMatch=Exact', 'resourceVersionMatch=x', 'labelSelector=a%3Db', 'labelSelector=app%20in%20(web%2Cfuzz)%2C!d', 'fieldSelector=metadata.name%3Df1', 'fieldSelector=status.phase!%3DPending', 'fieldSelector=x', 'fieldSelector=spec.b%3Dx',
  'gracePeriodSeconds=0', 'gracePeriodSeconds=-1', 'gracePeriodSeconds=99999999999', 'propagationPolicy=Foreground', 'propagationPolicy=Orphan', 'propagationPolicy=x', 'orphanDependents=true', 'ignoreStoreReadErrorWithClusterBreakingPotential=true',
  'includeObject=None', 'includeObject=Object', 'includeObject=x', 'timeout=1s', 'timeout=-1s', 'timeout=x', '%00=%ff', '__proto__=1', 'constructor[prototype]=1', '&&&', '=', 'watch=0', 'watch=x&timeoutSeconds=1', 'exact=true&export=true',
];
const watches: readonly string[] = [
  'watch=true', 'watch=1', 'watch', 'watch=true&allowWatchBookmarks=1', 'watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true', 'watch=true&sendInitialEvents=true', 'watch=true&sendInitialEvents=false&resourceVersionMatch=NotOlderThan', 'watch=true&resourceVersion=1', 'watch=true&resourceVersion=0',
  'watch=true&resourceVersion=99999999999', 'watch=true&resourceVersionMatch=Exact', 'watch=true&limit=1&continue=x', 'watch=true&fieldSelector=metadata.name%3Df1', 'watch=true&labelSelector=!app', 'watch=true&resourceVersion=-1',
];
const streams: readonly string[] = [
  'command=ls&command=-la&stdout=true', 'stdin=1&stdout=1&stderr=1&tty=x', 'container=nope', 'container=c', 'ports=80', 'ports=0&ports=x', `ports=${'1,'.repeat(500)}1`, 'follow=true', 'tailLines=-1', 'tailLines=x', 'limitBytes=0', 'sinceSeconds=-5', 'sinceTime=x', 'sinceSeconds=1&sinceTime=2026-01-01T00:00:00Z', 'previous=true', 'stream=Stdout', 'stream=x', `command=${'x'.repeat(5000)}`, 'path=/x', 'path=../../x', 'x=%ff%00',
];

const joined = (parts: readonly string[]): string => (parts.length === 0 ? '' : `?${parts.join('&')}`);

export function query(choices: Choices): string {
  if (choices.chance(0.65)) return '';
  if (choices.chance(0.05)) return `?${choices.one(['labelSelector', 'fieldSelector'])}=${encodeURIComponent(choices.one(selectors).toWellFormed())}`;
  return joined(Array.from({ length: choices.chance(0.02) ? 300 : 1 + choices.below(3) }, () => choices.one(queries)));
}

export const watchQuery = (choices: Choices): string => joined([choices.one(watches), ...(choices.chance(0.2) ? [choices.one(queries)] : []), 'timeoutSeconds=1']);

export const streamQuery = (choices: Choices): string => joined(Array.from({ length: choices.below(4) }, () => choices.one(streams)));
