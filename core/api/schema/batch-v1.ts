// The kinds of this group and version, for programs that use Keelson; inside, the files are imported themselves.
export { CronJob } from './batch-v1/cron-job.ts';
export { Job } from './batch-v1/job.ts';
